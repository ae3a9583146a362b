import { scan, stack, type Tensor } from "@losses/core";
import { tensorOf, textOf } from "./params.js";
import type { Rule } from "./rules.js";

/** What a step of a recursion sees: what it carries, its part of the sequence, and something from around, of one shape. */
interface Seen {
  readonly h: Tensor;
  readonly v: Tensor;
  readonly around: Tensor;
}

/** What becomes of the carry, whose shape stays. */
const steps: { readonly [name: string]: (seen: Seen) => Tensor } = {
  addPart: ({ h, v }) => h.add(v),
  mulPart: ({ h, v }) => h.mul(v),
  maxPart: ({ h, v }) => h.maximum(v),
  subPart: ({ h, v }) => v.sub(h),
  logAdd: ({ h, v }) => stack([h, v], 0).logSumExp(0),
  choose: ({ h, v }) => h.greater(v).where(h.mul(0.5), v),
  around: ({ h, around }) => h.mul(around),
  addAround: ({ h, around }) => h.add(around),
  halve: ({ h }) => h.mul(0.5),
  tanh: ({ h }) => h.tanh(),
  relu: ({ h }) => h.relu(),
  neg: ({ h }) => h.neg(),
  backwards: ({ h }) => (h.rank === 0 ? h : h.flip(0)),
  sorted: ({ h }) => (h.rank === 0 ? h : h.sort(-1)),
  share: ({ h }) => (h.rank === 0 ? h.sigmoid() : h.softmax(-1)),
  sums: ({ h, v }) =>
    h.rank === 0
      ? h
      : scan({ init: { s: h.sum(0) }, sequences: { x: v } }, ({ s }, { x }) => ({
          carry: { s: s.add(x) },
          collect: { s },
        })).collected.s,
};

const starts = ["sum", "zero", "other"] as const;
const results = ["carry", "collected", "all"] as const;

/** A recursion along the first axis, whose body is one to three steps in words. */
export const scanRule: Rule = {
  operands: ["float", "float"],
  weight: 4,
  draw: (random, { rank }) => {
    if (rank === 0) return undefined;
    const body = Array.from({ length: 1 + random.below(3) }, () => random.pick(Object.keys(steps)));
    return [body.join(" "), random.pick(starts), random.pick(results), random.chance(0.5)];
  },
  apply: (x, [other], [body, start, result, reverse]) => {
    const shape = x.shape.slice(1);
    const zero = x.count([]).mul(0).expand(shape);
    const y = tensorOf(other);
    const init = start === "sum" ? x.sum(0) : start === "other" && fits(y, shape) ? y.expand(shape) : zero;
    const around = fits(y, shape) ? y : y.sum();
    const words = textOf(body).split(" ");
    const { carry, collected } = scan(
      { init: { h: init, count: x.count([]) }, sequences: { v: x }, reverse: reverse === true },
      ({ h, count }, { v }) => {
        const next = words.reduce((now, word) => steps[word]?.({ h: now, v, around }) ?? now, h);
        return { carry: { h: next, count: count.add(1) }, collect: { before: h, doubled: next.add(next) } };
      },
    );
    if (result === "carry") return carry.h;
    const all = collected.before.add(collected.doubled);
    return result === "collected" ? all : all.sum(0).add(carry.h).div(carry.count);
  },
};

/** True if a tensor broadcasts to a shape without changing it. */
function fits(tensor: Tensor, shape: Tensor["shape"]): boolean {
  const lead = shape.length - tensor.rank;
  return lead >= 0 && tensor.shape.every((dim, i) => dim === 1 || dim === shape[i + lead]);
}
