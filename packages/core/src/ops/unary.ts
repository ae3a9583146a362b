import { isFloat, type DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { erf } from "./erf.js";
import { always, never, requireBool, requireFloat, requireNumeric, whereOperandsAre } from "./rules.js";
import type { OpDefinition, OpTable, SignRule, UnaryOp, Vjp } from "./types.js";

interface UnaryRules {
  readonly at: (x: number) => number;
  readonly ulp: number;
  /** The gradient that flows to `x`, where `g` arrives at `y`. */
  readonly vjp: ((g: Tensor, x: Tensor, y: Tensor) => Tensor) | "none";
  readonly sign: SignRule<UnaryOp>;
  readonly monotone?: "up" | "down";
  readonly isExpensive?: true;
  readonly domain?: (op: string, dtype: DType) => void;
}

function unary(op: UnaryOp, rules: UnaryRules): OpDefinition<UnaryOp> {
  const { at, ulp, vjp, sign, monotone, isExpensive, domain = requireFloat } = rules;
  return {
    arity: 1,
    infer: ([{ shape, dtype }]) => {
      domain(op, dtype);
      return { shape, dtype };
    },
    vjp: vjp === "none" ? "none" : ({ inputs: [x], output, gradient }) => [vjp(gradient, x, output)],
    ulp,
    isNonNegative: sign,
    at: ([x]) => at(x),
    ...(monotone === undefined ? {} : { monotone }),
    ...(isExpensive === undefined ? {} : { isExpensive }),
  };
}

/** A bound: d = g where x is inside or on it. */
function clamp<K extends "clampMin" | "clampMax">(
  op: K,
  at: (x: number, bound: number) => number,
  inside: (x: Tensor, bound: number) => Tensor,
  isNonNegative: SignRule<"clampMin" | "clampMax">,
): OpDefinition<"clampMin" | "clampMax"> {
  const vjp: Vjp<"clampMin" | "clampMax"> = ({ inputs: [x], gradient, attrs }) => [
    inside(x, attrs.bound).where(gradient, 0),
  ];
  return {
    arity: 1,
    infer: ([{ shape, dtype }]) => {
      requireFloat(op, dtype);
      return { shape, dtype };
    },
    vjp,
    ulp: 0,
    isNonNegative,
    at: ([x], { bound }) => at(x, bound),
    monotone: "up",
  };
}

function asInteger(x: number): number {
  return Math.min(Math.max(Math.trunc(x) || 0, -(2 ** 31)), 2 ** 31 - 1);
}

/** Element-wise ops of one operand. `x` is the operand, `y` the result, `g` the gradient that arrives. */
export const unaryOps: Pick<OpTable, UnaryOp | "clampMin" | "clampMax" | "cast" | "identity"> = {
  /** `-x`. Derivative −g. */
  neg: unary("neg", {
    at: (x) => -x,
    ulp: 0,
    vjp: (g) => g.neg(),
    sign: never,
    monotone: "down",
    domain: requireNumeric,
  }),
  /** `|x|`. Derivative g·sign(x), so 0 at 0. */
  abs: unary("abs", { at: Math.abs, ulp: 0, vjp: (g, x) => g.mul(x.sign()), sign: always, domain: requireNumeric }),
  /** −1, 0 or 1 by the sign of x; 0 for NaN, as PyTorch. No derivative. */
  sign: unary("sign", {
    at: (x) => Number(x > 0) - Number(x < 0),
    ulp: 0,
    vjp: "none",
    sign: whereOperandsAre,
    domain: requireNumeric,
  }),
  /** `⌊x⌋`, the largest integer that is not above x. Derivative 0. */
  floor: unary("floor", { at: Math.floor, ulp: 0, vjp: "none", sign: whereOperandsAre, monotone: "up" }),
  /** `eˣ`. Derivative g·eˣ. */
  exp: unary("exp", {
    at: Math.exp,
    ulp: 4,
    isExpensive: true,
    vjp: (g, _, y) => g.mul(y),
    sign: always,
    monotone: "up",
  }),
  /** `eˣ − 1` without cancellation near 0. Derivative g·eˣ. */
  expm1: unary("expm1", {
    at: Math.expm1,
    ulp: 4,
    isExpensive: true,
    vjp: (g, x) => g.mul(x.exp()),
    sign: whereOperandsAre,
    monotone: "up",
  }),
  /** The natural logarithm; −∞ at 0, NaN below. Derivative g/x. */
  log: unary("log", { at: Math.log, ulp: 4, isExpensive: true, vjp: (g, x) => g.div(x), sign: never, monotone: "up" }),
  /** `log(1 + x)` without cancellation near 0; −∞ at −1, NaN below. Derivative g/(1 + x). */
  log1p: unary("log1p", {
    at: Math.log1p,
    ulp: 4,
    isExpensive: true,
    vjp: (g, x) => g.div(x.add(1)),
    sign: whereOperandsAre,
    monotone: "up",
  }),
  /** The square root; NaN below 0. Derivative g/(2√x), infinite at 0. */
  sqrt: unary("sqrt", { at: Math.sqrt, ulp: 0.5, vjp: (g, _, y) => g.div(y.mul(2)), sign: always, monotone: "up" }),
  /** The hyperbolic tangent. Derivative g·(1 − y²). */
  tanh: unary("tanh", {
    at: Math.tanh,
    ulp: 4,
    isExpensive: true,
    vjp: (g, _, y) => g.mul(y.mul(y).neg().add(1)),
    sign: whereOperandsAre,
    monotone: "up",
  }),
  /** The angle in (−π/2, π/2) whose tangent is x. Derivative g/(1 + x²). */
  atan: unary("atan", {
    at: Math.atan,
    ulp: 4,
    isExpensive: true,
    vjp: (g, x) => g.div(x.mul(x).add(1)),
    sign: whereOperandsAre,
    monotone: "up",
  }),
  /** The error function `2/√π ∫₀ˣ e^(−t²) dt`. Derivative g·2/√π·e^(−x²). */
  erf: unary("erf", {
    at: erf,
    ulp: 4,
    isExpensive: true,
    vjp: (g, x) =>
      g.mul(
        x
          .mul(x)
          .neg()
          .exp()
          .mul(2 / Math.sqrt(Math.PI)),
      ),
    sign: whereOperandsAre,
    monotone: "up",
  }),
  /** `max(x, 0)`; NaN stays NaN. Derivative g where x > 0 (also at NaN, as PyTorch), 0 at 0 and below. */
  relu: unary("relu", {
    at: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
    ulp: 0,
    vjp: (g, x) => x.lessOrEqual(0).where(0, g),
    sign: always,
    monotone: "up",
  }),
  /** `1 / (1 + e⁻ˣ)`, without overflow. Derivative g·y(1 − y). */
  sigmoid: unary("sigmoid", {
    at: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    ulp: 8,
    isExpensive: true,
    vjp: (g, _, y) => g.mul(y.mul(y.neg().add(1))),
    sign: always,
    monotone: "up",
  }),
  /** `log(1 + eˣ)`, exact for every x. Derivative g·sigmoid(x). */
  softplus: unary("softplus", {
    at: (x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x))),
    ulp: 8,
    isExpensive: true,
    vjp: (g, x) => g.mul(x.sigmoid()),
    sign: always,
    monotone: "up",
  }),
  /** Logical negation. */
  not: unary("not", { at: (x) => (x === 0 ? 1 : 0), ulp: 0, vjp: "none", sign: always, domain: requireBool }),
  /** `max(x, bound)`; NaN stays NaN. Derivative g at the bound and above, 0 below, as PyTorch's `clamp_min`. */
  clampMin: clamp(
    "clampMin",
    Math.max,
    (x, bound) => x.greaterOrEqual(bound),
    ([x], { bound }) => x || bound >= 0,
  ),
  /** `min(x, bound)`; NaN stays NaN. Derivative g at the bound and below, 0 above, as PyTorch's `clamp_max`. */
  clampMax: clamp(
    "clampMax",
    Math.min,
    (x, bound) => x.lessOrEqual(bound),
    ([x], { bound }) => x && bound >= 0,
  ),
  /**
   * The same values in another dtype; bool becomes 0 and 1, a float is truncated towards zero. What int32 does not hold becomes the
   * integer that the machine makes of it: here the nearest one, and 0 for NaN. Derivative g between floats, else none.
   */
  cast: {
    arity: 1,
    infer: ([{ shape }], { to }) => ({ shape, dtype: to }),
    vjp: ({ inputs: [x], gradient, attrs }) => [
      isFloat(x.dtype) && isFloat(attrs.to) ? gradient.cast(x.dtype) : undefined,
    ],
    ulp: 0.5,
    isNonNegative: whereOperandsAre,
    at: ([x], { to }) => (to === "int32" ? asInteger(x) : to === "bool" ? Number(x !== 0) : x),
  },
  /** The operand itself. Derivative g. */
  identity: {
    arity: 1,
    infer: ([x]) => x,
    vjp: ({ gradient }) => [gradient],
    ulp: 0,
    isNonNegative: whereOperandsAre,
    at: ([x]) => x,
    monotone: "up",
  },
};
