import type { InputKind } from "./inputs.js";

/** The number that an input of class indices may hold besides them, where there is one. */
export function ignoredIndex(holds: InputKind, options: Readonly<Record<string, unknown>>): number | undefined {
  if (holds.kind !== "index" || holds.except === undefined) return undefined;
  const index = typeof holds.except === "number" ? holds.except : options[holds.except];
  return typeof index === "number" ? index : undefined;
}

/**
 * An index to ignore as graphs hold it, whose indices have 32 bits. For one that needs more it is a number that no class has; labels
 * that bear it are given that number on their way in.
 */
export function ignoreIndexInGraph(index: number): number {
  return index === (index | 0) ? index : -(2 ** 31);
}
