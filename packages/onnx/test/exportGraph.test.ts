import type { Graph, Node } from "@losses/core";
import { expect, it } from "vitest";
import { exportGraph, exportSizedGraph, outputNames, variantKey } from "../src/index.js";
import { decode } from "./decode.js";

const x = {
  id: 0,
  op: "input",
  inputs: [],
  attrs: { name: "x", shape: ["N"], dtype: "float32" },
  shape: ["N"],
  dtype: "float32",
} as const;

it("writes the nodes of a graph in order, with its constants stored", () => {
  const graph: Graph = {
    name: "clamped",
    nodes: [x, { id: 1, op: "clampMin", inputs: [0], attrs: { bound: -0 }, shape: ["N"], dtype: "float32" }],
    outputs: [{ name: "value", node: 1 }],
  };
  const { graph: onnx } = decode(exportGraph(graph));
  expect(onnx.node.map(({ opType, input, output }) => [opType, input, output])).toEqual([
    ["Max", ["x", onnx.initializer[0]?.name], ["value"]],
  ]);
  expect(onnx.initializer.map(({ dataType, dims, rawData }) => [dataType, dims, [...rawData]])).toEqual([
    [1, [], [0, 0, 0, 0x80]],
  ]);
});

it("an output that is an input, a constant, or twice the same value is a value of its own", () => {
  const graph: Graph = {
    name: "copies",
    nodes: [
      x,
      { id: 1, op: "constant", inputs: [], attrs: { value: 2, dtype: "float32" }, shape: [], dtype: "float32" },
      { id: 2, op: "neg", inputs: [0], attrs: {}, shape: ["N"], dtype: "float32" },
    ],
    outputs: [
      { name: "same", node: 0 },
      { name: "two", node: 1 },
      { name: "first", node: 2 },
      { name: "second", node: 2 },
    ],
  };
  const { graph: onnx } = decode(exportGraph(graph));
  expect(onnx.node.map(({ opType, input, output }) => [opType, ...input, ...output])).toEqual([
    ["Neg", "x", "first"],
    ["Identity", "x", "same"],
    ["Identity", onnx.initializer[0]?.name, "two"],
    ["Identity", "first", "second"],
  ]);
});

it("inner values never take the name of an input or output", () => {
  const odd = { ...x, attrs: { ...x.attrs, name: "Neg_2" } };
  const graph: Graph = {
    name: "names",
    nodes: [
      odd,
      { id: 1, op: "neg", inputs: [0], attrs: {}, shape: ["N"], dtype: "float32" },
      { id: 2, op: "sqrt", inputs: [1], attrs: {}, shape: ["N"], dtype: "float32" },
    ],
    outputs: [{ name: "value", node: 2 }],
  };
  const { graph: onnx } = decode(exportGraph(graph));
  const names = [...onnx.input.map(({ name }) => name), ...onnx.node.flatMap(({ output }) => output)];
  expect(new Set(names).size).toBe(3);
});

it("an output whose name an input has gets another, and a size that is an input too", () => {
  const named = (name: string): Node => ({ ...x, attrs: { ...x.attrs, name } });
  const graph = (name: string): Graph => ({
    name: "named",
    nodes: [
      named(name),
      { id: 1, op: "dimSize", inputs: [], attrs: { dims: ["N"], dtype: "float32" }, shape: [], dtype: "float32" },
      { id: 2, op: "mul", inputs: [0, 1], attrs: {}, shape: ["N"], dtype: "float32" },
    ],
    outputs: [
      { name: "value", node: 2 },
      { name: "grad:x", node: 1 },
    ],
  });
  expect(outputNames(graph("x"))).toEqual(["value", "grad:x"]);
  expect(outputNames(graph("value"))).toEqual(["output:value", "grad:x"]);
  const names = (name: string): readonly string[] => {
    const { input, output } = decode(exportSizedGraph(graph(name)).model).graph;
    return [...input, ...output].map((value) => value.name);
  };
  expect(names("value")).toEqual(["value", "count:float32:N", "output:value", "grad:x"]);
  expect(names("count:float32:N")).toEqual(["count:float32:N", "count:float32:N_", "value", "grad:x"]);
});

