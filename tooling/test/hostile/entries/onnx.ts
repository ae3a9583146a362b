import { crossEntropy } from "@losses/core";
import { writeModel } from "@losses/onnx";
import type { Entries } from "../entries.js";
import { anyOf, empty, flag, list, plain, size, text, texts } from "../takes.js";
import { type Entry, type Takes } from "../walk.js";
import { graph, graphOpen, graphTakes } from "./graph.js";
import { dim, symbolic } from "./symbolic.js";

const exports: Entry = {
  ...symbolic,
  args: async () => {
    const [spec, options] = await symbolic.args();
    return [spec, { ...(options as object), value: true, dtype: "float32" }];
  },
  takes: { ...symbolic.takes, "1.value": flag },
  result: (made) => (made instanceof Uint8Array ? made.length : (made as { readonly inputs: object }).inputs),
};

const withProvider: Entry = {
  ...exports,
  args: async () => {
    const [spec, options] = await exports.args();
    return [spec, { ...(options as object), provider: "any" }];
  },
};

/** A model with one output, the input itself. */
const model = (): Uint8Array =>
  writeModel({
    inputs: [{ name: "x", dtype: "float32", shape: ["N", 10] }],
    outputs: [{ name: "logits", dtype: "float32", shape: ["N", 10] }],
    nodes: [{ opType: "Identity", inputs: ["x"], outputs: ["logits"] }],
  });

const writesGraph: Entry = {
  args: () => [
    graph(),
    {
      doc: "A model.",
      metadata: { a: "b" },
      docs: { value: "The loss." },
      int64Inputs: [],
      sizes: { N: 4 },
      trustsIndices: true,
      provider: "any",
    },
  ],
  draws: 16,
  takes: {
    ...graphTakes,
    "1": empty,
    "1.doc": text,
    "1.metadata": texts,
    "1.metadata.a": text,
    "1.docs": empty,
    "1.docs.value": text,
    "1.int64Inputs": list(text),
    "1.sizes": (given) => plain(given) && Object.values(given as object).every(size),
    "1.sizes.N": size,
    "1.trustsIndices": flag,
  },
  open: [...graphOpen, "1.metadata", "1.docs", "1.sizes"],
};

const attribute: Takes = anyOf(text, Number.isSafeInteger, list(Number.isSafeInteger));

const value = (name: string): object => ({ name, dtype: "float32", shape: ["N", 3] });

export const entries: Entries = {
  irVersion: "data",
  opset: "data",
  passNames: "data",
  exportLoss: withProvider,
  lossGraph: exports,
  attachLoss: {
    args: () => [
      model(),
      crossEntropy(),
      { mapping: { input: "logits" }, gradients: ["input"], inputs: { target: { dtype: "int64" } } },
    ],
    draws: 16,
    takes: {
      "2.gradients": anyOf(
        flag,
        list(() => false),
      ),
      "2.inputs": empty,
      "2.inputs.target": empty,
    },
    whole: ["1"],
    once: true,
    result: (made) => (made as Uint8Array).length,
  },
  exportGraph: writesGraph,
  exportSizedGraph: writesGraph,
  outputNames: { args: () => [graph()], takes: graphTakes, open: graphOpen },
  variantKey: { args: () => [graph()], takes: graphTakes, open: graphOpen },
  elementsIn: { args: () => [graph()], takes: graphTakes, open: graphOpen },
  writeModel: {
    args: () => [
      {
        inputs: [value("x")],
        outputs: [value("y")],
        nodes: [
          {
            opType: "ReduceSum",
            inputs: ["x", "axes"],
            outputs: ["y"],
            attributes: { keepdims: 1, axes: [1], mode: "text" },
          },
        ],
        initializers: [{ name: "axes", dtype: "int64", shape: [1], data: [1] }],
        opset: 13,
        name: "mine",
      },
    ],
    draws: 16,
    takes: {
      "0.inputs": list(() => false),
      "0.outputs": list(() => false),
      "0.nodes": list(() => false),
      "0.initializers": list(() => false),
      "0.opset": (given) => Number.isSafeInteger(given) && Number(given) > 0,
      "0.name": text,
      "0.*.*.name": text,
      "0.*.*.shape": list(dim),
      "0.inputs.*.shape.*": dim,
      "0.outputs.*.shape.*": dim,
      "0.initializers.*.data.*": (given) => Number.isSafeInteger(given),
      "0.nodes.*.opType": text,
      "0.nodes.*.inputs": list(text),
      "0.nodes.*.inputs.*": text,
      "0.nodes.*.outputs": list(text),
      "0.nodes.*.outputs.*": text,
      "0.nodes.*.attributes": (given) => plain(given) && Object.values(given as object).every(attribute),
      "0.nodes.*.attributes.*": attribute,
    },
    open: ["0.nodes.*.attributes"],
    once: true,
    result: (made) => (made as Uint8Array).length,
  },
};
