import {
  liveNodes,
  movedTo,
  operandAt,
  recursionsOf,
  type Graph,
  type Node,
  type NodeOf,
  type OpName,
  type ReduceOp,
} from "@losses/core";
import type { KernelName } from "./elementwise.js";
import { optimize } from "./optimize.js";
import { argExtreme, gather, scatterAdd } from "./positionMasks.js";
import { ProgramBuilder, type Fold, type Program, type Recursion, type WholeOp } from "./program.js";

/** For each scan node, its recursion, and which output of the body it is. */
type Recursions = ReadonlyMap<number, { readonly recursion: Recursion; readonly output: number }>;

type Lowering<N extends Node> = (
  b: ProgramBuilder,
  node: N,
  operands: readonly number[],
  recursions: Recursions,
) => number;

const direct =
  (kernel: KernelName): Lowering<Node> =>
  (b, node, operands) =>
    b.map(kernel, operands, node);

/** A kernel that wraps around as 32-bit integers do. */
const numeric =
  (kernel: KernelName, integer: KernelName): Lowering<Node> =>
  (b, node, operands) =>
    b.map(node.dtype === "int32" ? integer : kernel, operands, node);

const whole: Lowering<NodeOf<WholeOp>> = (b, node, operands) =>
  b.add({ kind: "whole", node, operands, shape: node.shape, dtype: node.dtype });

const bounded =
  (kernel: "maximum" | "minimum"): Lowering<NodeOf<"clampMin" | "clampMax">> =>
  (b, node, operands) =>
    b.map(kernel, [...operands, b.number(node.attrs.bound, node.dtype)], node);

const folded =
  (fold: Exclude<Fold, "dot">): Lowering<NodeOf<ReduceOp>> =>
  (b, node, operands) =>
    b.dropAxes(b.fold(fold, operandAt(operands, 0), node.attrs.axes), node.attrs.axes, node);

/** How each op is put together from instructions. */
const lowerings: { readonly [K in OpName]: Lowering<NodeOf<K>> } = {
  input: (b, { attrs, shape, dtype }) => b.add({ kind: "input", name: attrs.name, shape, dtype }),
  constant: (b, { attrs, dtype }) => b.number(attrs.value, dtype),
  iota: (b, { shape, dtype }) => b.add({ kind: "iota", shape, dtype }),
  dimSize: (b, { attrs, dtype }) => b.add({ kind: "count", dims: attrs.dims, shape: [], dtype }),

  neg: numeric("neg", "negInteger"),
  abs: direct("abs"),
  sign: direct("sign"),
  floor: direct("floor"),
  exp: direct("exp"),
  expm1: direct("expm1"),
  log: direct("log"),
  log1p: direct("log1p"),
  sqrt: direct("sqrt"),
  relu: (b, node, operands) => b.map("maximum", [...operands, b.number(0, node.dtype)], node),
  tanh: direct("tanh"),
  atan: direct("atan"),
  erf: direct("erf"),
  sigmoid: direct("sigmoid"),
  softplus: direct("softplus"),
  not: direct("not"),
  clampMin: bounded("maximum"),
  clampMax: bounded("minimum"),
  cast: lowerCast,

  add: numeric("add", "addInteger"),
  sub: numeric("sub", "subInteger"),
  mul: numeric("mul", "mulInteger"),
  div: direct("div"),
  pow: direct("pow"),
  maximum: direct("maximum"),
  minimum: direct("minimum"),
  equal: direct("equal"),
  less: direct("less"),
  lessOrEqual: direct("lessOrEqual"),
  and: direct("and"),
  or: direct("or"),
  where: direct("where"),

  reduceSum: folded("sum"),
  reduceMax: folded("max"),
  reduceMin: folded("min"),
  reduceLogSumExp: lowerLogSumExp,
  softmax: (b, node, operands) => {
    const { exponentials, sum } = shiftedExponentials(b, node, operandAt(operands, 0));
    return b.map("mul", [exponentials, b.map("reciprocal", [sum], b.at(sum))], node);
  },
  logSoftmax: (b, node, operands) => {
    const { shifted, sum } = shiftedExponentials(b, node, operandAt(operands, 0));
    return b.map("sub", [shifted, b.map("log", [sum], b.at(sum))], node);
  },

  argMax: (b, node, operands) => argExtreme(b, node, operandAt(operands, 0), "max"),
  argMin: (b, node, operands) => argExtreme(b, node, operandAt(operands, 0), "min"),
  argsort: whole,
  cumsum: whole,
  gather: (b, node, operands, recursions) =>
    gather(b, node, operandAt(operands, 0), operandAt(operands, 1)) ?? whole(b, node, operands, recursions),
  scatterAdd: (b, node, operands, recursions) =>
    scatterAdd(b, node, operandAt(operands, 0), operandAt(operands, 1)) ?? whole(b, node, operands, recursions),
  concat: whole,
  slice: whole,
  pad: whole,
  scan: (b, { id, shape, dtype }, operands, recursions) => {
    const place = recursions.get(id);
    if (place === undefined) throw new RangeError(`lower: no output needs scan %${id}`);
    return b.add({ kind: "scan", ...place, operands, shape, dtype });
  },
  reshape: (b, { shape, dtype }, operands) => b.add({ kind: "reshape", of: operandAt(operands, 0), shape, dtype }),
  matmul: (b, { shape, dtype }, operands) =>
    b.add({ kind: "matmul", operands: [operandAt(operands, 0), operandAt(operands, 1)], shape, dtype }),
  transpose: (b, node, operands) => b.view(operandAt(operands, 0), node.attrs.perm, node),
  unsqueeze: (b, node, operands) => {
    let next = 0;
    const from = node.shape.map((_, axis) => (node.attrs.axes.includes(axis) ? -1 : next++));
    return b.view(operandAt(operands, 0), from, node);
  },
  squeeze: (b, node, operands) => {
    const of = operandAt(operands, 0);
    const from = b.at(of).shape.flatMap((_, axis) => (node.attrs.axes.includes(axis) ? [] : [axis]));
    return b.view(of, from, node);
  },
  expand: (b, node, operands) => {
    const of = operandAt(operands, 0);
    const { shape } = b.at(of);
    const added = node.shape.length - shape.length;
    return b.view(
      of,
      node.shape.map((_, axis) => (axis < added ? -1 : axis - added)),
      node,
    );
  },
  identity: (_b, _node, operands) => operandAt(operands, 0),
};

