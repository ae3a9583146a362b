import type { OpAttributes, OpName } from "@losses/core";
import type { Case } from "./cases.js";
import { meaning } from "./meaning.js";
import { kinks, noise, subnormals } from "./numbers.js";
import { magnitude, plain, type Plain } from "./reference.js";

const { NaN: nan } = Number;
const inf = Infinity;

const ties = plain([2, 4], [3, 3, 1, 3, -inf, -inf, -inf, -inf]);
const signedZeros = plain([6], [0, -0, 1, -0, 0, -1]);
const special = plain([4, 3], [1, nan, 3, -inf, -inf, -inf, inf, inf, 2, nan, -inf, inf]);
const box = plain([2, 3, 4], noise(24, 4, 9));
const vector = plain([kinks.length], kinks);
const tiny = plain([subnormals.length], subnormals);
/** Many equal ones among few numbers. */
const steps = plain([300], noise(300, 5, 21).map(Math.round)); // prettier-ignore
const lines = plain([33, 70], noise(2310, 3, 22).map((x) => Math.round(4 * x) / 4)); // prettier-ignore
const ints = plain([2, 3], [1, 16777217, 16777216, -4, -2147483648, 2147483647], "int32");
const single = plain([1, 1], [5]);

/** The budget of sums over x. */
function sumBudget(x: Plain): { readonly ulp: number; readonly scale: number } {
  return x.dtype === "float32" ? { ulp: 4, scale: magnitude(x) } : { ulp: 0, scale: 0 };
}

function along<K extends OpName>(
  op: K,
  list: readonly (readonly [Plain, number])[],
  attrs: readonly Partial<OpAttributes[K]>[],
  extra: (x: Plain) => Partial<Case<K>> = () => ({}),
): Case<K>[] {
  return list.flatMap(([x, axis]) =>
    attrs.map((own) => {
      const all = { axis, ...own } as unknown as OpAttributes[K];
      return {
        name: `of ${x.dtype}[${x.shape.join()}] ${JSON.stringify(all)}`,
        attrs: all,
        operands: [x],
        expected: meaning(op, all, [x]),
        ...extra(x),
      };
    }),
  );
}

const sorted: readonly (readonly [Plain, number])[] = [
  [vector, 0], [tiny, 0], [ties, 1], [ties, 0], [signedZeros, 0], [special, 0], [special, 1],
  [box, 0], [box, 1], [box, 2], [steps, 0], [lines, 0], [lines, 1],
  [single, 1], [plain([0, 3], []), 0], [plain([0, 3], []), 1], [plain([3, 0], []), 1],
]; // prettier-ignore

const reduced: readonly (readonly [Plain, number])[] = [...sorted, [ints, 0], [ints, 1]];

const summed: readonly (readonly [Plain, number])[] = [
  [box, 0], [box, 1], [box, 2], [plain([1021], noise(1021, 1, 6)), 0], [plain([5], [1, inf, 2, nan, 3]), 0],
  [plain([4], [1, -inf, 2, 3]), 0], [plain([3, 70, 2], noise(420, 1, 23)), 1],
  [single, 0], [plain([0, 3], []), 0], [plain([3, 0], []), 1],
]; // prettier-ignore

/** Positions inside, on both ends, and outside. */
const picks: readonly (readonly [Plain, number, Plain])[] = [
  [plain([5], [1, nan, inf, -inf, 5]), 0, plain([9], [4, 0, -1, 5, 3, 1, 2, 2147483647, -2147483648], "int32")],
  [plain([3, 4], noise(12)), 1, plain([3, 1], [3, -100, 0], "int32")],
  [plain([3, 4], noise(12)), 0, plain([1, 4], [2, 0, 3, 1], "int32")],
  [plain([3, 4], noise(12)), 0, plain([6, 1], [2, 0, 0, -1, 1, 7], "int32")],
  [plain([3, 4], [...noise(11), nan]), 1, plain([3, 6], [0, 1, 2, 3, 4, -1, 3, 2, 1, 0, 0, 0, 3, 3, 3, 3, 3, 3], "int32")],
  [plain([1, 4], noise(4)), 1, plain([3, 2], [0, 1, 2, 3, 4, 0], "int32")],
  [plain([1, 4], noise(4)), 1, plain([1, 5], [3, 3, -1, 0, 2], "int32")],
  [box, 1, plain([2, 2, 4], [0, 1, 2, 3, 2, 1, 0, -1, 2, 2, 2, 2, 0, 0, 0, 0], "int32")],
  [box, 1, plain([1, 2, 4], [0, 1, 2, 3, 2, 1, 0, -1], "int32")],
  [box, 1, plain([2, 5, 1], [0, 1, 2, 3, -1, 2, 2, 1, 0, 0], "int32")],
  [box, 0, plain([4, 3, 1], [0, 1, 1, 0, 0, 1, 2, 0, 1, 1, 1, 0], "int32")],
  [plain([2, 1, 4], noise(8)), 2, plain([2, 3, 2], [0, 1, 2, 3, 4, 0, 1, 1, 1, 3, 3, -1], "int32")],
  [plain([3, 1], noise(3)), 1, plain([3, 2], [0, 1, -1, 0, 0, 0], "int32")],
  [plain([2, 3], [1, 16777217, 3, -4, 5, 6], "int32"), 1, plain([2, 2], [1, 0, 7, 2], "int32")],
  [plain([0, 3], []), 0, plain([2, 3], [0, 0, 0, 1, -1, 0], "int32")],
  [plain([2, 3], noise(6)), 1, plain([2, 0], [], "int32")],
  [plain([0, 3], []), 1, plain([0, 1], [], "int32")],
  [plain([40, 30], noise(1200, 1, 31)), 0, plain([70, 1], noise(70, 45, 32).map(Math.round), "int32")],
  [plain([40, 30], noise(1200, 1, 33)), 1, plain([40, 50], noise(2000, 32, 34).map(Math.round), "int32")],
]; // prettier-ignore

