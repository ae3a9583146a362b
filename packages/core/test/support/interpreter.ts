import {
  bindShape,
  graphInputs,
  nodeAt,
  type DimSizes,
  type Engine,
  type Graph,
  type HostTensor,
  type Node,
} from "../../src/index.js";

/** A value in float64 with a concrete shape. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Evaluates a graph one node at a time in the plainest way: the oracle that the tests of core compare with. */
export function interpret(graph: Graph, feeds: Readonly<Record<string, Value>>, sizes: DimSizes): readonly Value[] {
  const values: Value[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => at(values, id));
    values.push({ shape: bindShape(node.shape, sizes), data: evaluate(node, inputs, feeds, sizes) });
  }
  return graph.outputs.map((output) => at(values, output.node));
}

/** An engine over the interpreter, for tests of everything around engines. */
export function interpreterEngine(log: string[] = [], asynchronous = false): Engine<HostTensor & { own: true }> {
  const later = <A>(value: A): A | Promise<A> => (asynchronous ? Promise.resolve(value) : value);
  const make = (tensor: HostTensor): HostTensor & { own: true } => ({ ...tensor, own: true });
  return {
    id: "interpreter",
    device: "test",
    dtypes: ["float64", "float32"],
    isTensor: (value): value is HostTensor & { own: true } =>
      typeof value === "object" && value !== null && "own" in value,
    describe: ({ shape, dtype }) => ({ shape, dtype }),
    convert: (tensor, dtype) => later(tensor.dtype === dtype ? tensor : make({ ...tensor, dtype })),
    upload: (host) => {
      log.push("upload");
      return make(host);
    },
    download: (tensor) => later(tensor),
    release: () => log.push("release"),
    compile: (graph) => {
      log.push("compile");
      return later({
        run: (feeds, sizes) => {
          const values = Object.fromEntries(
            graphInputs(graph).map(({ attrs: { name } }): [string, Value] => {
              const tensor = feeds[name];
              if (tensor === undefined) throw new Error(`no feed ${name}`);
              return [name, { shape: tensor.shape, data: Array.from(tensor.data) }];
            }),
          );
          const results = interpret(graph, values, sizes).map(({ shape, data }, i) => {
            const { dtype } = nodeAt(graph, graph.outputs[i]?.node ?? 0);
            return make({ shape, data: Float64Array.from(data), dtype });
          });
          return later(results);
        },
        dispose: () => {
          log.push("dispose executable");
        },
      });
    },
    dispose: () => {
      log.push("dispose engine");
    },
  };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return item;
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Index tuple of the i-th element in row-major order. */
function unravel(index: number, shape: readonly number[]): number[] {
  const result = shape.map(() => 0);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = at(shape, axis);
    result[axis] = rest % dim;
    rest = Math.floor(rest / dim);
  }
  return result;
}

function ravel(position: readonly number[], shape: readonly number[]): number {
  return shape.reduce((sum, dim, axis) => sum * dim + at(position, axis), 0);
}

/** Element of `value` at a position of the shape it is broadcast to. */
function broadcastAt(value: Value, position: readonly number[]): number {
  const own = position.slice(position.length - value.shape.length).map((p, i) => (at(value.shape, i) === 1 ? 0 : p));
  return at(value.data, ravel(own, value.shape));
}

