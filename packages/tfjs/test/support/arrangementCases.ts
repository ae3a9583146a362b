import type { OpAttributes, Positions } from "@losses/core";
import type { Case } from "./cases.js";
import { meaning } from "./meaning.js";
import { noise } from "./numbers.js";
import { plain, type Plain } from "./reference.js";

const { NaN: nan } = Number;
const box = plain([2, 3, 4], [...noise(23, 4, 9), nan]);
const line = plain([7], [1, nan, 3, -Infinity, 5, 6, 7]);
const ints = plain([2, 3], [1, 16777217, 3, -4, 5, 2147483647], "int32");
const bools = plain([2, 2], [0, 1, 1, 1], "bool");

type Arrangement = "reshape" | "concat" | "slice" | "pad";

function arranged<K extends Arrangement>(
  op: K,
  list: readonly (readonly [readonly Plain[], OpAttributes[K], Case["sizes"]?])[],
): Case<K>[] {
  return list.map(([operands, attrs, sizes = {}]) => ({
    name: `${JSON.stringify(attrs)} of ${operands.map((x) => `${x.dtype}[${x.shape.join()}]`).join()}`,
    attrs,
    operands,
    sizes,
    expected: meaning(op, attrs, operands, sizes),
  }));
}

const at = (axis: number, start: Positions["start"], step: number, size: Positions["size"]): Positions => ({
  axis,
  start,
  step,
  size,
});

/** Cases of ops that put elements elsewhere. */
export const arrangements: { readonly [K in Arrangement]: readonly Case<K>[] } = {
  reshape: arranged("reshape", [
    [[box], { shape: [4, 6] }],
    [[box], { shape: [24] }],
    [[ints], { shape: [3, 1, 2] }],
    [[bools], { shape: [4] }],
    [[plain([], [2])], { shape: [1, 1] }],
    [[plain([0, 3], [])], { shape: [3, 0, 2] }],
  ]),
  concat: arranged("concat", [
    [[box, plain([2, 3, 1], noise(6))], { axis: 2 }],
    [[box, plain([2, 1, 4], noise(8)), box], { axis: 1 }],
    [[plain([0, 3], []), plain([2, 3], noise(6)), plain([0, 3], [])], { axis: 0 }],
    [[plain([2, 0], []), plain([2, 3], noise(6)), plain([2, 1], [7, 8])], { axis: 1 }],
    [[plain([0, 2], []), plain([0, 3], [])], { axis: 1 }],
    [[plain([2, 0], []), plain([2, 0], [])], { axis: 1 }],
    [[line], { axis: 0 }],
    [[ints, ints], { axis: 1 }],
    [[bools, plain([1, 2], [0, 0], "bool")], { axis: 0 }],
    [Array.from({ length: 40 }, (_, i) => plain([2, 1], [i, -i])), { axis: 1 }],
  ]),
  slice: arranged("slice", [
    [[line], at(0, 2, 1, 4)],
    [[line], at(0, 0, 1, 7)],
    [[line], at(0, 6, -1, 7)],
    [[line], at(0, 1, 2, 3)],
    [[line], at(0, 5, -3, 2)],
    [[line], at(0, 3, 1, 0)],
    [[line], at(0, "N-1", -2, "N-3"), { N: 7 }],
    [[box], at(0, 1, 1, 1)],
    [[box], at(1, 1, 1, 2)],
    [[box], at(1, 2, -2, 2)],
    [[box], at(2, 3, -1, 4)],
    [[box], at(2, 0, 3, 2)],
    [[ints], at(1, 2, -1, 3)],
    [[ints], at(1, 1, 1, 2)],
    [[bools], at(1, 1, -1, 2)],
    [[bools], at(0, 1, 1, 1)],
    [[plain([0, 3], [])], at(0, 0, 1, 0)],
  ]),
  pad: arranged("pad", [
    [[line], at(0, 2, 1, 9)],
    [[line], at(0, 0, 1, 7)],
    [[line], at(0, 6, -1, 7)],
    [[line], at(0, 1, 2, 15)],
    [[line], at(0, 19, -3, 20)],
    [[line], at(0, "N", 1, "2*N+1"), { N: 7 }],
    [[box], at(0, 1, 1, 3)],
    [[box], at(1, 1, 2, 6)],
    [[box], at(2, 5, -1, 6)],
    [[ints], at(1, 5, -2, 6)],
    [[ints], at(0, 1, 1, 3)],
    [[plain([0, 3], [])], at(0, 0, 1, 2)],
    [[plain([0, 3], [])], at(1, 0, 2, 5)],
  ]),
}; // prettier-ignore
