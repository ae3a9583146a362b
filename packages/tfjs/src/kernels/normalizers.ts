import { operandAt, type NodeOf, type Shape } from "@losses/core";
import { binary, select } from "./broadcast.js";
import { coarseLogarithm, exponential } from "./gpu.js";
import type { KernelCallsBuilder } from "./kernelCalls.js";
import { extremum, softmax, sum } from "./reductions.js";
import { reshape, type Runtime, type Value } from "./runtime.js";

// With m = max x and t = Σ eˣ⁻ᵐ, all three are made of parts that they share:
//   softmax x = eˣ⁻ᵐ / t      log softmax x = x - m - log t      log Σ eˣ = m + log t
// The wasm engine has a fast softmax kernel, over trailing axes. There eˣ⁻ᵐ / t comes first, and since the largest
// element of it is 1 / t, log t = -log(max softmax). Other axes are moved to the end for it.

export function lowerSoftmax(b: KernelCallsBuilder, node: NodeOf<"softmax">, operands: readonly number[]): number {
  return softmaxPart(b, operandAt(operands, 0), [node.attrs.axis]);
}

export function lowerLogSoftmax(
  b: KernelCallsBuilder,
  node: NodeOf<"logSoftmax">,
  operands: readonly number[],
): number {
  const axes = [node.attrs.axis];
  const x = operandAt(operands, 0);
  return pair(b, "Sub", shiftedPart(b, x, axes), logTotalPart(b, x, axes), node.shape);
}

export function lowerLogSumExp(
  b: KernelCallsBuilder,
  node: NodeOf<"reduceLogSumExp">,
  operands: readonly number[],
): number {
  const { axes } = node.attrs;
  const x = operandAt(operands, 0);
  return b.add("logSumExp", {
    operands: [maxPart(b, x, axes), logTotalPart(b, x, axes)],
    shape: node.shape,
    dtype: "float32",
    source: (rt, context) => {
      // An infinite maximum is the result itself; m + log t would be NaN.
      const [m, logTotal] = [operandAt(context.operands, 0), operandAt(context.operands, 1)];
      const total = rt.kernel("Add", { a: m, b: logTotal });
      return reshape(rt, select(rt, rt.kernel("IsInf", { x: m }), m, total, m.shape), context.shape);
    },
  });
}

/** m, with the reduced axes kept at size 1. */
export function maxPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  const shape = keptShape(b, x, axes);
  const moved = movedPart(b, x, axes);
  if (moved !== x) return single(b, "reshape", maxPart(b, moved, trailing(b, x, axes)), shape, reshape);
  const name = `max[${axes.join()}]`;
  return single(b, name, x, shape, (rt, a, sizes) => extremum(rt, "Max", a, axes, sizes), -Infinity);
}

/** log t, with the reduced axes kept at size 1. */
export function logTotalPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  const shape = keptShape(b, x, axes);
  if (b.device !== "wasm") return single(b, "log", totalPart(b, x, axes), shape, coarseLogarithm);
  const moved = movedPart(b, x, axes);
  if (moved !== x) return single(b, "reshape", logTotalPart(b, moved, trailing(b, x, axes)), shape, reshape);
  const largest = maxPart(b, softmaxPart(b, x, axes), axes);
  return single(b, "minusLog", largest, shape, (rt, y) => rt.kernel("Neg", { x: rt.kernel("Log", { x: y }) }));
}

function softmaxPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  const { shape } = b.step(x);
  if (b.device !== "wasm") return pair(b, "RealDiv", expPart(b, x, axes), totalPart(b, x, axes), shape);
  const moved = movedPart(b, x, axes);
  if (moved === x) return single(b, `softmax[${axes.join()}]`, x, shape, (rt, a) => softmax(rt, a, axes.length));
  const order = axesOrder(b, x, axes);
  const back = order.map((_, axis) => order.indexOf(axis));
  return transposed(b, softmaxPart(b, moved, trailing(b, x, axes)), back);
}

function expPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  return single(b, "exp", shiftedPart(b, x, axes), b.step(x).shape, exponential);
}

function totalPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  const name = `sum[${axes.join()}]`;
  return single(b, name, expPart(b, x, axes), keptShape(b, x, axes), (rt, e, sizes) => sum(rt, e, axes, sizes));
}

function shiftedPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  return pair(b, "Sub", x, maxPart(b, x, axes), b.step(x).shape);
}

/** x with the reduced axes last, where the engine wants them there. */
function movedPart(b: KernelCallsBuilder, x: number, axes: readonly number[]): number {
  const order = axesOrder(b, x, axes);
  return b.device !== "wasm" || order.every((axis, i) => axis === i) ? x : transposed(b, x, order);
}

function axesOrder(b: KernelCallsBuilder, x: number, axes: readonly number[]): readonly number[] {
  return [...b.step(x).shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
}

function trailing(b: KernelCallsBuilder, x: number, axes: readonly number[]): readonly number[] {
  return axes.map((_, i) => b.step(x).shape.length - axes.length + i);
}

function keptShape(b: KernelCallsBuilder, x: number, axes: readonly number[]): Shape {
  return b.step(x).shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

function transposed(b: KernelCallsBuilder, x: number, perm: readonly number[]): number {
  const shape = perm.map((axis) => b.step(x).shape[axis] ?? 1);
  return single(b, `transpose[${perm.join()}]`, x, shape, (rt, a) => rt.kernel("Transpose", { x: a }, { perm }));
}

function single(
  b: KernelCallsBuilder,
  name: string,
  x: number,
  shape: Shape,
  compute: (rt: Runtime, x: Value, shape: readonly number[]) => Value,
  neutral = 0,
): number {
  return b.add(name, {
    operands: [x],
    shape,
    dtype: "float32",
    source: (rt, context) => compute(rt, operandAt(context.operands, 0), context.shape),
    neutral,
  });
}

function pair(b: KernelCallsBuilder, kernel: string, x: number, y: number, shape: Shape): number {
  return b.add(kernel, {
    operands: [x, y],
    shape,
    dtype: "float32",
    source: (rt, context) =>
      binary(rt, kernel, operandAt(context.operands, 0), operandAt(context.operands, 1), context.shape),
  });
}
