import * as core from "@losses/core";
import { anyOf, list, plain, size, text } from "../takes.js";
import { anything, type Entry, type Takes } from "../walk.js";
import type { Entries } from "../entries.js";
import { dim } from "./dims.js";

/** A small graph as plain data: the sum of -x. */
export function graph(): core.Graph {
  const [shape, dtype] = [["N"], "float32"] as const;
  return {
    name: "negated",
    nodes: [
      { id: 0, op: "input", inputs: [], attrs: { name: "x", shape: [...shape], dtype }, shape: [...shape], dtype },
      { id: 1, op: "neg", inputs: [0], attrs: {}, shape: [...shape], dtype },
      { id: 2, op: "reduceSum", inputs: [1], attrs: { axes: [0], keepdims: false }, shape: [], dtype },
    ],
    outputs: [{ name: "value", node: 2 }],
  };
}

/** Graphs may carry more than they need, and names and numbers of one's own. */
export const graphTakes: Readonly<Record<string, Takes>> = {
  "*.name": text,
  "*.nodes.*.attrs.name": text,
  // What needs none takes any.
  "*.nodes.1.attrs": plain,
  "*.outputs.*.name": text,
  "*.outputs.*.node": (value) => value === 0 || value === 1,
};

export const graphOpen: readonly string[] = ["0", "0.nodes.*", "0.nodes.*.attrs", "0.outputs.*"];

const onGraph: Entry = { args: () => [graph()], takes: graphTakes, open: graphOpen };

const isData: Takes = (value) => value instanceof Float32Array || value instanceof Uint8Array;
const numbers = (): core.Numbers => ({ shape: [2], data: Float64Array.of(1, 2) });

export const graphEntries: Entries = {
  graphInputs: onGraph,
  graphSymbols: onGraph,
  liveNodes: onGraph,
  printGraph: onGraph,
  simplify: onGraph,
  verify: onGraph,
  countUses: {
    ...onGraph,
    args: () => [graph(), new Set([0, 1])],
    takes: { ...graphTakes, "1": (value) => value instanceof Set },
  },
  movedTo: {
    args: () => [[1, 2], 0],
    takes: { "0": Array.isArray, "1": (value) => value === 1 },
    whole: ["0"],
  },
  nodeAt: { ...onGraph, args: () => [graph(), 0], takes: { ...graphTakes, "1": (value) => value === 1 } },
  operandAt: {
    args: () => [["x", "y"], 0],
    takes: { "0": Array.isArray, "1": (value) => value === 1 },
    whole: ["0"],
  },
  operandNode: {
    args: () => [graph(), { inputs: [1] }, 0],
    takes: {
      ...graphTakes,
      "1.inputs": (value) => Array.isArray(value) && (value[0] === 0 || value[0] === 1),
      "1.inputs.0": (value) => value === 0 || value === 1,
    },
    open: [...graphOpen, "1"],
  },
  recursionsOf: onGraph,
  nonNegativeNodes: onGraph,
  sizeCheck: onGraph,
  sizeLimits: onGraph,
  // What is trusted is not looked at, but for its parts.
  trustGraph: {
    args: () => [graph()],
    takes: {
      "0.nodes": (value) => Array.isArray(value) && value.length === 0,
      "0.outputs": Array.isArray,
      "0.outputs.*": anything,
      "0.outputs.*.*": anything,
      "0.nodes.*.id": anything,
      "0.nodes.*.inputs": Array.isArray,
      "0.nodes.*.inputs.*": anything,
      "0.nodes.*.attrs": anything,
      "0.nodes.*.attrs.*": anything,
      "0.nodes.*.shape": list(anyOf(size, (value) => typeof value === "string" && value !== "")),
      ...graphTakes,
    },
    open: graphOpen,
    whole: ["0.nodes.*.shape"],
  },
  sourceOf: { args: () => [graph(), 0], takes: { ...graphTakes, "1": (value) => value === 1 }, open: graphOpen },
  outsideOf: {
    args: () => [graph(), 0, "N"],
    takes: { ...graphTakes, "1": (value) => value === 1, "2": dim },
    open: graphOpen,
  },
  interpret: {
    args: () => [graph(), { x: numbers() }, { N: 2 }],
    takes: { "1.x.data": isData },
    open: ["1", "1.x", "2"],
    whole: ["0"],
  },
  interpretNode: {
    args: () => [graph().nodes[1], [numbers()], {}, { N: 2 }],
    takes: { "1.*.data": isData, "1.*.shape": list(size), "1.*.shape.*": size, "2": plain, "3.N": size },
    open: ["1.*", "2", "3"],
    whole: ["0"],
  },
};
