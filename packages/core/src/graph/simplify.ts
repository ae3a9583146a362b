import { isElementwise } from "../ops/table.js";
import type { OpAttributes, OpName } from "../ops/types.js";
import { sameShape, type Dim } from "../tensor/dims.js";
import { isFloat, type FloatDType } from "../tensor/dtype.js";
import { GraphBuilder } from "./builder.js";
import { collectFactors, negateFactor, negateLater } from "./factors.js";
import { foldScalar } from "./fold.js";
import { countUses, liveNodes, type Graph, type Node, type NodeOf } from "./graph.js";
import { castOfNot, rewriteWhere } from "./choices.js";
import { expandAfter, sumOfDiagonal, withoutLeadingOnes } from "./sink.js";

/**
 * The same function with fewer nodes: constants folded, common subexpressions shared, dead code dropped and
 * broadcasts removed where the user broadcasts anyway. Changes no result, NaN and infinities included, but for the rounding
 * of a number that every element is multiplied by.
 */
export function simplify(graph: Graph): Graph {
  let current = graph;
  for (let round = 0; round < 8; round++) {
    const next = rebuild(current);
    if (next.nodes.length === current.nodes.length && next.nodes.every((node, i) => node.op === current.nodes[i]?.op)) {
      return next;
    }
    current = next;
  }
  return current;
}

/** Copies what the outputs need through the rewrite rules. Inputs are kept even if unused: they are the signature. */
function rebuild(graph: Graph): Graph {
  const builder = new GraphBuilder();
  const live = liveNodes(graph);
  const uses = countUses(graph, live);
  const moved = new Map<number, number>();
  for (const node of graph.nodes) {
    const isUsedOnce = (operand: number): boolean => uses.get(node.inputs[operand] ?? -1) === 1;
    if (!live.has(node.id) && node.op !== "input") continue;
    const inputs = node.inputs.map((id) => moved.get(id) ?? -1);
    moved.set(node.id, rewrite(builder, node, inputs, isUsedOnce));
  }
  const outputs = Object.fromEntries(graph.outputs.map(({ name, node }) => [name, moved.get(node) ?? -1]));
  return dropDead(builder.finish(graph.name, outputs));
}

function dropDead(graph: Graph): Graph {
  const live = liveNodes(graph);
  const kept = graph.nodes.filter((node) => live.has(node.id) || node.op === "input");
  const ids = new Map(kept.map((node, id) => [node.id, id]));
  const renumber = (id: number): number => ids.get(id) ?? -1;
  return {
    name: graph.name,
    nodes: kept.map((node, id) => ({ ...node, id, inputs: node.inputs.map(renumber) }) as Node),
    outputs: graph.outputs.map(({ name, node }) => ({ name, node: renumber(node) })),
  };
}

/** Adds `node` over already moved `inputs`, or something simpler that equals it; returns the id that stands for it. */
function rewrite(
  b: GraphBuilder,
  node: Node,
  inputs: readonly number[],
  isUsedOnce: (operand: number) => boolean,
): number {
  const [first = -1, second = -1] = inputs;
  const keep = (): number => b.add(node.op, inputs, node.attrs as OpAttributes[OpName]);
  const folded = foldConstants(b, node, inputs);
  if (folded !== undefined) return folded;
  switch (node.op) {
    case "identity":
      return first;
    case "neg": {
      const x = b.node(first);
      if (x.op === "neg") return x.inputs[0] ?? first;
      const turned = negateFactor(b, first, isUsedOnce(0));
      if (turned !== undefined) return turned;
      break;
    }
    case "not": {
      const x = b.node(first);
      return x.op === "not" ? (x.inputs[0] ?? first) : keep();
    }
    case "exp": {
      // e^(log softmax x) = softmax x
      const x = b.node(first);
      if (x.op === "logSoftmax") return b.add("softmax", x.inputs, x.attrs);
      break;
    }
    case "cast":
      return castOfNot(b, node, first) ?? (b.type(first).dtype === node.attrs.to ? first : keep());
    case "expand":
      if (sameShape(b.type(first).shape, node.attrs.shape)) return first;
      return b.add("expand", [withoutLeadingOnes(b, first)], node.attrs);
    case "transpose":
      return rewriteTranspose(b, node, first);
    case "unsqueeze":
      return negateLater(b, node, inputs) ?? rewriteAxes(b, node, first, "squeeze");
    case "squeeze":
      return rewriteAxes(b, node, first, "unsqueeze");
    case "reduceSum":
      return negateLater(b, node, inputs) ?? sumOfDiagonal(b, node, first) ?? rewriteSum(b, node, first);
    case "dimSize":
      return rewriteDimSize(b, node.attrs.dims, node.attrs.dtype);
    default:
      break;
  }
  if (!isElementwise(node.op)) return keep();
  const bare = dropExpands(b, node, inputs);
  const sunk = expandAfter(b, node, bare) ?? negateLater(b, node, bare);
  if (sunk !== undefined) return sunk;
  const [x = first, y = second] = bare;
  if (node.inputs.length === 2) return collectFactors(b, node, x, y, isUsedOnce) ?? rewriteBinary(b, node, x, y);
  if (node.op === "where") return rewriteWhere(b, node, bare);
  return b.add(node.op, bare, node.attrs as OpAttributes[OpName]);
}

