import { InputError, sizeOf, type NestedArray, type PlainTensor } from "@losses/core";
import type { GivenData } from "./protocol.js";

/** Any plain data as a flat list with its shape. */
export function flatten(name: string, given: PlainTensor): GivenData {
  if (typeof given === "number") return { shape: [], data: [given] };
  if (ArrayBuffer.isView(given))
    return { shape: [given.length], data: Array.from(given as Iterable<number | bigint>, Number) };
  if (Array.isArray(given)) return nested(name, given as readonly NestedArray[]);
  if (typeof given === "object" && "data" in given && "shape" in given) {
    return { shape: [...given.shape], data: Array.from(given.data as Iterable<number | bigint>, Number) };
  }
  throw new InputError(
    `${name}: the input must be numbers, nested arrays or { data, shape }, got ${typeof given}.`,
    "INVALID_INPUT",
  );
}

function nested(name: string, rows: readonly unknown[]): GivenData {
  const shape: number[] = [];
  for (let at: unknown = rows; Array.isArray(at); at = at[0]) {
    shape.push(at.length);
    if (at.length === 0) break;
  }
  const data = rows.flat(Infinity) as number[];
  if (data.length !== sizeOf(shape) || data.some((x) => typeof x !== "number")) {
    throw new InputError(
      `${name}: nested arrays must be equally long rows of numbers, got rows that differ.`,
      "INVALID_INPUT",
    );
  }
  return { shape, data };
}

/** The same as nested arrays, which take the dtype that the loss wants. */
export function nest({ shape, data }: GivenData): NestedArray {
  if (shape.length === 0) return data[0] ?? Number.NaN;
  const [first = 0, ...rest] = shape;
  const size = sizeOf(rest);
  return Array.from({ length: first }, (_, i) => nest({ shape: rest, data: data.slice(i * size, (i + 1) * size) }));
}
