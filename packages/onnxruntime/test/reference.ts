import { bindShape, nodeAt, sizeOf, type DimSizes, type Graph, type Node, type OpName } from "@losses/core";

/** A tensor in float64; bools are 0 and 1. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Evaluates a graph element by element in float64: slow, plain, and independent of every backend. */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Dense>>, sizes: DimSizes): readonly Dense[] {
  const values: Dense[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => values[id] ?? { shape: [], data: [] });
    const shape = bindShape(node.shape, sizes);
    values.push({ shape, data: compute(node, inputs, shape, { graph, feeds, sizes }) });
  }
  return graph.outputs.map(({ node }) => values[nodeAt(graph, node).id] ?? { shape: [], data: [] });
}

interface Run {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Dense>>;
  readonly sizes: DimSizes;
}

const max = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function logSumExp(values: readonly number[]): number {
  const top = max(values);
  return Math.abs(top) === Infinity ? top : Math.log(sum(values.map((x) => Math.exp(x - top)))) + top;
}

const scalarOps: { readonly [K in OpName]?: (x: number, y: number, z: number) => number } = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => Number(x > 0) - Number(x < 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  relu: (x) => (x <= 0 ? 0 : x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  not: (x) => 1 - x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  // As C and PyTorch: 1 to any power is 1, and so is -1 to an infinite one; JavaScript has NaN there.
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => Math.min(x, y),
  equal: (x, y) => (x === y ? 1 : 0),
  less: (x, y) => (x < y ? 1 : 0),
  lessOrEqual: (x, y) => (x <= y ? 1 : 0),
  and: (x, y) => x * y,
  or: (x, y) => Math.max(x, y),
  where: (c, x, y) => (c === 0 ? y : x),
  identity: (x) => x,
};

function compute(node: Node, inputs: readonly Dense[], shape: readonly number[], run: Run): readonly number[] {
  const [x = { shape: [], data: [] }, y = { shape: [], data: [] }] = inputs;
  const scalar = scalarOps[node.op];
  if (scalar !== undefined) return broadcast(inputs, shape, ([a = 0, b = 0, c = 0]) => scalar(a, b, c));
  switch (node.op) {
    case "input":
      return run.feeds[node.attrs.name]?.data ?? [];
    case "constant":
      return [node.dtype === "float32" ? Math.fround(node.attrs.value) : node.attrs.value];
    case "iota":
      return Array.from({ length: shape[0] ?? 0 }, (_, i) => i);
    case "dimSize":
      return [sizeOf(bindShape(node.attrs.dims, run.sizes))];
    case "clampMin":
      return x.data.map((v) => Math.max(v, node.attrs.bound));
    case "clampMax":
      return x.data.map((v) => Math.min(v, node.attrs.bound));
    case "cast":
      return x.data.map((v) =>
        node.attrs.to === "int32" ? Math.trunc(v) : node.attrs.to === "bool" ? Number(v !== 0) : v,
      );
    case "reduceSum":
      return reduce(x, node.attrs.axes, sum);
    case "reduceMax":
      return reduce(x, node.attrs.axes, max);
    case "reduceMin":
      return reduce(x, node.attrs.axes, (values) => -max(values.map((v) => -v)));
    case "reduceLogSumExp":
      return reduce(x, node.attrs.axes, logSumExp);
    case "softmax":
    case "logSoftmax": {
      const total = reduce(x, [node.attrs.axis], logSumExp);
      const kept = x.shape.map((size, i) => (i === node.attrs.axis ? 1 : size));
      const log = broadcast([x, { shape: kept, data: total }], shape, ([a = 0, b = 0]) => a - b);
      return node.op === "softmax" ? log.map(Math.exp) : log;
    }
    case "matmul": {
      const [n = 0, k = 0] = x.shape;
      const m = y.shape[1] ?? 0;
      return Array.from({ length: n * m }, (_, at) =>
        sum(
          Array.from(
            { length: k },
            (__, j) => (x.data[Math.floor(at / m) * k + j] ?? 0) * (y.data[j * m + (at % m)] ?? 0),
          ),
        ),
      );
    }
    case "transpose":
      return indices(shape).map((index) => {
        const source: number[] = [];
        node.attrs.perm.forEach((axis, i) => (source[axis] = index[i] ?? 0));
        return x.data[offset(source, x.shape)] ?? 0;
      });
    case "unsqueeze":
    case "squeeze":
      return x.data;
    case "expand":
      return broadcast([x], shape, ([a = 0]) => a);
    default:
      throw new Error(`the reference has no ${node.op}`);
  }
}

function indices(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (all, size) => all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

/** Position of an index in row-major data; axes of size 1 repeat. */
function offset(index: readonly number[], shape: readonly number[]): number {
  const lead = index.length - shape.length;
  return shape.reduce((at, size, i) => at * size + (size === 1 ? 0 : (index[lead + i] ?? 0)), 0);
}

function broadcast(
  inputs: readonly Dense[],
  shape: readonly number[],
  f: (values: readonly number[]) => number,
): readonly number[] {
  return indices(shape).map((index) => f(inputs.map((input) => input.data[offset(index, input.shape)] ?? 0)));
}

function reduce(x: Dense, axes: readonly number[], f: (values: readonly number[]) => number): readonly number[] {
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const groups = indices(kept).map((): number[] => []);
  indices(x.shape).forEach((index, at) => groups[offset(index, kept)]?.push(x.data[at] ?? 0));
  return groups.map(f);
}