/** Widening keeps the numbers as they are, so only narrowing costs anything. */
function lowerCast(b: ProgramBuilder, node: NodeOf<"cast">, operands: readonly number[]): number {
  const of = operandAt(operands, 0);
  const source = b.at(of);
  const fromFloat = source.dtype !== "int32" && source.dtype !== "bool";
  switch (node.attrs.to) {
    case "bool":
      return b.map("truth", operands, node);
    case "int32":
      if (fromFloat) return b.map("truncate", operands, node);
      break;
    case "float32":
    case "float16":
      if (source.dtype === "float64") return b.map("round32", operands, node);
      break;
    case "float64":
      break;
  }
  const same = source.shape.map((_, axis) => axis);
  return b.view(of, same, node);
}

/** `log Σ eˣ = m + log Σ eˣ⁻ᵐ` with `m` the maximum, or 0 where that is infinite or NaN and the sum says it by itself. */
function lowerLogSumExp(b: ProgramBuilder, node: NodeOf<"reduceLogSumExp">, operands: readonly number[]): number {
  const x = operandAt(operands, 0);
  const { axes } = node.attrs;
  const extreme = b.fold("max", x, axes);
  const kept = b.at(extreme);
  const shift = b.map("finiteOrZero", [extreme], kept);
  const sum = b.fold("sum", b.map("exp", [b.map("sub", [x, shift], b.at(x))], b.at(x)), axes);
  const result = b.map("add", [b.map("log", [sum], kept), shift], kept);
  return b.dropAxes(result, axes, node);
}

/** `x - max x`, its exponential and the sum of that: shared by softmax and logSoftmax of one operand. */
function shiftedExponentials(
  b: ProgramBuilder,
  node: NodeOf<"softmax"> | NodeOf<"logSoftmax">,
  x: number,
): { readonly shifted: number; readonly exponentials: number; readonly sum: number } {
  const axes = [node.attrs.axis];
  const shifted = b.map("sub", [x, b.fold("max", x, axes)], node);
  const exponentials = b.map("exp", [shifted], node);
  return { shifted, exponentials, sum: b.fold("sum", exponentials, axes) };
}

/** Rewrites a graph as a program: softmaxes and log-sum-exp taken apart, rearrangements made into views. */
export function lower(graph: Graph): Program {
  const b = new ProgramBuilder();
  const live = liveNodes(graph);
  const recursions = new Map(
    recursionsOf(graph).flatMap(({ body, results, ...source }) => {
      const recursion: Recursion = { ...source, body: optimize(lower(body)) };
      return results.map(({ node, output }) => [node, { recursion, output }] as const);
    }),
  );
  const ids: number[] = [];
  for (const node of graph.nodes) {
    const operands = node.inputs.map((id) => movedTo(ids, id));
    ids.push(live.has(node.id) ? lowerNode(b, node, operands, recursions) : -1);
  }
  return b.finish(
    graph.outputs.map(({ node }) => node),
    ids,
  );
}

function lowerNode(b: ProgramBuilder, node: Node, operands: readonly number[], recursions: Recursions): number {
  // The table pairs each op with its own node type, which a lookup by a union of ops cannot express.
  return (lowerings[node.op] as Lowering<Node>)(b, node, operands, recursions);
}
