import { nodeAt } from "@losses/core";
import type { EmitContext } from "./context.js";

/**
 * The transpose of a matrix product as the product of transposes, (AB)ᵀ = BᵀAᵀ: ONNX Runtime's product on the processor takes its
 * operands either way, but writes its result one way. `undefined` for other nodes.
 */
export function emitTransposedProduct(id: number, perm: readonly number[], context: EmitContext): string | undefined {
  const { graph, writer, provider, uses } = context;
  const node = nodeAt(graph, id);
  if (provider !== "cpu" || node.op !== "matmul" || uses(id) > 1 || !swapsLastTwo(perm)) return undefined;
  const turned = node.inputs.map((input) => transposed(input, context));
  return writer.node("MatMul", turned.reverse());
}

function transposed(id: number, { graph, writer, valueOf }: EmitContext): string {
  const node = nodeAt(graph, id);
  if (node.op === "transpose" && swapsLastTwo(node.attrs.perm)) return valueOf(node.inputs[0]);
  return writer.node("Transpose", [valueOf(id)], { perm: lastTwoSwapped(node.shape.length) });
}

function swapsLastTwo(perm: readonly number[]): boolean {
  return lastTwoSwapped(perm.length).every((axis, i) => axis === perm[i]);
}

function lastTwoSwapped(rank: number): readonly number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
