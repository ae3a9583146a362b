import { isElementwise, operandNode, type Graph, type Node } from "@losses/core";
import type { EmitContext } from "../context.js";

// ONNX Runtime's processor takes element by element what has a last axis of size 1 and meets a scalar, ten times as slow as the
// same without that axis. So such columns are computed without it, and get it where they meet a whole tensor.

/**
 * Writes a node that works element by element and has a last axis of size 1 without that axis; `undefined` for other nodes and where
 * the operands are not there in that form.
 */
export function emitColumn(
  node: Node,
  inputs: readonly string[],
  context: EmitContext,
  emit: (inputs: readonly string[]) => string,
): string | undefined {
  const { writer, graph } = context;
  if (!isElementwise(node.op) || !endsWithOne(node)) return undefined;
  const axes = lastAxis(node, context);
  const isScalar = (i: number): boolean => operandNode(graph, node, i).shape.length === 0;
  const bare = inputs.map((input, i) => (isScalar(i) ? input : writer.beforeAxes("Unsqueeze", input, axes)));
  const known = bare.filter((input) => input !== undefined);
  if (known.length < bare.length || inputs.every((_, i) => isScalar(i))) return undefined;
  return writer.node("Unsqueeze", [emit(known), axes]);
}

/** True for a reduction along the last axis that keeps it for nothing but columns. */
export function isColumn(node: Node, { graph, takes }: EmitContext): boolean {
  if (!takes("columns without their last axis") || !endsWithOne(node)) return false;
  const users = usersOf(node.id, graph);
  const isOutput = graph.outputs.some((output) => output.node === node.id);
  return !isOutput && users.every((user) => user.op === "squeeze" || (isElementwise(user.op) && endsWithOne(user)));
}

/** The nodes that read a node. */
export function usersOf(id: number, graph: Graph): readonly Node[] {
  return graph.nodes.filter(({ inputs }) => (inputs as readonly number[]).includes(id));
}

export function lastAxis({ shape }: Node, { writer }: EmitContext): string {
  return writer.list([shape.length - 1]);
}

function endsWithOne({ shape }: Node): boolean {
  return shape.length > 1 && shape.at(-1) === 1;
}
