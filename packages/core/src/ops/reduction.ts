import { reducedShape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { operand, requireFloat, requireNumeric } from "./rules.js";
import type { OpAttributes, OpDefinition, OpTable, ReduceAttributes, ReduceOp, Vjp } from "./types.js";

function reduction(
  op: ReduceOp,
  doc: string,
  ulp: number,
  domain: typeof requireFloat,
  vjp: Vjp<ReduceAttributes>,
): OpDefinition<ReduceAttributes> {
  return {
    arity: 1,
    doc,
    infer: (inputs, { axes, keepdims }) => {
      const { shape, dtype } = operand(inputs, 0);
      domain(op, dtype);
      return { shape: reducedShape(shape, axes, keepdims), dtype };
    },
    vjp,
    ulp,
  };
}

/** Puts the reduced axes back as size 1, so that a result broadcasts against the operand. */
function restoreAxes(reduced: Tensor, { axes, keepdims }: ReduceAttributes): Tensor {
  return keepdims || axes.length === 0 ? reduced : reduced.unsqueeze(axes);
}

// Tied extremes share the gradient: d = g·[x = y] / #{x = y}
const extremeVjp: Vjp<ReduceAttributes> = ({ inputs, output, gradient, attrs }) => {
  const x = operand(inputs, 0);
  const hits = x.equal(restoreAxes(output, attrs));
  const count = hits.cast(x.dtype).sum(attrs.axes, true);
  return [hits.where(restoreAxes(gradient, attrs).div(count), 0)];
};

function normalizer(
  op: "softmax" | "logSoftmax",
  doc: string,
  ulp: number,
  vjp: Vjp<OpAttributes["softmax"]>,
): OpDefinition<OpAttributes["softmax"]> {
  return {
    arity: 1,
    doc,
    infer: (inputs) => {
      const { shape, dtype } = operand(inputs, 0);
      requireFloat(op, dtype);
      return { shape, dtype };
    },
    vjp,
    ulp,
  };
}

/** Ops along axes. */
export const reductionOps: Pick<OpTable, ReduceOp | "softmax" | "logSoftmax"> = {
  reduceSum: reduction(
    "reduceSum",
    "The sum over axes; 0 over no elements.",
    0.5,
    requireNumeric,
    ({ inputs, gradient, attrs }) => [restoreAxes(gradient, attrs).expand(operand(inputs, 0).shape)],
  ),
  reduceMax: reduction(
    "reduceMax",
    "The largest over axes; -inf over no elements, of which integers have no largest; ties share the gradient.",
    0,
    requireNumeric,
    extremeVjp,
  ),
  reduceMin: reduction(
    "reduceMin",
    "The smallest over axes; +inf over no elements, of which integers have no smallest; ties share the gradient.",
    0,
    requireNumeric,
    extremeVjp,
  ),
  // d(log Σ eˣ) = g·softmax(x)
  reduceLogSumExp: reduction(
    "reduceLogSumExp",
    "log Σ eˣ over axes with the maximum subtracted first; -inf where every x is -inf.",
    8,
    requireFloat,
    ({ inputs, output, gradient, attrs }) => [
      restoreAxes(gradient, attrs).mul(operand(inputs, 0).sub(restoreAxes(output, attrs)).exp()),
    ],
  ),
  // d(softmax) = y·(g - Σ g·y)
  softmax: normalizer("softmax", "eˣ / Σ eˣ along an axis, with the maximum subtracted first.", 8, (c) => {
    const weighted = c.gradient.mul(c.output).sum(c.attrs.axis, true);
    return [c.output.mul(c.gradient.sub(weighted))];
  }),
  // d(log softmax) = g - softmax·Σ g
  logSoftmax: normalizer("logSoftmax", "x - log Σ eˣ along an axis, with the maximum subtracted first.", 8, (c) => {
    const total = c.gradient.sum(c.attrs.axis, true);
    return [c.gradient.sub(operand(c.inputs, 0).softmax(c.attrs.axis).mul(total))];
  }),
};
