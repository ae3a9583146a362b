import type { DType, Node, NodeOf, Shape } from "@losses/core";
import { isWhole } from "./memory.js";
import type { DistinctNodes } from "./distinctNodes.js";

// Where one position is chosen along an axis, a mask is as good as the position, and is computed in registers.

function withAxis<T>(shape: readonly T[], axis: number, size: T): readonly T[] {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

/** 0, 1, … along an axis of a shape. */
function positions(s: DistinctNodes, shape: Shape, axis: number): number {
  const size = shape[axis] ?? 1;
  const line = s.add("iota", [], { size }, [size], "int32");
  const axes = [...shape.keys()].filter((i) => i !== axis);
  const own = shape.map((_, i) => (i === axis ? size : 1));
  return axes.length === 0 ? line : s.add("unsqueeze", [line], { axes }, own, "int32");
}

/** `where(one-hot, x, 0)`, the one-hot true at the position along an axis that an index of size 1 there names. */
function chosen(s: DistinctNodes, shape: Shape, axis: number, [x = -1, index = -1]: readonly number[]): number {
  const { dtype } = s.node(x);
  const mask = withAxis(s.node(index).shape, axis, shape[axis] ?? 1);
  const hot = s.add("equal", [positions(s, shape, axis), index], {}, mask, "bool");
  const zero = s.add("constant", [], { value: 0, dtype }, [], dtype);
  return s.add("where", [hot, x, zero], {}, shape, dtype);
}

function reduced(
  s: DistinctNodes,
  op: "reduceSum" | "reduceMax" | "reduceMin",
  x: number,
  axis: number,
  dtype: DType = s.node(x).dtype,
): number {
  const { shape } = s.node(x);
  return shape[axis] === 1 ? x : s.add(op, [x], { axes: [axis], keepdims: true }, withAxis(shape, axis, 1), dtype);
}

/** True where choosing costs no more than what is chosen, since all of it is in memory. */
function isInMemory(node: Node): boolean {
  return node.op === "input" || node.op === "matmul" || isWhole(node);
}

/** `Σ where(one-hot, x, 0)`, where one is chosen of what is computed in registers. */
export function gather(
  s: DistinctNodes,
  { attrs, shape, dtype }: NodeOf<"gather">,
  inputs: readonly number[],
): number | undefined {
  const [x, index] = inputs.map((id): Node => s.node(id));
  const { axis } = attrs;
  if (x === undefined || index?.shape[axis] !== 1 || isInMemory(x) || dtype === "bool") return undefined;
  return reduced(s, "reduceSum", chosen(s, withAxis(shape, axis, x.shape[axis] ?? 1), axis, inputs), axis);
}

/** `where(one-hot, x, 0)`, where there is one element for one place. */
export function scatterAdd(
  s: DistinctNodes,
  { attrs, shape }: NodeOf<"scatterAdd">,
  inputs: readonly number[],
): number | undefined {
  const isSingle = inputs.every((id) => s.node(id).shape[attrs.axis] === 1);
  return isSingle ? chosen(s, shape, attrs.axis, inputs) : undefined;
}

/** `min(where(x = extreme x, position, size), size)`: the size where nothing equals the extreme, which is NaN, or there is nothing. */
export function argExtreme(s: DistinctNodes, { op, attrs, shape }: NodeOf<"argMax" | "argMin">, x: number): number {
  const { axis, keepdims } = attrs;
  const own = s.node(x).shape;
  const extreme = reduced(s, op === "argMax" ? "reduceMax" : "reduceMin", x, axis);
  const hits = s.add("equal", [x, extreme], {}, own, "bool");
  // The dtype of the node says that the size is an integer.
  const size = s.add("dimSize", [], { dims: [own[axis] ?? 1], dtype: "float32" }, [], "int32");
  const places = s.add("where", [hits, positions(s, own, axis), size], {}, own, "int32");
  const first = s.add("minimum", [reduced(s, "reduceMin", places, axis), size], {}, withAxis(own, axis, 1), "int32");
  return keepdims ? first : s.add("squeeze", [first], { axes: [axis] }, shape, "int32");
}
