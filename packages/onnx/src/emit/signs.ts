import { nodeAt, type Graph } from "@losses/core";

/** True if every element of a node is NaN or at least 0, as its op tells. */
export function isNonNegative(id: number, graph: Graph): boolean {
  const node = nodeAt(graph, id);
  const all = (inputs: readonly number[]): boolean => inputs.every((input) => isNonNegative(input, graph));
  switch (node.op) {
    case "constant":
      return node.attrs.value >= 0;
    case "abs":
    case "exp":
    case "sqrt":
    case "relu":
    case "sigmoid":
    case "softplus":
    case "softmax":
      return true;
    case "clampMin":
      return node.attrs.bound >= 0;
    case "where":
      return all(node.inputs.slice(1));
    case "mul":
      return node.inputs[0] === node.inputs[1] || all(node.inputs);
    case "add":
    case "squeeze":
    case "unsqueeze":
    case "expand":
    case "transpose":
      return all(node.inputs);
    default:
      return false;
  }
}
