import { reducedShape } from "../tensor/dims.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { always, never, requireFloat, requireNumeric, whereOperandsAre } from "./rules.js";
import { eachLine, sizeOfShape } from "./strided.js";
import type { OpDefinition, OpTable, ReduceAttributes, ReduceOp, SignRule, Numbers, Vjp } from "./types.js";

interface ReductionRules {
  readonly fold: (elements: Float64Array) => number;
  readonly ulp: number;
  readonly sign: SignRule<ReduceOp>;
  readonly domain: (op: string, dtype: DType) => void;
  readonly vjp: Vjp<ReduceOp>;
}

function reduction(op: ReduceOp, { fold, ulp, sign, domain, vjp }: ReductionRules): OpDefinition<ReduceOp> {
  return {
    arity: 1,
    infer: ([{ shape, dtype }], { axes, keepdims }) => {
      domain(op, dtype);
      return { shape: reducedShape(shape, axes, keepdims), dtype };
    },
    vjp,
    ulp,
    isNonNegative: sign,
    evaluate: ({ inputs: [x], attrs: { axes }, shape }) => {
      const groups = groupsOf(x, axes, sizeOfShape(shape));
      return Float64Array.from(groups, (group) => fold(Float64Array.from(group)));
    },
  };
}

/** The elements that each element of a reduction is made of. */
function groupsOf({ shape, data }: Numbers, axes: readonly number[], count: number): readonly (readonly number[])[] {
  const groups: number[][] = Array.from({ length: count }, () => []);
  const kept = shape.map((dim, axis) => (axes.includes(axis) ? 0 : dim));
  const strides = kept.map((dim, axis) => (dim === 0 ? 0 : sizeOfShape(kept.slice(axis + 1).map((d) => d || 1))));
  const position = shape.map(() => 0);
  for (const x of data) {
    groups[position.reduce((index, at, axis) => index + at * (strides[axis] ?? 0), 0)]?.push(x);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      position[axis] = next < (shape[axis] ?? 1) ? next : 0;
      if (position[axis] !== 0) break;
    }
  }
  return groups;
}

/** Puts the reduced axes back as size 1, so that a result broadcasts against the operand. */
function restoreAxes(reduced: Tensor, { axes, keepdims }: ReduceAttributes): Tensor {
  return keepdims || axes.length === 0 ? reduced : reduced.unsqueeze(axes);
}

// Tied extremes share the gradient: d = g·[x = y] / #{x = y}
const extremeVjp: Vjp<ReduceOp> = ({ inputs: [x], output, gradient, attrs }) => {
  const hits = x.equal(restoreAxes(output, attrs));
  const count = hits.cast(x.dtype).sum(attrs.axes, true);
  return [hits.where(restoreAxes(gradient, attrs).div(count), 0)];
};

function total(elements: Float64Array): number {
  return elements.reduce((sum, x) => sum + x, 0);
}

function largest(elements: Float64Array): number {
  return elements.reduce((max, x) => Math.max(max, x), -Infinity);
}

function logSumExp(elements: Float64Array): number {
  const max = largest(elements);
  return Number.isFinite(max) ? max + Math.log(total(elements.map((x) => Math.exp(x - max)))) : max;
}

function normalizer(
  op: "softmax" | "logSoftmax",
  at: (x: number, logTotal: number) => number,
  sign: SignRule<"softmax" | "logSoftmax">,
  vjp: Vjp<"softmax" | "logSoftmax">,
): OpDefinition<"softmax" | "logSoftmax"> {
  return {
    arity: 1,
    infer: ([{ shape, dtype }]) => {
      requireFloat(op, dtype);
      return { shape, dtype };
    },
    vjp,
    ulp: 8,
    isNonNegative: sign,
    evaluate: ({ inputs: [x], attrs: { axis } }) => {
      const result = new Float64Array(x.data.length);
      eachLine(x.shape, axis, (start, step, length) => {
        const elements = Float64Array.from({ length }, (_, i) => x.data[start + i * step] ?? Number.NaN);
        const max = largest(elements);
        const shifted = elements.map((element) => element - max);
        const logTotal = Math.log(total(shifted.map(Math.exp)));
        shifted.forEach((element, i) => (result[start + i * step] = at(element, logTotal)));
      });
      return result;
    },
  };
}

/** Ops that fold axes, and those that normalise along one. */
export const reductionOps: Pick<OpTable, ReduceOp | "softmax" | "logSoftmax"> = {
  /** The sum over axes; 0 over no elements. Derivative g for each element. */
  reduceSum: reduction("reduceSum", {
    fold: total,
    ulp: 0.5,
    sign: whereOperandsAre,
    domain: requireNumeric,
    vjp: ({ inputs: [x], gradient, attrs }) => [restoreAxes(gradient, attrs).expand(x.shape)],
  }),
  /** The largest over axes; NaN wins; −∞ over no elements, of which integers have no largest. Ties share the gradient. */
  reduceMax: reduction("reduceMax", {
    fold: largest,
    ulp: 0,
    sign: whereOperandsAre,
    domain: requireNumeric,
    vjp: extremeVjp,
  }),
  /** The smallest over axes; NaN wins; +∞ over no elements, of which integers have no smallest. Ties share the gradient. */
  reduceMin: reduction("reduceMin", {
    fold: (elements) => -largest(elements.map((x) => -x)),
    ulp: 0,
    sign: whereOperandsAre,
    domain: requireNumeric,
    vjp: extremeVjp,
  }),
  /** log Σ eˣ over axes with the maximum subtracted first; −∞ where every x is −∞. Derivative g·softmax(x). */
  reduceLogSumExp: reduction("reduceLogSumExp", {
    fold: logSumExp,
    ulp: 8,
    sign: never,
    domain: requireFloat,
    vjp: ({ inputs: [x], output, gradient, attrs }) => [
      restoreAxes(gradient, attrs).mul(x.sub(restoreAxes(output, attrs)).exp()),
    ],
  }),
  /** eˣ / Σ eˣ along an axis, with the maximum subtracted first. Derivative y·(g − Σ g·y). */
  softmax: normalizer(
    "softmax",
    (x, logTotal) => Math.exp(x - logTotal),
    always,
    ({ output: y, gradient: g, attrs: { axis } }) => [y.mul(g.sub(g.mul(y).sum(axis, true)))],
  ),
  /** x − log Σ eˣ along an axis, with the maximum subtracted first. Derivative g − softmax(x)·Σ g. */
  logSoftmax: normalizer(
    "logSoftmax",
    (x, logTotal) => x - logTotal,
    never,
    ({ inputs: [x], gradient: g, attrs: { axis } }) => [g.sub(x.softmax(axis).mul(g.sum(axis, true)))],
  ),
};
