import { ShapeError } from "@losses/core";
import { expect, it } from "vitest";
import { opset, writeModel } from "../src/index.js";
import { decode, signature } from "./decode.js";

const x = { name: "x", dtype: "float32", shape: ["N", 3] } as const;
const loss = { name: "loss", dtype: "float32", shape: [] } as const;

it("writes nodes with several outputs, every kind of attribute, and constants with their shape", () => {
  const { model, graph } = decode(
    writeModel({
      inputs: [x],
      outputs: [loss],
      nodes: [
        {
          opType: "SoftmaxCrossEntropyLoss",
          inputs: ["x", "labels"],
          outputs: ["loss", "logp"],
          attributes: { reduction: "mean", ignore_index: -1 },
        },
        { opType: "ReduceMax", inputs: ["logp"], outputs: ["most"], attributes: { axes: [0, 1] } },
      ],
      initializers: [{ name: "labels", dtype: "int64", shape: [2, 1], data: [1, 2] }],
    }),
  );
  expect(model.opsetImport.map(({ version }) => version)).toEqual([BigInt(opset)]);
  expect([...graph.input, ...graph.output].map(signature)).toEqual(["x: 1[N, 3]", "loss: 1[]"]);
  expect(graph.node.map(({ output }) => output)).toEqual([["loss", "logp"], ["most"]]);
  const [first, second] = graph.node;
  expect(first?.attribute.map(({ name, type }) => [name, type])).toEqual([
    ["reduction", 3],
    ["ignore_index", 2],
  ]);
  expect(new TextDecoder().decode(first?.attribute[0]?.s)).toBe("mean");
  expect([first?.attribute[1]?.i, second?.attribute[0]?.ints]).toEqual([-1n, [0n, 1n]]);
  expect(graph.initializer.map(({ dims, rawData }) => [dims, rawData.length])).toEqual([[[2n, 1n], 16]]);
});

it("takes the operator set asked for, and refuses constants that do not fill their shape", () => {
  const parts = { inputs: [x], outputs: [], nodes: [] };
  expect(decode(writeModel({ ...parts, opset: 13 })).model.opsetImport[0]?.version).toBe(13n);
  const short = { name: "c", dtype: "float32", shape: [2, 2], data: [1, 2, 3] } as const;
  expect(() => writeModel({ ...parts, initializers: [short] })).toThrow(ShapeError);
});
