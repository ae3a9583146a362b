import { nodeAt, type Graph } from "@losses/core";
import type { EmitContext } from "./context.js";

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

/** True if every element of a node is a finite number whatever the inputs are: what constants, sizes and conditions give alone. */
export function isFiniteNumber(id: number, context: EmitContext): boolean {
  const { graph, hasElements } = context;
  const node = nodeAt(graph, id);
  const all = (inputs: readonly number[]): boolean => inputs.every((input) => isFiniteNumber(input, context));
  switch (node.op) {
    case "constant":
      return Number.isFinite(Math.fround(node.attrs.value));
    case "cast":
      return nodeAt(graph, node.inputs[0] ?? -1).dtype === "bool";
    case "where":
      return all(node.inputs.slice(1));
    case "div":
      return hasElements && nodeAt(graph, node.inputs[1] ?? -1).op === "dimSize" && all(node.inputs.slice(0, 1));
    case "neg":
    case "squeeze":
    case "unsqueeze":
    case "expand":
    case "transpose":
      return all(node.inputs);
    default:
      return false;
  }
}
