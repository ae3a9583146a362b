import { printValue } from "../arguments.js";
import { InputError } from "../errors.js";

/** The error function `2/√π ∫₀ˣ e^(−t²) dt`, to a few units in the last place. */
export function erf(x: number): number {
  if (typeof x !== "number") throw new InputError(`erf: x must be a number, got ${printValue(x)}.`, "INVALID_INPUT");
  const size = Math.abs(x);
  if (Number.isNaN(x) || size === 0) return x;
  if (size >= 6) return Math.sign(x);
  return Math.sign(x) * (size < 3 ? series(size) : 1 - complement(size));
}

/** erf x = 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms have one sign. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 − erf x = e^(−x²)/√π / (x + ½/(x + 1/(x + 3/2/(x + …)))), from the inside out. */
function complement(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
