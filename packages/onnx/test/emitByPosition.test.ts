import { clipLoss, crossEntropy, type Graph, type LossSpec, type Node } from "@losses/core";
import { expect, it } from "vitest";
import { exportGraph, exportLoss, exportSizedGraph, lossGraph, type ExportLossOptions } from "../src/index.js";
import { decode } from "./decode.js";

const opsOf = (bytes: Uint8Array): readonly string[] => decode(bytes).graph.node.map(({ opType }) => opType);
const ops = (spec: LossSpec, options: ExportLossOptions): readonly string[] => opsOf(exportLoss(spec, options));

const rows = { op: "input", inputs: [], attrs: { name: "x", shape: ["N", "C"], dtype: "float32" } } as const;
const types = { shape: ["N", "C"], dtype: "float32" } as const;

/** Takes the diagonal of `-x`. */
function trace(size: "N" | "C"): Graph {
  const shape = ["N", size];
  const nodes: readonly Omit<Node, "id">[] = [
    { ...rows, attrs: { ...rows.attrs, shape }, shape, dtype: "float32" },
    { op: "neg", inputs: [0], attrs: {}, shape, dtype: "float32" },
    { op: "iota", inputs: [], attrs: { size: "N" }, shape: ["N"], dtype: "int32" },
    { op: "unsqueeze", inputs: [2], attrs: { axes: [1] }, shape: ["N", 1], dtype: "int32" },
    { op: "gather", inputs: [1, 3], attrs: { axis: 1 }, shape: ["N", 1], dtype: "float32" },
    { op: "squeeze", inputs: [4], attrs: { axes: [1] }, shape: ["N"], dtype: "float32" },
  ];
  return {
    name: "trace",
    nodes: nodes.map((node, id) => ({ ...node, id }) as Node),
    outputs: [{ name: "value", node: 5 }],
  };
}

it("reads one element of each line by its position, and works out nothing else of what that needs", () => {
  const written = opsOf(exportGraph(trace("N"), { provider: "cpu" }));
  expect(written).toContain("GatherND");
  expect(written.indexOf("Neg")).toBeGreaterThan(written.indexOf("GatherND"));
  for (const unneeded of ["Equal", "Where", "ReduceSum", "And"]) expect(written).not.toContain(unneeded);
});

it("asks whether there is such a position where that is not certain", () => {
  expect(opsOf(exportGraph(trace("C"), { provider: "cpu" }))).toContain("And");
});

it("asks it of class indices unless they are known to be checked, and then what is ignored decides", () => {
  const written = (ignoreIndex: number, trustsIndices: boolean): readonly string[] =>
    opsOf(exportGraph(lossGraph(crossEntropy({ ignoreIndex })).graph, { provider: "cpu", trustsIndices }));
  expect(written(-100, false)).toContain("LessOrEqual");
  expect(written(-100, true)).not.toContain("LessOrEqual");
  // It may be a class.
  expect(written(1, true)).toContain("LessOrEqual");
});

it("asks for no size that it does not use", () => {
  const diagonal = trace("N");
  const { model, sizeInputs } = exportSizedGraph({
    ...diagonal,
    nodes: [
      ...diagonal.nodes,
      { id: 6, op: "iota", inputs: [], attrs: { size: 7 }, shape: [7], dtype: "int32" },
      { id: 7, op: "expand", inputs: [6], attrs: { shape: ["N", 7] }, shape: ["N", 7], dtype: "int32" },
    ],
  });
  expect(sizeInputs.map(({ values }) => values({ N: 2 }))).toEqual([[2]]);
  expect(decode(model).graph.input.map(({ name }) => name)).toEqual(["x", ...sizeInputs.map(({ name }) => name)]);
});

it("writes gradients of class indices by position on the processor, and as masks elsewhere", () => {
  const options = { gradients: ["input"] } as const;
  expect(ops(crossEntropy(), { ...options, provider: "cpu" })).toContain("ScatterElements");
  expect(ops(crossEntropy(), options)).not.toContain("ScatterElements");
});

it("multiplies transposes instead of transposing a product on the processor", () => {
  const { graph } = decode(exportLoss(clipLoss(), { gradients: ["text"], provider: "cpu" }));
  const products = new Set(graph.node.filter(({ opType }) => opType === "MatMul").flatMap(({ output }) => output));
  const turned = graph.node.filter(({ opType }) => opType === "Transpose").flatMap(({ input }) => input);
  expect(turned.filter((name) => products.has(name))).toEqual([]);
  // The product itself, but for NaN where there are too few texts.
  const last = graph.node.find(({ output }) => output.includes("grad:text"));
  expect(last?.opType).toBe("Add");
  expect(last?.input.filter((name) => products.has(name))).toHaveLength(1);
});

it("says the shapes of inner values, which runtimes cannot infer behind a gather", () => {
  const { graph } = decode(exportLoss(clipLoss(), { gradients: true, provider: "cpu" }));
  const computed = new Set(graph.node.flatMap(({ output }) => output));
  expect(graph.valueInfo.length).toBeGreaterThan(0);
  expect(graph.valueInfo.filter(({ name }) => !computed.has(name))).toEqual([]);
});

it("takes the maximum of what cannot be negative with one sum as a guard for NaN", () => {
  const squares: Graph = {
    name: "peaks",
    nodes: [
      { id: 0, ...rows, ...types },
      { id: 1, op: "abs", inputs: [0], attrs: {}, ...types },
      { id: 2, op: "reduceMax", inputs: [1], attrs: { axes: [1], keepdims: false }, shape: ["N"], dtype: "float32" },
      { id: 3, op: "reduceMax", inputs: [0], attrs: { axes: [1], keepdims: false }, shape: ["N"], dtype: "float32" },
    ],
    outputs: [
      { name: "largest", node: 2 },
      { name: "signed", node: 3 },
    ],
  };
  const written = opsOf(exportGraph(squares, { provider: "cpu" }));
  expect(written.filter((op) => op.startsWith("Reduce"))).toEqual(["ReduceMax", "ReduceSum", "ReduceMax", "ReduceMin"]);
});
