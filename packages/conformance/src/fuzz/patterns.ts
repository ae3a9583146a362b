import { customGradient, type Tensor } from "@losses/core";
import { drawAxis, numberOf, tensorOf } from "./opRules.js";
import type { Param } from "./program.js";
import type { Rule } from "./rules.js";

function single(apply: (x: Tensor) => Tensor, more: Partial<Rule> = {}): Rule {
  return { operands: ["float"], apply: (x) => apply(x), ...more };
}

function along(apply: (x: Tensor, axis: number, keepdims: boolean) => Tensor, more: Partial<Rule> = {}): Rule {
  return {
    operands: ["float"],
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.5)];
    },
    apply: (x, _, [axis, keepdims]) => apply(x, numberOf(axis), keepdims === true),
    ...more,
  };
}

/** Labels choose along an axis: a one-hot, and what is done with it. */
function byLabels(apply: (x: Tensor, hot: Tensor, axis: number) => Tensor): Rule {
  return {
    operands: ["float", "int32"],
    weight: 2,
    // The axes that labels have are those of x but one.
    draw: (random, { rank }) => (rank === 0 ? undefined : [random.below(rank)]),
    apply: (x, [labels], [axis]) => {
      const at = numberOf(axis);
      return apply(x, x.iota(at).equal(tensorOf(labels).unsqueeze(at)), at);
    },
  };
}

const rows = { operands: ["float", "float"] as const };

/** Compositions that losses are full of and that backends compile in ways of their own. */
export const patterns: { readonly [name: string]: Rule } = {
  square: single((x) => x.square()),
  logSigmoid: single((x) => x.logSigmoid()),
  truncate: single((x) => x.clampMin(-3).clampMax(3).cast("int32")),
  isNumber: single((x) => x.equal(x)),
  mean: {
    operands: ["float"],
    weight: 1.5,
    draw: (random, { rank }) => (random.chance(0.3) || rank === 0 ? ["all"] : drawAxis(random, rank)),
    apply: (x, _, [axis]) => x.mean(axis === "all" ? undefined : numberOf(axis)),
  },
  max: along((x, axis, keepdims) => x.max(axis, keepdims)),
  min: along((x, axis, keepdims) => x.min(axis, keepdims)),
  norm: along((x, axis, keepdims) => x.square().sum(axis, keepdims).sqrt()),
  pNorm: {
    operands: ["float"],
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.pick([0.5, 1.5, 3])];
    },
    apply: (x, _, [axis, p]) =>
      x
        .abs()
        .pow(numberOf(p))
        .sum(numberOf(axis), true)
        .pow(1 / numberOf(p)),
  },
  guardedNorm: along((x, axis) => x.div(x.square().sum(axis, true).sqrt().clampMin(1e-8))),
  logMeanExp: along((x, axis, keepdims) => x.logSumExp(axis, keepdims).sub(x.count(axis).log())),
  isLargest: along((x, axis) => x.equal(x.amax(axis, true))),
  pick: byLabels((x, hot, axis) => hot.where(x, 0).sum(axis)),
  pickLogShare: byLabels((x, hot, axis) => hot.where(x.logSoftmax(axis), 0).sum(axis).neg()),
  oneHot: byLabels((_, hot) => hot),
  replaceAtLabel: byLabels((x, hot) => hot.where(0, x)),
  diagonal: single((x) => x.iota(0).equal(x.iota(1)).where(x, 0).sum(1)),
  isDiagonal: single((x) => x.iota(0).equal(x.iota(1))),
  xlogy: { ...rows, apply: (x, [y]) => x.equal(0).where(0, x.mul(tensorOf(y).log())) },
  guardedQuotient: {
    ...rows,
    apply: (x, [y]) =>
      tensorOf(y)
        .equal(0)
        .where(0, x.div(tensorOf(y))),
  },
  cosine: {
    ...rows,
    apply: (x, [y]) => {
      const length = (z: Tensor): Tensor => z.square().sum(-1).sqrt();
      return x
        .mul(tensorOf(y))
        .sum(-1)
        .div(
          length(x)
            .mul(length(tensorOf(y)))
            .clampMin(1e-8),
        );
    },
  },
  pairwiseDistance: {
    ...rows,
    draw: (random) => [random.pick([1, 2])],
    apply: (x, [y], [p]) => {
      const apart = x.unsqueeze(-2).sub(tensorOf(y).unsqueeze(-3));
      return p === 1 ? apart.abs().sum(-1) : apart.square().sum(-1).sqrt();
    },
  },
  // As if rounding had slope 1.
  straightThrough: single((x) => customGradient(x.sign(), [x], (gradient) => [gradient]), { hasOtherGradient: true }),
  reversedGradient: {
    operands: ["float"],
    hasOtherGradient: true,
    draw: (random): readonly Param[] => [random.pick([1, 0.5, 2])],
    apply: (x, _, [factor]) => customGradient(x, [x], (gradient) => [gradient.mul(-numberOf(factor))]),
  },
};
