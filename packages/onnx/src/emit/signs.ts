import { nodeAt, operandNode } from "@losses/core";
import type { EmitContext } from "./context.js";

/** True if every element of a node is a finite number whatever the inputs are: what constants, sizes and conditions give alone. */
export function isFiniteNumber(id: number, context: EmitContext): boolean {
  const { graph, hasElements } = context;
  const node = nodeAt(graph, id);
  const all = (inputs: readonly number[]): boolean => inputs.every((input) => isFiniteNumber(input, context));
  switch (node.op) {
    case "constant":
      return Number.isFinite(Math.fround(node.attrs.value));
    case "cast":
      return operandNode(graph, node, 0).dtype === "bool";
    case "where":
      return all(node.inputs.slice(1));
    case "div":
      return hasElements && operandNode(graph, node, 1).op === "dimSize" && all(node.inputs.slice(0, 1));
    case "neg":
    case "squeeze":
    case "unsqueeze":
    case "expand":
    case "transpose":
    case "reshape":
    case "concat":
    case "slice":
      return all(node.inputs);
    default:
      return false;
  }
}
