import { ShapeError } from "../errors.js";
import type { WeightedValues } from "../loss/reduce.js";
import { formatShape, sameShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";

/** Refuses what does not stretch to the shape of `whole` without stretching it. `named`: the tensors and their names. */
export function requireWithin(loss: string, whole: Tensor, named: Readonly<Record<string, Tensor | undefined>>): void {
  for (const [name, part] of Object.entries(named)) {
    if (part === undefined || sameShape(whole.add(part).shape, whole.shape)) continue;
    const wanted = formatShape(whole.shape);
    throw new ShapeError(`${loss}: ${name} must not be larger than ${wanted}, got ${formatShape(part.shape)}.`);
  }
}

/** Refuses tensors of another shape than `whole`, though they would broadcast with it. */
export function requireShape(loss: string, whole: Tensor, named: Readonly<Record<string, Tensor | undefined>>): void {
  for (const [name, part] of Object.entries(named)) {
    if (part === undefined || sameShape(part.shape, whole.shape)) continue;
    throw new ShapeError(
      `${loss}: ${name} must have shape ${formatShape(whole.shape)}, got ${formatShape(part.shape)}.`,
    );
  }
}

/** Values times weights, whose mean divides by the sum of the weights. */
export function weightedValues(values: Tensor, weights: Tensor | undefined): WeightedValues {
  return weights === undefined ? { values } : { values: values.mul(weights), weights };
}
