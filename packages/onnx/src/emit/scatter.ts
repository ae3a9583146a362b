import {
  addDims,
  isFloat,
  multiplyDims,
  nodeAt,
  operandAt,
  operandNode,
  type Graph,
  type Dim,
  type DType,
  type NodeOf,
  type Shape,
} from "@losses/core";
import { elementType } from "../format.js";
import { choose } from "./where.js";
import type { EmitContext, Emitter } from "./context.js";
import { expanded, reshaped, sliced } from "./movement.js";
import { insideAxis, placesAlong } from "./places.js";
import { matrixProduct } from "./products.js";
import { sumAlong } from "./sums.js";

/** Values, the positions that they are added at, and the axis that those are of. */
interface Scatter {
  readonly x: string;
  readonly index: string;
  /** The node of the positions. */
  readonly indexId: number;
  readonly shape: Shape;
  readonly places: Shape;
  readonly axis: number;
  readonly size: Dim;
  readonly dtype: DType;
  readonly result: Shape;
}

/** Zeros with elements added at positions. Where there is no scatter that adds, every position is compared with every place. */
export const emitScatterAdd: Emitter<"scatterAdd"> = (node, inputs, context) => {
  const [values, positions] = [operandNode(context.graph, node, 0), operandNode(context.graph, node, 1)];
  const scatter: Scatter = {
    x: operandAt(inputs, 0),
    index: operandAt(inputs, 1),
    indexId: positions.id,
    shape: values.shape,
    places: positions.shape,
    ...node.attrs,
    dtype: node.dtype,
    result: node.shape,
  };
  if (context.scatters) return scattered(scatter, context);
  switch (wayOf(node, context.graph)) {
    case "mask":
      return masked(scatter, context);
    case "rows":
      return productOfRows(scatter, context);
    case "columns":
      return productOfColumns(scatter, context);
    case "sum":
      return sumOfMasks(scatter, context);
  }
};

/** How many elements there are along the axis. */
function countOf({ shape, places, axis }: Pick<Scatter, "shape" | "places" | "axis">): Dim {
  const [own = 1, other = 1] = [shape[axis], places[axis]];
  return own === 1 ? other : own;
}

/**
 * How a scatter is written without one: one element a line as a mask; whole rows or columns that go to one place as a matrix product;
 * else as a sum of masks.
 */
function wayOf(node: NodeOf<"scatterAdd">, graph: Graph): "mask" | "rows" | "columns" | "sum" {
  const { axis } = node.attrs;
  const { shape } = nodeAt(graph, node.inputs[0]);
  const places = nodeAt(graph, node.inputs[1]).shape;
  if (countOf({ shape, places, axis }) === 1) return "mask";
  const areOnes = (dims: Shape): boolean => dims.every((dim) => dim === 1);
  if (!isFloat(node.dtype)) return "sum";
  const last = shape.length - 1;
  if (axis < last && areOnes(places.slice(axis + 1)) && !areOnes(shape.slice(axis + 1))) return "rows";
  if (axis === last && areOnes(places.slice(0, last)) && !areOnes(shape.slice(0, last))) return "columns";
  return "sum";
}

/** The shape over which masks are summed along the axis after the scatter's own; `undefined` for scatters that are written otherwise. */
export function maskShape(node: NodeOf<"scatterAdd">, graph: Graph): Shape | undefined {
  if (wayOf(node, graph) !== "sum") return undefined;
  const { axis } = node.attrs;
  const { shape } = nodeAt(graph, node.inputs[0]);
  const places = nodeAt(graph, node.inputs[1]).shape;
  return pairsOf(node.shape, axis, countOf({ shape, places, axis }));
}

function pairsOf(result: Shape, axis: number, count: Dim): Shape {
  return [...result.slice(0, axis + 1), count, ...result.slice(axis + 1)];
}

/** More additions to one element than these are made in float64. */
const mostInSingle = 512;

function scattered(scatter: Scatter, context: EmitContext): string {
  const { writer, sizes } = context;
  const { x, index, indexId, shape, places, axis, size, dtype, result } = scatter;
  const count = countOf(scatter);
  const full = result.map((dim, i) => (i === axis ? count : dim));
  const isLong = context.can.hasFloat64 && dtype === "float32" && !(typeof count === "number" && count <= mostInSingle);
  const sumType = isLong ? "float64" : dtype;
  const wide = (values: string): string =>
    isLong ? writer.node("Cast", [values], { to: elementType.float64 }) : values;
  const zeros = (dims: Shape): string => writer.node("Expand", [writer.scalar(0, sumType), sizes.list(dims)]);
  const add = (to: Shape, at: string, values: string): string => {
    const updates = expanded(wide(values), shape, full, context);
    const indices = expanded(at, places, full, context);
    return writer.node("ScatterElements", [zeros(to), indices, updates], { axis, reduction: "add" });
  };
  const narrow = (sums: string): string => (isLong ? writer.node("Cast", [sums], { to: elementType[dtype] }) : sums);
  const inside = insideAxis(index, indexId, size, context);
  if (inside === undefined) return narrow(add(result, index, x));
  // What is outside goes behind the end, which is cut off.
  const longer = addDims(size, 1);
  const there = writer.node("Where", [inside, index, sizes.int32(size)]);
  const sums = add(
    result.map((dim, i) => (i === axis ? longer : dim)),
    there,
    x,
  );
  return narrow(sliced(sums, dtype, { axis, start: 0, step: 1, size, length: longer }, context));
}