/** `x + 0`, `x - 0`, `x · 1`, `x / 1`, `x^1`, `x · -1`, `0 - x`, `y · x` for `x · y`; never `x · 0`, which is NaN for some x. */
function rewriteBinary(b: GraphBuilder, node: Node, x: number, y: number): number {
  const keep = (): number => {
    const turned = node.op === "add" || node.op === "mul" ? b.find(node.op, [y, x], {}) : undefined;
    return turned ?? b.add(node.op, [x, y], node.attrs as OpAttributes[OpName]);
  };
  const fits = (id: number): boolean => sameShape(b.type(id).shape, node.shape);
  const [a, c] = [scalar(b, x), scalar(b, y)];
  switch (node.op) {
    case "add":
      if (c === 0 && fits(x)) return x;
      return a === 0 && fits(y) ? y : keep();
    case "sub":
      if (c === 0 && fits(x)) return x;
      return a === 0 && fits(y) ? b.add("neg", [y], {}) : keep();
    case "mul":
      if (c === 1 && fits(x)) return x;
      if (a === 1 && fits(y)) return y;
      if (c === -1 && fits(x)) return b.add("neg", [x], {});
      return a === -1 && fits(y) ? b.add("neg", [y], {}) : keep();
    case "div":
      return c === 1 && fits(x) ? x : keep();
    case "pow":
      if (c === 1 && fits(x)) return x;
      return c === 2 ? b.add("mul", [x, x], {}) : keep();
    default:
      return keep();
  }
}

/** The number behind a constant, also when it was stretched. */
function scalar(b: GraphBuilder, id: number): number | undefined {
  const node = b.node(id);
  if (node.op === "constant") return node.attrs.value;
  return node.op === "expand" ? scalar(b, node.inputs[0] ?? -1) : undefined;
}

/** Operands that are stretched only to the shape that the op would stretch them to anyway. */
function dropExpands(b: GraphBuilder, node: Node, inputs: readonly number[]): readonly number[] {
  const bare = [...inputs];
  bare.forEach((id, i) => {
    const operand = b.node(id);
    const source = operand.op === "expand" ? (operand.inputs[0] ?? id) : withoutLeadingOnes(b, id);
    if (source === id) return;
    const covered = node.shape.every((dim, axis) =>
      bare.some((other, j) => {
        const { shape } = b.type(j === i ? source : other);
        return shape[axis - node.shape.length + shape.length] === dim;
      }),
    );
    const rankKept =
      node.shape.length === Math.max(...bare.map((other, j) => b.type(j === i ? source : other).shape.length));
    if (covered && rankKept) bare[i] = source;
  });
  return bare;
}

