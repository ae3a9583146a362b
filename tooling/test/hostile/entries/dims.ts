import { anyOf, fn, list, number, size, text } from "../takes.js";
import { anything, type Takes } from "../walk.js";
import type { Entries } from "../entries.js";
import { count, token } from "./inputs.js";

const positive: Takes = (value) => typeof value === "number" && value >= 0;

/** A number of elements, or the name of one. */
export const dim: Takes = anyOf(
  Number.isSafeInteger,
  (value) => typeof value === "string" && /^[a-z]\w*$/i.test(value),
);

export const dimEntries: Entries = {
  formatShape: { args: () => [[1, "N"]], takes: { "0": list(anyOf(number, text)), "0.*": anyOf(number, text) } },
  formatTokens: { args: () => [["N", "D"]], takes: { "0": list(token), "0.*": token } },
  sizeOf: { args: () => [[2, 3]], takes: { "0": list(positive), "0.*": positive } },
  bindShape: { args: () => [["N", 3], { N: 2 }], takes: { "0": list(count), "0.*": count, "1.N": count }, open: ["1"] },
  readShape: {
    args: () => ["f", [2, 3], (size: unknown) => size === 2 || size === 3],
    takes: { "0": anything, "1": list((size) => size === 2 || size === 3), "2": () => false },
    once: true,
    result: (found) => found,
    calls: true,
  },
  sameShape: {
    args: () => [
      [2, "N"],
      [2, "N"],
    ],
    // Of lists it can always be told.
    takes: { "0": Array.isArray, "1": Array.isArray, "*.*": anything },
  },
  bindDim: { args: () => ["N", { N: 2 }], takes: { "0": size, "1.N": size }, open: ["1"] },
  addDims: { args: () => ["N", "M"], takes: { "*": dim } },
  subtractDims: { args: () => ["N", "M"], takes: { "*": dim } },
  multiplyDims: { args: () => ["N", "M"], takes: { nothing: anything, "*": dim } },
  divideDim: {
    args: () => ["N", 2],
    takes: { "0": anyOf(dim, number), "1": (value) => Number.isSafeInteger(value) && Number(value) > 0 },
  },
  exactQuotient: { args: () => ["2*N", "N"], takes: { "*": dim } },
  evaluateDim: {
    args: () => ["N", { N: 2 }],
    takes: { "0": anyOf(dim, number), "1": anything, "1.N": anything },
    open: ["1"],
  },
  symbolsOf: { args: () => ["N"], takes: { "0": anyOf(dim, number) } },
  termsOf: { args: () => ["N"], takes: { "0": dim } },
  solveDim: { args: () => ["2*N", 4], takes: { "0": dim, "1": number } },
  substituteDim: { args: () => ["N", () => 2], takes: { "0": dim, "1": fn }, calls: true },
};
