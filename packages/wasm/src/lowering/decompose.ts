import { movedTo, nodeAt, trustGraph, type Graph, type Node, type NodeOf, type Shape } from "@losses/core";
import { DistinctNodes } from "./distinctNodes.js";
import { argExtreme, gather, scatterAdd } from "./positionMasks.js";

/** Nodes without those ops that are composed of others here, so that they share their parts and need no memory of their own. */
export function decompose(graph: Graph): Graph {
  const distinct = new DistinctNodes();
  const moved: number[] = [];
  for (const node of graph.nodes)
    moved.push(
      decomposed(
        distinct,
        graph,
        node,
        node.inputs.map((id) => movedTo(moved, id)),
      ),
    );
  const taken = new Set<number>();
  const outputs = graph.outputs.map(({ name, node }) => {
    const id = movedTo(moved, node);
    const { op, shape, dtype } = distinct.node(id);
    // Every result is a tensor of its own.
    const isOwn = op !== "input" && op !== "reshape" && !taken.has(id);
    taken.add(id);
    return { name, node: isOwn ? id : distinct.fresh("identity", [id], {}, shape, dtype) };
  });
  return trustGraph({ name: graph.name, nodes: distinct.nodes, outputs });
}

function decomposed(s: DistinctNodes, graph: Graph, node: Node, inputs: readonly number[]): number {
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
      const own = nodeAt(graph, node.inputs[0]).shape;
      if (node.attrs.axes.some((axis) => own[axis] !== 1)) return s.add(node.op, inputs, node.attrs, shape, dtype);
      return node.attrs.keepdims ? x : s.add("squeeze", [x], { axes: node.attrs.axes }, shape, dtype);
    }
    case "argMax":
    case "argMin":
      return argExtreme(s, node, x);
    case "gather":
      return gather(s, node, inputs) ?? s.add(node.op, inputs, node.attrs, shape, dtype);
    case "scatterAdd":
      return scatterAdd(s, node, inputs) ?? s.add(node.op, inputs, node.attrs, shape, dtype);
    case "reshape":
      return reshape(s, node, x);
    case "cast":
      return s.node(x).dtype === node.attrs.to ? x : s.add("cast", inputs, node.attrs, shape, dtype);
    default:
      return s.add(node.op, inputs, node.attrs, shape, dtype);
  }
}

/** With m = max x: x - m, e = eˣ⁻ᵐ and t = Σ e. */
function normalizer(
  s: DistinctNodes,
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
function logSumExp(s: DistinctNodes, node: NodeOf<"reduceLogSumExp">, x: number): number {
  const { m, t } = normalizer(s, x, node.attrs.axes);
  const { shape } = s.node(m);
  const infinity = s.add("constant", [], { value: Infinity, dtype: "float32" }, []);
  const isInfinite = s.add("equal", [s.add("abs", [m], {}, shape), infinity], {}, shape, "bool");
  const usual = s.add("add", [m, s.add("log", [t], {}, shape)], {}, shape);
  const result = s.add("where", [isInfinite, m, usual], {}, shape);
  return node.attrs.keepdims ? result : s.add("squeeze", [result], { axes: node.attrs.axes }, node.shape);
}

/** A reshape that only adds and drops axes of size 1 moves nothing. */
function reshape(s: DistinctNodes, { shape, dtype }: NodeOf<"reshape">, x: number): number {
  const own = s.node(x).shape;
  const ones = (list: Shape): readonly number[] => list.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  const line = shape.filter((dim) => dim !== 1);
  if (own.filter((dim) => dim !== 1).join() !== line.join()) return s.add("reshape", [x], { shape }, shape, dtype);
  const squeezed = line.length === own.length ? x : s.add("squeeze", [x], { axes: ones(own) }, line, dtype);
  if (line.length === shape.length) return squeezed;
  return s.add("unsqueeze", [squeezed], { axes: ones(shape) }, shape, dtype);
}
