import { crossEntropy, tripletMarginLoss, type Graph, type LossSpec, type Node } from "@losses/core";
import { describe, expect, it } from "vitest";
import { exportGraph, lossGraph, type ExportGraphOptions } from "../src/index.js";
import { decode } from "./decode.js";

const onProcessor: ExportGraphOptions = {
  provider: "cpu",
  trustsIndices: true,
  sizes: { N: 4, n1: 4, C: 5, D: 3 },
};

/** How often each op occurs in a loss with its gradients. */
function counts(spec: LossSpec, options: ExportGraphOptions = onProcessor): Readonly<Record<string, number>> {
  const { graph } = lossGraph(spec, { gradients: true });
  const found: Record<string, number> = {};
  for (const { opType } of decode(exportGraph(graph, options)).graph.node) found[opType] = (found[opType] ?? 0) + 1;
  return found;
}

/** One of the inputs x and y times a number / |x|, or times 0 where that is 0. */
function scaledByNorm(factor: number, number = 1): Graph {
  const rows = { shape: ["N", "D"], dtype: "float32" } as const;
  const line = { shape: ["N", 1], dtype: "float32" } as const;
  const scalar = { shape: [], dtype: "float32" } as const;
  const nodes: readonly Omit<Node, "id">[] = [
    { op: "input", inputs: [], attrs: { name: "x", ...rows }, ...rows },
    { op: "input", inputs: [], attrs: { name: "y", ...rows }, ...rows },
    { op: "mul", inputs: [0, 0], attrs: {}, ...rows },
    { op: "reduceSum", inputs: [2], attrs: { axes: [1], keepdims: true }, ...line },
    { op: "sqrt", inputs: [3], attrs: {}, ...line },
    { op: "constant", inputs: [], attrs: { value: 0, dtype: "float32" }, ...scalar },
    { op: "equal", inputs: [4, 5], attrs: {}, ...line, dtype: "bool" },
    { op: "constant", inputs: [], attrs: { value: number, dtype: "float32" }, ...scalar },
    { op: "div", inputs: [7, 4], attrs: {}, ...line },
    { op: "where", inputs: [6, 5, 8], attrs: {}, ...line },
    { op: "mul", inputs: [factor, 9], attrs: {}, ...rows },
  ];
  return {
    name: "scaledByNorm",
    nodes: nodes.map((node, id) => ({ ...node, id }) as Node),
    outputs: [{ name: "value", node: 10 }],
  };
}

describe("on the processor", () => {
  it("a triplet loss chooses nothing: shares and quotients by norms are computed", () => {
    const found = counts(tripletMarginLoss());
    expect(found).not.toHaveProperty("Where");
    expect(found).not.toHaveProperty("Squeeze");
    expect(found["Max"]).toBe(3);
  });

  it("shares and quotients by norms are chosen where there may be nothing: a share of nothing is infinite", () => {
    expect(counts(tripletMarginLoss(), { ...onProcessor, sizes: { n1: 0, D: 3 } })["Where"]).toBe(3);
  });

  it("a quotient by a norm keeps its choice unless all it does is multiply the vector, and is of a finite number", () => {
    const written = (graph: Graph): readonly string[] =>
      decode(exportGraph(graph, onProcessor)).graph.node.map(({ opType }) => opType);
    expect(written(scaledByNorm(0))).not.toContain("Where");
    expect(written(scaledByNorm(1))).toContain("Where");
    expect(written(scaledByNorm(0, Infinity))).toContain("Where");
  });

  it("cross entropy chooses twice: what is ignored has no loss and no weight", () => {
    const found = counts(crossEntropy());
    expect(found["Where"]).toBe(2);
    expect(found["Not"]).toBe(1);
    expect(found["Exp"]).toBe(1);
    expect(found).not.toHaveProperty("Softmax");
  });
});

it("models for every device choose, which takes no memory there", () => {
  const found = counts(tripletMarginLoss(), {});
  expect(found["Where"]).toBe(3);
});
