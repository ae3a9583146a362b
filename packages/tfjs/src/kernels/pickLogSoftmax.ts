import { nodeAt, operandAt, type NodeOf } from "@losses/core";
import { binary, select } from "./broadcast.js";
import { inside } from "./gather.js";
import { logTotalPart, maxPart } from "./normalizers.js";
import type { KernelCallsBuilder, StepContext } from "./kernelCalls.js";
import { fill, type Runtime, type Value } from "./runtime.js";

/**
 * (log softmax x)ᵢ = xᵢ - m - log t for one i in each line, without the rest of the logarithms; `undefined` for other gathers.
 *
 * @param gather takes elements of x as the node says
 */
export function lowerPickedLogSoftmax(
  b: KernelCallsBuilder,
  node: NodeOf<"gather">,
  gather: (rt: Runtime, context: StepContext) => Value,
): number | undefined {
  const [from, index] = node.inputs.map((id) => nodeAt(b.graph, id));
  const { axis } = node.attrs;
  if (from?.op !== "logSoftmax" || from.attrs.axis !== axis || index?.shape[axis] !== 1) return undefined;
  const size = from.shape[axis] ?? 1;
  const x = b.of(from.inputs[0]);
  const operands = [x, b.of(index.id), maxPart(b, x, [axis]), logTotalPart(b, x, [axis])];
  const source = (rt: Runtime, context: StepContext): Value => {
    const { shape } = context;
    const length = operandAt(context.operands, 0).shape[axis] ?? 1;
    const picked = gather(rt, { ...context, operands: context.operands.slice(0, 2) });
    const shifted = binary(rt, "Sub", picked, operandAt(context.operands, 2), shape);
    const value = binary(rt, "Sub", shifted, operandAt(context.operands, 3), shape);
    const { isInside } = inside(rt, operandAt(context.operands, 1), length);
    return select(rt, isInside, value, fill(rt, shape, 0, "float32"), shape);
  };
  return b.add(`pick log softmax along ${axis} of ${size}`, { operands, shape: node.shape, dtype: "float32", source });
}
