import type { Tensor } from "../tensor/tensor.js";
import type { AnyDefinition, AnyLoss, LossSpec } from "./define.js";
import { lossTermsOf, lossValue, markSampled } from "./evaluate.js";
import type { WeightedValues } from "./reduce.js";

/** What a derived loss computes: of the terms before reduction and the tensors they were made of; `divisors` takes what it divides by. */
export type Change = (
  terms: readonly [WeightedValues, ...WeightedValues[]],
  inputs: Readonly<Record<string, Tensor>>,
  divisors: Tensor[],
) => Tensor;

/** A spec with the inputs of another, that computes something else from its value. It is serialised as the other. */
export function derive(spec: LossSpec, change: Change): LossSpec {
  const definition: AnyDefinition = {
    ...spec.loss.definition,
    value: (inputs: Readonly<Record<string, Tensor>>) => {
      const value = lossValue(spec, inputs);
      const divisors = "parts" in value ? [...(value.divisors ?? [])] : [];
      return { parts: { value: change(lossTermsOf(spec, inputs), inputs, divisors) }, divisors };
    },
  };
  markSampled(definition);
  const options = Object.freeze({ ...spec.options, reduction: "none" });
  const create = (): LossSpec => Object.freeze({ name: spec.name, options, loss, toJSON: () => spec.toJSON() });
  const loss: AnyLoss = Object.assign(create, { lossName: spec.name, definition });
  return create();
}
