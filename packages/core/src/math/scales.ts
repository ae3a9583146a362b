import { InputError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";

/** The tensors of several lists, place by place. Throws `InputError` unless the lists are equally long. */
export function scalesOf<K extends string>(
  loss: string,
  lists: Readonly<Record<K, readonly Tensor[]>>,
): readonly Readonly<Record<K, Tensor>>[] {
  const entries = Object.entries<readonly Tensor[]>(lists);
  const lengths = entries.map(([, list]) => list.length);
  if (new Set(lengths).size > 1) {
    const names = entries.map(([name]) => name).join(" and ");
    throw new InputError(
      `${loss}: ${names} must be lists of equally many tensors, got ${lengths.join(" and ")}.`,
      "INVALID_INPUT",
    );
  }
  return Array.from(
    { length: lengths[0] ?? 0 },
    (_, place) => Object.fromEntries(entries.map(([name, list]) => [name, list[place]])) as Record<K, Tensor>,
  );
}
