import type { DimSizes } from "@losses/core";

/** Results are remembered for so many sizes. */
const mostSizes = 64;

/** A function of sizes that computes once for each. */
export function bySizes<T>(compute: (sizes: DimSizes) => T): (sizes: DimSizes) => T {
  const known = new Map<string, { readonly result: T }>();
  return (sizes) => {
    const key = Object.values(sizes).join();
    const found = known.get(key);
    if (found !== undefined) return found.result;
    if (known.size >= mostSizes) known.clear();
    const result = compute(sizes);
    known.set(key, { result });
    return result;
  };
}
