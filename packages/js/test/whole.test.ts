import {
  addDims,
  bindInputs,
  concat,
  float,
  labels,
  mask,
  multiplyDims,
  scan,
  stack,
  traceLoss,
  type InputDeclaration,
  type Tensor,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { createBackendSync, type JsEngineName } from "../src/index.js";
import { interpret, type Plain } from "./reference.js";
import { expectClose, expectDifferences, functionOf, numbers } from "./support.js";

// Ops that are computed of whole tensors, between what is computed in loops.

type Build = (x: Tensor, y: Tensor) => Tensor;
type Inputs = Readonly<Record<string, InputDeclaration>>;

const pair = { x: float(["N", "D"]), y: float(["N", "D"]) };
const size = (x: Tensor, axis: number): number | string => x.shape[axis] ?? 1;

/** Numbers in two decimal places, so that some are equal. */
function coarse(shape: readonly number[], seed: number): Plain {
  return { shape, data: numbers(shape, seed).data.map((x) => Math.fround(Math.round(x * 4) / 4)) };
}

const functions: Readonly<Record<string, Build>> = {
  "argmax and argmin": (x, y) => x.argmax(1, true).cast(x.dtype).mul(y).add(y.argmin(0, true).cast(x.dtype)),
  "argmax of what is computed": (x, y) => x.mul(y).exp().argmax(0).cast(x.dtype).mul(y),
  "the first of the largest": (x, y) => x.max(1, true).mul(y.min(0, true)),
  argsort: (x, y) =>
    x
      .argsort(1)
      .add(y.argsort(0, { descending: true }))
      .cast(x.dtype)
      .mul(x),
  sort: (x, y) =>
    x
      .mul(y)
      .sort(1)
      .mul(y.sort(0, { descending: true })),
  cumsum: (x, y) => x.exp().cumsum(1).mul(y).cumsum(0, { reverse: true }),
  "cumsum of what comes before": (x, y) =>
    x.cumsum(0, { exclusive: true }).mul(y.cumsum(1, { exclusive: true, reverse: true })),
  "gather outside the axis": (x, y) => x.gather(1, y.argsort(1).sub(1)).mul(y),
  "gather of one": (x, y) =>
    x
      .exp()
      .gather(1, y.argmax(1, true))
      .mul(x.gather(0, y.argmin(0, true))),
  "gather of one of what inputs and rows make": (x, y) =>
    x
      .logSoftmax(1)
      .gather(1, y.argmax(1, true))
      .mul(x.mul(y).sub(y.sum(0, true)).gather(0, y.argmin(0, true))),
  "gather of one in the middle": (x, y) =>
    stack([x, y], 2)
      .mul(2)
      .gather(1, stack([y, x], 2).argmax(1, true))
      .sum()
      .mul(x.unsqueeze(2).exp().gather(1, y.unsqueeze(2).argmin(1, true)).squeeze([1, 2]).sum()),
  "gather that broadcasts": (x, y) =>
    x.gather(1, y.sum(0, true).argsort(1)).mul(y.sum(1, true).gather(0, x.argsort(0))),
  "scatterAdd of several to one": (x, y) => x.scatterAdd(1, y.floor().cast("int32"), 2).square().sum(1, true).mul(y),
  "scatterAdd that broadcasts": (x, y) => x.sum(0, true).scatterAdd(0, y.argsort(0).sub(1), size(x, 0)).mul(y),
  "scatterAdd of one": (x, y) => x.sum(1, true).scatterAdd(1, y.argmax(1, true), size(x, 1)).mul(x),
  reshape: (x, y) => x.exp().transpose().flatten().mul(y.flatten()).reshape(y.shape).mul(x),
  "reshape of an input, read twice": (x, y) =>
    x.flatten().square().sum().add(x.flatten().mul(y.transpose().flatten())).reshape(x.shape),
  "reshape by axes of one": (x, y) =>
    x
      .mul(2)
      .reshape([...x.shape, 1])
      .sum(2)
      .mul(y.reshape([1, ...y.shape]).sum(0)),
  "a reshaped product": (x, y) => x.matmul(y.transpose()).flatten().softplus().sum().mul(x.flatten()).reshape(x.shape),
  concat: (x, y) =>
    concat([x, y.exp(), x.mul(y)], 0)
      .square()
      .slice(0, size(x, 0), size(x, 0))
      .mul(concat([y, x], 1).slice(1, 0, size(x, 1))),
  stack: (x, y) => stack([x, y, x], 1).logSumExp(1).mul(y),
  "slice with steps, backwards": (x, y) =>
    concat([x, y], 1)
      .slice(1, addDims(multiplyDims(2, size(x, 1)), -1), size(x, 1), -2)
      .mul(x.flip(0)),
  pad: (x, y) =>
    x
      .pad(1, 1, addDims(multiplyDims(2, size(x, 1)), 1), 2)
      .slice(1, 1, size(x, 1))
      .mul(y)
      .add(y.pad(0, addDims(size(y, 0), 1), addDims(size(y, 0), 2), -1).sum()),
  "products of many": (x, y) =>
    x
      .unsqueeze(1)
      .matmul(y.unsqueeze(2))
      .squeeze([2])
      .mul(y.unsqueeze(0).matmul(x.transpose().unsqueeze(0)).sum()),
  "products that broadcast": (x, y) =>
    stack([x, y, x], 0).matmul(y.transpose()).square().sum([0, 2]).unsqueeze(1).mul(x),
  "products of transposed": (x, y) =>
    stack([x, y], 1)
      .transpose([1, 2, 0])
      .matmul(stack([y, x], 0))
      .transpose([0, 2, 1])
      .sum([0, 1])
      .mul(x),
  "a recursion": (x, y) => {
    const { carry, collected } = scan({ init: { h: y.sum(0) }, sequences: { v: x } }, ({ h }, { v }) => {
      const next = h.mul(v).add(y.sum()).tanh();
      return { carry: { h: next }, collect: { square: next.square(), old: h } };
    });
    return collected.square.mul(collected.old).add(carry.h).mul(y);
  },
  "a recursion from the end, of two": (x, y) => {
    const { carry, collected } = scan(
      {
        init: { h: x.sum(1).square().add(1).log(), n: x.sum().mul(0) },
        sequences: { v: x.transpose(), w: y.transpose() },
        reverse: true,
      },
      ({ h, n }, { v, w }) => ({ carry: { h: v.mul(h).add(w).sigmoid(), n: n.add(1) }, collect: { h: h.mul(n) } }),
    );
    return collected.h.transpose().mul(x).add(carry.n).sub(carry.h.unsqueeze(1));
  },
  "a recursion with a sort in each step": (x, y) =>
    scan({ init: { h: x }, length: 3 }, ({ h }) => ({ carry: { h: h.sort(1).mul(y) } })).carry.h,
  "a recursion in a recursion": (x, y) => {
    const outer = scan({ init: { h: y.sum(0) }, sequences: { v: x } }, ({ h }, { v }) => {
      const inner = scan({ init: { p: h.sum() }, sequences: { w: v } }, ({ p }, { w }) => ({
        carry: { p: p.mul(w).add(y.sum()).atan() },
        collect: { p },
      }));
      return { carry: { h: inner.collected.p.add(h.tanh()) } };
    });
    return outer.carry.h.mul(x);
  },
  "truths and positions that are carried": (x, y) => {
    const { carry } = scan(
      { init: { seen: x.sum(0).less(x.sum(0)), at: x.sum(0).argsort(0) }, sequences: { v: x } },
      ({ seen, at }, { v }) => ({ carry: { seen: seen.or(v.greater(1)), at: at.add(seen.cast("int32")) } }),
    );
    return carry.seen.where(x, y).mul(carry.at.cast(x.dtype));
  },
  "sizes of around inside": (x, y) =>
    scan({ init: { h: y.square().add(0.1) }, length: 2 }, ({ h }) => ({
      carry: {
        h: h
          .mul(x.count(0))
          .add(x.iota(1).cast(x.dtype))
          .div(h.sum().expand(x.shape).add(x.iota(0).cast(x.dtype))),
      },
    })).carry.h,
};

const sizes: readonly (readonly [number, number])[] = [[3, 4], [1, 1], [2, 129], [0, 3], [3, 0], [129, 2], [1, 1025], [5, 5]]; // prettier-ignore

type Data = Readonly<Record<string, Plain>>;

/** What the interpreter says to the same graph. */
function meant(spec: ReturnType<typeof functionOf>, feeds: Data): readonly Plain[] {
  const types = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, { shape, dtype: "untyped" as const }])); // prettier-ignore
  const binding = bindInputs(spec.loss.definition, types, spec.options);
  const gradients = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  return interpret(traceLoss(spec, binding, { dtype: "float64", gradients }), feeds, binding.sizes);
}

