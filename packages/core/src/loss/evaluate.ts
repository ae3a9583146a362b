import { isListOf, isObject, printValue, readable } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { isTraced } from "../graph/trace.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LossSpec } from "./define.js";
import type { Reduction } from "./options.js";
import { reduce, type LossPart, type LossValue } from "./reduce.js";

/** The reduced value of a loss over tensors that are already bound to its inputs. */
export function evaluateSpec(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): Tensor {
  const value: unknown = spec.loss.definition.value(inputs as never, spec.options as never);
  if (!readable(spec.name, () => isLossValue(value))) {
    throw new LossesError(
      "INVALID_DEFINITION",
      `${spec.name}: value must return a tensor, { values } or { terms } made of tensors, got ${printValue(value)}.`,
    );
  }
  return reduce(spec.name, value as LossValue, reductionOf(spec));
}

function isLossValue(value: unknown): value is LossValue {
  const terms = isObject(value) && !isTraced(value) ? value["terms"] : undefined;
  return Array.isArray(terms) ? terms.length > 0 && isListOf(terms, isLossPart) : isLossPart(value);
}

function isLossPart(value: unknown): value is LossPart {
  if (isTraced(value)) return true;
  if (!isObject(value) || !isTraced(value["values"])) return false;
  return Object.values(value).every((part) => part === undefined || isTraced(part));
}

function reductionOf(spec: LossSpec): Reduction | "batchmean" {
  const { reduction } = spec.options;
  if (reduction === "none" || reduction === "mean" || reduction === "sum" || reduction === "batchmean")
    return reduction;
  throw new OptionError(`${spec.name}: option reduction must be declared, got none.`);
}
