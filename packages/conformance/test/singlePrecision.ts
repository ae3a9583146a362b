import { bindShape, isFloat, nodeAt, sizeOf, type DimSizes, type Graph, type Node } from "@losses/core";
import { broadcastOffsets, linesAlong, stridesOf, walk } from "../src/analysis/layout.js";

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
  const values: number[][] = [];
  const shapes = graph.nodes.map((node) => bindShape(node.shape, sizes));
  for (const node of graph.nodes) {
    const shape = shapes[node.id] ?? [];
    const operands = node.inputs.map((id) => ({ data: values[id] ?? [], shape: shapes[id] ?? [] }));
    const round = !isFloat(node.dtype) ? (x: number) => x : node.op === "input" ? store : Math.fround;
    values.push(evaluate(node, operands, shape, feeds, sizes).map(round));
  }
  return graph.outputs.map(({ node }) => (values[nodeAt(graph, node).id] ?? []).map(store));
}

interface Operand {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

const empty: Operand = { data: [], shape: [] };

function evaluate(
  node: Node,
  operands: readonly Operand[],
  shape: readonly number[],
  feeds: Feeds,
  sizes: DimSizes,
): readonly number[] {
  const [x = empty, y = empty] = operands;
  const each = (f: (...elements: readonly number[]) => number): readonly number[] => {
    const offsets = operands.map((operand) => broadcastOffsets(operand.shape, shape));
    return Array.from({ length: sizeOf(shape) }, (_, i) =>
      f(...operands.map(({ data }, k) => data[offsets[k]?.[i] ?? -1] ?? Number.NaN)),
    );
  };
  const bit = (f: (...elements: readonly number[]) => boolean): readonly number[] => each((...e) => (f(...e) ? 1 : 0));
  const lines = (axes: readonly number[]): readonly (readonly number[])[] => {
    const { starts, steps } = linesAlong(x.shape, axes);
    return Array.from(starts, (start) => Array.from(steps, (step) => x.data[start + step] ?? Number.NaN));
  };
  const nan = Number.NaN;
  switch (node.op) {
    case "input":
      return Array.from(feeds[node.attrs.name]?.data ?? []);
    case "constant":
      return [node.attrs.value];
    case "iota":
      return Array.from({ length: sizeOf(shape) }, (_, i) => i);
    case "dimSize":
      return [sizeOf(bindShape(node.attrs.dims, sizes))];
    case "neg":
      return each((a = nan) => -a);
    case "abs":
      return each((a = nan) => Math.abs(a));
    case "sign":
      return each((a = nan) => Number(a > 0) - Number(a < 0));
    case "exp":
      return each((a = nan) => Math.exp(a));
    case "log":
      return each((a = nan) => Math.log(a));
    case "sqrt":
      return each((a = nan) => Math.sqrt(a));
    case "relu":
      return each((a = nan) => (a <= 0 ? 0 : a));
    case "sigmoid":
      return each((a = nan) => 1 / (1 + Math.exp(-a)));
    case "softplus":
      return each(
        (a = nan) => Math.fround(Math.max(a, 0)) + Math.fround(Math.log1p(Math.fround(Math.exp(-Math.abs(a))))),
      );
    case "not":
      return bit((a) => a === 0);
    case "clampMin":
      return each((a = nan) => Math.max(a, node.attrs.bound));
    case "clampMax":
      return each((a = nan) => Math.min(a, node.attrs.bound));
    case "cast":
      return each((a = nan) =>
        isFloat(node.attrs.to) ? a : node.attrs.to === "bool" ? (a === 0 ? 0 : 1) : Math.trunc(a),
      );
    case "identity":
    case "unsqueeze":
    case "squeeze":
      return x.data;
    case "add":
      return each((a = nan, b = nan) => a + b);
    case "sub":
      return each((a = nan, b = nan) => a - b);
    case "mul":
      return each((a = nan, b = nan) => a * b);
    case "div":
      return each((a = nan, b = nan) => a / b);
    case "pow":
      return each((a = nan, b = nan) => (a === 1 ? 1 : a ** b));
    case "maximum":
      return each((a = nan, b = nan) => Math.max(a, b));
    case "minimum":
      return each((a = nan, b = nan) => Math.min(a, b));
    case "equal":
      return bit((a, b) => a === b);
    case "less":
      return bit((a = nan, b = nan) => a < b);
    case "lessOrEqual":
      return bit((a = nan, b = nan) => a <= b);
    case "and":
      return bit((a, b) => a === 1 && b === 1);
    case "or":
      return bit((a, b) => a === 1 || b === 1);
    case "where":
      return each((c, a = nan, b = nan) => (c === 1 ? a : b));
    case "reduceSum":
      return lines(node.attrs.axes).map(total);
    case "reduceMax":
      return lines(node.attrs.axes).map((line) => Math.max(...line));
    case "reduceMin":
      return lines(node.attrs.axes).map((line) => Math.min(...line));
    case "reduceLogSumExp":
      return lines(node.attrs.axes).map((line) => {
        const max = Math.max(...line);
        return Number.isFinite(max) ? max + Math.fround(Math.log(total(line.map((a) => exp(a - max))))) : max;
      });
    case "softmax":
    case "logSoftmax": {
      const { starts, steps } = linesAlong(x.shape, [node.attrs.axis]);
      const result = Array.from({ length: sizeOf(shape) }, () => nan);
      for (const start of starts) {
        const line = Array.from(steps, (step) => x.data[start + step] ?? nan);
        const max = Math.max(...line);
        const sum = total(line.map((a) => exp(a - max)));
        steps.forEach((step, i) => {
          const shifted = Math.fround((line[i] ?? nan) - max);
          result[start + step] = node.op === "softmax" ? exp(shifted) / sum : shifted - Math.fround(Math.log(sum));
        });
      }
      return result;
    }
    case "matmul": {
      const [n = 0, m = 0] = shape;
      const k = x.shape[1] ?? 0;
      return Array.from({ length: n * m }, (_, at) => {
        const [i, j] = [Math.floor(at / m), at % m];
        return total(
          Array.from({ length: k }, (_e, l) => Math.fround((x.data[i * k + l] ?? nan) * (y.data[l * m + j] ?? nan))),
        );
      });
    }
    case "transpose": {
      const strides = stridesOf(x.shape);
      const offsets = walk(
        shape,
        node.attrs.perm.map((axis) => strides[axis] ?? 0),
      );
      return Array.from(offsets, (offset) => x.data[offset] ?? nan);
    }
    case "expand":
      return each((a = nan) => a);
  }
}

function total(line: readonly number[]): number {
  return line.reduce((sum, term) => Math.fround(sum + term), 0);
}

function exp(x: number): number {
  return Math.fround(Math.exp(Math.fround(x)));
}
