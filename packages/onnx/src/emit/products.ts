import { nodeAt, type DType, type NodeOf, type Shape } from "@losses/core";
import { productOf } from "./counts.js";
import { operand, operandNode, type EmitContext, type Emitter } from "./context.js";

export const emitMatmul: Emitter<"matmul"> = (node, inputs, context) =>
  matrixProduct(operand(inputs, 0), operand(inputs, 1), typeOf(node, node.shape, context), context);

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

function typeOf(node: NodeOf<"matmul">, shape: Shape, context: EmitContext): ProductType {
  return { shape, inner: operandNode(node, 0, context).shape.slice(-1), dtype: node.dtype };
}

/**
 * The transpose of a matrix product as the product of transposes, (AB)ᵀ = BᵀAᵀ: ONNX Runtime's product on the processor takes its
 * operands either way, but writes its result one way. `undefined` for other nodes.
 */
export function emitTransposedProduct(node: NodeOf<"transpose">, context: EmitContext): string | undefined {
  const from = nodeAt(context.graph, node.inputs[0]);
  const { provider, uses } = context;
  if (provider !== "cpu" || from.op !== "matmul" || uses(from.id) > 1 || !swapsLastTwo(node.attrs.perm)) {
    return undefined;
  }
  const [a, b] = from.inputs;
  return matrixProduct(transposed(b, context), transposed(a, context), typeOf(from, node.shape, context), context);
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
