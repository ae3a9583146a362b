import { isFloat, isListOf, isObject, isSize, sizeOf, type FloatDType, type Rule } from "@losses/core";
import type { Elements } from "./elements.js";

// What may be given to the functions that others call.

/** The longest path that a system allows. */
const maxNameLength = 32_767;

export const nameRule: Rule = {
  domain: `a text of at most ${maxNameLength} characters`,
  accepts: (value) => typeof value === "string" && value.length <= maxNameLength,
};

export const flagRule: Rule = { domain: "true or false", accepts: (value) => typeof value === "boolean" };
export const functionRule: Rule = { domain: "a function", accepts: (value) => typeof value === "function" };
export const bytesRule: Rule = { domain: "a Uint8Array", accepts: (value) => value instanceof Uint8Array };

export const floatRule: Rule = {
  domain: "float16, float32 or float64",
  accepts: (value) => isFloat(value as FloatDType),
};

export const sizesRule: Rule = {
  domain: "a list of integers >= 0",
  accepts: (value) => isListOf(value, isSize) && isSize(sizeOf(value as readonly number[])),
};

export const countRule: Rule = {
  domain: "an integer > 0",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0,
};

export const signalRule: Rule = {
  domain: "an AbortSignal",
  accepts: (value) =>
    isObject(value) &&
    typeof value["aborted"] === "boolean" &&
    typeof value["addEventListener"] === "function" &&
    typeof value["removeEventListener"] === "function",
};

export const numbersRule: Rule = {
  domain: "a list of numbers, a Float32Array, a Float64Array or an Int32Array",
  accepts: (value) => isElements(value) || isListOf(value, (item) => typeof item === "number"),
};

function isElements(value: unknown): value is Elements {
  return value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array;
}
