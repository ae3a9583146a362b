import type { Tensor } from "../tensor/tensor.js";
import { differentiate } from "./differentiate.js";
import { LossesError } from "../errors.js";
import { printValue } from "../arguments.js";
import { innermostOf, isTraced, readTensors } from "./tracedTensor.js";

/**
 * The gradients of `sum(output)` with respect to tensors of the same loss, as tensors of it: for penalties on gradients, and
 * for derivatives of any order.
 *
 * @returns one gradient for each tensor of `wrt`, in its shape; zeros where nothing flows. Kinks: as each op says.
 * @throws UnsupportedOpError where a derivative on the way has none.
 * @example
 * ```ts
 * const [slope] = gradient(critic, [input]);
 * const penalty = vectorNorm(slope, 2).sub(1).square();
 * ```
 */
export function gradient<L extends readonly Tensor[]>(
  output: Tensor,
  wrt: readonly [...L],
): { readonly [K in keyof L]: Tensor } {
  const own = readTensors("gradient", wrt);
  if (!isTraced(output)) {
    const wanted = "a tensor of the loss being traced";
    throw new LossesError("INVALID_DEFINITION", `gradient: the output must be ${wanted}, got ${printValue(output)}.`);
  }
  const trace = innermostOf([output, ...own]);
  const seed = trace.tensor(trace.builder.constant(1, output.dtype));
  return differentiate(trace, output, own, seed) as unknown as { readonly [K in keyof L]: Tensor };
}
