import { nodeAt, type Graph, type Node, type NodeOf, type OpAttributes, type OpName, type Shape } from "@losses/core";

/** Nodes without softmax, logSoftmax and reduceLogSumExp, which are spelled out here so that they share their parts. */
export function spell(graph: Graph): Graph {
  const speller = new Speller();
  const moved: number[] = [];
  for (const node of graph.nodes)
    moved.push(
      respell(
        speller,
        graph,
        node,
        node.inputs.map((id) => moved[id] ?? -1),
      ),
    );
  const taken = new Set<number>();
  const outputs = graph.outputs.map(({ name, node }) => {
    const id = moved[node] ?? -1;
    const { op, shape, dtype } = speller.node(id);
    // Every result is a tensor of its own.
    const isOwn = op !== "input" && !taken.has(id);
    taken.add(id);
    return { name, node: isOwn ? id : speller.fresh("identity", [id], {}, shape, dtype) };
  });
  return { name: graph.name, nodes: speller.nodes, outputs };
}

/** Collects nodes, one for each distinct computation. */
class Speller {
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, number>();

  node(id: number): Node {
    const node = this.nodes[id];
    if (node === undefined) throw new RangeError(`there is no node %${id}`);
    return node;
  }

  fresh<K extends OpName>(
    op: K,
    inputs: readonly number[],
    attrs: OpAttributes[K],
    shape: Shape,
    dtype: Node["dtype"],
  ): number {
    const id = this.nodes.length;
    this.nodes.push({ id, op, inputs, attrs, shape, dtype } as Node);
    return id;
  }

  add<K extends OpName>(
    op: K,
    inputs: readonly number[],
    attrs: OpAttributes[K],
    shape: Shape,
    dtype: Node["dtype"] = "float32",
  ): number {
    const number = (_: string, value: unknown): unknown =>
      typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)) ? `${1 / value} ${value}` : value;
    const key = JSON.stringify([op, inputs, attrs, shape, dtype], number);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.fresh(op, inputs, attrs, shape, dtype);
    this.#known.set(key, id);
    return id;
  }
}

function respell(s: Speller, graph: Graph, node: Node, inputs: readonly number[]): number {
  const [x = -1] = inputs;
  const { shape, dtype } = node;
  switch (node.op) {
    case "identity":
      return x;
    case "softmax": {
      const { e, t } = normalizer(s, x, [node.attrs.axis]);
      return s.add("div", [e, t], {}, shape);
    }
    case "logSoftmax": {
      const { shifted, t } = normalizer(s, x, [node.attrs.axis]);
      return s.add("sub", [shifted, s.add("log", [t], {}, s.node(t).shape)], {}, shape);
    }
    case "reduceLogSumExp":
      return logSumExp(s, node, x);
    case "reduceSum":
    case "reduceMax":
    case "reduceMin": {
      const own = nodeAt(graph, node.inputs[0] ?? -1).shape;
      if (node.attrs.axes.some((axis) => own[axis] !== 1)) return s.add(node.op, inputs, node.attrs, shape, dtype);
      return node.attrs.keepdims ? x : s.add("squeeze", [x], { axes: node.attrs.axes }, shape, dtype);
    }
    case "cast":
      return s.node(x).dtype === node.attrs.to ? x : s.add("cast", inputs, node.attrs, shape, dtype);
    default:
      return s.add(node.op, inputs, node.attrs, shape, dtype);
  }
}

/** With m = max x: x - m, e = eˣ⁻ᵐ and t = Σ e. */
function normalizer(
  s: Speller,
  x: number,
  axes: readonly number[],
): { m: number; shifted: number; e: number; t: number } {
  const { shape } = s.node(x);
  const kept = shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const attrs = { axes: axes.filter((axis) => shape[axis] !== 1), keepdims: true };
  const isTrivial = attrs.axes.length === 0;
  const m = isTrivial ? x : s.add("reduceMax", [x], attrs, kept);
  const shifted = s.add("sub", [x, m], {}, shape);
  const e = s.add("exp", [shifted], {}, shape);
  return { m, shifted, e, t: isTrivial ? e : s.add("reduceSum", [e], attrs, kept) };
}

/** m + log t; an infinite m is the result itself. */
function logSumExp(s: Speller, node: NodeOf<"reduceLogSumExp">, x: number): number {
  const { m, t } = normalizer(s, x, node.attrs.axes);
  const { shape } = s.node(m);
  const infinity = s.add("constant", [], { value: Infinity, dtype: "float32" }, []);
  const isInfinite = s.add("equal", [s.add("abs", [m], {}, shape), infinity], {}, shape, "bool");
  const usual = s.add("add", [m, s.add("log", [t], {}, shape)], {}, shape);
  const result = s.add("where", [isInfinite, m, usual], {}, shape);
  return node.attrs.keepdims ? result : s.add("squeeze", [result], { axes: node.attrs.axes }, node.shape);
}
