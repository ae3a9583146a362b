import {
  allLosses,
  binaryCrossEntropyWithLogits,
  clipLoss,
  cmpmLoss,
  crossEntropy,
  defineLoss,
  DTypeError,
  findLoss,
  float,
  gaussianNllLoss,
  InputError,
  klDiv,
  listMleLoss,
  lsganDiscriminatorLoss,
  marginRankingLoss,
  OptionError,
  reduction,
  ShapeError,
  type AnyLoss,
  specFromJSON,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  vseLoss,
  type LossSpec,
} from "@losses/core";
import { describeLoss } from "@losses/core/docs";
import { describe, expect, it } from "vitest";
import { exportLoss, irVersion, opset, type ExportLossOptions } from "../src/index.js";
import { version } from "../src/version.js";
import type { NodeProto, ValueInfoProto } from "../src/generated/onnx_pb.js";
import { decode, metadata, signature } from "./decode.js";

const interfaceOf = (spec: LossSpec, options: ExportLossOptions = {}): readonly string[] => {
  const { graph } = decode(exportLoss(spec, options));
  return [...graph.input.map(signature), "->", ...graph.output.map(signature)];
};

describe("inputs and outputs", () => {
  it("have the loss's names, symbolic sizes, and a gradient for each input asked for", () => {
    expect(interfaceOf(tripletMarginLoss({ reduction: "none" }), { gradients: ["anchor", "negative"] })).toEqual([
      "anchor: 1[n1, D]",
      "positive: 1[n1, D]",
      "negative: 1[n1, D]",
      "->",
      "value: 1[n1]",
      "grad:anchor: 1[n1, D]",
      "grad:negative: 1[n1, D]",
    ]);
  });

  it("a gradient may be asked of one input alone, and sizes may be fixed: then no shape is read", () => {
    const options = { shapes: { image: [8, 64], text: [8, 64] }, gradients: ["image"] } as const;
    expect(interfaceOf(clipLoss(), options)).toEqual([
      "image: 1[8, 64]",
      "text: 1[8, 64]",
      "logitScale: 1[]",
      "->",
      "value: 1[]",
      "grad:image: 1[8, 64]",
    ]);
    expect(decode(exportLoss(clipLoss(), options)).graph.node.map(({ opType }) => opType)).not.toContain("Shape");
  });

  it("labels are int32; only differentiable inputs get gradients", () => {
    expect(interfaceOf(crossEntropy(), { gradients: true })).toEqual([
      "input: 1[N, C]",
      "target: 6[N]",
      "->",
      "value: 1[]",
      "grad:input: 1[N, C]",
    ]);
  });

  it("shapes and dtypes can be chosen; the other inputs follow", () => {
    const options = { shapes: { input: ["batch", 10, "H", "W"] }, inputs: { target: { dtype: "int64" } } } as const;
    expect(interfaceOf(crossEntropy(), options)).toEqual([
      "input: 1[batch, 10, H, W]",
      "target: 7[batch, H, W]",
      "->",
      "value: 1[]",
    ]);
    expect(interfaceOf(crossEntropy(), { shapes: { input: [5] } })).toEqual([
      "input: 1[5]",
      "target: 6[]",
      "->",
      "value: 1[]",
    ]);
  });

  it("a fixed size stays fixed, however large", () => {
    const options = { shapes: { input: [2, 2 ** 30], target: [2] } };
    expect(interfaceOf(crossEntropy(), options).slice(0, 2)).toEqual(["input: 1[2, 1073741824]", "target: 6[2]"]);
    expect(() => exportLoss(cmpmLoss(), { shapes: { image: ["A", 2 ** 30], text: ["B", 2 ** 30] } })).toThrow(
      /with N = A as in image, got \[B, 1073741824\]/,
    );
  });

  it("shapes that broadcast follow from the largest, aligned at their ends", () => {
    const inputsOf = (spec: LossSpec, shapes: NonNullable<ExportLossOptions["shapes"]>): readonly string[] =>
      interfaceOf(spec, { shapes }).slice(0, -2);
    const bce = binaryCrossEntropyWithLogits();
    for (const posWeight of [[4], [1], [], ["N", 1]] as const) {
      const [input, target] = inputsOf(bce, { posWeight, input: ["N", 4] });
      expect([input, target]).toEqual(["input: 1[N, 4]", "target: 1[N, 4]"]);
      expect(inputsOf(bce, { input: ["N", 4], posWeight })).toEqual(inputsOf(bce, { posWeight, input: ["N", 4] }));
    }
    expect(inputsOf(bce, { posWeight: [4] })).toEqual(["input: 1[4]", "target: 1[4]", "posWeight: 1[4]"]);
    expect(inputsOf(gaussianNllLoss(), { var: [8], input: [8, 3] })).toEqual([
      "input: 1[8, 3]",
      "target: 1[8, 3]",
      "var: 1[8]",
    ]);
  });

  it("axes that the loss tells apart stay apart where they are given one name", () => {
    const inputs = (shapes: Readonly<Record<string, readonly string[]>>): readonly string[] =>
      interfaceOf(crossEntropy(), { shapes }).slice(0, 2);
    expect(inputs({ input: ["n", "n"] })).toEqual(["input: 1[n, C]", "target: 6[n]"]);
    expect(inputs({ input: ["C", "C"] })).toEqual(["input: 1[C, C_]", "target: 6[C]"]);
    expect(inputs({ input: ["C", "N"] })).toEqual(["input: 1[C, N]", "target: 6[C]"]);
    expect(interfaceOf(klDiv(), { shapes: { input: ["n", "n"] } })[0]).toBe("input: 1[n, d2]");
  });

  it("a dtype picks the form of the target", () => {
    expect(interfaceOf(crossEntropy(), { inputs: { target: { dtype: "float32" } } })[1]).toBe("target: 1[N, C]");
  });

  it("optional inputs are there when they are named; of alternatives the first, or the named one", () => {
    expect(interfaceOf(crossEntropy(), { inputs: { weight: {} } })).toContain("weight: 1[C]");
    expect(interfaceOf(clipLoss())).not.toContain("logitBias: 1[]");
    expect(interfaceOf(vseLoss())).toEqual(["image: 1[N, D]", "text: 1[N, D]", "->", "value: 1[]"]);
    expect(interfaceOf(vseLoss(), { inputs: { scores: {} } })).toEqual(["scores: 1[N, N]", "->", "value: 1[]"]);
  });

  it("inputs of free shape have one axis, of a size of its own each; one size for both without reduction", () => {
    const names = interfaceOf(lsganDiscriminatorLoss())
      .slice(0, 2)
      .map((text) => /\[(\w+)\]/.exec(text)?.[1]);
    expect(new Set(names).size).toBe(2);
    expect(names).not.toContain(undefined);
    const [real, fake] = interfaceOf(lsganDiscriminatorLoss({ reduction: "none" }));
    expect(real?.replace("real", "")).toBe(fake?.replace("fake", ""));
  });

  it("a size of 1 is stretched where the loss broadcasts", () => {
    const shapes = { input: ["N", "M"], target: ["N", 1] };
    expect(interfaceOf(klDiv({ reduction: "none" }), { shapes, gradients: ["target"] }).slice(-2)).toEqual([
      "value: 1[N, M]",
      "grad:target: 1[N, 1]",
    ]);
  });

  it("integer labels of a ranking loss become int inputs without gradient", () => {
    expect(interfaceOf(marginRankingLoss(), { inputs: { target: { dtype: "int32" } }, gradients: true })).toEqual([
      "input1: 1[d1]",
      "input2: 1[d1]",
      "target: 6[d1]",
      "->",
      "value: 1[]",
      "grad:input1: 1[d1]",
      "grad:input2: 1[d1]",
    ]);
  });

  it("the dtype holds for every floating input and output", () => {
    expect(interfaceOf(klDiv(), { dtype: "float16", gradients: ["input"] })).toEqual([
      "input: 10[d1]",
      "target: 10[d1]",
      "->",
      "value: 10[]",
      "grad:input: 10[d1]",
    ]);
  });
});

