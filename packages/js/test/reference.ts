import {
  bindShape,
  nodeAt,
  sizeOf,
  type DimSizes,
  type Graph,
  type Node,
  type NodeOf,
  type OpName,
  type ReduceOp,
} from "@losses/core";

/** A tensor of the plain interpreter: numbers in row-major order, bools as 0 and 1. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Rule<N extends Node> = (node: N, operands: readonly Plain[], shape: readonly number[]) => Plain;

/** Runs a graph one op at a time in float64, element by element: what any engine must agree with. */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Plain>>, sizes: DimSizes): readonly Plain[] {
  const results: Plain[] = [];
  for (const node of graph.nodes) results.push(interpretNode(node, results, feeds, sizes));
  return graph.outputs.map(({ node }) => results[nodeAt(graph, node).id] as Plain);
}

function interpretNode(
  node: Node,
  results: readonly Plain[],
  feeds: Readonly<Record<string, Plain>>,
  sizes: DimSizes,
): Plain {
  const shape = bindShape(node.shape, sizes);
  if (node.op === "input") return feeds[node.attrs.name] as Plain;
  if (node.op === "dimSize") return { shape, data: [sizeOf(bindShape(node.attrs.dims, sizes))] };
  const operands = node.inputs.map((id) => results[id] as Plain);
  return (rules[node.op] as Rule<Node>)(node, operands, shape);
}

/** Every position of a shape, in row-major order. */
export function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, dim) => all.flatMap((position) => Array.from({ length: dim }, (_, i) => [...position, i])),
    [[]],
  );
}

/** The element at a position of a shape that the tensor broadcasts to. */
export function elementAt({ shape, data }: Plain, position: readonly number[]): number {
  let at = 0;
  shape.forEach((dim, axis) => {
    const index = dim === 1 ? 0 : (position[axis - shape.length + position.length] ?? 0);
    at = at * dim + index;
  });
  return data[at] ?? Number.NaN;
}

const each =
  (f: (x: number, y: number, z: number, node: Node) => number): Rule<Node> =>
  (node, operands, shape) => {
    const data = positions(shape).map((position) => {
      const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = operands.map((operand) => elementAt(operand, position));
      return f(x, y, z, node);
    });
    return { shape, data };
  };

const reduce =
  (f: (elements: readonly number[]) => number): Rule<NodeOf<ReduceOp>> =>
  ({ attrs }, [x], shape) => {
    const input = x as Plain;
    const kept = input.shape.map((dim, axis) => (attrs.axes.includes(axis) ? 1 : dim));
    const spread = input.shape.map((dim, axis) => (attrs.axes.includes(axis) ? dim : 1));
    const data = positions(kept).map((start) =>
      f(
        positions(spread).map((step) =>
          elementAt(
            input,
            start.map((index, axis) => index + (step[axis] ?? 0)),
          ),
        ),
      ),
    );
    return { shape, data };
  };

const alongAxis =
  (f: (line: readonly number[], x: number) => number): Rule<NodeOf<"softmax" | "logSoftmax">> =>
  ({ attrs }, [x], shape) => {
    const input = x as Plain;
    const data = positions(shape).map((position) => {
      const line = Array.from({ length: shape[attrs.axis] ?? 0 }, (_, i) =>
        elementAt(
          input,
          position.map((index, axis) => (axis === attrs.axis ? i : index)),
        ),
      );
      return f(line, elementAt(input, position));
    });
    return { shape, data };
  };

const largest = (items: readonly number[]): number => items.reduce((a, b) => Math.max(a, b), -Infinity);
const total = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0);
const sumExp = (items: readonly number[], shift: number): number => total(items.map((x) => Math.exp(x - shift)));

function logSumExp(items: readonly number[]): number {
  const most = largest(items);
  return Number.isFinite(most) ? most + Math.log(sumExp(items, most)) : most;
}

const rules: { readonly [K in Exclude<OpName, "input" | "dimSize">]: Rule<NodeOf<K>> } = {
  constant: ({ attrs }, _, shape) => ({ shape, data: [attrs.value] }),
  iota: (_node, _operands, shape) => ({ shape, data: Array.from({ length: shape[0] ?? 0 }, (_, i) => i) }),
  neg: each((x) => -x),
  abs: each((x) => Math.abs(x)),
  sign: each((x) => Number(x > 0) - Number(x < 0)),
  exp: each((x) => Math.exp(x)),
  log: each((x) => Math.log(x)),
  sqrt: each((x) => Math.sqrt(x)),
  relu: each((x) => Math.max(x, 0)),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  softplus: each((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  not: each((x) => 1 - x),
  clampMin: each((x, _y, _z, node) => Math.max(x, node.op === "clampMin" ? node.attrs.bound : 0)),
  clampMax: each((x, _y, _z, node) => Math.min(x, node.op === "clampMax" ? node.attrs.bound : 0)),
  cast: each((x, _y, _z, node) => {
    if (node.op !== "cast" || node.attrs.to === "float64" || node.attrs.to === "float32") return x;
    return node.attrs.to === "bool" ? Number(x !== 0) : Math.trunc(x);
  }),
  add: each((x, y) => x + y),
  sub: each((x, y) => x - y),
  mul: each((x, y) => x * y),
  div: each((x, y) => x / y),
  pow: each((x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)),
  maximum: each((x, y) => Math.max(x, y)),
  minimum: each((x, y) => Math.min(x, y)),
  equal: each((x, y) => Number(x === y)),
  less: each((x, y) => Number(x < y)),
  lessOrEqual: each((x, y) => Number(x <= y)),
  and: each((x, y) => x * y),
  or: each((x, y) => Math.max(x, y)),
  where: each((x, y, z) => (x === 1 ? y : z)),
  identity: each((x) => x),
  expand: each((x) => x),
  reduceSum: reduce(total),
  reduceMax: reduce(largest),
  reduceMin: reduce((items) => -largest(items.map((x) => -x))),
  reduceLogSumExp: reduce(logSumExp),
  softmax: alongAxis((line, x) => Math.exp(x - largest(line)) / sumExp(line, largest(line))),
  logSoftmax: alongAxis((line, x) => x - largest(line) - Math.log(sumExp(line, largest(line)))),
  matmul: (_node, [a, b], shape) => {
    const [left, right] = [a as Plain, b as Plain];
    const inner = left.shape[1] ?? 0;
    const data = positions(shape).map(([i = 0, j = 0]) =>
      total(Array.from({ length: inner }, (_, k) => elementAt(left, [i, k]) * elementAt(right, [k, j]))),
    );
    return { shape, data };
  },
  transpose: ({ attrs }, [x], shape) => {
    const input = x as Plain;
    const data = positions(shape).map((position) =>
      elementAt(
        input,
        input.shape.map((_, axis) => position[attrs.perm.indexOf(axis)] ?? 0),
      ),
    );
    return { shape, data };
  },
  unsqueeze: (_node, [x], shape) => ({ shape, data: (x as Plain).data }),
  squeeze: (_node, [x], shape) => ({ shape, data: (x as Plain).data }),
};
