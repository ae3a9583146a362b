import {
  isFloat,
  isObject,
  isSize,
  listRule,
  recordRule,
  type FloatDType,
  type LossSpec,
  type Rule,
} from "@losses/core";
import { dtypeRule, flagRule, numberRule, numbersRule, partsRule, readArgument, textRule } from "../arguments.js";
import * as programs from "./program.js";
import type { Operand, Program, ProgramInput, Step } from "./program.js";
import type { Run } from "./runs.js";
import * as truths from "./truth.js";
import type { Failure, Figures, Item, Results } from "./truth.js";

// What others that random programs are tried on call, with programs that need not come from here.

const sizeRule: Rule = { domain: "an integer >= 0", accepts: isSize };
const shapeRule: Rule = listRule("a list of integers >= 0", sizeRule);

const oneOf = (...choices: readonly unknown[]): Rule => ({
  domain: `one of ${choices.join(", ")}`,
  accepts: (value) => choices.includes(value),
});

const inputRule: Rule = partsRule<ProgramInput>(
  "an input of a program",
  {
    name: textRule,
    shape: listRule("a list of letters and sizes", {
      domain: "a letter or a size",
      accepts: (dim) => typeof dim === "string" || isSize(dim),
    }),
    kind: oneOf("float", "index"),
    below: textRule,
    optional: flagRule,
  },
  ["name", "shape", "kind"],
);

const operandRule: Rule = {
  domain: "{ at } or { number }",
  accepts: (value) => operandOf(value) !== undefined,
  read: operandOf,
};

const operandParts: Rule = partsRule<{ readonly at?: number; readonly number?: number }>(
  "{ at } or { number }",
  { at: sizeRule, number: numberRule },
  [],
);

function operandOf(value: unknown): Operand | undefined {
  const parts = operandParts.read?.(value) as { readonly at?: number; readonly number?: number } | undefined;
  if (parts?.at !== undefined) return { at: parts.at };
  return parts?.number === undefined ? undefined : { number: parts.number };
}

const isPlainParam = (value: unknown): boolean => typeof value === "number" || typeof value === "string";

const paramsRule: Rule = listRule("a list of numbers and texts", { domain: "a number or text", accepts: isPlainParam });

const paramRule: Rule = {
  domain: "a number, a text, a flag or a list of numbers and texts",
  accepts: (value) => isPlainParam(value) || typeof value === "boolean" || paramsRule.accepts(value),
  read: (value) => (isPlainParam(value) || typeof value === "boolean" ? value : paramsRule.read?.(value)),
};

const stepRule: Rule = partsRule<Step>(
  "a step of a program",
  { rule: textRule, operands: listRule("a list of operands", operandRule), params: listRule("a list", paramRule) },
  ["rule", "operands", "params"],
);

const programRule: Rule = partsRule<Program>(
  "a program",
  {
    inputs: listRule("a list of inputs", inputRule),
    steps: listRule("a list of steps", stepRule),
    output: sizeRule,
    term: sizeRule,
    reduction: oneOf("none", "mean", "sum", "batchmean"),
  },
  ["inputs", "steps", "output", "reduction"],
);

const runRule: Rule = partsRule<Run>(
  "a run",
  {
    style: oneOf("normal", "ties", "positive", "zeros", "huge", "tiny", "special"),
    feeds: recordRule(
      "a plain object of feeds",
      partsRule("a feed", { shape: shapeRule, data: numbersRule }, ["shape", "data"]),
    ),
  },
  ["style", "feeds"],
);

/** A program as a loss that any backend compiles. */
export function programSpec(program: Program): LossSpec {
  return programs.programSpec(readArgument("programSpec", "the program", program, programRule));
}

/** A call with the truth about it; undefined where that would take too long, labels name no class, or sizes are refused. */
export function prepareRun(program: Program, run: Run, dtype: FloatDType): Item | undefined {
  const [own, ownRun] = [
    readArgument("prepareRun", "the program", program, programRule),
    readArgument("prepareRun", "the run", run, runRule),
  ];
  return truths.prepareRun(own, ownRun, readArgument("prepareRun", "the dtype", dtype, dtypeRule));
}

const figuresRule: Rule = {
  domain: "counts of programs, runs, elements and unclaimed",
  accepts: (value) =>
    isObject(value) && ["programs", "runs", "elements", "unclaimed"].every((name) => typeof value[name] === "number"),
};

/** What is wrong with results, by output name; one failure for each output at most. */
export function differences(item: Item, results: Results, figures: Figures, note: string = ""): readonly Failure[] {
  const own = readArgument("differences", "the item", item, itemRule);
  const found = readArgument("differences", "the results", results, resultsRule);
  readArgument("differences", "the figures", figures, figuresRule);
  return truths.differences(own, found, figures, readArgument("differences", "the note", note, textRule));
}

const itemRule: Rule = {
  domain: "an item as prepareRun gives it",
  accepts: (value) => {
    const { truth, run, dtype } = (isObject(value) ? value : {}) as Partial<Item>;
    return truth instanceof Map && isObject(run) && isFloat(dtype as FloatDType);
  },
  read: (value) => (itemRule.accepts(value) ? { ...(value as Item) } : undefined),
};

const resultsRule: Rule = {
  domain: "a Map of { shape, data } by the names of outputs",
  accepts: (value) => resultsOf(value) !== undefined,
  read: resultsOf,
};

function resultsOf(value: unknown): Results | undefined {
  if (!(value instanceof Map)) return undefined;
  const found = new Map<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>();
  for (const [name, result] of value as ReadonlyMap<unknown, unknown>) {
    const { shape, data } = (isObject(result) ? result : {}) as { readonly shape?: unknown; readonly data?: unknown };
    const sizes = shapeRule.read?.(shape) as readonly number[] | undefined;
    const numbers = isNumbers(data) ? data : (numbersRule.read?.(data) as readonly number[] | undefined);
    if (typeof name !== "string" || sizes === undefined || numbers === undefined) return undefined;
    found.set(name, { shape: sizes, data: numbers });
  }
  return found;
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  return (
    ArrayBuffer.isView(value) &&
    "length" in value &&
    !(value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}
