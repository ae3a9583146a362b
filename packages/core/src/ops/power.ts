import { printValue } from "../arguments.js";
import { InputError } from "../errors.js";

/** x to the power y as IEEE 754 has it: 1 to any power is 1, and so is (-1) to ±∞; JavaScript says NaN to both. */
export function power(x: number, y: number): number {
  if (typeof x !== "number" || typeof y !== "number") {
    throw new InputError(`power: both must be numbers, got ${printValue(x)} and ${printValue(y)}.`, "INVALID_INPUT");
  }
  if (x === 1 || (x === -1 && (y === Infinity || y === -Infinity))) return 1;
  return x ** y;
}
