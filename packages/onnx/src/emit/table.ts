import type { Node } from "@losses/core";
import type { EmitContext, EmitterTable } from "./context.js";
import { emitCumsum } from "./cumsum.js";
import { elementwiseEmitters } from "./elementwise.js";
import { indexingEmitters } from "./indexing.js";
import { movementEmitters, numbersTo } from "./movement.js";
import { emitExtreme, emitLogSoftmax, emitLogSumExp, emitSoftmax } from "./normalize.js";
import { emitByPasses } from "./passes/passes.js";
import { emitMatmul } from "./products.js";
import { emitScan } from "./scan.js";
import { emitSum } from "./sums.js";

/** How each op is written in ONNX. */
export const emitters: EmitterTable = {
  ...elementwiseEmitters,
  ...indexingEmitters,
  ...movementEmitters,
  input: (node, _, { inputValue }) => inputValue(node),
  constant: ({ attrs: { value, dtype } }, _, { writer }) => writer.scalar(value, dtype),
  iota: ({ attrs: { size } }, _, context) => numbersTo(size, context),
  dimSize: ({ attrs: { dims, dtype } }, _, { sizes }) => sizes.product(dims, dtype),
  reduceSum: emitSum,
  reduceMax: emitExtreme("ReduceMax"),
  reduceMin: emitExtreme("ReduceMin"),
  reduceLogSumExp: emitLogSumExp,
  softmax: emitSoftmax,
  logSoftmax: emitLogSoftmax,
  cumsum: emitCumsum,
  matmul: emitMatmul,
  scan: emitScan,
};

/** Writes one node: by a pass that makes it faster, else by the rule of its op. */
export function emitNode(node: Node, inputs: readonly string[], context: EmitContext): string {
  return emitByPasses(node, inputs, context, (own, given) => {
    // The table is keyed by op, so the emitter found takes this very node; TypeScript cannot relate the two unions.
    const emit = emitters[own.op] as (node: Node, inputs: readonly string[], context: EmitContext) => string;
    return emit(own, given, context);
  });
}
