import {
  concat,
  crossEntropy,
  defineLoss,
  float,
  labels,
  list,
  mask,
  reduction,
  scan,
  ShapeError,
  UnsupportedOpError,
  weightedSum,
  subCenterArcFaceLoss,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { exportLoss, type ExportLossOptions } from "../src/index.js";
import type { GraphProto, NodeProto } from "../src/generated/onnx_pb.js";
import { decode, metadata, signature } from "./decode.js";

const interfaceOf = (spec: LossSpec, options: ExportLossOptions = {}): readonly string[] => {
  const { graph } = decode(exportLoss(spec, options));
  return [...graph.input.map(signature), "->", ...graph.output.map(signature)];
};

const opsOf = ({ node }: GraphProto): readonly string[] => node.map(({ opType }) => opType);

/** The last of a running product with what is collected of it. */
const running = (reverse: boolean): LossSpec =>
  defineLoss({
    name: "running",
    inputs: { x: float(["T", "N"], "Factors."), w: float(["N"], "Weights.") },
    options: { reduction: reduction("sum") },
    value({ x, w }) {
      const { carry, collected } = scan({ init: { y: w }, sequences: { x }, reverse }, ({ y }, { x: at }) => {
        const next = y.mul(at).add(w);
        return { carry: { y: next }, collect: { y: next, half: next.mul(0.5) } };
      });
      return carry.y.add(collected.y.sum(0)).add(collected.half.sum(0));
    },
  })();

describe("a recursion", () => {
  const scansOf = (spec: LossSpec, options: ExportLossOptions): readonly NodeProto[] => {
    const inside = (nodes: readonly NodeProto[]): readonly NodeProto[] =>
      nodes.flatMap((node) => [node, ...node.attribute.flatMap(({ g }) => inside(g?.node ?? []))]);
    return inside(decode(exportLoss(spec, options)).graph.node).filter(({ opType }) => opType === "Scan");
  };

  it("is one Scan for all that comes of it, and one for its gradient", () => {
    expect(scansOf(running(false), { provider: "cpu" })).toHaveLength(1);
    const scans = scansOf(running(true), { provider: "cpu", gradients: true, shapes: { x: [5, "N"] } });
    expect(scans).toHaveLength(2);
    const directions = scans.map(
      ({ attribute }) => attribute.find(({ name }) => name === "scan_input_directions")?.ints,
    );
    expect(directions.map((ints) => new Set(ints))).toEqual([new Set([1n]), new Set()]);
    expect(scans[0]?.output).toHaveLength(4);
  });

  it("of a length that is known is written out where a GPU may run it, and else refused with the cure", () => {
    const { graph } = decode(exportLoss(running(false), { shapes: { x: [3, "N"] } }));
    expect(opsOf(graph)).not.toContain("Scan");
    expect(() => exportLoss(running(false))).toThrow(UnsupportedOpError);
    expect(() => exportLoss(running(false), { shapes: { x: [65, 2] } })).toThrow(
      /running: a scan must have at most 64 steps where a GPU may run the model, .* got 65\. .*provider: "cpu"/,
    );
  });
});

describe("sizes that are computed", () => {
  const pairs = defineLoss({
    name: "pairs",
    inputs: { rows: float(["2*N", "D"], "Two for each."), other: float(["N", "D"], "One for each.") },
    options: { reduction: reduction("none") },
    value: ({ rows, other }) =>
      rows
        .sub(concat([other, other], 0))
        .square()
        .sum(1),
  });

  it("are axes of models, with the names that are asked for", () => {
    expect(interfaceOf(pairs())).toEqual(["rows: 1[2*N, D]", "other: 1[N, D]", "->", "value: 1[2*N]"]);
    const named = ["rows: 1[2*batch, 8]", "other: 1[batch, 8]", "->", "value: 1[2*batch]"];
    expect(interfaceOf(pairs(), { shapes: { other: ["batch", 8] } })).toEqual(named);
    expect(interfaceOf(pairs(), { shapes: { rows: ["2*batch", 8] } })).toEqual(named);
    expect(interfaceOf(pairs(), { shapes: { rows: [10, 8] } }).slice(0, 2)).toEqual([
      "rows: 1[10, 8]",
      "other: 1[5, 8]",
    ]);
  });

  it("may have the number that an option says", () => {
    const shapes = { embeddings: ["batch", 8], weight: [8, "3*classes"] };
    expect(interfaceOf(subCenterArcFaceLoss(), { shapes }).slice(0, 3)).toEqual([
      "embeddings: 1[batch, 8]",
      "labels: 6[batch]",
      "weight: 1[8, 3*classes]",
    ]);
    expect(() => exportLoss(subCenterArcFaceLoss(), { shapes: { weight: [8, "2*classes"] } })).toThrow(
      /weight must have an axis 3\*C, got 2\*classes\. Write it like that, with a name for C/,
    );
  });

  it("have no name of their own", () => {
    expect(() => exportLoss(pairs(), { shapes: { rows: ["both", 8] } })).toThrow(
      /pairs: rows must have an axis 2\*N, got both\. Write it like that, with a name for N/,
    );
    expect(() => exportLoss(pairs(), { shapes: { rows: [9, 8] } })).toThrow(ShapeError);
    expect(() => exportLoss(pairs(), { shapes: { rows: ["2*a", 8], other: ["b", 8] } })).toThrow(ShapeError);
    expect(() => exportLoss(pairs(), { shapes: { other: ["my batch", 8] } })).toThrow(/got "my batch" in it/);
    expect(() => exportLoss(pairs(), { shapes: { other: ["constructor", 8] } })).toThrow(/got "constructor" in it/);
  });

  it("are told from one axis that they decide", () => {
    const halves = defineLoss({
      name: "halves",
      inputs: { x: float(["2*N+1"], "An odd number.") },
      options: { reduction: reduction("none") },
      value: ({ x }) => x.slice(0, 0, "N").add(x.slice(0, "N+1", "N")),
    });
    const { graph } = decode(exportLoss(halves()));
    expect(opsOf(graph).filter((op) => op === "Shape")).toHaveLength(1);
    expect(opsOf(graph)).toEqual(expect.arrayContaining(["Sub", "Div"]));
    const product = defineLoss({
      name: "product",
      inputs: { x: float(["N*M"], "A product."), n: float(["N"], "A factor.") },
      options: { reduction: reduction("none") },
      value: ({ x }) => x.reshape(["N", "M"]).sum(1),
    });
    expect(() => exportLoss(product())).toThrow(ShapeError);
  });
});

describe("what a loss takes and gives", () => {
  const several = defineLoss({
    name: "several",
    inputs: { fake: list(float(["N", "K"], "Scores of one scale.")), counts: mask(["N"], "Rows that count.") },
    options: { reduction: reduction("mean") },
    value: ({ fake, counts }) => ({
      parts: {
        scores: fake.map((x) => x.sum(1)).reduce((a, b) => a.add(b)),
        count: { part: counts.cast("float32"), weight: 2 },
      },
    }),
  });

  it("lists are inputs with numbers, as many as are asked for; masks are bool", () => {
    expect(interfaceOf(several())).toEqual(["fake.0: 1[N, K_0_]", "counts: 9[N]", "->", "value: 1[]"]);
    const inputs = { "fake.0": { shape: ["B", 3] }, "fake.1": {} } as const;
    const own = interfaceOf(several(), { inputs, gradients: ["fake"] });
    expect(own).toEqual([
      "fake.0: 1[B, 3]",
      "fake.1: 1[B, K_1_]",
      "counts: 9[B]",
      "->",
      "value: 1[]",
      "grad:fake.0: 1[B, 3]",
      "grad:fake.1: 1[B, K_1_]",
    ]);
    expect(() => exportLoss(several(), { inputs: { fake: {} } })).toThrow(/among fake\.0, counts, got .* fake/);
    expect(() => exportLoss(several(), { inputs: { "fake.1": {} } })).toThrow(/without holes, got no fake\.0/);
    expect(() => exportLoss(several(), { inputs: { counts: { dtype: "float32" } } })).toThrow(/counts/);
  });

  it("parts are outputs with names, described like the others", () => {
    const { model, graph } = decode(exportLoss(several(), { parts: true, gradients: ["fake.0"] }));
    expect(graph.output.map(signature)).toEqual([
      "value: 1[]",
      "grad:fake.0: 1[N, K_0_]",
      "part:scores: 1[]",
      "part:count: 1[]",
    ]);
    expect(graph.output.map(({ docString }) => docString)).not.toContain("");
    expect(graph.input.map(({ docString }) => docString)).toEqual(["Scores of one scale.", "Rows that count."]);
    expect(JSON.parse(metadata(model)["losses.outputs"] ?? "")).toEqual({
      value: "value",
      gradients: { "fake.0": "grad:fake.0" },
      parts: { scores: "part:scores", count: "part:count" },
    });
    const spec = weightedSum([
      { name: "hard", loss: crossEntropy(), weight: 0.5 },
      { name: "smooth", loss: crossEntropy({ labelSmoothing: 0.1 }), weight: 2 },
    ]);
    expect(interfaceOf(spec, { parts: true }).slice(-3)).toEqual(["value: 1[]", "part:hard: 1[]", "part:smooth: 1[]"]);
    expect(interfaceOf(spec, { parts: true, value: false }).slice(-2)).toEqual(["part:hard: 1[]", "part:smooth: 1[]"]);
  });

  it("terms of a sum that share no input have sizes of their own", () => {
    const heads = weightedSum([
      { loss: crossEntropy(), weight: 1 },
      { loss: crossEntropy(), weight: 1, name: "other", inputs: { input: "scores", target: "classes" } },
    ]);
    const apart = ["input: 1[N, C]", "target: 6[N]", "scores: 1[N_2, C_2]", "classes: 6[N_2]", "->", "value: 1[]"];
    expect(interfaceOf(heads)).toEqual(apart);
    const joined = interfaceOf(heads, { shapes: { weight: ["C"] } });
    expect(joined.slice(0, 4)).toEqual(["input: 1[N, C]", "target: 6[N]", "scores: 1[N, C]", "classes: 6[N]"]);
  });

  it("what a mean divides by is no output: where it must not be 0 the loss is NaN", () => {
    const spec = crossEntropy({ empty: "error" });
    expect(interfaceOf(spec).slice(-2)).toEqual(["->", "value: 1[]"]);
  });

  it("the range of labels is that of the axis that they index, whatever that is called", () => {
    const picked = defineLoss({
      name: "picked",
      inputs: { x: float(["N", "C"]), y: labels(["N"], "", { below: "C" }), z: float(["C", "N"]) },
      options: { reduction: reduction("none") },
      value: ({ x, y, z }): Tensor =>
        x
          .gather(1, y.unsqueeze(1))
          .squeeze(1)
          .add(z.gather(0, y.unsqueeze(0)).squeeze(0)),
    });
    const names = interfaceOf(picked(), { shapes: { x: ["C", "N"] } });
    expect(names).toEqual(["x: 1[C, N]", "y: 6[C]", "z: 1[N, C]", "->", "value: 1[C]"]);
  });
});
