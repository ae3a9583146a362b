import { expect, it } from "vitest";
import { fromHalfBits, halfBits } from "../src/index.js";

it.each([
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [-Infinity, 0xfc00],
  [Number.NaN, 0x7e00],
  [2 ** -24, 1],
  [2 ** -25, 0],
  [1.5 * 2 ** -24, 2],
  [2 ** -14, 0x0400],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000],
  [0.1, 0x2e66],
])("float16 of %d", (value, bits) => {
  expect(halfBits(value)).toBe(bits);
});

it("every float16 comes back from its bits", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromHalfBits(bits);
    if (Number.isNaN(value)) expect((bits & 0x7fff) > 0x7c00).toBe(true);
    else expect(halfBits(value)).toBe(bits);
  }
  expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00].map(fromHalfBits)).toEqual([1, -2, 2 ** -24, 65504, Infinity]);
});
