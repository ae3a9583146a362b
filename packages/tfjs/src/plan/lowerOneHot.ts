import { bindShape, firstExtremeOf, pickOf, replaceOf, type NodeOf, type Shape } from "@losses/core";
import { expand, select } from "./broadcast.js";
import { logTotalPart, maxPart } from "./normalizers.js";
import { operandAt, type PlanBuilder, type StepContext } from "./plan.js";
import { pick, place, positions, withoutGaps } from "./positions.js";
import { fill, reshape, type Runtime, type Value } from "./runtime.js";

// Class indices and diagonals are masks in a graph. Where the engine computes in memory, they become gathers and
// scatters, whose cost does not grow with the number of classes.

/** A sum of what a one-hot mask leaves, as a gather. */
export function lowerPick(b: PlanBuilder, node: NodeOf<"reduceSum">): number | undefined {
  const found = b.device === "wasm" ? pickOf(b.graph, node) : undefined;
  if (found === undefined) return undefined;
  const { axis, from, isConstant, shape: whole } = found;
  const flat = positionsStep(b, b.of(found.index), whole, axis, isConstant ? whole : from.shape);
  const { shape } = node;
  if (isConstant) {
    return float(b, "withoutGaps", [flat, b.of(from.id)], shape, (rt, context) => {
      const single = bindShape(singleShape(whole, axis), context.sizes);
      const values = expand(rt, operandAt(context, 1), single);
      return reshape(rt, withoutGaps(rt, operandAt(context, 0), values), context.shape);
    });
  }
  if (from.op !== "logSoftmax" || from.attrs.axis !== axis) {
    return float(b, "pick", [flat, b.of(from.id)], shape, (rt, context) =>
      pick(rt, operandAt(context, 1), operandAt(context, 0), context.shape),
    );
  }
  // (log softmax x)ᵢ = xᵢ - m - log t, for one i in each row
  const x = b.of(from.inputs[0] ?? -1);
  const parts = [flat, x, maxPart(b, x, [axis]), logTotalPart(b, x, [axis])];
  return float(b, "pickLogSoftmax", parts, shape, (rt, context) => {
    const [at, logits, m, logTotal] = [0, 1, 2, 3].map((i) => operandAt(context, i)) as [Value, Value, Value, Value];
    const shifted = rt.kernel("Sub", { a: pick(rt, logits, at, at.shape), b: reshape(rt, m, at.shape) });
    const value = rt.kernel("Sub", { a: shifted, b: reshape(rt, logTotal, at.shape) });
    return reshape(rt, withoutGaps(rt, at, value), context.shape);
  });
}

/** A choice by a one-hot mask, as a scatter. */
export function lowerReplace(b: PlanBuilder, node: NodeOf<"where">): number | undefined {
  const found = b.device === "wasm" ? replaceOf(b.graph, node) : undefined;
  if (found === undefined) return undefined;
  const { axis, value, elsewhere } = found;
  const flat = positionsStep(b, b.of(found.index), node.shape, axis, node.shape);
  const operands = [flat, b.of(value), ...(elsewhere === undefined ? [] : [b.of(elsewhere)])];
  return float(b, `place along ${axis}`, operands, node.shape, (rt, context) => {
    const into = elsewhere === undefined ? undefined : operandAt(context, 2);
    return place(rt, operandAt(context, 1), operandAt(context, 0), into, context.shape, axis);
  });
}

/** The first position of an extreme, as an arg-max. */
export function lowerFirstExtreme(b: PlanBuilder, node: NodeOf<"reduceMin">): number | undefined {
  const found = b.device === "wasm" ? firstExtremeOf(b.graph, node) : undefined;
  if (found === undefined) return undefined;
  const { axis, kernel, from, extreme } = found;
  const nowhere = 2 ** 31 - 1;
  const source = (rt: Runtime, context: StepContext): Value => {
    const [x, best, { shape }] = [operandAt(context, 0), operandAt(context, 1), context];
    const index = reshape(rt, rt.kernel(kernel, { x }, { axis }), shape);
    // Nothing equals an extreme that is NaN.
    return select(rt, rt.kernel("IsNan", { x: best }), fill(rt, shape, nowhere, "int32"), index, shape);
  };
  return b.add(`${kernel} ${axis}`, {
    operands: [b.of(from), b.of(extreme)],
    shape: node.shape,
    dtype: "int32",
    source,
    neutral: nowhere,
  });
}

function positionsStep(b: PlanBuilder, index: number, whole: Shape, axis: number, target: Shape): number {
  const source = (rt: Runtime, context: StepContext): Value => {
    const [shape, own] = [bindShape(whole, context.sizes), bindShape(target, context.sizes)];
    return positions(rt, operandAt(context, 0), shape, axis, own);
  };
  const name = `positions along ${axis} of ${whole[axis] ?? 1} in ${target.join()}`;
  return b.add(name, { operands: [index], shape: singleShape(whole, axis), dtype: "int32", source });
}

function singleShape(whole: Shape, axis: number): Shape {
  return whole.map((dim, i) => (i === axis ? 1 : dim));
}

function float(
  b: PlanBuilder,
  name: string,
  operands: readonly number[],
  shape: Shape,
  source: (rt: Runtime, context: StepContext) => Value,
): number {
  return b.add(name, { operands, shape, dtype: "float32", source });
}
