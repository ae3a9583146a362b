import { concat, stack, type Shape, type Tensor } from "@losses/core";
import { describe, it } from "vitest";
import { check, type Dense } from "../check.js";
import { trace } from "../traced.js";

const rows = (...shape: readonly number[]): Dense => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i - 5),
});

type Build = (x: Tensor) => Tensor;

/** Of a tensor [N, M] with sizes that follow from those. */
const slices: Readonly<Record<string, Build>> = {
  "a part": (x) => x.slice(1, 1, 2),
  "every second": (x) => x.slice(0, 0, "floor((N+1)/2)", 2),
  "every third from the end": (x) => x.slice(1, "M-1", "floor((M+2)/3)", -3),
  "all but the last": (x) => x.slice(0, 0, "N-1"),
  "all but the first": (x) => x.slice(0, 1, "N-1"),
  reversed: (x) => x.flip(1),
  "reversed to the first": (x) => x.slice(0, 2, 3, -1),
  none: (x) => x.slice(1, 0, 0),
};

const pads: Readonly<Record<string, Build>> = {
  before: (x) => x.pad(1, 2, "M+2"),
  after: (x) => x.pad(0, 0, "N+M"),
  between: (x) => x.pad(1, 0, "2*M", 2),
  "between, with zeros around": (x) => x.pad(0, 1, "3*N+4", 3),
  "between, as few as can be": (x) => x.pad(1, 0, "3*M-2", 3),
  backwards: (x) => x.pad(1, "M-1", "M", -1),
  "backwards and between": (x) => x.pad(0, "2*N+1", "2*N+2", -2),
  "where nothing goes": (x) => x.pad(0, 0, "N"),
};

const sizes = [
  [3, 4],
  [4, 7],
  [5, 3],
] as const;

describe.each([...Object.entries(slices), ...Object.entries(pads)])("%s", (_, build) => {
  it("of floats with a gradient, of integers and bool", async () => {
    const weighted: Build = (x) => {
      const part = build(x);
      return part.mul(part.iota(0).cast("float32").add(part.iota(1).cast("float32")).add(1));
    };
    const graph = trace({ x: { shape: ["N", "M"] } }, ({ x }) => weighted(x as Tensor), ["x"]);
    const integers = trace({ x: { shape: ["N", "M"], dtype: "int32" } }, ({ x }) => build(x as Tensor));
    for (const [n, m] of sizes) {
      await check(graph, { x: rows(n, m) }, { N: n, M: m });
      await check(integers, { x: rows(n, m) }, { N: n, M: m });
    }
  });
});

it("slices of bool, and of nothing", async () => {
  const graph = trace({ x: { shape: ["N", "M"] } }, ({ x }) => (x as Tensor).less(3).flip(0).cast("float32"));
  await check(graph, { x: rows(3, 4) }, { N: 3, M: 4 });
  for (const build of [slices["reversed"], pads["between"], pads["backwards"], slices["every second"]]) {
    const empty = trace({ x: { shape: ["N", "M"] } }, ({ x }) => (build ?? ((y) => y))(x as Tensor), ["x"]);
    await check(empty, { x: rows(0, 4) }, { N: 0, M: 4 });
    await check(empty, { x: rows(4, 0) }, { N: 4, M: 0 });
  }
});

it("differences of neighbours, of which one row has none", async () => {
  const graph = trace(
    { x: { shape: ["N", "M"] } },
    ({ x }) => {
      const values = x as Tensor;
      return values
        .slice(0, 1, "N-1")
        .sub(values.slice(0, 0, "N-1"))
        .square()
        .sum(0);
    },
    ["x"],
  );
  for (const n of [1, 2, 5]) await check(graph, { x: rows(n, 3) }, { N: n, M: 3 });
});

it("concat along each axis, of one, of many, of bool, with and without elements", async () => {
  const graph = trace(
    { x: { shape: ["N", "M"] }, y: { shape: ["K", "M"] } },
    ({ x, y }) => {
      const [a, b] = [x as Tensor, y as Tensor];
      const all = concat([a, b, a.neg()], 0);
      const wide = concat([all, all.mul(2)], 1);
      const bool = concat([wide.less(0), wide.less(2)], 0).cast("float32");
      return concat([stack([wide, wide.square()], 1).sum(1), bool], 0);
    },
    ["x", "y"],
  );
  for (const [n, k, m] of [
    [2, 3, 4],
    [1, 1, 1],
    [0, 3, 4],
    [2, 0, 4],
    [2, 3, 0],
    [0, 0, 2],
  ] as const) {
    await check(graph, { x: rows(n, m), y: rows(k, m) }, { N: n, K: k, M: m });
  }
});