describe("what does not fit is an error", () => {
  it("unknown inputs, gradients of labels, wrong ranks, sizes and dtypes", () => {
    expect(() => exportLoss(crossEntropy(), { inputs: { labels: {} } as never })).toThrow(InputError);
    expect(() => exportLoss(crossEntropy(), { gradients: ["target"] })).toThrow(InputError);
    expect(() => exportLoss(vseLoss(), { shapes: { image: ["N"] } })).toThrow(ShapeError);
    expect(() => exportLoss(cmpmLoss(), { shapes: { image: ["A", "D"], text: ["B", "D"] } })).toThrow(
      /text must have shape \[N, D\] with N = A as in image, got \[B, D\]/,
    );
    expect(() => exportLoss(klDiv(), { inputs: { input: { dtype: "float64" } } })).toThrow(DTypeError);
    expect(() => exportLoss(clipLoss(), { inputs: { image: { dtype: "int32" } } })).toThrow(DTypeError);
  });
});

describe("the model", () => {
  it("says what it is: format, producer, documentation, and metadata that lead back to the spec", () => {
    const spec = tripletMarginLoss({ p: Infinity, margin: 0.25 });
    const docs = describeLoss(spec.loss.definition);
    const { model, graph } = decode(exportLoss(spec, { gradients: ["anchor"], docs }));
    expect(model.irVersion).toBe(BigInt(irVersion));
    expect(model.opsetImport.map(({ domain, version: set }) => [domain, set])).toEqual([["", BigInt(opset)]]);
    expect([model.producerName, model.producerVersion, graph.name]).toEqual([
      "@losses/onnx",
      version,
      "tripletMarginLoss",
    ]);
    expect(model.docString).toContain(docs.formula);
    const { anchor, positive, negative } = docs.inputs;
    expect(graph.input.map((input) => input.docString)).toEqual([anchor, positive, negative]);
    const props = metadata(model);
    const back = specFromJSON(allLosses, {
      name: props["losses.name"] ?? "",
      options: JSON.parse(props["losses.options"] ?? ""),
    });
    expect(back.options).toEqual(spec.options);
    expect(JSON.parse(props["losses.outputs"] ?? "")).toEqual({ value: "value", gradients: { anchor: "grad:anchor" } });
  });

  it("says only what it was told of a loss that says nothing itself", () => {
    const { model, graph } = decode(exportLoss(tripletMarginLoss(), { docs: { inputs: { anchor: "The anchors." } } }));
    expect(model.docString).toBe("tripletMarginLoss");
    expect(graph.input.map((input) => input.docString)).toEqual(["The anchors.", "", ""]);
    expect(() => exportLoss(tripletMarginLoss(), { docs: { inputs: { anchor: 1 as never } } })).toThrow(OptionError);
  });

  it("says what its outputs are called where an input has their name", () => {
    const named = defineLoss({
      name: "named",
      summary: "Its input is called like an output.",
      formula: "value²",
      inputs: { value: float(["N"], "Numbers.") },
      options: { reduction: reduction() },
      value: ({ value }) => value.square(),
    });
    const { model, graph } = decode(exportLoss(named(), { gradients: ["value"] }));
    expect(graph.output.map(({ name }) => name)).toEqual(["output:value", "grad:value"]);
    expect(graph.output.map(({ docString }) => docString)).not.toContain("");
    expect(JSON.parse(metadata(model)["losses.outputs"] ?? "")).toEqual({
      value: "output:value",
      gradients: { value: "grad:value" },
    });
  });

  it("can be made of a loss with a function among its options", () => {
    const spec = tripletMarginWithDistanceLoss({ distance: (x, y) => x.sub(y).abs().sum(-1) });
    expect(metadata(decode(exportLoss(spec)).model)["losses.options"]).not.toContain("distance");
  });

  it("may use the processor's own ops when it is made for one", () => {
    const ops = (options: ExportLossOptions): readonly string[] =>
      decode(exportLoss(crossEntropy(), options)).graph.node.map(({ opType }) => opType);
    expect(ops({ provider: "cpu" })).toContain("LogSoftmax");
    expect(ops({})).not.toContain("LogSoftmax");
  });

  it("is the same bytes every time", () => {
    expect(exportLoss(clipLoss(), { gradients: true })).toEqual(exportLoss(clipLoss(), { gradients: true }));
  });
});

