import type { Node } from "@losses/core";
import { elementType } from "../format.js";
import { operand, type EmitContext, type EmitterTable } from "./context.js";
import { elementwiseEmitters } from "./elementwise.js";
import { emitLine } from "./lines.js";
import { emitExtreme, emitLogSoftmax, emitLogSumExp, emitSoftmax } from "./normalize.js";
import { emitByPosition } from "./oneHot/emitByPosition.js";
import { emitTransposedProduct } from "./products.js";
import { emitSum } from "./sums.js";

/** How each op is written in ONNX. */
export const emitters: EmitterTable = {
  ...elementwiseEmitters,
  input: ({ attrs: { name, dtype } }, _, { writer, int64Inputs }) =>
    int64Inputs.has(name) ? writer.node("Cast", [name], { to: elementType[dtype] }) : name,
  constant: ({ attrs: { value, dtype } }, _, { writer }) => writer.scalar(value, dtype),
  iota: ({ attrs: { size } }, _, { writer, sizes }) =>
    writer.node("Range", [writer.scalar(0, "int32"), sizes.int32(size), writer.scalar(1, "int32")]),
  dimSize: ({ attrs: { dims, dtype } }, _, { sizes }) => sizes.product(dims, dtype),
  reduceSum: emitSum,
  reduceMax: emitExtreme("ReduceMax"),
  reduceMin: emitExtreme("ReduceMin"),
  reduceLogSumExp: emitLogSumExp,
  softmax: emitSoftmax,
  logSoftmax: emitLogSoftmax,
  matmul: (_, inputs, { writer }) => writer.node("MatMul", inputs),
  transpose: ({ attrs: { perm }, inputs: [from = -1], dtype }, inputs, context) => {
    const x = operand(inputs, 0);
    if (perm.every((axis, i) => axis === i)) return x;
    const { writer, provider } = context;
    const product = emitTransposedProduct(from, context);
    if (product !== undefined) return product;
    if (provider === "cpu" || dtype !== "bool") return writer.node("Transpose", [x], { perm });
    // ONNX Runtime's WebGPU provider does not transpose bool.
    const numbers = writer.node("Cast", [x], { to: elementType.int32 });
    return writer.node("Cast", [writer.node("Transpose", [numbers], { perm })], { to: elementType.bool });
  },
  unsqueeze: ({ attrs: { axes } }, inputs, { writer }) =>
    axes.length === 0 ? operand(inputs, 0) : writer.node("Unsqueeze", [operand(inputs, 0), writer.list(axes)]),
  squeeze: ({ attrs: { axes } }, inputs, { writer }) =>
    axes.length === 0 ? operand(inputs, 0) : writer.node("Squeeze", [operand(inputs, 0), writer.list(axes)]),
  expand: ({ attrs: { shape } }, inputs, { writer, sizes }) =>
    writer.node("Expand", [operand(inputs, 0), sizes.list(shape)]),
};

/** Writes one node: by position where it is a mask that says positions, else with the emitter of its op. */
export function emitNode(node: Node, inputs: readonly string[], context: EmitContext): string {
  const byPosition = emitByPosition(node, context);
  if (byPosition !== undefined) return byPosition;
  // The table is keyed by op, so the emitter found takes this very node; TypeScript cannot relate the two unions.
  const emit = emitters[node.op] as (node: Node, inputs: readonly string[], context: EmitContext) => string;
  return emitLine(node, inputs, context, (bare) => emit(node, bare, context)) ?? emit(node, inputs, context);
}