/** True where an element, of which each line has one, goes. */
function masked({ x, index, axis, dtype, result }: Scatter, context: EmitContext): string {
  const { writer } = context;
  const hits = writer.node("Equal", [index, placesAlong(result, axis, context)]);
  return choose(hits, x, writer.scalar(0, dtype), dtype, context);
}

function sumOfMasks(scatter: Scatter, context: EmitContext): string {
  const { writer } = context;
  const { x, index, axis, dtype, result } = scatter;
  const shape = pairsOf(result, axis, countOf(scatter));
  const [values, places] = [x, index].map((value) => writer.node("Unsqueeze", [value, writer.list([axis])]));
  const hits = writer.node("Equal", [places ?? "", placesAlong(shape, axis, context)]);
  const value = writer.node("Where", [hits, values ?? "", writer.scalar(0, dtype)]);
  return sumAlong({ value, shape, dtype }, [axis + 1], false, context);
}

/** One-hot (…, size, count) times values (…, count, columns). */
function productOfRows(scatter: Scatter, context: EmitContext): string {
  const { writer } = context;
  const { x, index, shape, places, axis, size, dtype, result } = scatter;
  const trailing = places.slice(axis + 1).map((_, i) => axis + 1 + i);
  const bare = writer.node("Squeeze", [index, writer.list(trailing)]);
  const own = writer.node("Unsqueeze", [bare, writer.list([axis])]);
  const hot = oneHot(writer.node("Equal", [own, placesAlong([size, 1], 0, context)]), scatter, context);
  const count = countOf(scatter);
  const whole = shape.map((dim, i) => (i === axis ? count : dim));
  const columns = multiplyDims(...shape.slice(axis + 1));
  const isFlat = trailing.length === 1;
  const given = expanded(x, shape, whole, context);
  const flat = isFlat ? given : reshaped(given, [...whole.slice(0, axis + 1), columns], context);
  const type = { shape: [...result.slice(0, axis + 1), columns], inner: [count], dtype };
  const sums = sumOfFinite(flat, (values) => matrixProduct(hot, values, type, context), scatter, context);
  return isFlat ? sums : reshaped(sums, result, context);
}

/** Values (…, count) times one-hot (count, size). */
function productOfColumns(scatter: Scatter, context: EmitContext): string {
  const { writer } = context;
  const { x, index, shape, axis, size, dtype, result } = scatter;
  const count = countOf(scatter);
  const leading = shape.slice(0, axis).map((_, i) => i);
  const bare = writer.node("Squeeze", [index, writer.list(leading)]);
  const own = writer.node("Unsqueeze", [bare, writer.list([1])]);
  const hot = oneHot(writer.node("Equal", [own, placesAlong([size], 0, context)]), scatter, context);
  const given = expanded(x, shape, [...shape.slice(0, axis), count], context);
  const type = { shape: result, inner: [count], dtype };
  return sumOfFinite(given, (values) => matrixProduct(values, hot, type, context), scatter, context);
}

function oneHot(hits: string, { dtype }: Scatter, { writer }: EmitContext): string {
  return writer.node("Cast", [hits], { to: elementType[dtype] });
}

/** A sum by a product with zeros and ones, of which what is not finite would make NaN: it is counted apart. */
function sumOfFinite(x: string, sum: (values: string) => string, { dtype }: Scatter, { writer }: EmitContext): string {
  const [zero, one] = [writer.scalar(0, dtype), writer.scalar(1, dtype)];
  const infinite = [Infinity, -Infinity].map((value) => writer.scalar(value, dtype)) as [string, string];
  const isFinite = writer.node("Less", [writer.node("Abs", [x]), infinite[0]]);
  const finite = sum(writer.node("Where", [isFinite, x, zero]));
  // NaN is in both counts, and ∞ - ∞ is NaN.
  const counts = [writer.node("Less", [x, infinite[0]]), writer.node("Less", [infinite[1], x])].map((isBelow) =>
    sum(writer.node("Where", [isBelow, zero, one])),
  );
  return counts.reduce((total, count, i) => {
    const added = writer.node("Where", [writer.node("Less", [zero, count]), infinite[i] ?? "", zero]);
    return writer.node("Add", [total, added]);
  }, finite);
}
