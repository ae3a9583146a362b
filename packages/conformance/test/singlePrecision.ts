import {
  interpretNode,
  isFloat,
  opTable,
  type DimSizes,
  type Graph,
  type Node,
  type NodeOf,
  type Numbers,
  type Values,
} from "@losses/core";
import { broadcastOffsets, leadingOffsets, linesAlong, stridesOf } from "../src/analysis/strides.js";

type Feeds = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>>;

/**
 * Evaluates a graph as plainly as one can, every intermediate rounded to float32, sums from left to right.
 *
 * @param store what inputs and outputs are rounded to
 */
export function singlePrecision(
  graph: Graph,
  feeds: Feeds,
  sizes: DimSizes,
  store: (x: number) => number = Math.fround,
): readonly (readonly number[])[] {
  const stored = Object.entries(feeds).map(([name, { shape, data }]): [string, Values] => [
    name,
    { shape, data: Float64Array.from(data) },
  ]);
  return run(graph, Object.fromEntries(stored), sizes, store).map(({ data }) => Array.from(data, store));
}

function run(
  graph: Graph,
  feeds: Readonly<Record<string, Numbers>>,
  sizes: DimSizes,
  store: (x: number) => number,
): readonly Values[] {
  const values: Values[] = [];
  const valueOf = (id: number): Values => values[id] ?? { shape: [], data: new Float64Array() };
  for (const node of graph.nodes) {
    const { shape, data } = evaluate(node, node.inputs.map(valueOf), feeds, sizes);
    const round = !isFloat(node.dtype) ? (x: number): number => x : node.op === "input" ? store : Math.fround;
    values.push({ shape, data: data.map(round) });
  }
  return graph.outputs.map(({ node }) => valueOf(node));
}

function evaluate(
  node: Node,
  operands: readonly Values[],
  feeds: Readonly<Record<string, Numbers>>,
  sizes: DimSizes,
): Values {
  const exact = interpretNode(node, operands, feeds, sizes);
  const { shape } = exact;
  const [x = exact, y = exact] = operands;
  const lines = (axes: readonly number[]): readonly (readonly number[])[] => {
    const { starts, steps } = linesAlong(x.shape, axes);
    return Array.from(starts, (start) => Array.from(steps, (step) => x.data[start + step] ?? Number.NaN));
  };
  const each = (results: readonly number[]): Values => ({ shape, data: Float64Array.from(results) });
  switch (node.op) {
    case "sigmoid":
      return { shape, data: x.data.map((a) => 1 / (1 + exp(-a))) };
    case "softplus":
      return {
        shape,
        data: x.data.map((a) => Math.fround(Math.max(a, 0)) + Math.fround(Math.log1p(exp(-Math.abs(a))))),
      };
    case "reduceSum":
      return isFloat(node.dtype) ? each(lines(node.attrs.axes).map(total)) : exact;
    case "cumsum":
      return { shape, data: cumulated(node, x) };
    case "scatterAdd":
      return isFloat(node.dtype) ? { shape, data: scattered(node, x, y, shape) } : exact;
    case "matmul":
      return { shape, data: multiplied(x, y, shape) };
    case "reduceLogSumExp":
      return each(
        lines(node.attrs.axes).map((line) => {
          const max = Math.max(...line);
          return Number.isFinite(max) ? max + Math.fround(Math.log(total(line.map((a) => exp(a - max))))) : max;
        }),
      );
    case "softmax":
    case "logSoftmax": {
      const { starts, steps } = linesAlong(x.shape, [node.attrs.axis]);
      const result = new Float64Array(exact.data.length);
      for (const start of starts) {
        const line = Array.from(steps, (step) => x.data[start + step] ?? Number.NaN);
        const max = Math.max(...line);
        const sum = total(line.map((a) => exp(a - max)));
        steps.forEach((step, i) => {
          const shifted = Math.fround((line[i] ?? Number.NaN) - max);
          result[start + step] = node.op === "softmax" ? exp(shifted) / sum : shifted - Math.fround(Math.log(sum));
        });
      }
      return { shape, data: result };
    }
    case "scan": {
      const inside = (body: Graph, given: Readonly<Record<string, Numbers>>): readonly Values[] =>
        run(body, given, sizes, Math.fround);
      const context = { inputs: operands, attrs: node.attrs, shape, sizes, feeds, run: inside };
      return { shape, data: opTable.scan.evaluate(context) };
    }
    default:
      return exact;
  }
}

function cumulated({ attrs: { axis, exclusive, reverse } }: NodeOf<"cumsum">, x: Values): Float64Array {
  const result = new Float64Array(x.data.length);
  const { starts, steps } = linesAlong(x.shape, [axis]);
  for (const start of starts) {
    let sum = 0;
    for (const step of reverse ? [...steps].reverse() : steps) {
      const next = Math.fround(sum + (x.data[start + step] ?? Number.NaN));
      result[start + step] = exclusive ? sum : next;
      sum = next;
    }
  }
  return result;
}

function scattered(
  { attrs: { axis } }: NodeOf<"scatterAdd">,
  x: Values,
  index: Values,
  shape: readonly number[],
): Float64Array {
  const own = x.shape[axis] ?? 1;
  const from = shape.map((dim, i) => (i === axis ? (own === 1 ? (index.shape[i] ?? 1) : own) : dim));
  const stride = stridesOf(shape)[axis] ?? 1;
  const lines = broadcastOffsets(
    shape.map((dim, i) => (i === axis ? 1 : dim)),
    from,
  );
  const [xs, places] = [broadcastOffsets(x.shape, from), broadcastOffsets(index.shape, from)];
  const result = new Float64Array(shape.reduce((product, dim) => product * dim, 1));
  lines.forEach((line, i) => {
    const place = index.data[places[i] ?? -1] ?? -1;
    if (place < 0 || place >= (shape[axis] ?? 1)) return;
    // The line of a tensor whose axis has size 1 begins where it does in one that is longer, but for the axes before.
    const row = Math.floor(line / stride) * stride * (shape[axis] ?? 1) + (line % stride);
    const at = row + place * stride;
    result[at] = Math.fround((result[at] ?? 0) + (x.data[xs[i] ?? -1] ?? Number.NaN));
  });
  return result;
}

function multiplied(a: Values, b: Values, shape: readonly number[]): Float64Array {
  const [n = 0, m = 0] = shape.slice(-2);
  const k = a.shape.at(-1) ?? 0;
  const batch = shape.slice(0, -2);
  const [as, bs] = [leadingOffsets(a.shape, batch), leadingOffsets(b.shape, batch)];
  return Float64Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, o) => {
    const matrix = Math.floor(o / (n * m));
    const [row, column] = [(as[matrix] ?? 0) + (Math.floor(o / m) % n) * k, (bs[matrix] ?? 0) + (o % m)];
    const products = Array.from({ length: k }, (_e, l) =>
      Math.fround((a.data[row + l] ?? Number.NaN) * (b.data[column + l * m] ?? Number.NaN)),
    );
    return total(products);
  });
}

function total(line: readonly number[]): number {
  return line.reduce((sum, term) => Math.fround(sum + term), 0);
}

function exp(x: number): number {
  return Math.fround(Math.exp(Math.fround(x)));
}
