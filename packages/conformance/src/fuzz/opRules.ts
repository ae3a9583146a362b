import type { UnaryOp } from "@losses/core";
import { indexingRules } from "./indexingRules.js";
import { movementRules } from "./movementRules.js";
import { drawAxes, drawAxis, numberOf, numbersOf, tensorOf } from "./params.js";
import type { OpRules, Rule } from "./rules.js";
import { scanRule } from "./scanRule.js";

type UnaryMethod = UnaryOp | "detach";
type BinaryMethod = "add" | "sub" | "mul" | "div" | "maximum" | "minimum";
type Comparison = "equal" | "less" | "lessOrEqual" | "greater" | "greaterOrEqual";

const numbers: readonly number[] = [0, 1, -1, 2, 0.5, 3, -2, 1e-3, 10, 0.1];

function unary(method: UnaryMethod, kind: "float" | "number" | "bool" = "float", more: Partial<Rule> = {}): Rule {
  return { operands: [kind], apply: (x) => x[method](), weight: 1.5, ...more };
}

function binary(method: BinaryMethod, kind: "float" | "number" = "number"): Rule {
  return {
    operands: [kind, "same"],
    numbers,
    weight: 2,
    apply: (x, [y = 0]) => x[method](y),
  };
}

function comparison(methods: readonly Comparison[]): Rule {
  return {
    operands: ["number", "same"],
    numbers,
    weight: 1.5,
    draw: (random) => [random.pick(methods)],
    apply: (x, [y = 0], [method]) => x[methods.find((one) => one === method) ?? "equal"](y),
  };
}

function logic(method: "and" | "or"): Rule {
  return { operands: ["bool", "bool"], weight: 4, apply: (x, [y]) => x[method](tensorOf(y)) };
}

function clamp(method: "clampMin" | "clampMax"): Rule {
  return {
    operands: ["float"],
    draw: (random) => [random.pick([0, 1, -1, 0.25, 1e-12, -3, 100])],
    apply: (x, _, [bound]) => x[method](numberOf(bound)),
  };
}

function reduction(method: "sum" | "amax" | "amin", weight: number): Rule {
  return {
    operands: ["number"],
    weight,
    draw: (random, { rank }) => [drawAxes(random, rank), random.chance(0.5)],
    apply: (x, _, [axes, keepdims]) => x[method](numbersOf(axes), keepdims === true),
  };
}

function position(method: "argmax" | "argmin"): Rule {
  return {
    operands: ["number"],
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.6)];
    },
    apply: (x, _, [axis, keepdims]) => x[method](numberOf(axis), keepdims === true),
  };
}

function alongAxis(method: "softmax" | "logSoftmax"): Rule {
  return {
    operands: ["float"],
    weight: 1.5,
    draw: (random, { rank }) => drawAxis(random, rank),
    apply: (x, _, [axis]) => x[method](numberOf(axis)),
  };
}

/** A rule for each op of the op table. */
export const opRules: OpRules = {
  input: "everywhere",
  constant: "everywhere",
  iota: {
    operands: ["any"],
    draw: (random, { rank }) => drawAxis(random, rank),
    apply: (x, _, [axis]) => x.iota(numberOf(axis)),
  },
  dimSize: {
    operands: ["float"],
    draw: (random, { rank }) => [drawAxes(random, rank)],
    apply: (x, _, [axes]) => x.count(numbersOf(axes)),
  },
  neg: unary("neg", "number"),
  abs: unary("abs", "number"),
  sign: unary("sign", "number"),
  floor: unary("floor", "float", { weight: 0.7 }),
  exp: unary("exp"),
  expm1: unary("expm1"),
  log: unary("log"),
  log1p: unary("log1p"),
  sqrt: unary("sqrt"),
  tanh: unary("tanh"),
  atan: unary("atan"),
  erf: unary("erf"),
  relu: unary("relu"),
  sigmoid: unary("sigmoid"),
  softplus: unary("softplus"),
  not: unary("not", "bool", { weight: 4 }),
  clampMin: clamp("clampMin"),
  clampMax: clamp("clampMax"),
  cast: {
    operands: ["any"],
    weight: 1.5,
    // What a float beyond the integers becomes is left to the machine: a pattern casts small ones.
    draw: (random, { dtype }) => [
      dtype === "bool" ? "float" : dtype === "int32" ? random.pick(["float", "bool"]) : "bool",
    ],
    apply: (x, _, [to], dtype) => x.cast(to === "bool" ? "bool" : dtype),
  },
  identity: unary("detach", "float", { hasOtherGradient: true, weight: 0.7 }),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div", "float"),
  pow: {
    operands: ["float", "float"],
    numbers: [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5, 1 / 3, 7],
    weight: 2,
    apply: (x, [y = 1]) => x.pow(y),
  },
  maximum: binary("maximum"),
  minimum: binary("minimum"),
  equal: comparison(["equal"]),
  less: comparison(["less", "greater"]),
  lessOrEqual: comparison(["lessOrEqual", "greaterOrEqual"]),
  and: logic("and"),
  or: logic("or"),
  where: {
    operands: ["bool", "float", "float"],
    numbers,
    weight: 3,
    apply: (c, [x = 1, y = 0]) => c.where(x, y),
  },
  reduceSum: reduction("sum", 2.5),
  reduceMax: reduction("amax", 1),
  reduceMin: reduction("amin", 1),
  reduceLogSumExp: {
    operands: ["float"],
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.5)];
    },
    apply: (x, _, [axis, keepdims]) => x.logSumExp(numberOf(axis), keepdims === true),
  },
  softmax: alongAxis("softmax"),
  logSoftmax: alongAxis("logSoftmax"),
  matmul: { operands: ["float", "float"], weight: 3, apply: (a, [b]) => a.matmul(tensorOf(b)) },
  argMax: position("argmax"),
  argMin: position("argmin"),
  cumsum: {
    operands: ["float"],
    weight: 1.5,
    draw: (random, { rank }) => {
      const axis = drawAxis(random, rank);
      return axis && [...axis, random.chance(0.3), random.chance(0.5)];
    },
    apply: (x, _, [axis, exclusive, reverse]) =>
      x.cumsum(numberOf(axis), { exclusive: exclusive === true, reverse: reverse === true }),
  },
  scan: scanRule,
  ...indexingRules,
  ...movementRules,
};
