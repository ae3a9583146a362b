import { operandAt, operandNode, type DType, type NodeOf, type Shape } from "@losses/core";
import { productOf } from "./counts.js";
import type { EmitContext, Emitter } from "./context.js";

export const emitMatmul: Emitter<"matmul"> = (node, inputs, context) =>
  matrixProduct(operandAt(inputs, 0), operandAt(inputs, 1), productType(node, node.shape, context), context);

/** The shape and dtype of a product, and the size of the axis that it sums over. */
export interface ProductType {
  readonly shape: Shape;
  readonly inner: Shape;
  readonly dtype: DType;
}

/**
 * A matrix product. Of batches of matrices without elements ONNX Runtime makes results of another shape, or with whatever the memory
 * held: those are zeros.
 */
export function matrixProduct(
  a: string,
  b: string,
  { shape, inner, dtype }: ProductType,
  context: EmitContext,
): string {
  const { writer, sizes, hasElements, knowsSizes } = context;
  const product = (): string => writer.node("MatMul", [a, b]);
  // A model that is told its sizes is for a GPU, which takes no empty tensors.
  const isSafe = shape.length < 3 || hasElements || (sizes.areFed && !knowsSizes);
  const dims = [...shape, ...inner];
  if (isSafe || dims.every((dim) => typeof dim === "number" && dim > 0)) return product();
  const isNone = writer.node("Equal", [sizes.list([productOf(dims)]), writer.list([0])]);
  const zeros = (): string => writer.node("Expand", [writer.scalar(0, dtype), sizes.list(shape)]);
  return writer.branch(isNone, zeros, product, { dtype, shape });
}

/** What the product of a node is, in this shape. */
export function productType(node: NodeOf<"matmul">, shape: Shape, context: EmitContext): ProductType {
  return { shape, inner: operandNode(context.graph, node, 0).shape.slice(-1), dtype: node.dtype };
}
