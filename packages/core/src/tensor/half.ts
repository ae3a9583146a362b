import { printValue } from "../arguments.js";
import { DTypeError } from "../errors.js";

/** The bits of the float16 nearest to `value`, ties to even. */
export function halfBits(value: number): number {
  if (typeof value !== "number")
    throw new DTypeError(`halfBits: the value must be a number, got ${printValue(value)}.`);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // A mantissa that rounds up to 2048 carries into the exponent, which is what the encoding wants.
  return sign | (((exponent + 15) << 10) + roundToEven(size * 2 ** (10 - exponent)) - 1024);
}

/** The number that the bits of a float16 stand for. */
export function fromHalfBits(bits: number): number {
  if (typeof bits !== "number" || bits !== (bits & 0xffff)) {
    throw new DTypeError(`fromHalfBits: the bits must be an integer in [0, 65535], got ${printValue(bits)}.`);
  }
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
