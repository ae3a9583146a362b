import type { Tensor } from "@losses/core";
import { describe, it } from "vitest";
import { check, type Dense } from "../check.js";
import { trace, type TestInput } from "../traced.js";

const [inf, nan] = [Infinity, Number.NaN];

/** Numbers with many ties, in each of which some are special. */
function tied(...shape: readonly number[]): Dense {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = [2, -1, 2, 0, -0, inf, 3, -inf, 3, 1, inf, -1];
  return { shape, data: Array.from({ length: size }, (_, i) => values[(i * 7 + (i >> 3)) % values.length] ?? 0) };
}

const rows = (...shape: readonly number[]): Dense => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(Math.sin(i * 12.9898) * 4)),
});

const places = (shape: readonly number[], below: number, from = 0): Dense => ({
  shape,
  data: Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => ((i * 5 + (i >> 2)) % Math.max(1, below - from)) + from,
  ),
});

const float = (...shape: readonly (string | number)[]): TestInput => ({ shape });
const index = (...shape: readonly (string | number)[]): TestInput => ({ shape, dtype: "int32" });

describe.each(["argmax", "argmin"] as const)("%s", (op) => {
  it.each([0, 1, 2])("along axis %i: the first of ties, the end where there is a NaN or nothing", async (axis) => {
    for (const kept of [false, true]) {
      const graph = trace({ x: float("N", "M", 3) }, ({ x }) => (x as Tensor)[op](axis, kept));
      await check(graph, { x: tied(4, 5, 3) }, { N: 4, M: 5 });
      const some = { ...tied(4, 5, 3), data: tied(4, 5, 3).data.map((value, i) => (i % 11 === 4 ? nan : value)) };
      await check(graph, { x: some }, { N: 4, M: 5 });
      await check(graph, { x: { shape: [1, 1, 3], data: [-inf, -inf, -inf] } }, { N: 1, M: 1 });
      await check(graph, { x: { shape: [1, 1, 3], data: [inf, inf, inf] } }, { N: 1, M: 1 });
      await check(graph, { x: { shape: [0, 2, 3], data: [] } }, { N: 0, M: 2 });
      await check(graph, { x: { shape: [2, 0, 3], data: [] } }, { N: 2, M: 0 });
    }
  });

  it("of integers", async () => {
    const graph = trace({ i: index("N", "M") }, ({ i }) => (i as Tensor)[op](1));
    await check(graph, { i: places([3, 7], 4, -2) }, { N: 3, M: 7 });
  });
});

describe("argsort", () => {
  it.each([false, true])("descending %s: stable, NaN as infinity", async (descending) => {
    for (const axis of [0, 1]) {
      const graph = trace({ x: float("N", "M") }, ({ x }) => (x as Tensor).argsort(axis, { descending }));
      for (const [n, m] of [
        [4, 9],
        [1, 40],
        [40, 1],
        [0, 3],
        [3, 0],
      ] as const) {
        const x = tied(n, m);
        await check(graph, { x: { ...x, data: x.data.map((v, i) => (i % 13 === 5 ? nan : v)) } }, { N: n, M: m });
      }
    }
  });

  it("sorted numbers and their gradient", async () => {
    const build = ({ x }: Readonly<Record<string, Tensor>>): Tensor => {
      const sorted = (x as Tensor).sort(1);
      return sorted.mul(sorted.iota(1).cast("float32").add(1));
    };
    const graph = trace({ x: float("N", "M") }, build, ["x"]);
    for (const m of [1, 6, 33]) await check(graph, { x: rows(2, m) }, { N: 2, M: m });
    await check(graph, { x: { shape: [2, 0], data: [] } }, { N: 2, M: 0 });
  });
});

/** Shapes of values and positions along an axis, whose others broadcast. */
const shapes: readonly (readonly [name: string, axis: number, x: TestInput["shape"], i: TestInput["shape"]])[] = [
  ["lines", 0, ["N"], ["K"]],
  ["the last axis", 1, ["B", "N"], ["B", "K"]],
  ["the first axis", 0, ["N", "B"], ["K", "B"]],
  ["one element a row", 1, ["B", "N"], ["B", 1]],
  ["one element a column", 0, ["N", "B"], [1, "B"]],
  ["whole rows", 0, ["N", "B"], ["K", 1]],
  ["whole columns", 1, ["B", "N"], [1, "K"]],
  ["whole rows of each matrix", 1, ["B", "N", 2], ["B", "K", 1]],
  ["the same rows of every matrix", 1, ["B", "N", 2], [1, "K", 1]],
  ["values that are stretched", 1, [1, "N"], ["B", "K"]],
  ["both stretched", 1, ["B", "N", 1], [1, "K", 2]],
];

const sizesOf = { N: 5, K: 4, B: 3 };
type Sizes = { readonly [K in keyof typeof sizesOf]: number };
const bound = (shape: TestInput["shape"], sizes: Sizes): number[] =>
  shape.map((dim) => (typeof dim === "number" ? dim : sizes[dim as keyof Sizes]));

