import {
  bindInputs,
  concat,
  defineLoss,
  float,
  interpret,
  labels,
  oneOf,
  reduction,
  scan,
  stack,
  traceLoss,
  type DimSizes,
  type Graph,
  type Tensor,
} from "@losses/core";
import { noise } from "./numbers.js";
import { plain, type Plain } from "./reference.js";

/** What is computed from `x` [N, D] and `index` [N], integers from -1 to D. */
type Program = (x: Tensor, index: Tensor) => Tensor;

const [rows, columns] = [0, 1] as const;

/** Σᵢ up to each row, times what an outer tensor says. */
function running(x: Tensor, reverse: boolean): Tensor {
  const scale = x.sum(columns, true).mul(0.1).sigmoid();
  const { carry, collected } = scan(
    { init: { total: x.slice(rows, 0, 1).squeeze(rows).mul(0) }, sequences: { x, scale }, reverse },
    (state, part) => {
      const total = state.total.mul(part.scale).add(part.x.tanh()).add(scale.sum().mul(0.01));
      return { carry: { total }, collect: { total, squares: total.mul(part.x) } };
    },
  );
  return collected.squares.add(carry.total).mul(collected.total);
}

/** For each row, a recursion along its columns. */
function nested(x: Tensor): Tensor {
  const { collected } = scan(
    { init: { mean: x.slice(rows, 0, 1).squeeze(rows).mean() }, sequences: { x } },
    (state, part) => {
      const inner = scan({ init: { level: state.mean }, sequences: { x: part.x } }, (own, at) => {
        const level = own.level.mul(0.5).add(at.x.mul(at.x));
        return { carry: { level }, collect: { level } };
      });
      const mean = inner.carry.level.mul(0.3);
      return { carry: { mean }, collect: { levels: inner.collected.level.mul(state.mean) } };
    },
  );
  return collected.levels;
}

/** Programs of every op that says or goes by where elements are, and of recursions. */
export const programs: Readonly<Record<string, Program>> = {
  "a recursion over rows": (x) => running(x, false),
  "a recursion over rows, from the end": (x) => running(x, true),
  "a recursion in a recursion": nested,
  "a recursion of which only the end counts": (x) => {
    const { carry } = scan({ init: { last: x.sum(rows).mul(0) }, sequences: { x } }, ({ last }, part) => ({
      carry: { last: stack([last, part.x], 0).logSumExp(0) },
    }));
    return carry.last;
  },
  "so many steps without sequences": (x) => {
    const { carry } = scan({ init: { root: x.abs().add(1) }, length: 6 }, ({ root }) => ({
      carry: { root: root.add(x.abs().add(1).div(root)).mul(0.5) },
    }));
    return carry.root;
  },
  "sorted columns": (x) => x.sort(rows).mul(x.iota(rows).cast("float32")),
  "sorted rows, from the largest": (x) => x.sort(columns, { descending: true }).cumsum(columns).abs(),
  "sums from the end": (x) => x.cumsum(rows, { exclusive: true, reverse: true }).mul(x),
  "an element of each row": (x, index) => x.gather(columns, index.unsqueeze(columns)).add(x),
  "whole rows": (x, index) => x.take(rows, index).mul(x),
  "rows that are added up": (x, index) => x.mul(x).scatterAdd(rows, index.unsqueeze(columns), x.shape[rows] ?? 1).mul(x),
  "the largest of each row": (x) => x.max(columns, true).mul(x).add(x.argmin(columns, true).cast("float32")),
  "functions": (x) => x.tanh().add(x.atan()).add(x.erf()).add(x.expm1()).add(x.mul(x).log1p()).add(x.floor()),
  "two halves of rows twice over": (x) => {
    const twice = concat([x, x.mul(2)], rows);
    const half = twice.slice(rows, 0, x.shape[rows] ?? 1, 2);
    return half.pad(rows, 1, twice.shape[rows] ?? 1, 2).mul(twice).slice(rows, x.shape[rows] ?? 1, x.shape[rows] ?? 1);
  },
  "a flip": (x) => x.flip(columns).mul(x).add(x.flip(rows)),
  "all in a line": (x) => x.flatten().cumsum(0).mul(x.flatten().flip(0)),
  "products of many matrices": (x) => {
    const many = x.unsqueeze(0).mul(x.unsqueeze(1));
    return many.matmul(x.transpose()).matmul(many.mul(0.1));
  },
}; // prettier-ignore

const program = defineLoss({
  name: "program",
  summary: "One of the programs.",
  formula: "as said",
  inputs: { x: float(["N", "D"], "Numbers."), index: labels(["N"], "Positions.") },
  options: {
    name: oneOf(Object.keys(programs), Object.keys(programs)[0] ?? "", "Which."),
    reduction: reduction("none"),
  },
  value: ({ x, index }, { name }) => (programs[name] ?? ((own: Tensor): Tensor => own))(x, index),
});

export const programSizes: readonly DimSizes[] = [
  { N: 1, D: 1 },
  { N: 3, D: 2 },
  { N: 2, D: 5 },
  { N: 6, D: 6 },
];

/** The graph of a program and its gradient, for every size. */
export function programGraph(name: string): Graph {
  const given = { x: { shape: [2, 3], dtype: "float32" }, index: { shape: [2], dtype: "int32" } } as const;
  const binding = bindInputs(program.definition, given);
  return traceLoss(program({ name, reduction: "none" }), binding, { dtype: "float32", gradients: ["x"] });
}

/** What a program is fed, and what it must give by core's interpreter. */
export function programRun(
  graph: Graph,
  sizes: DimSizes,
): { readonly feeds: Readonly<Record<string, Plain>>; readonly expected: readonly Plain[] } {
  const { N = 0, D = 0 } = sizes;
  const feeds = {
    x: plain([N, D], noise(N * D, 1.5, 3 * N + D)),
    index: plain(
      [N],
      Array.from({ length: N }, (_, i) => ((7 * i + 1) % (D + 2)) - 1),
      "int32",
    ),
  };
  const exact = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
  );
  const expected = interpret(graph, exact, sizes).map(({ shape, data }) => plain(shape, [...data]));
  return { feeds, expected };
}

/** Numbers that are farther from what is expected than the rounding of some ten operations. */
export function farOff(got: Plain, expected: Plain): readonly unknown[] {
  const size = Math.max(1, ...expected.data.filter(Number.isFinite).map(Math.abs));
  return expected.data.flatMap((want, at) => {
    const value = got.data[at] ?? Number.NaN;
    return Object.is(value, want) || Math.abs(value - want) <= 2e-6 * size ? [] : [{ at, value, want }];
  });
}
