import {
  bindShape,
  isFloat,
  sizeOf,
  type DimSizes,
  type FloatDType,
  type Graph,
  type Node,
  type NodeOf,
  type OpName,
  type UnaryOp,
} from "@losses/core";
import { allocate, at, type Bounded } from "./bounded.js";
import { boundArithmetic, boundClamp, boundUnary, constantError, type ArithmeticOp } from "./elementwise.js";
import { broadcastOffsets, stridesOf, walk } from "./layout.js";
import { boundComparison, boundLogic, boundWhere } from "./logic.js";
import { nonNegativeNodes } from "./nonNegative.js";
import { precisionOf, type Precision } from "./precision.js";
import { boundExtreme, boundLogSumExp, boundMatmul, boundNormalizer, boundSum } from "./reductions.js";
import { limit, rounded } from "./rounding.js";

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
  readonly nonNegative: readonly boolean[];
}

type Rule<N extends Node> = (
  node: N,
  operands: readonly Bounded[],
  shape: readonly number[],
  context: Context,
) => Bounded;

type Rules = { readonly [K in OpName]: Rule<NodeOf<K>> };

/**
 * Evaluates a graph in float64 and bounds how far a machine that computes in `dtype` may be from each result.
 *
 * Every op of the machine is assumed to meet its error budget of the op table, and sums to be taken in any order.
 * The bound is worst-case and first-order-safe: it follows the operands' ranges rather than their derivatives.
 *
 * @returns the outputs of the graph, in order
 */
export function analyze(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  sizes: DimSizes,
  dtype: FloatDType,
): readonly Bounded[] {
  const context: Context = { graph, feeds, sizes, precision: precisionOf(dtype), nonNegative: nonNegativeNodes(graph) };
  const values: Bounded[] = [];
  for (const node of graph.nodes)
    values.push(
      evaluate(
        node,
        node.inputs.map((id) => pick(values, id)),
        context,
      ),
    );
  return graph.outputs.map(({ node }) => pick(values, node));
}

function pick(values: readonly Bounded[], id: number): Bounded {
  const value = values[id];
  if (value === undefined) throw new RangeError(`analyze: node %${id} must come before its users, got none.`);
  return value;
}

function evaluate(node: Node, operands: readonly Bounded[], context: Context): Bounded {
  const rule = rules[node.op] as Rule<never>;
  return rule(node as never, operands, bindShape(node.shape, context.sizes), context);
}

const unary: Rule<NodeOf<Exclude<UnaryOp, "not">>> = (node, [x], _, context) =>
  boundUnary(node.op, given(x), isNonNegative(node, 0, context), context.precision);

const arithmetic: Rule<NodeOf<ArithmeticOp>> = (node, [x, y], shape, context) => {
  const signs = [isNonNegative(node, 0, context), isNonNegative(node, 1, context)] as const;
  return boundArithmetic(node.op, given(x), given(y), shape, signs, context.precision);
};

const comparison: Rule<NodeOf<"equal" | "less" | "lessOrEqual">> = (node, [x, y], shape, { graph }) =>
  boundComparison(node, given(x), given(y), shape, graph);

const logic: Rule<NodeOf<"and" | "or">> = (node, [x, y], shape) => boundLogic(node.op, given(x), given(y), shape);

const clamp: Rule<NodeOf<"clampMin" | "clampMax">> = (node, [x], _, { precision }) =>
  boundClamp(node, given(x), precision);

const extreme: Rule<NodeOf<"reduceMax" | "reduceMin">> = (node, [x], shape) => boundExtreme(node, given(x), shape);

const normalizer: Rule<NodeOf<"softmax" | "logSoftmax">> = (node, [x], _, { precision }) =>
  boundNormalizer(node, given(x), precision);

const reshape: Rule<NodeOf<"unsqueeze" | "squeeze" | "identity">> = (_, [x], shape) => ({ ...given(x), shape });

const rules: Rules = {
  input: (node, _, shape, { feeds, precision }) => {
    const result = allocate(shape, node.dtype);
    const feed = feeds[node.attrs.name];
    if (feed === undefined || feed.data.length !== result.value.length) {
      throw new RangeError(`analyze: input ${node.attrs.name} must have ${result.value.length} elements.`);
    }
    for (let i = 0; i < result.value.length; i++) {
      const x = at(feed.data, i);
      result.value[i] = x;
      result.error[i] =
        isFloat(node.dtype) && Number.isFinite(x) ? limit(x, constantError(x, precision), precision) : 0;
    }
    return result;
  },
  constant: (node, _, shape, { precision }) => {
    const result = allocate(shape, node.dtype);
    result.value[0] = node.attrs.value;
    result.error[0] = isFloat(node.dtype) ? constantError(node.attrs.value, precision) : 0;
    return result;
  },
  iota: (node, _, shape) => {
    const result = allocate(shape, node.dtype);
    result.value.forEach((_value, i) => (result.value[i] = i));
    return result;
  },
  dimSize: (node, _, shape, { sizes, precision }) => {
    const result = allocate(shape, node.dtype);
    const size = sizeOf(bindShape(node.attrs.dims, sizes));
    result.value[0] = size;
    result.error[0] = constantError(size, precision);
    return result;
  },
  neg: unary,
  abs: unary,
  sign: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  relu: unary,
  sigmoid: unary,
  softplus: unary,
  not: (_, [x]) => ({ ...given(x), value: given(x).value.map((bit) => 1 - bit) }),
  clampMin: clamp,
  clampMax: clamp,
  cast: (node, [x], shape, { precision }) => boundCast(node, given(x), shape, precision),
  identity: reshape,
  add: arithmetic,
  sub: arithmetic,
  mul: arithmetic,
  div: arithmetic,
  pow: arithmetic,
  maximum: arithmetic,
  minimum: arithmetic,
  equal: comparison,
  less: comparison,
  lessOrEqual: comparison,
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

function boundCast(node: NodeOf<"cast">, x: Bounded, shape: readonly number[], precision: Precision): Bounded {
  const { to } = node.attrs;
  const result = allocate(shape, to);
  for (let i = 0; i < result.value.length; i++) {
    const [v, e] = [at(x.value, i), at(x.error, i)];
    const y = isFloat(to) ? v : to === "bool" ? (v === 0 ? 0 : 1) : Math.trunc(v);
    result.value[i] = y;
    if (isFloat(to)) result.error[i] = rounded(y, e, 0.5, precision);
    else if (to === "bool") result.error[i] = e === 0 || Math.abs(v) > e ? 0 : 1;
    else result.error[i] = e === 0 ? 0 : Math.ceil(e) + 1;
  }
  return result;
}

function gather(x: Bounded, shape: readonly number[], offsets: Int32Array): Bounded {
  const result = allocate(shape, x.dtype);
  for (let i = 0; i < offsets.length; i++) {
    result.value[i] = at(x.value, at(offsets, i));
    result.error[i] = at(x.error, at(offsets, i));
  }
  return result;
}

function given(operand: Bounded | undefined): Bounded {
  if (operand === undefined) throw new RangeError("analyze: an op must have all its operands, got too few.");
  return operand;
}

function isNonNegative(node: Node, operand: number, { nonNegative }: Context): boolean {
  return nonNegative[node.inputs[operand] ?? -1] === true;
}
