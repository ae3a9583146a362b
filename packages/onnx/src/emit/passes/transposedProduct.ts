import { nodeAt, type NodeOf } from "@losses/core";
import type { EmitContext } from "../context.js";
import { matrixProduct, productType } from "../products.js";

/**
 * The transpose of a matrix product as the product of transposes, (AB)ᵀ = BᵀAᵀ: ONNX Runtime's product on the processor takes its
 * operands either way, but writes its result one way. `undefined` for other nodes.
 */
export function emitTransposedProduct(node: NodeOf<"transpose">, context: EmitContext): string | undefined {
  const from = nodeAt(context.graph, node.inputs[0]);
  const { uses } = context;
  if (from.op !== "matmul" || uses(from.id) > 1 || !swapsLastTwo(node.attrs.perm)) return undefined;
  const [a, b] = from.inputs;
  return matrixProduct(transposed(b, context), transposed(a, context), productType(from, node.shape, context), context);
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