const engines = [
  ["scalar", "float64", 1e-11],
  ["wasm", "float32", 2e-4],
] as const satisfies readonly (readonly [JsEngineName, string, number])[];

describe.each(engines)("the engine %s", (engine, dtype, tolerance) => {
  const backend = createBackendSync({ engine });
  const results = (loss: ReturnType<typeof backend.compileSync>, feeds: Data): readonly Plain[] => {
    const { value, grads } = loss.valueAndGradSync(feeds);
    const gradients = Object.keys(feeds).flatMap((name) => (grads[name] === undefined ? [] : [grads[name]]));
    return [value, ...gradients].map(({ shape, data }) => ({ shape, data: [...data] }));
  };
  const expectMeant = (got: readonly Plain[], want: readonly Plain[]): void => {
    expect(got).toHaveLength(want.length);
    got.forEach((tensor, i) => {
      const scale = (want[i]?.data ?? []).reduce(
        (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
        1,
      );
      expectClose(tensor, want[i] as Plain, tolerance * scale);
    });
  };
  const compiled = (
    inputs: Inputs,
    build: (t: Readonly<Record<string, Tensor>>) => Tensor,
  ): ((feeds: Data) => void) => {
    const spec = functionOf(inputs, build);
    const loss = backend.compileSync(spec, { dtype });
    return (feeds) => expectMeant(results(loss, feeds), meant(spec, feeds));
  };

  it.each(Object.entries(functions))("%s, for every size with one graph", (_, build) => {
    const hold = compiled(pair, ({ x, y }) => build(x as Tensor, y as Tensor));
    for (const shape of [...sizes, ...sizes.slice(0, 2)]) hold({ x: coarse(shape, 1), y: coarse(shape, 2) });
  });

  it("NaN, infinities and ties have their places", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const rows = [[1, nan, 3, 3], [3, 1, 3, 1], [-inf, inf, nan, inf], [-inf, -inf, -inf, -inf], [nan, nan, nan, nan], [0, -0, 0, -0]]; // prettier-ignore
    const x: Plain = { shape: [rows.length, 4], data: rows.flat() };
    const value = (build: (x: Tensor) => Tensor): readonly number[] =>
      [...backend.compileSync(functionOf({ x: float(["N", "D"]) }, (t) => build(t.x as Tensor)), { dtype }).valueSync({ x }).data]; // prettier-ignore
    const number = (of: (x: Tensor) => Tensor) => (t: Tensor) => of(t).cast(t.dtype);
    expect(value(number((t) => t.argmax(1)))).toEqual([4, 0, 4, 0, 4, 0]);
    expect(value(number((t) => t.argmin(1)))).toEqual([4, 1, 4, 0, 4, 0]);
    expect(value(number((t) => t.transpose().exp().argmax(0)))).toEqual([4, 0, 4, 0, 4, 0]);
    expect(value(number((t) => t.argsort(1)))).toEqual([0, 2, 3, 1, 1, 3, 0, 2, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]); // prettier-ignore
    expect(value(number((t) => t.argsort(1, { descending: true }))).slice(0, 12)).toEqual([1, 2, 3, 0, 0, 2, 1, 3, 1, 2, 3, 0]); // prettier-ignore
    expect(value((t) => t.cumsum(1)).slice(8, 12)).toEqual([-inf, nan, nan, nan]);
    // What is not chosen does not matter.
    expect(value((t) => t.abs().gather(1, t.argmin(1, true).mul(0)).squeeze(1))).toEqual([1, 3, inf, inf, nan, 0]);
  });

  it("labels that name no class pick 0, and have no gradient", () => {
    const inputs = { x: float(["N", "C"]), at: labels(["N", "K"]) };
    const at: Plain = { shape: [2, 3], data: [0, -1, 2, 3, 1, 1] };
    const x = coarse([2, 3], 1);
    for (const build of [
      (t: Tensor, index: Tensor) => t.gather(1, index),
      (t: Tensor, index: Tensor) => t.exp().gather(1, index.slice(1, 1, 1)),
      (t: Tensor, index: Tensor) => t.sub(t.sum(1, true)).gather(1, index.slice(1, 0, 1).mul(2).sub(1)),
      (t: Tensor, index: Tensor) => t.slice(1, 1, 1).scatterAdd(1, index, 3),
      (t: Tensor, index: Tensor) => t.slice(1, 0, 1).scatterAdd(1, index.slice(1, 1, 1), 2),
    ]) {
      compiled(inputs, (t) => build(t.x as Tensor, t.at as Tensor))({ x, at });
    }
  });

  it("truths come in, one byte each, and are chosen, sliced and put together", () => {
    const inputs = { x: float(["N", "D"]), m: mask(["N", "D"]) };
    const hold = compiled(inputs, ({ x, m }) => {
      const [data, truth] = [x as Tensor, m as Tensor];
      const both = concat([truth, truth.not()], 1).slice(1, 1, size(data, 1)).gather(1, data.argsort(1));
      return both.or(truth.reshape(data.shape)).where(data.exp(), data).mul(truth.cast(data.dtype));
    });
    hold({ x: coarse([2, 3], 1), m: { shape: [2, 3], data: [1, 0, 0, 1, 1, 0] } });
    hold({ x: coarse([1, 9], 1), m: { shape: [1, 9], data: [1, 0, 0, 1, 1, 0, 1, 1, 0] } });
  });

  it("a thousand steps", () => {
    const hold = compiled({ x: float(["T", "N"]) }, ({ x }) => {
      const { carry, collected } = scan(
        { init: { h: (x as Tensor).sum(0).mul(0) }, sequences: { x: x as Tensor } },
        (now, at) => {
          const h = now.h.mul(0.5).add(at.x);
          return { carry: { h }, collect: { h, square: h.square() } };
        },
      );
      return collected.h.sum().add(collected.square.sum()).add(carry.h.sum());
    });
    hold({ x: coarse([1000, 7], 3) });
  });

  it("no steps leave the carry as it was", () => {
    const hold = compiled({ x: float(["T", "N"]), y: float(["N"]) }, ({ x, y }) => {
      const { carry, collected } = scan({ init: { h: y as Tensor }, sequences: { x: x as Tensor } }, (now, at) => ({
        carry: { h: now.h.mul(at.x) },
        collect: { h: now.h },
      }));
      return carry.h.square().add(collected.h.sum(0));
    });
    for (const steps of [0, 1, 2]) hold({ x: coarse([steps, 3], 1), y: coarse([3], 2) });
  });
});

describe("derivatives that differences show", () => {
  const away: Readonly<Record<string, boolean>> = {
    "scatterAdd of several to one": true,
    "truths and positions that are carried": true,
  };

  it.each(Object.entries(functions).filter(([name]) => away[name] !== true))("%s", (_, build) => {
    const spec = functionOf(pair, ({ x, y }) => build(x as Tensor, y as Tensor));
    expectDifferences(spec, { x: numbers([2, 3], 1), y: numbers([2, 3], 2) }, 1e-5);
  });
});
