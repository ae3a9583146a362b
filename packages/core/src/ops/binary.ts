import { DTypeError } from "../errors.js";
import { elementwise, operand, requireBool, requireFloat, requireNumeric, requireSameDType } from "./rules.js";
import type { DType } from "../tensor/dtype.js";
import type { BinaryOp, NoAttributes, OpDefinition, OpTable, Vjp } from "./types.js";

function binary(
  op: BinaryOp,
  doc: string,
  ulp: number,
  vjp: Vjp<NoAttributes> | "none",
  domain: (op: string, dtype: DType) => void,
  result: "operand" | "bool" = "operand",
): OpDefinition<NoAttributes> {
  return {
    arity: 2,
    doc,
    infer: (inputs) => {
      const a = operand(inputs, 0).dtype;
      requireSameDType(op, a, operand(inputs, 1).dtype);
      domain(op, a);
      return elementwise(op, inputs, result === "bool" ? "bool" : a);
    },
    vjp,
    ulp,
  };
}

const anyDType = (): void => undefined;

/** Element-wise ops of two and three operands. `g` is the gradient that arrives. */
export const binaryOps: Pick<OpTable, BinaryOp | "where"> = {
  add: binary("add", "x + y", 0.5, ({ gradient }) => [gradient, gradient], requireNumeric),
  sub: binary("sub", "x - y", 0.5, ({ gradient }) => [gradient, gradient.neg()], requireNumeric),
  // d(xy) = (g·y, g·x)
  mul: binary(
    "mul",
    "x · y",
    0.5,
    ({ inputs, gradient }) => [gradient.mul(operand(inputs, 1)), gradient.mul(operand(inputs, 0))],
    requireNumeric,
  ),
  // d(x/y) = (g/y, -g·(x/y)/y)
  div: binary(
    "div",
    "x / y by IEEE rules",
    2.5,
    ({ inputs, output, gradient }) => {
      const y = operand(inputs, 1);
      return [gradient.div(y), gradient.mul(output.div(y)).neg()];
    },
    requireFloat,
  ),
  // d(xʸ)/dx = g·y·xʸ⁻¹, 0 where y = 0; d(xʸ)/dy = g·xʸ·log x, 0 where x = 0 and y ≥ 0
  pow: binary(
    "pow",
    "x to the power y",
    16,
    ({ inputs, output, gradient }) => {
      const x = operand(inputs, 0);
      const y = operand(inputs, 1);
      const flat = x.equal(0).and(y.greaterOrEqual(0));
      return [
        y.equal(0).where(0, gradient.mul(y.mul(x.pow(y.sub(1))))),
        gradient.mul(flat.where(0, output.mul(x.log()))),
      ];
    },
    requireFloat,
  ),
  maximum: binary(
    "maximum",
    "The larger of x and y; NaN wins; a tie splits the gradient in half.",
    0,
    ({ inputs, gradient }) => splitAtTies(operand(inputs, 0), operand(inputs, 1), gradient, "greater"),
    requireNumeric,
  ),
  minimum: binary(
    "minimum",
    "The smaller of x and y; NaN wins; a tie splits the gradient in half.",
    0,
    ({ inputs, gradient }) => splitAtTies(operand(inputs, 0), operand(inputs, 1), gradient, "less"),
    requireNumeric,
  ),
  equal: binary("equal", "x = y; false where one is NaN.", 0, "none", anyDType, "bool"),
  less: binary("less", "x < y; false where one is NaN.", 0, "none", requireNumeric, "bool"),
  lessOrEqual: binary("lessOrEqual", "x ≤ y; false where one is NaN.", 0, "none", requireNumeric, "bool"),
  and: binary("and", "Both true.", 0, "none", requireBool, "bool"),
  or: binary("or", "At least one true.", 0, "none", requireBool, "bool"),
  where: {
    arity: 3,
    doc: "The second operand where the first is true, the third elsewhere; the side not taken gets gradient 0.",
    infer: (inputs) => {
      const [condition, a, b] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
      if (condition.dtype !== "bool") {
        throw new DTypeError(`where: the condition must be bool, got ${condition.dtype}. Compare first.`);
      }
      requireSameDType("where", a.dtype, b.dtype);
      return elementwise("where", inputs, a.dtype);
    },
    vjp: ({ inputs, gradient }) => {
      const condition = operand(inputs, 0);
      return [undefined, condition.where(gradient, 0), condition.where(0, gradient)];
    },
    ulp: 0,
  },
};

function splitAtTies(
  x: Parameters<Vjp<NoAttributes>>[0]["output"],
  y: typeof x,
  gradient: typeof x,
  wins: "greater" | "less",
): readonly (typeof x)[] {
  const tie = x.equal(y);
  const half = gradient.mul(0.5);
  const xWins = wins === "greater" ? x.greater(y) : x.less(y);
  const yWins = wins === "greater" ? x.less(y) : x.greater(y);
  return [tie.where(half, xWins.where(gradient, 0)), tie.where(half, yWins.where(gradient, 0))];
}
