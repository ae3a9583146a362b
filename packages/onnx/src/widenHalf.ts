import type { DType, Graph, Node } from "@losses/core";

/**
 * The same graph with float16 at its doors alone: inputs are widened to float32 and outputs rounded once. Inside, a guard like
 * 1e-12 would be 0, a count beyond 65504 infinite, and ONNX Runtime's processor rounds a value for some of its readers only, so
 * that an element would not equal the largest, which it is. PyTorch's autocast computes losses in float32 for the same reasons.
 */
export function widenHalf(graph: Graph): Graph {
  if (graph.nodes.every(({ dtype }) => dtype !== "float16")) return graph;
  const nodes: Node[] = [];
  const moved = new Map<number, number>();
  const add = (node: Node, inputs: readonly number[], dtype: DType): number =>
    nodes.push({ ...node, id: nodes.length, inputs, dtype } as Node) - 1;
  const cast = (node: Node, from: number, to: DType): number =>
    add({ ...node, op: "cast", attrs: { to } } as Node, [from], to);

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => moved.get(id) ?? -1);
    if (node.op === "input") {
      const input = add(node, [], node.dtype);
      moved.set(node.id, node.dtype === "float16" ? cast(node, input, "float32") : input);
    } else moved.set(node.id, add(widenAttributes(node), inputs, wide(node.dtype)));
  }
  const outputs = graph.outputs.map(({ name, node }) => {
    const [was, is = -1] = [graph.nodes[node], moved.get(node)];
    return { name, node: was?.dtype === "float16" ? cast(was, is, "float16") : is };
  });
  return { name: graph.name, nodes, outputs };
}

function wide(dtype: DType): DType {
  return dtype === "float16" ? "float32" : dtype;
}

function widenAttributes(node: Node): Node {
  switch (node.op) {
    case "constant":
      return { ...node, attrs: { ...node.attrs, dtype: wide(node.attrs.dtype) } };
    case "dimSize":
      return node.attrs.dtype === "float16" ? { ...node, attrs: { ...node.attrs, dtype: "float32" } } : node;
    case "cast":
      return { ...node, attrs: { to: wide(node.attrs.to) } };
    default:
      return node;
  }
}
