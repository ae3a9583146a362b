import { bindInputs, concat, float, scan, traceLoss, type LossSpec, type Tensor } from "@losses/core";
import fc from "fast-check";
import { describe, it } from "vitest";
import { assemble } from "../src/scalar/assemble.js";
import { lower } from "../src/scalar/lower.js";
import { optimize } from "../src/scalar/optimize.js";
import { runPlan } from "../src/scalar/run.js";
import {
  actual,
  expectAgreement,
  expectClose,
  expected,
  functionOf,
  numbers,
  wasmVariants,
  type Data,
} from "./support.js";
import type { Plain } from "./reference.js";

/** A step of a random function: how a new value is made from values made before. */
type Choice = readonly [op: number, first: number, second: number];

const inputs = { x: float(["N", "D"], "x"), y: float(["N", "D"], "y") };

const steps: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => x.add(y),
  (x, y) => x.sub(y),
  (x, y) => x.mul(y),
  (x, y) => x.maximum(y),
  (x, y) => x.minimum(y),
  (x, y) => x.less(y).where(x.mul(0.5), y),
  (x, y) => x.mul(y).sum(1, true).add(y),
  (x, y) => x.mul(y).sum(0).sub(x),
  (x, y) => x.sub(y.amax(1, true)),
  (x, y) => x.softmax(1).mul(y),
  (x, y) => x.softmax(0).add(y),
  (x, y) => x.logSumExp(1, true).sub(y).sum().mul(x),
  (x, y) => y.sub(x.amin(0)).sum(1).unsqueeze(1).mul(x),
  (x, y) => x.sigmoid().mul(y.softplus()),
  (x) => x.abs().add(1).log(),
  (x) => x.sub(x.mean(1, true)).square().add(0.1).sqrt(),
  (x, y) => x.mul(y).neg().add(x.add(x)),
  (x, y) => x.tanh().mul(y.erf()).sub(x.atan().expm1()),
  (x, y) => x.max(1, true).mul(y).sub(y.min(0, true)),
  (x, y) => x.gather(1, y.argsort(1)).add(y.square().cumsum(0).log1p()),
  (x, y) => y.scatterAdd(1, x.argsort(1, { descending: true }), x.shape[1] ?? 1).mul(x.cumsum(1, { exclusive: true })),
  (x, y) =>
    concat([x, y], 1)
      .slice(1, x.shape[1] ?? 1, x.shape[1] ?? 1, -1)
      .sub(x),
  (x, y) => x.exp().transpose().flatten().mul(0.5).reshape(y.shape).sub(y),
  (x, y) => x.unsqueeze(1).matmul(y.unsqueeze(2)).squeeze(2).sub(x),
  (x, y) => {
    const { carry, collected } = scan({ init: { h: y.sum(0) }, sequences: { x, y } }, ({ h }, at) => {
      const next = h.mul(at.x).sub(at.y).tanh();
      return { carry: { h: next }, collect: { h: next.mul(at.y) } };
    });
    return collected.h.add(carry.h).sub(x);
  },
];

const products: typeof steps = [
  (x, y) => x.matmul(y.transpose()).matmul(x).mul(0.1),
  (x, y) => x.transpose().matmul(y).sum(0).mul(x),
];

function build(choices: readonly Choice[], from: typeof steps): (tensors: Readonly<Record<string, Tensor>>) => Tensor {
  return ({ x, y }) => {
    const made = [x as Tensor, y as Tensor];
    for (const [op, first, second] of choices) {
      const step = from[op % from.length] as (typeof steps)[number];
      // Kept within [-4, 4], so that chains neither overflow nor lose all their digits.
      const next = step(made[first % made.length] as Tensor, made[second % made.length] as Tensor);
      made.push(next.mul(0.25).clampMin(-4).clampMax(4));
    }
    return made.reduce((sum, tensor) => sum.add(tensor));
  };
}

const choice = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000));
const functions = fc.array(choice, { minLength: 1, maxLength: 5 });

/** Numbers that float32 holds. */
function narrow(shape: readonly number[], seed: number): Plain {
  return { shape, data: numbers(shape, seed).data.map(Math.fround) };
}

function magnitudeOf({ data }: Plain): number {
  return data.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
}