describe("what is asked for", () => {
  it("leaves the value out, and what only it needed", () => {
    const whole = decode(exportLoss(clipLoss(), { gradients: ["image"] }));
    const { graph, model } = decode(exportLoss(clipLoss(), { gradients: ["image"], value: false }));
    expect(graph.output.map(({ name }) => name)).toEqual(["grad:image"]);
    expect(graph.node.length).toBeLessThan(whole.graph.node.length);
    expect(JSON.parse(metadata(model)["losses.outputs"] ?? "")).toEqual({ gradients: { image: "grad:image" } });
  });

  it.each<[string, object, RegExp]>([
    ["an option that does not exist", { gradient: true }, /unknown option gradient/],
    [
      "a provider that does not exist",
      { provider: "cuda" },
      /option provider must be "any", "cpu", "wasm", got "cuda"/,
    ],
    [
      "a negative size",
      { shapes: { image: [8, -1] } },
      /image must have at most 32 axes that are sizes >= 0 or names, got -1/,
    ],
    ["an axis without a name", { shapes: { image: ["", 4] } }, /got "" in/],
    ["a gradient twice", { gradients: ["image", "image"] }, /got "image" twice/],
    ["a model without outputs", { value: false }, /must have an output/],
  ])("refuses %s", (_, options, message) => {
    expect(() => exportLoss(clipLoss(), options)).toThrow(message);
  });
});

