import { isObject, printValue, readable } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { isTraced } from "../graph/tracedTensor.js";
import type { Tensor } from "../tensor/tensor.js";
import type { LossSpec } from "./define.js";
import { regrouped } from "./lists.js";
import type { EmptyPolicy, Reduction } from "./options.js";
import { reduceParts, type LossPart, type LossValue, type Reduced } from "./reduce.js";

/** The reduced value of a loss, and its parts, over tensors that are already bound to its inputs. */
export function evaluateSpec(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): Reduced {
  const { sampleWeight, mask } = inputs;
  return reduceParts(spec.name, lossValue(spec, inputs), {
    kind: reductionOf(spec),
    empty: emptyOf(spec),
    ...(isSampled(spec, "sampleWeight") ? { sampleWeight } : {}),
    ...(isSampled(spec, "mask") ? { mask } : {}),
  });
}

/** What a loss computes before reduction. */
export function lossValue(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): LossValue {
  const { definition } = spec.loss;
  const value: unknown = definition.value(regrouped(definition, inputs) as never, spec.options as never);
  if (readable(spec.name, () => isLossValue(value))) return value as LossValue;
  const wanted = "a tensor, { values }, { terms } or { parts } made of tensors";
  throw new LossesError("INVALID_DEFINITION", `${spec.name}: value must return ${wanted}, got ${printValue(value)}.`);
}

function isSampled({ loss: { definition } }: LossSpec, name: "sampleWeight" | "mask"): boolean {
  return definition.optionalInputs !== undefined && Object.hasOwn(definition.optionalInputs, name);
}

function isLossValue(value: unknown): value is LossValue {
  if (!isObject(value) || isTraced(value)) return isLossPart(value);
  const { terms, parts } = value;
  if (Array.isArray(terms)) return terms.length > 0 && terms.every(isLossPart);
  if (!isObject(parts) || isTraced(parts)) return isLossPart(value);
  const named = Object.values(parts);
  return named.length > 0 && named.every((part) => isLossPart(part) || (isObject(part) && isLossPart(part["part"])));
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

function emptyOf({ options: { empty } }: LossSpec): EmptyPolicy {
  return empty === "zero" || empty === "error" ? empty : "nan";
}