/** A function with its gradients in the least memory. */
function savingRunner(spec: LossSpec, feeds: Data): () => readonly Plain[] {
  const types = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, { shape, dtype: "float64" } as const])); // prettier-ignore
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  const graph = traceLoss(spec, binding, { dtype: "float64", gradients: Object.keys(feeds) });
  const plan = assemble(optimize(lower(graph)), binding.sizes, { cheap: 1, slow: 1 });
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, Float64Array.from(data)]));
  return () => {
    const results = runPlan(plan, (name) => inputs[name] ?? new Float64Array(0));
    return results.map(({ shape, data }) => ({ shape, data: [...data] }));
  };
}

describe.each(wasmVariants)("random functions in WebAssembly with %s", (_, backend) => {
  const agree = (spec: LossSpec, shape: readonly number[], gradients: boolean): void => {
    const feeds: Data = { x: narrow(shape, 3), y: narrow(shape, 4) };
    const want = expected(spec, feeds, gradients);
    actual(spec, feeds, gradients, "float32", backend).forEach((tensor, i) => {
      const size = Math.max(1, ...(want[i]?.data.map(Math.abs) ?? []));
      expectClose(tensor, want[i] as Plain, 1e-4 * size);
    });
  };

  it("agree with the interpreter on value and gradients", () => {
    fc.assert(
      fc.property(functions, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }), (choices, n, d) => {
        agree(functionOf(inputs, build(choices, [...steps, ...products])), [n, d], true);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("agree for tensors of many vectors and a rest", () => {
    fc.assert(
      fc.property(functions, fc.constantFrom([2, 1501], [901, 3], [43, 50]), (choices, shape) => {
        agree(functionOf(inputs, build(choices, steps)), shape, false);
      }),
      { numRuns: 8, seed: 11 },
    );
  });
});

describe("random functions", () => {
  it("compiled and interpreted agree on value and gradients", () => {
    fc.assert(
      fc.property(functions, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 6 }), (choices, n, d) => {
        const spec = functionOf(inputs, build(choices, [...steps, ...products]));
        expectAgreement(spec, { x: numbers([n, d], 3), y: numbers([n, d], 4) }, { tolerance: 1e-9 });
      }),
      { numRuns: 80, seed: 7 },
    );
  });

  it("agree for tensors of many blocks and tiles", () => {
    fc.assert(
      fc.property(functions, fc.constantFrom([2, 1500], [900, 3], [40, 50]), (choices, shape) => {
        const spec = functionOf(inputs, build(choices, steps));
        const feeds = { x: numbers(shape, 3), y: numbers(shape, 4) };
        expectAgreement(spec, feeds, { gradients: false, tolerance: 1e-9 });
      }),
      { numRuns: 6, seed: 11 },
    );
  });

  it("agree where every value that can be is computed again instead of kept, and overwrites what is no longer read", () => {
    fc.assert(
      fc.property(functions, fc.constantFrom([2, 1500], [900, 3], [40, 50], [3, 4]), (choices, shape) => {
        const spec = functionOf(inputs, build(choices, [...steps, ...(shape[1] === 50 ? products : [])]));
        const feeds: Data = { x: numbers(shape, 3), y: numbers(shape, 4) };
        const want = expected(spec, feeds, true);
        const run = savingRunner(spec, feeds);
        // The second run meets what the first has left behind.
        for (const got of [run(), run()]) {
          got.forEach((tensor, i) => expectClose(tensor, want[i] as Plain, 1e-9 * magnitudeOf(want[i] as Plain)));
        }
      }),
      { numRuns: 20, seed: 3 },
    );
  });

  it("rows do not depend on how many there are", () => {
    const spec = functionOf(inputs, ({ x, y }) =>
      (x as Tensor)
        .logSoftmax(1)
        .mul(y as Tensor)
        .sum(1),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (n) => {
        const rows = (count: number, { data }: Plain): Plain => ({
          shape: [count, 300],
          data: data.slice(0, count * 300),
        });
        const [all, some] = [50, n].map(
          (count) =>
            actual(spec, { x: rows(count, numbers([50, 300], 1)), y: rows(count, numbers([50, 300], 2)) }, false)[0],
        );
        expectClose(some as Plain, { shape: [n], data: (all as Plain).data.slice(0, n) }, 0);
      }),
      { numRuns: 15, seed: 5 },
    );
  });
});
