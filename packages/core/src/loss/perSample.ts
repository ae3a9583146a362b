import { printValue } from "../arguments.js";
import { OptionError } from "../errors.js";
import { checkSpec } from "./checkSpec.js";
import type { LossSpec } from "./define.js";
import { derive } from "./derive.js";
import { reducingOf } from "./evaluate.js";
import { reduceRows, reduceTerm } from "./reduce.js";

/**
 * A spec whose value has one number for each row of an input, of which the mean is the loss: what a trainer multiplies by the weights
 * of samples. A loss without a value for each row stays one number.
 *
 * @param input the name of an input with an axis of samples, its first
 * @throws OptionError if the loss has no such input.
 * @example
 * ```ts
 * perSample(crossEntropy({ reduction: "sum" }), "input"); // each value times the number of samples
 * ```
 */
export function perSample(spec: LossSpec, input: string): LossSpec {
  checkSpec("perSample", spec);
  const { inputs } = spec.loss.definition;
  if (typeof input !== "string" || !Object.hasOwn(inputs, input) || inputs[input]?.isList === true) {
    const names = Object.keys(inputs).join(", ");
    throw new OptionError(
      `perSample: input must be one of ${spec.name}'s tensors (${names}), got ${printValue(input)}.`,
    );
  }
  const how = reducingOf(spec);
  return derive(spec, (terms, tensors, divisors) => {
    const samples = tensors[input]?.shape[0];
    const isBySample = samples !== undefined && terms.every(({ values }) => values.shape[0] === samples);
    const reduced = terms.map((term) => (isBySample ? reduceRows : reduceTerm)(term, how, divisors));
    return reduced.reduce((sum, term) => sum.add(term));
  });
}