it("reshape to sizes that follow from others, with a gradient, of bool, of nothing", async () => {
  const build = ({ x }: Readonly<Record<string, Tensor>>): Tensor => {
    const values = x as Tensor;
    const flat = values.flatten();
    const blocks = flat.reshape(["N", 2, "M"]).sum(1);
    const bool = flat.less(3).reshape(["M", "2*N"]).transpose().cast("float32").sum(1);
    return blocks
      .sum(1)
      .add(flat.mul(flat).reshape(["N", "2*M"]).sum(1))
      .add(bool.reshape(["N", 2]).sum(1));
  };
  const graph = trace({ x: { shape: ["2*N", "M"] } }, build, ["x"]);
  for (const [n, m] of [
    [3, 4],
    [1, 1],
    [0, 4],
    [3, 0],
  ] as const) {
    await check(graph, { x: rows(2 * n, m) }, { N: n, M: m });
  }
});

describe("sizes that are computed", () => {
  const cases: Readonly<Record<string, { readonly shapes: Readonly<Record<string, Shape>>; readonly build: Build }>> = {
    "counts and lines of sums and shares": {
      shapes: { x: ["2*N+1", "M"] },
      build: (x) =>
        concat([x, x], 1)
          .mul(x.slice(0, 0, "N").count(0))
          .slice(0, 0, "floor((2*N+1)/3)")
          .add(x.slice(0, 0, "floor((2*N+1)/3)").iota(0).cast("float32"))
          .sum(1)
          .div(concat([x, x], 1).count()),
    },
    "a size less a few": {
      shapes: { x: ["N", "M+3"] },
      build: (x) =>
        x
          .slice(1, 3, "M")
          .mul(x.count(1))
          .add(x.slice(1, 0, "M").count()),
    },
  };
  it.each(Object.entries(cases))("%s", async (_, { shapes, build }) => {
    const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
    const graph = trace(inputs, ({ x }) => build(x as Tensor), ["x"]);
    for (const [n, m] of [
      [1, 1],
      [4, 2],
      [7, 5],
    ] as const) {
      const [first, second] = "x" in shapes && shapes["x"]?.[0] === "N" ? [n, m + 3] : [2 * n + 1, m];
      await check(graph, { x: rows(first, second) }, { N: n, M: m });
    }
  });
});

describe("batched products", () => {
  const cases: readonly (readonly [string, Shape, Shape])[] = [
    ["a batch by a batch", ["B", "N", "K"], ["B", "K", "M"]],
    ["a batch by a matrix", ["B", "N", "K"], ["K", "M"]],
    ["a matrix by a batch", ["N", "K"], ["B", "K", "M"]],
    ["two axes that broadcast", ["B", 1, "N", "K"], [2, "K", "M"]],
  ];
  it.each(cases)("%s, transposed, with gradients", async (_, a, b) => {
    const graph = trace(
      { a: { shape: a }, b: { shape: b } },
      ({ a: x, b: y }) => {
        const product = (x as Tensor).matmul(y as Tensor);
        const axes = Array.from({ length: product.rank }, (__, i) => i);
        const turned = product.transpose([...axes.slice(0, -2), product.rank - 1, product.rank - 2]);
        return turned.mul(turned.iota(-1).cast("float32").add(1));
      },
      ["a", "b"],
    );
    for (const [B, N, K, M] of [
      [3, 2, 4, 5],
      [1, 1, 1, 1],
      [0, 2, 3, 4],
      [2, 3, 0, 4],
      [2, 0, 3, 4],
    ] as const) {
      const of = (shape: Shape): number[] =>
        shape.map((dim) => (typeof dim === "number" ? dim : ({ B, N, K, M }[dim] ?? 0)));
      await check(graph, { a: rows(...of(a)), b: rows(...of(b)) }, { B, N, K, M });
    }
  });
});
