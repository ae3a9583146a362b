import { movedTo, nodeAt, type DType, type Graph, type Node } from "@losses/core";

/**
 * The same graph with float16 at its doors alone: inputs are widened to float32 and outputs rounded once. Inside, a guard like
 * 1e-12 would be 0, a count beyond 65504 infinite, and ONNX Runtime's processor rounds a value for some of its readers only, so
 * that an element would not equal the largest, which it is. PyTorch's autocast computes losses in float32 for the same reasons.
 */
export function widenHalf(graph: Graph): Graph {
  if (graph.nodes.every(({ dtype }) => dtype !== "float16")) return graph;
  const bodies = new Map<Graph, Graph>();
  const nodes: Node[] = [];
  const moved = new Map<number, number>();
  const add = (node: Node, inputs: readonly number[], dtype: DType): number =>
    nodes.push({ ...node, id: nodes.length, inputs, dtype } as Node) - 1;
  const cast = (node: Node, from: number, to: DType): number =>
    add({ ...node, op: "cast", attrs: { to } } as Node, [from], to);

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => movedTo(moved, id));
    if (node.op === "input") {
      const input = add(node, [], node.dtype);
      moved.set(node.id, node.dtype === "float16" ? cast(node, input, "float32") : input);
    } else moved.set(node.id, add(widenAttributes(node, bodies), inputs, wide(node.dtype)));
  }
  const outputs = graph.outputs.map(({ name, node }) => {
    const [was, is] = [nodeAt(graph, node), movedTo(moved, node)];
    return { name, node: was.dtype === "float16" ? cast(was, is, "float16") : is };
  });
  return { name: graph.name, nodes, outputs };
}

function wide(dtype: DType): DType {
  return dtype === "float16" ? "float32" : dtype;
}

/** `bodies`: those that have been widened; the nodes of one scan keep one body. */
function widenAttributes(node: Node, bodies: Map<Graph, Graph>): Node {
  switch (node.op) {
    case "constant":
      return { ...node, attrs: { ...node.attrs, dtype: wide(node.attrs.dtype) } };
    case "dimSize":
      return node.attrs.dtype === "float16" ? { ...node, attrs: { ...node.attrs, dtype: "float32" } } : node;
    case "cast":
      return { ...node, attrs: { to: wide(node.attrs.to) } };
    case "scan": {
      const body = bodies.get(node.attrs.body) ?? widenBody(node.attrs.body, bodies);
      bodies.set(node.attrs.body, body);
      return { ...node, attrs: { ...node.attrs, body } };
    }
    default:
      return node;
  }
}

/** A body has no doors: what goes in and out is as wide as what is around it. */
function widenBody(body: Graph, bodies: Map<Graph, Graph>): Graph {
  const nodes = body.nodes.map((node): Node => {
    const widened = widenAttributes(node, bodies);
    const attrs = widened.op === "input" ? { ...widened.attrs, dtype: wide(widened.attrs.dtype) } : widened.attrs;
    return { ...widened, attrs, dtype: wide(node.dtype) } as Node;
  });
  return { ...body, nodes };
}
