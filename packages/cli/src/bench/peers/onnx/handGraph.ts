import type { InputDType } from "@losses/core";
import { writeModel, type AttributeValue, type ModelNode, type ModelTensor, type ModelValue } from "@losses/onnx";
import type { Part, Problem } from "../../problems.js";

type Attributes = Readonly<Record<string, AttributeValue>>;
type Sizes = readonly number[];

/** A model written down op by op, as by hand. */
export interface HandGraph {
  readonly input: (name: string, dtype: InputDType, shape: Sizes) => string;
  /** A stored number. */
  readonly scalar: (value: number) => string;
  /** A stored tensor. */
  readonly constant: (dtype: InputDType, shape: Sizes, data: Sizes) => string;
  /** An op with one result. */
  readonly op: (opType: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** An op with two results. */
  readonly twoOf: (opType: string, inputs: readonly string[], attributes?: Attributes) => readonly [string, string];
  readonly output: (name: string, value: string, shape: Sizes) => void;
  readonly write: () => Uint8Array;
}

/** Where a model will run: GPU providers lack scatter, log-softmax and the fused cross entropy. */
export type Place = "processor" | "gpu";

/** Writes a loss down in ONNX ops, with the gradient worked out by hand. */
export type HandModel = (g: HandGraph, size: Omit<Problem, "kind">, part: Part, place: Place) => void;

export function handGraph(): HandGraph {
  const inputs: ModelValue[] = [];
  const outputs: ModelValue[] = [];
  const nodes: ModelNode[] = [];
  const initializers: ModelTensor[] = [];
  const outputNames = new Map<string, string>();
  let count = 0;
  const fresh = (): string => `v${(count += 1)}`;
  const constant: HandGraph["constant"] = (dtype, shape, data) => {
    const name = fresh();
    initializers.push({ name, dtype, shape, data });
    return name;
  };
  return {
    input: (name, dtype, shape) => {
      inputs.push({ name, dtype, shape });
      return name;
    },
    scalar: (value) => constant("float32", [], [value]),
    constant,
    op: (opType, operands, attributes = {}) => {
      const name = fresh();
      nodes.push({ opType, inputs: operands, outputs: [name], attributes });
      return name;
    },
    twoOf: (opType, operands, attributes = {}) => {
      const names: readonly [string, string] = [fresh(), fresh()];
      nodes.push({ opType, inputs: operands, outputs: names, attributes });
      return names;
    },
    output: (name, value, shape) => {
      outputs.push({ name, dtype: "float32", shape });
      outputNames.set(value, name);
    },
    write: () => {
      const rename = (value: string): string => outputNames.get(value) ?? value;
      const renamed = nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      }));
      return writeModel({ inputs, outputs, nodes: renamed, initializers, opset: 17 });
    },
  };
}

/** The numbers 0 … size - 1. */
export function count(size: number): readonly number[] {
  return Array.from({ length: size }, (_, i) => i);
}

/** The sum along an axis, which is kept. */
export function sumAlong(g: HandGraph, x: string, axis: number): string {
  return g.op("ReduceSum", [x, g.constant("int64", [1], [axis])], { keepdims: 1 });
}

/** The mean of all elements. */
export function meanOf(g: HandGraph, x: string): string {
  return g.op("ReduceMean", [x], { keepdims: 0 });
}

/** The means of rows: sums of a million elements in float32 lose digits. */
export function meanOfRows(g: HandGraph, x: string): string {
  return g.op("ReduceMean", [x], { axes: [1], keepdims: 0 });
}

/** e^(x - max) along an axis, x - max, and the sum of the former: for devices without a log-softmax. */
export function softmaxParts(g: HandGraph, x: string, axis: number): Record<"exp" | "shifted" | "sum", string> {
  const shifted = g.op("Sub", [x, g.op("ReduceMax", [x], { axes: [axis], keepdims: 1 })]);
  const exp = g.op("Exp", [shifted]);
  return { exp, shifted, sum: sumAlong(g, exp, axis) };
}

/** True on the diagonal of a square matrix; stored, since it depends on nothing. */
export function diagonalMask(g: HandGraph, rows: number): string {
  return g.op("Equal", [g.constant("int32", [rows, 1], count(rows)), g.constant("int32", [1, rows], count(rows))]);
}

/** Adds a number to each element of the diagonal of a square matrix. */
export function addToDiagonal(g: HandGraph, x: string, updates: string, rows: number): string {
  const places = g.constant("int64", [rows, 1], count(rows));
  return g.op("ScatterElements", [x, places, updates], { axis: 1, reduction: "add" });
}