it("refuses a symbol that no input brings", () => {
  const graph: Graph = {
    name: "lost",
    nodes: [x, { id: 1, op: "iota", inputs: [], attrs: { size: "M" }, shape: ["M"], dtype: "int32" }],
    outputs: [{ name: "value", node: 1 }],
  };
  expect(() => exportGraph(graph)).toThrow(/unknown M/);
});

it("reads sizes from shapes, or has inputs for them and computes none", () => {
  const graph: Graph = {
    name: "rows",
    nodes: [
      x,
      { id: 1, op: "dimSize", inputs: [], attrs: { dims: ["N", 3], dtype: "float32" }, shape: [], dtype: "float32" },
      { id: 2, op: "mul", inputs: [0, 1], attrs: {}, shape: ["N"], dtype: "float32" },
      { id: 3, op: "expand", inputs: [2], attrs: { shape: [2, "N"] }, shape: [2, "N"], dtype: "float32" },
    ],
    outputs: [{ name: "value", node: 3 }],
  };
  const { graph: whole } = decode(exportGraph(graph));
  expect(whole.input.map(({ name }) => name)).toEqual(["x"]);
  expect(whole.node.map(({ opType }) => opType)).toContain("Shape");

  const { model, sizeInputs } = exportSizedGraph(graph);
  const { graph: sized } = decode(model);
  expect(sized.input.map(({ name }) => name)).toEqual(["x", ...sizeInputs.map(({ name }) => name)]);
  expect(sized.node.map(({ opType }) => opType)).toEqual(["Mul", "Expand"]);
  expect(sizeInputs.map(({ dtype, shape, values }) => [dtype, shape, values({ N: 5 })])).toEqual([
    ["float32", [], [15]],
    ["int64", [2], [2, 5]],
  ]);
});

it("inputs for counts of zeros fill a line up to whole rows, and rows of rows", () => {
  const graph: Graph = {
    name: "total",
    nodes: [
      x,
      { id: 1, op: "reduceSum", inputs: [0], attrs: { axes: [0], keepdims: false }, shape: [], dtype: "float32" },
    ],
    outputs: [{ name: "value", node: 1 }],
  };
  const { sizeInputs } = exportSizedGraph(graph);
  const values = (N: number): readonly (readonly number[])[] => sizeInputs.map((input) => input.values({ N }));
  expect(values(0)).toEqual([
    [0, 0],
    [0, 128],
    [0, 0],
    [0, 128],
    [0, 0],
    [0, 128],
  ]);
  expect(values(128)).toEqual([
    [0, 0],
    [1, 128],
    [0, 127],
    [1, 128],
    [0, 127],
    [1, 128],
  ]);
  expect(values(50_000)).toEqual([
    [0, 48],
    [391, 128],
    [0, 121],
    [4, 128],
    [0, 124],
    [1, 128],
  ]);
});

it("a model for known sizes takes short sums in one go and long ones in rows; one key names all that it serves", () => {
  const shape = ["N", "C"];
  const graph: Graph = {
    name: "totals",
    nodes: [
      { ...x, attrs: { ...x.attrs, shape }, shape },
      { id: 1, op: "reduceSum", inputs: [0], attrs: { axes: [1], keepdims: false }, shape: ["N"], dtype: "float32" },
    ],
    outputs: [{ name: "value", node: 1 }],
  };
  const written = (C: number): readonly string[] =>
    decode(exportGraph(graph, { sizes: { N: 2, C } })).graph.node.map(({ opType }) => opType);
  expect(written(512)).toEqual(["ReduceSum"]);
  expect(written(1000)).toEqual(["Reshape", "ReduceSum", "ReduceSum"]);
  expect(written(521)).toContain("Pad");
  const keyOf = variantKey(graph);
  const keys = [
    { N: 2, C: 3 },
    { N: 70_000, C: 512 },
    { N: 2, C: 1024 },
    { N: 2, C: 0 },
  ].map(keyOf);
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(3);
});
