import { InputError } from "../errors.js";
import type { BoundInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { ignoredIndex, ignoreIndexInGraph } from "../loss/ignoreIndex.js";
import type { DimSizes } from "../tensor/dims.js";
import type { PlainArray } from "./host.js";

/** True when an input's values have to be looked at before a run. */
export function needsRangeCheck(input: BoundInput): boolean {
  return input.holds.kind === "index" && input.holds.below !== undefined;
}

/** Class indices must name a class, or equal the index that the loss ignores; as PyTorch checks on the CPU. */
export function checkRange(spec: LossSpec, input: BoundInput, data: ArrayLike<number | bigint>, sizes: DimSizes): void {
  if (input.holds.kind !== "index" || input.holds.below === undefined) return;
  const { below, except } = input.holds;
  const count = sizes[below] ?? 0;
  const allowed = ignoredIndex(input.holds, spec.options);
  for (let i = 0; i < data.length; i++) {
    const index = Number(data[i]);
    if ((index < 0 || index >= count) && index !== allowed) {
      const option = typeof except === "string" ? `${except} = ` : "";
      const or = allowed === undefined ? "" : `, or ${option}${allowed}`;
      throw new InputError(
        `${spec.name}: ${input.name} must hold class indices in [0, ${count - 1}] (${below} = ${count})${or}, got ${index} at position ${i}.`,
        "TARGET_OUT_OF_RANGE",
      );
    }
  }
}

/**
 * Labels whose index to ignore has more than 32 bits, with what stands for it in the graph; others as they are. They are checked
 * before, for afterwards the number that stands for it cannot be told from the same number given.
 */
export function narrowIgnored(spec: LossSpec, input: BoundInput, labels: PlainArray, sizes: DimSizes): PlainArray {
  const ignored = ignoredIndex(input.holds, spec.options);
  const inGraph = ignored === undefined ? undefined : ignoreIndexInGraph(ignored);
  if (inGraph === undefined || inGraph === ignored) return labels;
  checkRange(spec, input, labels.data, sizes);
  const data = Array.from<number | bigint, number>(labels.data, (label) =>
    Number(label) === ignored ? inGraph : Number(label),
  );
  return { ...labels, data };
}
