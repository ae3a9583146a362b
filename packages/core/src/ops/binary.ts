import { DTypeError } from "../errors.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { power } from "./power.js";
import {
  always,
  elementwise,
  never,
  requireBool,
  requireFloat,
  requireNumeric,
  requireSameDType,
  whereFirstIs,
  whereOperandsAre,
} from "./rules.js";
import type { BinaryOp, OpDefinition, OpTable, SignRule, VjpContext } from "./types.js";

interface BinaryRules {
  readonly at: (x: number, y: number) => number;
  readonly ulp: number;
  readonly vjp: ((context: VjpContext<BinaryOp>) => readonly [Tensor, Tensor]) | "none";
  readonly sign: SignRule<BinaryOp>;
  readonly domain: (op: string, dtype: DType) => void;
  readonly isExpensive?: true;
  /** What the result is, where it is not of the operands' dtype. */
  readonly result?: "bool";
}

function binary(op: BinaryOp, rules: BinaryRules): OpDefinition<BinaryOp> {
  const { at, ulp, vjp, sign, isExpensive, domain, result } = rules;
  return {
    arity: 2,
    infer: (inputs) => {
      const [{ dtype }, y] = inputs;
      requireSameDType(op, dtype, y.dtype);
      domain(op, dtype);
      return elementwise(op, inputs, result ?? dtype);
    },
    vjp,
    ulp,
    isNonNegative: sign,
    at: ([x, y]) => at(x, y),
    ...(isExpensive === undefined ? {} : { isExpensive }),
  };
}

/** A comparison or a logical op: exact, without derivative. */
function truth(
  op: BinaryOp,
  at: (x: number, y: number) => boolean,
  domain: (op: string, dtype: DType) => void,
): OpDefinition<BinaryOp> {
  return binary(op, { at: (x, y) => Number(at(x, y)), ulp: 0, vjp: "none", sign: always, domain, result: "bool" });
}

const anyDType = (): void => undefined;

/** Element-wise ops of two and three operands. `g` is the gradient that arrives. */
export const binaryOps: Pick<OpTable, BinaryOp | "where"> = {
  /** `x + y`. Derivatives g, g. */
  add: binary("add", {
    at: (x, y) => x + y,
    ulp: 0.5,
    vjp: ({ gradient: g }) => [g, g],
    sign: whereOperandsAre,
    domain: requireNumeric,
  }),
  /** `x − y`. Derivatives g, −g. */
  sub: binary("sub", {
    at: (x, y) => x - y,
    ulp: 0.5,
    vjp: ({ gradient: g }) => [g, g.neg()],
    sign: never,
    domain: requireNumeric,
  }),
  /** `x · y`. Derivatives g·y, g·x. */
  mul: binary("mul", {
    at: (x, y) => x * y,
    ulp: 0.5,
    vjp: ({ inputs: [x, y], gradient: g }) => [g.mul(y), g.mul(x)],
    sign: ([x, y], _, [a, b]) => a === b || (x && y),
    domain: requireNumeric,
  }),
  /** `x / y` by IEEE rules. Derivatives g/y, −g·(x/y)/y. */
  div: binary("div", {
    at: (x, y) => x / y,
    ulp: 2.5,
    vjp: ({ inputs: [, y], output, gradient: g }) => [g.div(y), g.mul(output.div(y)).neg()],
    sign: whereOperandsAre,
    domain: requireFloat,
  }),
  /**
   * x to the power y; 1 to any power and anything to the power 0 is 1. Derivatives g·y·xʸ⁻¹, 0 where y = 0; and g·xʸ·log x,
   * 0 where x = 0 and y ≥ 0.
   */
  pow: binary("pow", {
    at: power,
    ulp: 16,
    isExpensive: true,
    vjp: ({ inputs: [x, y], output, gradient: g }) => {
      const flat = x.equal(0).and(y.greaterOrEqual(0));
      return [y.equal(0).where(0, g.mul(y.mul(x.pow(y.sub(1))))), g.mul(flat.where(0, output.mul(x.log())))];
    },
    sign: whereFirstIs,
    domain: requireFloat,
  }),
  /** The larger of x and y; NaN wins. A tie splits g in half. */
  maximum: binary("maximum", {
    at: Math.max,
    ulp: 0,
    vjp: ({ inputs: [x, y], gradient }) => splitAtTies(x, y, gradient, x.less(y), x.greater(y)),
    sign: (operands) => operands.some(Boolean),
    domain: requireNumeric,
  }),
  /** The smaller of x and y; NaN wins. A tie splits g in half. */
  minimum: binary("minimum", {
    at: Math.min,
    ulp: 0,
    vjp: ({ inputs: [x, y], gradient }) => splitAtTies(x, y, gradient, x.greater(y), x.less(y)),
    sign: whereOperandsAre,
    domain: requireNumeric,
  }),
  /** `x = y`; false where one is NaN. */
  equal: truth("equal", (x, y) => x === y, anyDType),
  /** `x < y`; false where one is NaN. */
  less: truth("less", (x, y) => x < y, requireNumeric),
  /** `x ≤ y`; false where one is NaN. */
  lessOrEqual: truth("lessOrEqual", (x, y) => x <= y, requireNumeric),
  /** Both true. */
  and: truth("and", (x, y) => x !== 0 && y !== 0, requireBool),
  /** At least one true. */
  or: truth("or", (x, y) => x !== 0 || y !== 0, requireBool),
  /** The second operand where the first is true, the third elsewhere. The side not taken gets derivative 0, never NaN. */
  where: {
    arity: 3,
    infer: (inputs) => {
      const [condition, a, b] = inputs;
      if (condition.dtype !== "bool") {
        throw new DTypeError(`where: the condition must be bool, got ${condition.dtype}. Compare first.`);
      }
      requireSameDType("where", a.dtype, b.dtype);
      return elementwise("where", inputs, a.dtype);
    },
    vjp: ({ inputs: [condition], gradient }) => [undefined, condition.where(gradient, 0), condition.where(0, gradient)],
    ulp: 0,
    isNonNegative: ([, a, b]) => a && b,
    at: ([condition, a, b]) => (condition !== 0 ? a : b),
  },
};

/** Where one of them is NaN neither loses, and both get g, as in PyTorch. */
function splitAtTies(x: Tensor, y: Tensor, g: Tensor, xLoses: Tensor, yLoses: Tensor): readonly [Tensor, Tensor] {
  const tie = x.equal(y);
  const half = g.mul(0.5);
  return [tie.where(half, xLoses.where(0, g)), tie.where(half, yLoses.where(0, g))];
}
