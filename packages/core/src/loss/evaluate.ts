import { OptionError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LossSpec } from "./define.js";
import type { Reduction } from "./options.js";
import { reduce, type LossValue } from "./reduce.js";

/** The reduced value of a loss over tensors that are already bound to its inputs. */
export function evaluateSpec(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): Tensor {
  const value: LossValue = spec.loss.definition.value(inputs as never, spec.options as never);
  return reduce(spec.name, value, reductionOf(spec));
}

function reductionOf(spec: LossSpec): Reduction | "batchmean" {
  const { reduction } = spec.options;
  if (reduction === "none" || reduction === "mean" || reduction === "sum" || reduction === "batchmean")
    return reduction;
  throw new OptionError(`${spec.name}: option reduction must be declared, got none.`);
}
