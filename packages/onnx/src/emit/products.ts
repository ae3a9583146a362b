import { nodeAt } from "@losses/core";
import type { EmitContext } from "./context.js";

/**
 * The transpose of a matrix product as the product of transposes, (AB)ᵀ = BᵀAᵀ: ONNX Runtime's product on the processor takes its
 * operands either way, but writes its result one way. `undefined` for other nodes.
 */
export function emitTransposedProduct(id: number, context: EmitContext): string | undefined {
  const { graph, writer, provider, uses } = context;
  const node = nodeAt(graph, id);
  if (provider !== "cpu" || node.op !== "matmul" || uses(id) > 1) return undefined;
  const turned = node.inputs.map((input) => transposed(input, context));
  return writer.node("MatMul", turned.reverse());
}

function transposed(id: number, { graph, writer, valueOf }: EmitContext): string {
  const node = nodeAt(graph, id);
  return node.op === "transpose"
    ? valueOf(node.inputs[0] ?? -1)
    : writer.node("Transpose", [valueOf(id)], { perm: [1, 0] });
}