function foldConstants(b: GraphBuilder, node: Node, inputs: readonly number[]): number | undefined {
  if (node.shape.length > 0 || inputs.length === 0) return undefined;
  const values = inputs.map((id) => {
    const operand = b.node(id);
    return operand.op === "constant" ? operand.attrs.value : undefined;
  });
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  const value = foldScalar(node, known);
  // An int32 wraps where it is computed, which is not this place.
  const isHeld = value !== undefined && (node.dtype !== "int32" || value === (value | 0));
  return isHeld ? b.constant(value, node.dtype) : undefined;
}

function rewriteTranspose(b: GraphBuilder, node: NodeOf<"transpose">, first: number): number {
  const x = b.node(first);
  const perm = x.op === "transpose" ? node.attrs.perm.map((axis) => x.attrs.perm[axis] ?? axis) : node.attrs.perm;
  const source = x.op === "transpose" ? (x.inputs[0] ?? first) : first;
  return perm.every((axis, i) => axis === i) ? source : b.add("transpose", [source], { perm });
}

/** `squeeze` and `unsqueeze` of the same axes undo each other; both pass through a stretched scalar. */
function rewriteAxes(
  b: GraphBuilder,
  node: NodeOf<"squeeze"> | NodeOf<"unsqueeze">,
  first: number,
  inverse: "squeeze" | "unsqueeze",
): number {
  const x = b.node(first);
  if (x.op === inverse && x.attrs.axes.join() === node.attrs.axes.join()) return x.inputs[0] ?? first;
  const value = scalar(b, first);
  if (value !== undefined) return b.add("expand", [b.constant(value, node.dtype)], { shape: node.shape });
  const source = x.op === "expand" ? withoutLeadingOnes(b, x.inputs[0] ?? -1) : first;
  return b.type(source).shape.length === 0 && x.op === "expand"
    ? b.add("expand", [source], { shape: node.shape })
    : b.add(node.op, [first], node.attrs);
}

/** The sum over axes that were stretched is a product with their size; over no elements it is 0, whatever was stretched. */
function rewriteSum(b: GraphBuilder, node: NodeOf<"reduceSum">, first: number): number {
  const x = b.node(first);
  const { axes, keepdims } = node.attrs;
  const source = x.op === "expand" ? x.inputs[0] : undefined;
  if (source === undefined || !isFloat(x.dtype)) return b.add("reduceSum", [first], node.attrs);
  const inner = b.type(source).shape;
  const offset = x.shape.length - inner.length;
  const stretched = axes.filter((axis) => axis < offset || (inner[axis - offset] === 1 && x.shape[axis] !== 1));
  if (stretched.length < axes.length) return b.add("reduceSum", [first], node.attrs);
  const dims = axes.map((axis): Dim => x.shape[axis] ?? 1);
  const size = rewriteDimSize(b, dims, x.dtype);
  const removed = axes.filter((axis) => axis >= offset).map((axis) => axis - offset);
  const core = keepdims || removed.length === 0 ? source : b.add("squeeze", [source], { axes: removed });
  const product = repeated(b, core, size);
  return sameShape(b.type(product).shape, node.shape) ? product : b.add("expand", [product], { shape: node.shape });
}

/** `x · size`, and 0 for a size of 0, which infinite and NaN x would not give. */
function repeated(b: GraphBuilder, x: number, size: number): number {
  const count = b.node(size);
  const product = b.add("mul", [x, size], {});
  if (count.op === "constant" ? count.attrs.value > 0 : isFinite(b, x)) return product;
  const zero = b.constant(0, count.dtype);
  return b.add("where", [b.add("equal", [size, zero], {}), zero, product], {});
}

/** True for numbers that are finite whatever the graph is fed. */
function isFinite(b: GraphBuilder, id: number): boolean {
  const node = b.node(id);
  if (node.op === "constant") return Number.isFinite(node.attrs.value);
  return node.op === "dimSize" && node.dtype !== "float16";
}

function rewriteDimSize(b: GraphBuilder, dims: readonly Dim[], dtype: FloatDType): number {
  if (dims.every((dim) => typeof dim === "number")) {
    return b.constant(
      dims.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1),
      dtype,
    );
  }
  const sorted = dims.filter((dim) => dim !== 1).sort((p, q) => (String(p) < String(q) ? -1 : 1));
  return b.add("dimSize", [], { dims: sorted, dtype });
}
