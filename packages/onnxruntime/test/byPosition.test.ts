import type { Tensor } from "@losses/core";
import { it } from "vitest";
import { check } from "./check.js";
import { trace } from "./traced.js";

type Expression = (inputs: Readonly<Record<"x" | "y" | "label", Tensor>>) => Tensor;

/** The mask that is true where a position along the one axis of `x` is the label. */
const hot = (x: Tensor, label: Tensor): Tensor => x.iota(0).equal(label.unsqueeze(0));

const stretched: Readonly<Record<string, Expression>> = {
  "is 0 where it is true": ({ x, y, label }) => hot(x, label).where(0, y),
  "keeps what it is true for": ({ x, y, label }) => hot(x, label).where(y, 0),
  "sums what it is true for": ({ x, y, label }) => hot(x, label).where(y, 0).sum(0),
  "chooses between two": ({ x, y, label }) => hot(x, label).where(x, y),
};

for (const [name, expression] of Object.entries(stretched)) {
  it(`a one-hot over an axis of size 1 that is stretched ${name}: all elements or none`, async () => {
    const graph = trace(
      { x: { shape: [1] }, y: { shape: ["N"] }, label: { shape: [], dtype: "int32" } },
      (inputs) => expression(inputs as Parameters<Expression>[0]),
      ["x", "y"],
    );
    for (const label of [0, 1]) {
      const feeds = { x: { shape: [1], data: [5] }, label: { shape: [], data: [label] } };
      await check(graph, { ...feeds, y: { shape: [3], data: [1, 2, 3] } }, { N: 3 });
      await check(graph, { ...feeds, y: { shape: [1], data: [7] } }, { N: 1 });
      await check(graph, { ...feeds, y: { shape: [0], data: [] } }, { N: 0 });
    }
  });
}

/** The element of each row that a label says, or that is on the diagonal. */
const picks: Readonly<Record<string, (x: Tensor, label: Tensor) => Tensor>> = {
  label: (x, label) => x.iota(1).equal(label.unsqueeze(1)).where(x, 0).sum(1),
  "label, of a logarithm of shares": (x, label) => x.iota(1).equal(label.unsqueeze(1)).where(x.logSoftmax(1), 0).sum(1),
  "label, of one line": (x, label) => x.iota(1).equal(label.unsqueeze(1)).where(x.sum(0), 0).sum(1),
  "label, of a comparison": (x, label) =>
    x.iota(1).equal(label.unsqueeze(1)).where(x.less(0).cast("float32"), 0).sum(1),
  diagonal: (x) => x.iota(0).equal(x.iota(1)).where(x, 0).sum(1),
  "diagonal, of a column": (x) => x.iota(0).equal(x.iota(1)).where(x, 0).sum(0),
  "a gather by label": (x, label) => x.gather(1, label.unsqueeze(1)).squeeze(1),
  "a gather by label, of a logarithm of shares": (x, label) => x.logSoftmax(1).gather(1, label.unsqueeze(1)).squeeze(1),
  "a gather by place, which one side has": (x) => x.gather(1, x.iota(0)).squeeze(1).mul(2),
  "shares less what has one in each row": (x, label) => {
    const v = x.sum(1, true);
    return x
      .softmax(1)
      .mul(v)
      .sub(v.scatterAdd(1, label.unsqueeze(1), "C"));
  },
  replaced: (x, label) => x.iota(1).equal(label.unsqueeze(1)).where(7, x),
};

for (const [name, expression] of Object.entries(picks)) {
  it(`by ${name}: from no rows, from no columns, and beside the others nothing`, async () => {
    const graph = trace(
      { x: { shape: ["N", "C"] }, label: { shape: ["N"], dtype: "int32" } },
      ({ x, label }) => expression(x as Tensor, label as Tensor),
      ["x"],
    );
    for (const [N, C] of [
      [3, 0],
      [0, 4],
      [0, 0],
      [3, 4],
      [4, 3],
    ] as const) {
      const x = { shape: [N, C], data: Array.from({ length: N * C }, (_, i) => Math.fround(Math.sin(i))) };
      await check(graph, { x, label: { shape: [N], data: [2, 0, 1, 2].slice(0, N) } }, { N, C }, { slack: 1e-6 });
    }
  });
}

it("the first extreme of an axis of size 1 that is stretched is every element", async () => {
  const graph = trace({ x: { shape: ["M", 1] }, y: { shape: ["M", "N"] } }, ({ x, y }) => {
    const value = x as Tensor;
    const hits = value.equal(value.amax(1, true));
    const first = hits.where(value.iota(1), 2 ** 31 - 1).amin(1, true);
    return value
      .iota(1)
      .equal(first)
      .where(y as Tensor, 0)
      .sum(1);
  });
  const feeds = { x: { shape: [2, 1], data: [1, 2] }, y: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } };
  await check(graph, feeds, { M: 2, N: 3 });
});
