import type { InputType, PlainTensor } from "../backend.js";
import { bindInputs, type GivenInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { sizeOf } from "../tensor/dims.js";
import { isInteger } from "../tensor/dtype.js";

/** Feeds of zeros for inputs of these shapes: what a loss is warmed up with. 0 is a class in every batch. */
export function zeroFeeds(
  spec: LossSpec,
  inputs: Readonly<Record<string, InputType | undefined>>,
): Readonly<Record<string, PlainTensor>> {
  const given: Record<string, GivenInput> = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input !== undefined) given[name] = { shape: input.shape, dtype: input.dtype ?? "untyped" };
  }
  const { inputs: bound } = bindInputs(spec.loss.definition, given);
  return Object.fromEntries(
    bound.map(({ name, holds }) => {
      const { shape = [], dtype = "untyped" } = given[name] ?? {};
      const integers = holds.kind === "index" || (dtype !== "untyped" && isInteger(dtype));
      const size = sizeOf(shape);
      return [name, { data: integers ? new Int32Array(size) : new Float32Array(size), shape }];
    }),
  );
}
