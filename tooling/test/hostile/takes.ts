import type { Takes } from "./walk.js";

// What arguments take, said once more and apart from the code that is tested.

export const text: Takes = (value) => typeof value === "string";
export const number: Takes = (value) => typeof value === "number";
/** What may stand among the numbers of a nested list. */
export const element: Takes = (value) =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
export const finite: Takes = Number.isFinite;
export const flag: Takes = (value) => typeof value === "boolean";
export const fn: Takes = (value) => typeof value === "function";
export const size: Takes = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;

/** A name that no object has already. */
export const name: Takes = (value) => value === "text";

export const list =
  (item: Takes): Takes =>
  (value) =>
    Array.isArray(value) &&
    value.length < 1000 &&
    Array.from({ length: value.length }, (_, i): unknown => value[i]).every(item);

export const anyOf =
  (...takes: readonly Takes[]): Takes =>
  (value) =>
    takes.some((one) => one(value));

/** `{ … }`, whatever is in it. */
export const plain: Takes = (value) =>
  typeof value === "object" &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** Texts by name. */
export const texts: Takes = (value) => plain(value) && Object.values(value as object).every(text);

/** `{}` and the like. */
export const empty: Takes = (value) => plain(value) && Object.keys(value as object).length === 0;
