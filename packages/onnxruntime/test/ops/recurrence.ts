import { concat, scan, stack, type Tensor } from "@losses/core";
import { describe, it } from "vitest";
import { check, type Dense } from "../check.js";
import { trace, type TestInput } from "../traced.js";

const rows = (...shape: readonly number[]): Dense => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(Math.sin(i * 12.9898) * 2)),
});

describe("cumsum", () => {
  const ways = [false, true].flatMap((exclusive) => [false, true].map((reverse) => ({ exclusive, reverse })));
  it.each(ways)("exclusive $exclusive, reverse $reverse: along each axis, with a gradient", async (how) => {
    for (const axis of [0, 1, 2]) {
      const graph = trace(
        { x: { shape: ["N", "M", 2] } },
        ({ x }) => {
          const sums = (x as Tensor).cumsum(axis, how);
          return sums.mul(sums.iota(axis).cast("float32").add(1));
        },
        ["x"],
      );
      for (const [n, m] of [
        [3, 4],
        [1, 1],
        [0, 4],
        [3, 0],
        [2, 300],
      ] as const) {
        await check(graph, { x: rows(n, m, 2) }, { N: n, M: m }, { slack: 1e-2 * (m / 300) ** 2 });
      }
    }
  });

  it("NaN and infinities count from where they are on", async () => {
    const graph = trace({ x: { shape: ["N"] } }, ({ x }) => (x as Tensor).cumsum(0));
    const data = Array.from({ length: 400 }, (_, i) => (i === 250 ? -Infinity : i === 100 ? Infinity : i % 5));
    await check(graph, { x: { shape: [400], data } }, { N: 400 });
    await check(graph, { x: { shape: [3], data: [1, Number.NaN, 2] } }, { N: 3 });
  });

  it("many like terms keep their digits", async () => {
    const graph = trace({ x: { shape: ["N"] } }, ({ x }) => (x as Tensor).cumsum(0));
    const N = 20_000;
    await check(graph, { x: { shape: [N], data: Array.from({ length: N }, () => Math.fround(0.1)) } }, { N });
  });
});

/** Far below every sum of logarithms, and a number still: its gradient is 0. */
const never = -1e30;

/** A row with its elements moved up by one place. */
function shifted(row: Tensor): Tensor {
  const first = row.slice(0, 0, 1).mul(0).add(never);
  return concat([first, row], 0).slice(0, 0, row.shape[0] ?? 1);
}

/** −log of the sum over all ways through a lattice that stay, step, or leap where they may: what CTC and its like are. */
function lattice(x: Tensor, leaps: Tensor, reverse: boolean): Tensor {
  const init = leaps.iota(0).equal(0).where(leaps.cast("float32").mul(0), never);
  const { carry, collected } = scan({ init: { alpha: init }, sequences: { x }, reverse }, ({ alpha }, { x: at }) => {
    const stepped = shifted(alpha);
    const ways = [alpha, stepped, leaps.greater(0).where(shifted(stepped), never)];
    const next = stack(ways, 0).logSumExp(0).add(at);
    return { carry: { alpha: next }, collect: { alpha: next } };
  });
  const end = carry.alpha.slice(0, 1, 2).logSumExp(0).neg();
  return end.add(collected.alpha.relu().sum().mul(0.01));
}

