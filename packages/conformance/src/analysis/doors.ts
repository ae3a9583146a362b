import { isFloat, type DType } from "@losses/core";
import { allocate, at, exactly, isNoNumber, put, spanAt, type Bounds, type Span } from "./bounded.js";
import type { Precision, Storage } from "./precision.js";

/** What a machine is handed for an input: the number as it is stored. */
export function entering(value: number, dtype: DType, { storage }: Precision): Span {
  return isFloat(dtype) ? flushed(exactly(storage.round(value)), storage) : exactly(value);
}

/** What results are once they are stored. Rounding to nearest keeps the order, so that ends stay ends. */
export function leaving(x: Bounds, { storage }: Precision): Bounds {
  if (!isFloat(x.dtype) || !storage.isNarrower) return x;
  const result = allocate(x.shape, x.dtype);
  for (let i = 0; i < result.value.length; i++) {
    const span = spanAt(x, i);
    const [low, high] = [storage.round(span.low), storage.round(span.high)];
    put(result, i, held(at(x.value, i), storage), isNoNumber(span) ? span : flushed({ ...span, low, high }, storage));
  }
  return result;
}

/** What the truth is at best once it is stored: infinite beyond the largest number, else the truth itself. */
export function held(value: number, { round }: Storage): number {
  const stored = round(value);
  return Number.isFinite(stored) ? value : stored;
}

/** Numbers below the smallest normal one may become 0. */
function flushed({ low, high, nan }: Span, { tiny }: Storage): Span {
  return { low: low > 0 && low < tiny ? 0 : low, high: high < 0 && high > -tiny ? 0 : high, nan };
}
