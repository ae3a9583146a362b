import { isListOf, isObject, printValue, readable } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { isTraced } from "../graph/tracedTensor.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyDefinition, LossSpec } from "./define.js";
import { inLoss } from "./inLoss.js";
import { regrouped } from "./lists.js";
import type { BatchReduction, EmptyPolicy } from "./options.js";
import {
  nonZero,
  reduceParts,
  sampled,
  termsOf,
  type LossPart,
  type LossValue,
  type Reduced,
  type Reducing,
  type Samples,
  type WeightedValues,
} from "./reduce.js";

/** The reduced value of a loss, and its parts, over tensors that are already bound to its inputs. */
export function evaluateSpec(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): Reduced {
  return reduceParts(spec.name, lossValue(spec, inputs), { ...reducingOf(spec), ...samplesOf(spec, inputs) });
}

/** The summands of a loss before reduction, as the weights of samples and the mask leave them. */
export function lossTermsOf(
  spec: LossSpec,
  inputs: Readonly<Record<string, Tensor>>,
): readonly [WeightedValues, ...WeightedValues[]] {
  const [first, ...rest] = termsOf(lossValue(spec, inputs));
  const samples = samplesOf(spec, inputs);
  const isNonZero = reductionOf(spec) === "avgNonZero";
  const counted = (term: WeightedValues): WeightedValues =>
    sampled(spec.name, isNonZero ? nonZero(term) : term, samples);
  return [counted(first), ...rest.map(counted)];
}

// Losses whose values bear the weights of samples already.
const sampledAlready = new WeakSet<AnyDefinition>();

/** States that a loss itself does what the weights of samples and the mask ask for. */
export function markSampled(definition: AnyDefinition): void {
  sampledAlready.add(definition);
}

function samplesOf({ loss: { definition } }: LossSpec, inputs: Readonly<Record<string, Tensor>>): Samples {
  const own = sampledAlready.has(definition) ? {} : (definition.optionalInputs ?? {});
  const given = (name: "sampleWeight" | "mask"): Tensor | undefined =>
    Object.hasOwn(own, name) ? inputs[name] : undefined;
  return { sampleWeight: given("sampleWeight"), mask: given("mask") };
}

/** What a loss computes before reduction. */
export function lossValue(spec: LossSpec, inputs: Readonly<Record<string, Tensor>>): LossValue {
  const { definition } = spec.loss;
  const value: unknown = inLoss(spec.name, () =>
    definition.value(regrouped(definition, inputs) as never, spec.options as never),
  );
  if (readable(spec.name, () => isLossValue(value))) return value as LossValue;
  const wanted = "a tensor, { values }, { terms } or { parts } made of tensors";
  throw new LossesError("INVALID_DEFINITION", `${spec.name}: value must return ${wanted}, got ${printValue(value)}.`);
}

function isLossValue(value: unknown): value is LossValue {
  if (!isObject(value) || isTraced(value)) return isLossPart(value);
  const { terms, parts } = value;
  if (Array.isArray(terms)) return terms.length > 0 && isListOf(terms, isLossPart);
  if (!isObject(parts) || isTraced(parts)) return isLossPart(value);
  const named = Object.values(parts);
  return named.length > 0 && named.every((part) => isLossPart(part) || (isObject(part) && isLossPart(part["part"])));
}

function isLossPart(value: unknown): value is LossPart {
  if (isTraced(value)) return true;
  if (!isObject(value) || !isTraced(value["values"])) return false;
  return Object.values(value).every((part) => part === undefined || isTraced(part));
}

/** How the options of a loss reduce its values. */
export function reducingOf(spec: LossSpec): Reducing {
  return { kind: reductionOf(spec), empty: emptyOf(spec) };
}

function reductionOf(spec: LossSpec): BatchReduction | "batchmean" {
  const { reduction } = spec.options;
  switch (reduction) {
    case "none":
    case "mean":
    case "sum":
    case "batchmean":
    case "avgNonZero":
      return reduction;
  }
  throw new OptionError(`${spec.name}: option reduction must be declared, got none.`);
}

function emptyOf({ options: { empty } }: LossSpec): EmptyPolicy {
  return empty === "zero" || empty === "error" ? empty : "nan";
}
