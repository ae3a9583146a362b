import type { Shape, Tensor } from "@losses/core";
import type { Param } from "./program.js";
import type { Random } from "./random.js";
import type { OpRules, Rule } from "./rules.js";

type UnaryMethod = "neg" | "abs" | "sign" | "exp" | "log" | "sqrt" | "relu" | "sigmoid" | "softplus" | "not" | "detach";
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
    draw: (random) => [random.pick(methods)],
    apply: (x, [y = 0], [method]) => x[methods.find((one) => one === method) ?? "equal"](y),
  };
}

function logic(method: "and" | "or"): Rule {
  return { operands: ["bool", "bool"], apply: (x, [y]) => x[method](tensorOf(y)) };
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
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  relu: unary("relu"),
  sigmoid: unary("sigmoid"),
  softplus: unary("softplus"),
  not: unary("not", "bool"),
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
  transpose: {
    operands: ["any"],
    weight: 2,
    draw: (random, { rank }) => [random.chance(0.4) ? [] : random.shuffled(range(rank))],
    apply: (x, _, [permutation]) =>
      x.transpose(listOf(permutation).length === x.rank ? numbersOf(permutation) : undefined),
  },
  unsqueeze: {
    operands: ["any"],
    draw: (random, { rank }) => [
      random.chance(0.7) ? [signed(random, random.below(rank + 1), rank + 1)] : [0, rank + 1],
    ],
    apply: (x, _, [axes]) => x.unsqueeze(numbersOf(axes) ?? []),
  },
  squeeze: {
    operands: ["any"],
    draw: (random, { shape }) => {
      const ones = random.some(
        [...shape.keys()].filter((axis) => shape[axis] === 1),
        0.8,
      );
      return ones.length === 0 ? undefined : [ones];
    },
    apply: (x, _, [axes]) => x.squeeze(numbersOf(axes) ?? []),
  },
  expand: {
    operands: ["any"],
    draw: (random, { shape }, letters) => {
      const leading = random.some(letters, 0.2);
      return [[...leading, ...shape.map((dim) => (dim === 1 ? random.pick([...letters, 1, 2]) : dim))]];
    },
    apply: (x, _, [shape]) => x.expand(listOf(shape)),
  },
};

function range(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Axes may be counted from the end. */
function signed(random: Random, axis: number, rank: number): number {
  return random.chance(0.3) ? axis - rank : axis;
}

export function drawAxis(random: Random, rank: number): readonly Param[] | undefined {
  return rank === 0 ? undefined : [signed(random, random.below(rank), rank)];
}

/** Some axes, or all (`"all"`). */
function drawAxes(random: Random, rank: number): Param {
  if (random.chance(0.2) || rank === 0) return "all";
  return random.chance(0.5) ? [signed(random, random.below(rank), rank)] : random.some(range(rank));
}

export function numberOf(param: Param | undefined): number {
  return typeof param === "number" ? param : 0;
}

function listOf(param: Param | undefined): Shape {
  return typeof param === "object" ? param : [];
}

export function numbersOf(param: Param | undefined): readonly number[] | undefined {
  return typeof param === "object" ? param.filter((one) => typeof one === "number") : undefined;
}

export function tensorOf(operand: Tensor | number | undefined): Tensor {
  if (operand === undefined || typeof operand === "number")
    throw new RangeError("program: the operand must be a tensor.");
  return operand;
}
