import type { HostTensor } from "../backend.js";
import { InputError } from "../errors.js";
import type { BoundInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import type { DimSizes } from "../tensor/dims.js";

/** True when an input's values have to be looked at before a run. */
export function needsRangeCheck(input: BoundInput): boolean {
  return input.holds.kind === "index" && input.holds.below !== undefined;
}

/** Class indices must name a class, or equal the index that the loss ignores; as PyTorch checks on the CPU. */
export function checkRange(spec: LossSpec, input: BoundInput, tensor: HostTensor, sizes: DimSizes): void {
  if (input.holds.kind !== "index" || input.holds.below === undefined) return;
  const { below, except } = input.holds;
  const count = sizes[below] ?? 0;
  const allowed = except === undefined ? undefined : spec.options[except];
  const { data } = tensor;
  for (let i = 0; i < data.length; i++) {
    const index = data[i] ?? 0;
    if ((index < 0 || index >= count) && index !== allowed) {
      const or = typeof allowed === "number" ? `, or ${except} = ${allowed}` : "";
      throw new InputError(
        `${spec.name}: ${input.name} must hold class indices in [0, ${count - 1}] (${below} = ${count})${or}, got ${index} at position ${i}.`,
        "TARGET_OUT_OF_RANGE",
      );
    }
  }
}