function evaluate(
  node: Node,
  inputs: readonly Value[],
  feeds: Readonly<Record<string, Value>>,
  sizes: DimSizes,
): readonly number[] {
  const shape = bindShape(node.shape, sizes);
  const everywhere = (f: (position: number[]) => number): number[] =>
    Array.from({ length: size(shape) }, (_, i) => f(unravel(i, shape)));
  switch (node.op) {
    case "input": {
      const feed = feeds[node.attrs.name];
      if (feed === undefined) throw new Error(`no feed ${node.attrs.name}`);
      return feed.data;
    }
    case "constant":
      return [node.attrs.value];
    case "iota":
      return everywhere(([i = 0]) => i);
    case "dimSize":
      return [size(bindShape(node.attrs.dims, sizes))];
    case "identity":
    case "squeeze":
    case "unsqueeze":
      return at(inputs, 0).data;
    case "expand":
      return everywhere((position) => broadcastAt(at(inputs, 0), position));
    case "transpose": {
      const x = at(inputs, 0);
      return everywhere((position) => {
        const source = x.shape.map(() => 0);
        node.attrs.perm.forEach((axis, i) => (source[axis] = at(position, i)));
        return at(x.data, ravel(source, x.shape));
      });
    }
    case "matmul": {
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      return everywhere(([i = 0, j = 0]) => {
        let sum = 0;
        for (let k = 0; k < at(a.shape, 1); k++) sum += broadcastAt(a, [i, k]) * broadcastAt(b, [k, j]);
        return sum;
      });
    }
    case "reduceSum":
    case "reduceMax":
    case "reduceMin":
    case "reduceLogSumExp":
      return reduce(node.op, at(inputs, 0), node.attrs.axes, size(shape));
    case "softmax":
    case "logSoftmax": {
      const x = at(inputs, 0);
      const axes = [node.attrs.axis];
      const keep = x.shape.map((dim, i) => (i === node.attrs.axis ? 1 : dim));
      const max = { shape: keep, data: reduce("reduceMax", x, axes, size(keep)) };
      const shifted = { shape, data: everywhere((position) => broadcastAt(x, position) - broadcastAt(max, position)) };
      const exps = { shape, data: shifted.data.map(Math.exp) };
      const sum = { shape: keep, data: reduce("reduceSum", exps, axes, size(keep)) };
      return everywhere((position) =>
        node.op === "softmax"
          ? broadcastAt(exps, position) / broadcastAt(sum, position)
          : broadcastAt(shifted, position) - Math.log(broadcastAt(sum, position)),
      );
    }
    default:
      return everywhere((position) =>
        elementwise(
          node,
          inputs.map((input) => broadcastAt(input, position)),
        ),
      );
  }
}

function reduce(
  op: "reduceSum" | "reduceMax" | "reduceMin" | "reduceLogSumExp",
  x: Value,
  axes: readonly number[],
  length: number,
): number[] {
  const groups: number[][] = Array.from({ length }, () => []);
  const kept = x.shape.filter((_, axis) => !axes.includes(axis));
  x.data.forEach((item, i) => {
    const position = unravel(i, x.shape).filter((_, axis) => !axes.includes(axis));
    at(groups, ravel(position, kept)).push(item);
  });
  return groups.map((items) => {
    const sum = items.reduce((a, b) => a + b, 0);
    const max = items.reduce((a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b)), -Infinity);
    if (op === "reduceSum") return sum;
    if (op === "reduceMax") return max;
    if (op === "reduceMin") return -items.reduce((a, b) => Math.max(a, -b), -Infinity);
    if (!Number.isFinite(max)) return max;
    return max + Math.log(items.reduce((a, b) => a + Math.exp(b - max), 0));
  });
}

function elementwise(node: Node, [x = NaN, y = NaN, z = NaN]: readonly number[]): number {
  switch (node.op) {
    case "neg":
      return -x;
    case "abs":
      return Math.abs(x);
    case "sign":
      return Number(x > 0) - Number(x < 0);
    case "exp":
      return Math.exp(x);
    case "log":
      return Math.log(x);
    case "sqrt":
      return Math.sqrt(x);
    case "relu":
      return Math.max(x, 0);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "softplus":
      return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
    case "not":
      return x === 0 ? 1 : 0;
    case "clampMin":
      return Math.max(x, node.attrs.bound);
    case "clampMax":
      return Math.min(x, node.attrs.bound);
    case "cast":
      return node.attrs.to === "int32" ? Math.trunc(x) : x;
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "div":
      return x / y;
    case "pow":
      return x ** y;
    case "maximum":
      return Math.max(x, y);
    case "minimum":
      return Math.min(x, y);
    case "equal":
      return Number(x === y);
    case "less":
      return Number(x < y);
    case "lessOrEqual":
      return Number(x <= y);
    case "and":
      return Number(x !== 0 && y !== 0);
    case "or":
      return Number(x !== 0 || y !== 0);
    case "where":
      return x !== 0 ? y : z;
    default:
      throw new Error(`${node.op} is not element-wise`);
  }
}