describe("scan", () => {
  const leaps: Dense = { shape: [4], data: [0, 0, 1, 0] };

  it.each([false, true])("a recursion in log space and its gradient, reverse %s", async (reverse) => {
    const inputs = (T: number | string) =>
      ({ x: { shape: [T, 4] }, leaps: { shape: [4], dtype: "int32" } }) as const satisfies Record<string, TestInput>;
    const build = ({ x, leaps: may }: Readonly<Record<string, Tensor>>): Tensor =>
      lattice(x as Tensor, may as Tensor, reverse);
    const open = trace(inputs("T"), build, ["x"]);
    for (const T of [1, 2, 7, 0]) await check(open, { x: rows(T, 4), leaps }, { T }, { relative: 4e-6, slack: 1e-6 });
    for (const T of [1, 6]) {
      const graph = trace(inputs(T), build, ["x"]);
      await check(graph, { x: rows(T, 4), leaps }, {}, { relative: 4e-6, slack: 1e-6 });
    }
  });

  it("several carries of each dtype, and what is the same in every step", async () => {
    const graph = trace(
      { x: { shape: ["T", "N"] }, w: { shape: ["N", "N"] }, b: { shape: [] } },
      ({ x, w, b }) => {
        const [steps, weights, bias] = [x as Tensor, w as Tensor, b as Tensor];
        const zero = weights.sum(1).mul(0);
        const { carry, collected } = scan(
          {
            init: { state: zero, count: zero.cast("int32"), seen: zero.greater(1) },
            sequences: { x: steps, sign: steps.greater(0) },
          },
          ({ state, count, seen }, { x: at, sign }) => {
            const next = weights.matmul(state.unsqueeze(1)).squeeze(1).add(at).add(bias).tanh();
            return {
              carry: {
                state: next,
                count: count.add(sign.cast("int32")),
                seen: seen.or(sign).and(next.less(0.9)),
              },
              collect: { state: next.mul(state), count, seen },
            };
          },
        );
        const kept = collected.state.add(collected.count.cast("float32")).add(collected.seen.cast("float32")).sum(0);
        return kept.add(carry.state).add(carry.count.cast("float32")).add(carry.seen.cast("float32"));
      },
      ["x", "w", "b"],
    );
    const literal = trace(
      { x: { shape: [3, "N"] }, w: { shape: ["N"] } },
      ({ x, w }) =>
        scan(
          { init: { s: (w as Tensor).greater(0) }, sequences: { x: (x as Tensor).less(1) } },
          ({ s }, { x: at }) => ({
            carry: { s: s.or(at).not() },
            collect: { s: s.and(at) },
          }),
        ).collected.s.cast("float32"),
      [],
    );
    for (const [T, N] of [
      [5, 3],
      [1, 1],
      [4, 0],
    ] as const) {
      const feeds = { x: rows(T, N), w: rows(N, N), b: { shape: [], data: [0.25] } };
      await check(graph, feeds, { T, N }, { relative: 4e-6, slack: 1e-5 });
      await check(literal, { x: rows(3, N), w: rows(N) }, { N });
    }
  });

  it("by a number of steps alone, and one inside another", async () => {
    const powers = (length: number | string) => (x: Tensor) =>
      scan({ init: { y: x }, length }, ({ y }) => ({ carry: { y: y.mul(x).add(1) }, collect: { y } })).collected.y;
    const counted = trace({ x: { shape: ["N"] } }, ({ x }) => powers(4)(x as Tensor), ["x"]);
    await check(counted, { x: rows(3) }, { N: 3 });
    await check(
      trace({ x: { shape: ["N"] } }, ({ x }) => powers("N")(x as Tensor), ["x"]),
      { x: rows(3) },
      { N: 3 },
    );
    const nested = trace(
      { x: { shape: ["T", "N"] }, w: { shape: ["N"] } },
      ({ x, w }) =>
        scan({ init: { total: (w as Tensor).mul(0) }, sequences: { x: x as Tensor } }, ({ total }, { x: at }) => {
          const inner = scan(
            { init: { sum: total.sum().mul(0) }, sequences: { at }, reverse: true },
            ({ sum }, own) => ({
              carry: { sum: sum.mul(0.5).add(own.at) },
              collect: { sum: sum.add((w as Tensor).sum()) },
            }),
          );
          return { carry: { total: total.mul(0.5).add(inner.collected.sum).add(inner.carry.sum) } };
        }).carry.total,
      ["x", "w"],
    );
    for (const [T, N] of [
      [3, 4],
      [1, 1],
    ] as const) {
      await check(nested, { x: rows(T, N), w: rows(N) }, { T, N }, { relative: 4e-6, slack: 1e-6 });
    }
  });

  it("sums inside of steps are taken in stages, too", async () => {
    const graph = trace(
      { x: { shape: ["T", "N"] } },
      ({ x }) =>
        scan(
          { init: { total: (x as Tensor).sum().mul(0) }, sequences: { x: x as Tensor } },
          ({ total }, { x: at }) => ({
            carry: { total: total.add(at.sum()) },
          }),
        ).carry.total,
      ["x"],
    );
    const N = 20_000;
    const x = { shape: [2, N], data: Array.from({ length: 2 * N }, () => Math.fround(0.1)) };
    await check(graph, { x }, { T: 2, N }, { relative: 1e-6 });
  });
});