const added: readonly (readonly [Plain, number, Plain, number])[] = [
  [plain([6], [1, 2, nan, 4, 5, inf]), 0, plain([6], [0, 3, -1, 0, 4, 2], "int32"), 4],
  [plain([6], [1, 2, nan, 4, -inf, inf]), 0, plain([6], [0, 3, 1, 0, 2, 2], "int32"), 4],
  [plain([3, 1], [1, 2, 3]), 1, plain([3, 1], [3, -100, 0], "int32"), 4],
  [plain([3, 1], [nan, inf, 3]), 1, plain([3, 1], [3, -100, 0], "int32"), 4],
  [plain([5, 4], noise(20)), 0, plain([5, 1], [1, 1, 0, 3, 1], "int32"), 3],
  [plain([5, 4], noise(20)), 0, plain([5, 4], noise(20, 3, 2).map(Math.round), "int32"), 3],
  [plain([1, 4], noise(4)), 1, plain([3, 4], [0, 0, 1, 2, 3, 2, 1, 0, 1, 1, 1, 1], "int32"), 3],
  [plain([2, 4], noise(8)), 1, plain([2, 1], [1, 2], "int32"), 3],
  [plain([2, 1], noise(2)), 1, plain([2, 3], [1, 2, 1, 0, 5, 0], "int32"), 3],
  [box, 1, plain([2, 3, 1], [0, 1, 0, 1, 1, 4], "int32"), 2],
  [box, 2, plain([1, 3, 4], [0, 1, 0, 1, 1, 4, 2, 2, 0, 0, 0, 0], "int32"), 5],
  [plain([1, 3, 4], noise(12)), 2, plain([2, 1, 4], [0, 1, 0, 1, 1, 4, 2, 2], "int32"), 3],
  [plain([4], [1, 16777217, 3, -4], "int32"), 0, plain([4], [1, 1, 0, 2], "int32"), 3],
  [plain([0, 3], []), 0, plain([0, 3], [], "int32"), 2],
  [plain([2, 3], noise(6)), 0, plain([2, 3], [0, 0, 0, 0, 0, 0], "int32"), 0],
  [plain([200, 3], noise(600, 1, 41)), 0, plain([200, 1], noise(200, 12, 42).map(Math.round), "int32"), 10],
  [plain([30, 50], noise(1500, 1, 43)), 1, plain([30, 50], noise(1500, 12, 44).map(Math.round), "int32"), 10],
]; // prettier-ignore

/** Written down rather than computed. */
const byHand: { readonly [K in "argMax" | "argsort" | "gather"]: Case<K> } = {
  argMax: {
    name: "by hand",
    attrs: { axis: 1, keepdims: false },
    operands: [plain([4, 3], [1, 3, 3, -inf, -inf, -inf, 2, nan, 5, 0, -0, -1])],
    expected: plain([4], [1, 0, 3, 0], "int32"),
  },
  argsort: {
    name: "by hand",
    attrs: { axis: 0, descending: true },
    operands: [plain([7], [2, nan, 3, -inf, 2, inf, 3])],
    expected: plain([7], [1, 5, 2, 6, 0, 4, 3], "int32"),
  },
  gather: {
    name: "by hand",
    attrs: { axis: 1 },
    operands: [plain([2, 3], [1, 2, 3, 4, 5, 6]), plain([2, 2], [2, 3, -1, 0], "int32")],
    expected: plain([2, 2], [3, 0, 0, 4]),
  },
};

/** Cases of ops that say, or go by, where elements are, and of those that follow an order. */
export const orders: { readonly [K in "argMax" | "argMin" | "argsort" | "cumsum" | "gather" | "scatterAdd"]: readonly Case<K>[] } = {
  argMax: [byHand.argMax, ...along("argMax", reduced, [{ keepdims: false }, { keepdims: true }])],
  argMin: along("argMin", reduced, [{ keepdims: false }, { keepdims: true }]),
  argsort: [byHand.argsort, ...along("argsort", sorted, [{ descending: false }, { descending: true }])],
  cumsum: along(
    "cumsum",
    summed,
    [false, true].flatMap((exclusive) => [false, true].map((reverse) => ({ exclusive, reverse }))),
    sumBudget,
  ),
  gather: [byHand.gather, ...picks.map(([x, axis, index]) => ({
    name: `of ${x.dtype}[${x.shape.join()}] at [${index.shape.join()}] along ${axis}`,
    attrs: { axis },
    operands: [x, index],
    expected: meaning("gather", { axis }, [x, index]),
  }))],
  scatterAdd: [
    ...added.map(([x, axis, index, size]) => ({
      name: `of ${x.dtype}[${x.shape.join()}] at [${index.shape.join()}] along ${axis} of ${size}`,
      attrs: { axis, size },
      operands: [x, index],
      expected: meaning("scatterAdd", { axis, size }, [x, index]),
      ...sumBudget(x),
    })),
    {
      name: "along a symbol",
      attrs: { axis: 0, size: "N+2" },
      operands: [plain([2], [1, 2]), plain([2], [4, 0], "int32")],
      sizes: { N: 3 },
      expected: plain([5], [2, 0, 0, 0, 1]),
    },
  ],
}; // prettier-ignore
