import {
  bindShape,
  ShapeError,
  sizeOf,
  type DimSizes,
  type FloatDType,
  type Graph,
  type Node,
  type NodeOf,
  type OpName,
  type UnaryOp,
} from "@losses/core";
import { boundArithmetic, type ArithmeticOp } from "./arithmetic.js";
import { allocate, at, exactly, gather, put, withError, type Bounded, type Bounds } from "./bounded.js";
import { boundCast, boundClamp, boundUnary, constantOf } from "./elementwise.js";
import { entering, leaving } from "./doors.js";
import { equalToExtreme } from "./ties.js";
import { broadcastOffsets, stridesOf, walk } from "./layout.js";
import { boundComparison, boundLogic, boundNot, boundWhere } from "./logic.js";
import { boundLogSumExp, boundNormalizer } from "./normalizers.js";
import { precisionOf, type Precision } from "./precision.js";
import { boundExtreme } from "./extremes.js";
import { boundMatmul, boundSum } from "./sums.js";

/** Values for one graph input, row-major. */
export interface Feed {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

interface Context {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly sizes: DimSizes;
  readonly precision: Precision;
  /** Of the nodes so far. */
  readonly values: readonly Bounds[];
}

type Rule<N extends Node> = (
  node: N,
  operands: readonly Bounds[],
  shape: readonly number[],
  context: Context,
) => Bounds;

type Rules = { readonly [K in OpName]: Rule<NodeOf<K>> };

/**
 * Evaluates a graph in float64 and bounds what a machine that computes in `dtype` may have in place of each result.
 *
 * Every op of the machine is assumed to meet its error budget of the op table, and sums to be taken in any order.
 * The bounds are worst cases: each op is evaluated on the ends of its operands' ranges.
 *
 * @returns the outputs of the graph, in order
 */
export function analyze(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  sizes: DimSizes,
  dtype: FloatDType,
): readonly Bounded[] {
  return analyzeIn(graph, feeds, sizes, precisionOf(dtype));
}

/** The same for any arithmetic. */
export function analyzeIn(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  sizes: DimSizes,
  precision: Precision,
): readonly Bounded[] {
  const values: Bounds[] = [];
  const context: Context = { graph, feeds, sizes, precision, values };
  for (const node of graph.nodes) {
    const operands = node.inputs.map((id) => pick(values, id));
    const rule = rules[node.op] as Rule<never>;
    values.push(rule(node as never, operands, bindShape(node.shape, sizes), context));
  }
  return graph.outputs.map(({ node }) => withError(leaving(pick(values, node), precision)));
}

function pick(values: readonly Bounds[], id: number): Bounds {
  const value = values[id];
  if (value === undefined) throw new RangeError(`analyze: node %${id} must come before its users, got none.`);
  return value;
}

const unary: Rule<NodeOf<Exclude<UnaryOp, "not">>> = (node, [x], _, { precision }) =>
  boundUnary(node.op, given(x), precision);

const arithmetic: Rule<NodeOf<ArithmeticOp>> = (node, [x, y], shape, { precision }) =>
  boundArithmetic(node, given(x), given(y), shape, precision);

const order: Rule<NodeOf<"less" | "lessOrEqual">> = (node, [x, y], shape) =>
  boundComparison(node, given(x), given(y), shape);

const logic: Rule<NodeOf<"and" | "or">> = (node, [x, y], shape) => boundLogic(node.op, given(x), given(y), shape);

const clamp: Rule<NodeOf<"clampMin" | "clampMax">> = (node, [x], _, { precision }) =>
  boundClamp(node, given(x), precision);

const extreme: Rule<NodeOf<"reduceMax" | "reduceMin">> = (node, [x], shape) => boundExtreme(node, given(x), shape);

const normalizer: Rule<NodeOf<"softmax" | "logSoftmax">> = (node, [x], _, { precision }) =>
  boundNormalizer(node, given(x), precision);

const reshape: Rule<NodeOf<"unsqueeze" | "squeeze" | "identity">> = (_, [x], shape) => ({ ...given(x), shape });

/** A single number that is known beforehand. */
function scalar(value: number, node: Node, shape: readonly number[], precision: Precision): Bounds {
  const result = allocate(shape, node.dtype);
  put(result, 0, value, constantOf(value, node.dtype, precision));
  return result;
}

const rules: Rules = {
  input: (node, _, shape, { feeds, precision }) => {
    const result = allocate(shape, node.dtype);
    const feed = feeds[node.attrs.name];
    if (feed === undefined || feed.data.length !== result.value.length) {
      throw new ShapeError(`analyze: input ${node.attrs.name} must have ${result.value.length} elements.`);
    }
    for (let i = 0; i < result.value.length; i++) {
      const value = at(feed.data, i);
      put(result, i, value, entering(value, node.dtype, precision));
    }
    return result;
  },
  constant: (node, _, shape, { precision }) => scalar(node.attrs.value, node, shape, precision),
  iota: (node, _, shape) => {
    const result = allocate(shape, node.dtype);
    for (let i = 0; i < result.value.length; i++) put(result, i, i, exactly(i));
    return result;
  },
  dimSize: (node, _, shape, { sizes, precision }) =>
    scalar(sizeOf(bindShape(node.attrs.dims, sizes)), node, shape, precision),
  neg: unary,
  abs: unary,
  sign: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  relu: unary,
  sigmoid: unary,
  softplus: unary,
  not: (_, [x]) => boundNot(given(x)),
  clampMin: clamp,
  clampMax: clamp,
  cast: (node, [x], _, { precision }) => boundCast(node, given(x), precision),
  identity: reshape,
  add: arithmetic,
  sub: arithmetic,
  mul: arithmetic,
  div: arithmetic,
  pow: arithmetic,
  maximum: arithmetic,
  minimum: arithmetic,
  equal: (node, [x, y], shape, { graph, values }) =>
    boundComparison(node, given(x), given(y), shape, equalToExtreme(node, shape, graph, values)),
  less: order,
  lessOrEqual: order,
  and: logic,
  or: logic,
  where: (_, [c, x, y], shape) => boundWhere(given(c), given(x), given(y), shape),
  reduceSum: (node, [x], shape, { precision }) => boundSum(node, given(x), shape, precision),
  reduceMax: extreme,
  reduceMin: extreme,
  reduceLogSumExp: (node, [x], shape, { precision }) => boundLogSumExp(node, given(x), shape, precision),
  softmax: normalizer,
  logSoftmax: normalizer,
  matmul: (_, [a, b], shape, { precision }) => boundMatmul(given(a), given(b), shape, precision),
  transpose: (node, [x], shape) => {
    const strides = stridesOf(given(x).shape);
    const moved = node.attrs.perm.map((axis) => strides[axis] ?? 0);
    return gather(given(x), shape, walk(shape, moved));
  },
  unsqueeze: reshape,
  squeeze: reshape,
  expand: (_, [x], shape) => gather(given(x), shape, broadcastOffsets(given(x).shape, shape)),
};

function given(operand: Bounds | undefined): Bounds {
  if (operand === undefined) throw new RangeError("analyze: an op must have all its operands, got too few.");
  return operand;
}
