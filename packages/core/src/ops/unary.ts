import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { operand, requireBool, requireFloat, requireNumeric } from "./rules.js";
import type { OpDefinition, OpTable, NoAttributes, Vjp } from "./types.js";

type UnaryVjp = Vjp<NoAttributes>;

function unary(
  op: string,
  doc: string,
  ulp: number,
  vjp: UnaryVjp | "none",
  domain: typeof requireFloat = requireFloat,
): OpDefinition<NoAttributes> {
  return {
    arity: 1,
    doc,
    infer: (inputs) => {
      const { shape, dtype } = operand(inputs, 0);
      domain(op, dtype);
      return { shape, dtype };
    },
    vjp,
    ulp,
  };
}

/** A bound: d = g where x is inside or on it. */
function clamp(
  op: "clampMin" | "clampMax",
  doc: string,
  inside: (x: Tensor, bound: number) => Tensor,
): OpDefinition<{ readonly bound: number }> {
  const { infer } = unary(op, doc, 0, "none");
  return {
    arity: 1,
    doc,
    infer: (inputs) => infer(inputs, {}),
    vjp: ({ inputs, gradient, attrs }) => [inside(operand(inputs, 0), attrs.bound).where(gradient, 0)],
    ulp: 0,
  };
}

/** Element-wise ops of one operand. `x` is the operand, `y` the result, `g` the gradient that arrives. */
export const unaryOps: Pick<
  OpTable,
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "log"
  | "sqrt"
  | "relu"
  | "sigmoid"
  | "softplus"
  | "not"
  | "clampMin"
  | "clampMax"
  | "cast"
  | "identity"
> = {
  // d(-x) = -g
  neg: unary("neg", "-x", 0, ({ gradient }) => [gradient.neg()], requireNumeric),
  // d|x| = g·sign(x), so 0 at 0
  abs: unary(
    "abs",
    "|x|; derivative 0 at 0.",
    0,
    ({ inputs, gradient }) => [gradient.mul(operand(inputs, 0).sign())],
    requireNumeric,
  ),
  sign: unary("sign", "-1, 0 or 1 by the sign of x; 0 for NaN, as PyTorch.", 0, "none", requireNumeric),
  // d(eˣ) = g·eˣ
  exp: unary("exp", "eˣ", 4, ({ output, gradient }) => [gradient.mul(output)]),
  // d(log x) = g/x
  log: unary("log", "The natural logarithm; -inf at 0, NaN below.", 4, ({ inputs, gradient }) => [
    gradient.div(operand(inputs, 0)),
  ]),
  // d(√x) = g/(2√x), infinite at 0
  sqrt: unary("sqrt", "The square root; NaN below 0.", 0.5, ({ output, gradient }) => [gradient.div(output.mul(2))]),
  // d(max(x,0)) = 0 where x ≤ 0, g elsewhere (also at NaN, as PyTorch)
  relu: unary("relu", "max(x, 0); derivative 0 at 0; NaN stays NaN.", 0, ({ inputs, gradient }) => [
    operand(inputs, 0).lessOrEqual(0).where(0, gradient),
  ]),
  // d(σ) = g·σ(1-σ)
  sigmoid: unary("sigmoid", "1 / (1 + e⁻ˣ), without overflow.", 8, ({ output, gradient }) => [
    gradient.mul(output.mul(output.neg().add(1))),
  ]),
  // d(log(1+eˣ)) = g·σ(x)
  softplus: unary("softplus", "log(1 + eˣ), exact for every x.", 8, ({ inputs, gradient }) => [
    gradient.mul(operand(inputs, 0).sigmoid()),
  ]),
  not: unary("not", "Logical negation.", 0, "none", requireBool),
  clampMin: clamp("clampMin", "max(x, bound); derivative 1 at the bound; NaN stays NaN.", (x, bound) =>
    x.greaterOrEqual(bound),
  ),
  clampMax: clamp("clampMax", "min(x, bound); derivative 1 at the bound; NaN stays NaN.", (x, bound) =>
    x.lessOrEqual(bound),
  ),
  cast: {
    arity: 1,
    doc: "The same values in another dtype; bool becomes 0 and 1, a float is truncated towards zero.",
    infer: (inputs, { to }) => ({ shape: operand(inputs, 0).shape, dtype: to }),
    // d = g, but none through integers and bools
    vjp: ({ inputs, gradient, attrs }) => {
      const { dtype } = operand(inputs, 0);
      return [isFloat(dtype) && isFloat(attrs.to) ? gradient.cast(dtype) : undefined];
    },
    ulp: 0.5,
  },
  identity: {
    arity: 1,
    doc: "The operand itself.",
    infer: (inputs) => operand(inputs, 0),
    vjp: ({ gradient }) => [gradient],
    ulp: 0,
  },
};