const runs: readonly Sizes[] = [
  sizesOf,
  { N: 1, K: 1, B: 1 },
  { N: 3, K: 700, B: 2 },
  { N: 0, K: 4, B: 3 },
  { N: 5, K: 0, B: 3 },
  { N: 5, K: 4, B: 0 },
];

describe.each(shapes)("by position: %s", (_, axis, x, i) => {
  it("gather: 0 outside, and its gradient", async () => {
    const graph = trace(
      { x: { shape: x }, i: { shape: i, dtype: "int32" } },
      ({ x: values, i: at }) => (values as Tensor).gather(axis, at as Tensor).mul(2),
      ["x"],
    );
    for (const sizes of runs) {
      const feeds = { x: rows(...bound(x, sizes)), i: places(bound(i, sizes), sizes.N + 2, -2) };
      await check(graph, feeds, sizes, { slack: 1e-4 });
    }
  });

  it("gather: what is taken is as it is, NaN and infinities too, and nothing else is", async () => {
    const graph = trace({ x: { shape: x }, i: { shape: i, dtype: "int32" } }, ({ x: values, i: at }) =>
      (values as Tensor).gather(axis, at as Tensor),
    );
    const values = tied(...bound(x, sizesOf));
    const special = { ...values, data: values.data.map((value, at) => (at % 3 === 1 ? nan : value)) };
    await check(graph, { x: special, i: places(bound(i, sizesOf), 7, -1) }, sizesOf);
  });

  it("scatterAdd: what is outside is dropped, and its gradient", async () => {
    const from = x.map((dim) => (dim === "N" ? "K" : dim));
    const graph = trace(
      { x: { shape: from }, i: { shape: i, dtype: "int32" }, n: float("N") },
      ({ x: values, i: at, n }) => {
        const sums = (values as Tensor).scatterAdd(axis, at as Tensor, (n as Tensor).shape[0] ?? 1);
        return sums.mul(2);
      },
      ["x"],
    );
    for (const sizes of runs) {
      const feeds = {
        x: rows(...bound(from, sizes)),
        i: places(bound(i, sizes), sizes.N + 2, -2),
        n: rows(sizes.N),
      };
      await check(graph, feeds, sizes, { slack: 1e-4 });
    }
  });

  it("scatterAdd: NaN and infinities stay where they go", async () => {
    const from = x.map((dim) => (dim === "N" ? (i[axis] ?? 1) : dim));
    const graph = trace({ x: { shape: from }, i: { shape: i, dtype: "int32" } }, ({ x: values, i: at }) =>
      (values as Tensor).scatterAdd(axis, at as Tensor, 6),
    );
    const values = tied(...bound(from, sizesOf));
    const special = { ...values, data: values.data.map((value, at) => (at % 7 === 3 ? nan : value)) };
    await check(graph, { x: special, i: places(bound(i, sizesOf), 7, -1) }, sizesOf);
  });
});

it("gather and scatterAdd of integers and bool, of nothing, and by positions that are known", async () => {
  const integers = trace({ x: index("N", "M"), i: index("N", "K") }, ({ x, i }) =>
    (x as Tensor).gather(1, i as Tensor).scatterAdd(1, i as Tensor, 4),
  );
  await check(integers, { x: places([3, 4], 9, -3), i: places([3, 5], 6, -1) }, { N: 3, M: 4, K: 5 });
  const bool = trace({ x: float("N", "M"), i: index("N", "K") }, ({ x, i }) =>
    (x as Tensor)
      .less(1)
      .gather(1, i as Tensor)
      .cast("float32"),
  );
  await check(bool, { x: rows(3, 4), i: places([3, 5], 6, -1) }, { N: 3, M: 4, K: 5 });
  await check(bool, { x: rows(3, 0), i: places([3, 5], 6, -1) }, { N: 3, M: 0, K: 5 });
  const best = trace(
    { x: float("N", "M") },
    ({ x }) => {
      const values = x as Tensor;
      const taken = values.gather(1, values.argmax(1, true)).add(values.gather(1, values.argsort(1)).sum(1, true));
      return taken.add(values.take(0, values.iota(0).squeeze(1)).sum(1, true));
    },
    ["x"],
  );
  await check(best, { x: { shape: [2, 3], data: [1, 4, 4, nan, 2, 1] } }, { N: 2, M: 3 });
  await check(best, { x: rows(4, 6) }, { N: 4, M: 6 }, { slack: 1e-5 });
});

it("a log-softmax at one position a row, and its gradient, as losses write it", async () => {
  const graph = trace(
    { x: float("N", "C"), label: index("N") },
    ({ x, label }) =>
      (x as Tensor)
        .logSoftmax(1)
        .gather(1, (label as Tensor).unsqueeze(1))
        .squeeze(1)
        .neg(),
    ["x"],
  );
  for (const [n, c] of [
    [4, 5],
    [1, 1],
    [0, 5],
    [40, 1000],
  ] as const) {
    await check(graph, { x: rows(n, c), label: places([n], c + 1, -1) }, { N: n, C: c }, { slack: 1e-6 });
  }
});