describe("every loss", () => {
  // Ops that ONNX Runtime's WebGPU provider has; Shape, Mod and what else works on shapes stays on the processor.
  const allowed = new Set(
    (
      "Abs Add And Cast Concat CumSum Div Equal Exp Expand Floor Gather GatherElements Identity If Less LessOrEqual Log MatMul Max Min Mod Mul Neg Not Or " +
      "Pad Pow Range ReduceMax ReduceMin ReduceSum Relu Reshape Shape Slice Softmax Sqrt Squeeze Sub Transpose Unsqueeze Where"
    ).split(" "),
  );
  // Recursions over any number of steps are for the processor alone.
  const recursive: readonly string[] = ["ctcLoss", "listMleLoss", "metricTripletMarginLoss"];
  const isRecursive = ({ lossName }: AnyLoss): boolean => recursive.includes(lossName);
  const providerOf = (loss: AnyLoss): "any" | "cpu" => (isRecursive(loss) ? "cpu" : "any");
  // What the processor has besides.
  const allowedFor = (loss: AnyLoss): ReadonlySet<string> =>
    isRecursive(loss) ? new Set([...allowed, "Scan", "TopK", "ScatterElements", "LogSoftmax"]) : allowed;

  it("that is a recursion is refused where a GPU may run it, unless its steps are few", () => {
    for (const name of recursive) {
      const loss = findLoss(allLosses, name);
      expect(() => exportLoss(loss(), { gradients: true }), name).toThrow(/at most 64 steps/);
    }
    expect(() => exportLoss(listMleLoss(), { shapes: { scores: ["N", 8] }, gradients: true })).not.toThrow();
  });

  for (const loss of allLosses) {
    it(`${loss.lossName}: in float16 are inputs and outputs alone, of which each is cast once`, () => {
      const { graph } = decode(exportLoss(loss(), { dtype: "float16", gradients: true, provider: providerOf(loss) }));
      const typeOf = (value: ValueInfoProto): string | undefined => /: (\d+)\[/.exec(signature(value))?.[1];
      const outputs = graph.output.map(({ name }) => name);
      expect(graph.output.map(typeOf)).toEqual(outputs.map(() => "10"));
      expect(graph.input.map(typeOf)).not.toContain("1");
      expect([
        ...graph.initializer.map(({ dataType }) => dataType),
        ...graph.valueInfo.map((value) => Number(typeOf(value))),
      ]).not.toContain(10);
      const rounded = graph.node.filter(({ attribute }) => attribute.some(({ name, i }) => name === "to" && i === 10n));
      const cast = new Set(rounded.flatMap(({ output }) => output));
      // Inputs that have one gradient share its cast.
      const copied = graph.node.filter(({ opType, input }) => opType === "Identity" && cast.has(input[0] ?? ""));
      expect([...cast, ...copied.flatMap(({ output }) => output)].sort()).toEqual([...outputs].sort());
    });

    it(`${loss.lossName}: standard ops only, every value written once and before it is read`, () => {
      const { graph } = decode(exportLoss(loss(), { gradients: true, provider: providerOf(loss) }));
      const known = new Set(["", ...graph.input.map(({ name }) => name), ...graph.initializer.map(({ name }) => name)]);
      const read = new Set<string>();
      /** Branches see what is around them; what is in one is seen nowhere else. */
      const visit = (nodes: readonly NodeProto[], visible: ReadonlySet<string>): ReadonlySet<string> => {
        const here = new Set(visible);
        for (const node of nodes) {
          expect(allowedFor(loss)).toContain(node.opType);
          node.input.forEach((name) => read.add(name));
          expect(node.input.filter((name) => !here.has(name))).toEqual([]);
          for (const { g } of node.attribute) {
            const inside = visit(g?.node ?? [], new Set([...here, ...(g?.input ?? []).map(({ name }) => name)]));
            expect(g?.output.filter(({ name }) => here.has(name) || !inside.has(name)) ?? []).toEqual([]);
          }
          expect(node.output.filter((name) => known.has(name))).toEqual([]);
          node.output.forEach((name) => known.add(name));
          node.output.forEach((name) => here.add(name));
        }
        return here;
      };
      const whole = visit(graph.node, known);
      expect(graph.output.filter(({ name }) => !whole.has(name))).toEqual([]);
      expect(graph.initializer.filter(({ name }) => !read.has(name))).toEqual([]);
    });
  }
});
