import type { NodeOf, Shape } from "@losses/core";
import type { ProgramBuilder } from "./program.js";

// Where one position is chosen along an axis, a mask is as good as the position, and needs no tensor as a whole.

function withAxis<T>(shape: readonly T[], axis: number, size: T): readonly T[] {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

/** 0, 1, … along an axis of a shape. */
function positions(b: ProgramBuilder, shape: Shape, axis: number): number {
  const size = shape[axis] ?? 1;
  const line = b.add({ kind: "iota", shape: [size], dtype: "int32" });
  const own = shape.map((_, i) => (i === axis ? size : 1));
  const from = shape.map((_, i) => (i === axis ? 0 : -1));
  return b.view(line, from, { shape: own, dtype: "int32" });
}

/** True at the position along an axis that an index of size 1 there names. */
function oneHot(b: ProgramBuilder, shape: Shape, axis: number, index: number): number {
  const mask = withAxis(b.at(index).shape, axis, shape[axis] ?? 1);
  return b.map("equal", [positions(b, shape, axis), index], { shape: mask, dtype: "bool" });
}

/** One chosen along an axis of a tensor that is not in memory as it is: computed of what is chosen, or by a mask. */
export function gather(b: ProgramBuilder, node: NodeOf<"gather">, x: number, index: number): number | undefined {
  const { attrs, shape, dtype } = node;
  const { axis } = attrs;
  const source = b.at(x);
  if (b.at(index).shape[axis] !== 1 || source.kind === "input" || dtype === "bool") return undefined;
  const size = source.shape[axis] ?? 1;
  const value = computed(b, node, x, index);
  const zero = b.number(0, dtype);
  if (value !== undefined) {
    // There is nothing at other places.
    const end = b.add({ kind: "count", dims: [size], shape: [], dtype: "int32" });
    const isPlace = b.map("isPlace", [index, end], { shape: b.at(index).shape, dtype: "bool" });
    return b.map("where", [isPlace, value, zero], { shape, dtype });
  }
  const full = withAxis(shape, axis, size);
  const chosen = b.map("where", [oneHot(b, full, axis, index), x, zero], { shape: full, dtype });
  return b.fold("sum", chosen, [axis]);
}

/** `f(x, m)[i] = f(x[i], m)`, where all that changes along the axis are inputs. */
function computed(b: ProgramBuilder, node: NodeOf<"gather">, x: number, index: number): number | undefined {
  const { attrs, shape } = node;
  const source = b.at(x);
  const { dtype } = source;
  const axis = attrs.axis - shape.length + source.shape.length;
  if (axis < 0 || source.shape[axis] === 1) return x;
  if (source.kind === "input" && axis === attrs.axis) {
    return b.add({ kind: "whole", node: { ...node, dtype }, operands: [x, index], shape, dtype });
  }
  if (source.kind !== "map") return undefined;
  const operands = source.operands.flatMap((operand) => computed(b, node, operand, index) ?? []);
  return operands.length < source.operands.length ? undefined : b.map(source.kernel, operands, { shape, dtype });
}

/** `where(one-hot, x, 0)`, where there is one element for one place. */
export function scatterAdd(
  b: ProgramBuilder,
  { attrs: { axis }, shape, dtype }: NodeOf<"scatterAdd">,
  x: number,
  index: number,
): number | undefined {
  if (b.at(index).shape[axis] !== 1 || b.at(x).shape[axis] !== 1) return undefined;
  return b.map("where", [oneHot(b, shape, axis, index), x, b.number(0, dtype)], { shape, dtype });
}

/** `min(where(x = extreme x, position, size), size)`: the size where nothing equals the extreme, which is NaN, or there is nothing. */
export function argExtreme(
  b: ProgramBuilder,
  node: NodeOf<"argMax" | "argMin">,
  x: number,
  extreme: "max" | "min",
): number {
  const { axis } = node.attrs;
  const { shape } = b.at(x);
  const size = b.add({ kind: "count", dims: [shape[axis] ?? 1], shape: [], dtype: "int32" });
  const hits = b.map("equal", [x, b.fold(extreme, x, [axis])], { shape, dtype: "bool" });
  const places = b.map("where", [hits, positions(b, shape, axis), size], { shape, dtype: "int32" });
  const first = b.fold("min", places, [axis]);
  return b.dropAxes(b.map("minimum", [first, size], b.at(first)), [axis], node);
}
