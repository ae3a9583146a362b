import {
  bindShape,
  interpretNode,
  printValue,
  ShapeError,
  sizeCheck,
  sizeOf,
  type DimSizes,
  type ElementwiseOp,
  type FloatDType,
  type Graph,
  type Node,
  type NodeOf,
  type OpName,
} from "@losses/core";
import { allocate, exactly, put, withError, type Bounded, type Bounds } from "./bounded.js";
import type { Context } from "./context.js";
import { entering, leaving } from "./doors.js";
import { boundElementwise, constantOf, given, isElementwiseNode } from "./elementwise.js";
import { boundExtreme } from "./extremes.js";
import { boundGather, boundScatterAdd } from "./indexing.js";
import { boundConcat, boundMoving, boundPad, boundReshaped } from "./movement.js";
import { boundLogSumExp, boundNormalizer } from "./normalizers.js";
import { boundArgExtreme, boundArgsort } from "./positions.js";
import { precisionOf, type Precision } from "./precision.js";
import { boundScan } from "./scan.js";
import { boundCumsum, boundMatmul, boundSum } from "./sums.js";

/** Values for one graph input, row-major. */
export interface Feed {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

type Rule<N extends Node> = (node: N, operands: readonly Bounds[], to: Bounds, context: Context) => void;

/** Ops whose ranges are made around values that are known. */
type RangedOp = Exclude<OpName, ElementwiseOp | "input" | "scan">;

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
  sizeCheck(graph)?.(sizes);
  const inputs = inputsOf(graph).map((node) => entered(node, feedOf(feeds, node.attrs.name), sizes, precision));
  return boundOutputs(graph, inputs, sizes, precision, false).map((bounds) => withError(leaving(bounds, precision)));
}

function inputsOf(graph: Graph): readonly NodeOf<"input">[] {
  return graph.nodes.filter((node) => node.op === "input");
}

function feedOf(feeds: Readonly<Record<string, Feed>>, name: string): Feed | undefined {
  return Object.hasOwn(feeds, name) ? feeds[name] : undefined;
}

/** What a machine is handed for an input. */
function entered(
  { attrs: { name, dtype }, shape }: NodeOf<"input">,
  feed: Feed | undefined,
  sizes: DimSizes,
  precision: Precision,
): Bounds {
  const bound = bindShape(shape, sizes);
  if (feed?.data.length !== sizeOf(bound)) {
    const got = feed === undefined ? "none" : String(feed.data.length);
    throw new ShapeError(`analyze: input ${printValue(name)} must have ${sizeOf(bound)} elements, got ${got}.`);
  }
  const result = allocate(bound, dtype, Float64Array.from(feed.data));
  result.value.forEach((value, i) => put(result, i, entering(value, dtype, precision)));
  return result;
}

function boundOutputs(
  graph: Graph,
  inputs: readonly Bounds[],
  sizes: DimSizes,
  precision: Precision,
  isBody: boolean,
): readonly Bounds[] {
  const values: Bounds[] = [];
  const run: Context["run"] = (body, operands) => boundOutputs(body, operands, sizes, precision, true);
  const context: Context = { graph, sizes, precision, values, isBody, run, scans: new Map() };
  const left = inputs.values();
  for (const node of graph.nodes) {
    const operands = node.inputs.map((id) => pick(values, id));
    values.push(node.op === "input" ? given(left.next().value) : boundNode(node, operands, context));
  }
  return graph.outputs.map(({ node }) => pick(values, node));
}

function pick(values: readonly Bounds[], id: number): Bounds {
  const value = values[id];
  if (value === undefined) throw new RangeError(`analyze: node %${id} must come before its users, got none.`);
  return value;
}

/** The value of a node by what its op says of itself, and the ranges around it. */
function boundNode(node: Exclude<Node, NodeOf<"input">>, operands: readonly Bounds[], context: Context): Bounds {
  if (node.op === "scan") return boundScan(node, operands, context);
  const known = operands.map(({ shape, value }) => ({ shape, data: value }));
  const { shape, data } = interpretNode(node, known, {}, context.sizes);
  const result = allocate(shape, node.dtype, data);
  if (isElementwiseNode(node)) boundElementwise(node, operands, result, context);
  else (rules[node.op] as Rule<never>)(node as never, operands, result, context);
  return result;
}

const extreme: Rule<NodeOf<"reduceMax" | "reduceMin">> = (node, [x], to) => boundExtreme(node, given(x), to);

const position: Rule<NodeOf<"argMax" | "argMin">> = (node, [x], to, context) =>
  boundArgExtreme(node, given(x), to, context);

const normalizer: Rule<NodeOf<"softmax" | "logSoftmax">> = (node, [x], to, { precision }) =>
  boundNormalizer(node, given(x), to, precision);

const moving: Rule<NodeOf<"transpose" | "expand" | "slice">> = (node, [x], to, { sizes }) =>
  boundMoving(node, given(x), to, sizes);

const reshaping: Rule<NodeOf<"unsqueeze" | "squeeze" | "reshape">> = (_, [x], to) => boundReshaped(given(x), to);

/** A single number that is known beforehand. */
const written: Rule<NodeOf<"constant" | "dimSize">> = (node, _, to, { precision }) =>
  to.value.forEach((value, i) => put(to, i, constantOf(value, node.dtype, precision)));

const rules: { readonly [K in RangedOp]: Rule<NodeOf<K>> } = {
  constant: written,
  dimSize: written,
  iota: (_node, _operands, to) => to.value.forEach((value, i) => put(to, i, exactly(value))),
  reduceSum: (node, [x], to, { precision }) => boundSum(node, given(x), to, precision),
  reduceMax: extreme,
  reduceMin: extreme,
  reduceLogSumExp: (node, [x], to, { precision }) => boundLogSumExp(node, given(x), to, precision),
  softmax: normalizer,
  logSoftmax: normalizer,
  argMax: position,
  argMin: position,
  argsort: (node, [x], to, context) => boundArgsort(node, given(x), to, context),
  cumsum: (node, [x], to, { precision }) => boundCumsum(node, given(x), to, precision),
  gather: (node, [x, index], to) => boundGather(node, given(x), given(index), to),
  scatterAdd: (node, [x, index], to, { precision }) => boundScatterAdd(node, given(x), given(index), to, precision),
  matmul: (_, [a, b], to, { precision }) => boundMatmul(given(a), given(b), to, precision),
  transpose: moving,
  expand: moving,
  slice: moving,
  unsqueeze: reshaping,
  squeeze: reshaping,
  reshape: reshaping,
  concat: (node, operands, to) => boundConcat(node, operands, to),
  pad: (node, [x], to, { sizes }) => boundPad(node, given(x), to, sizes),
};
