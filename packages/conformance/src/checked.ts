import {
  checkArgument,
  isObject,
  isPlainObject,
  isSize,
  OptionError,
  readShape,
  recordRule,
  verify,
  type AnyLoss,
  type DimSizes,
  type FloatDType,
  type Graph,
  type Rule,
} from "@losses/core";
import * as analysis from "./analysis/analyze.js";
import type { Bounded } from "./analysis/bounded.js";
import {
  boundedRule,
  checkSingle,
  dtypeRule,
  functionRule,
  givenLosses,
  numbersRule,
  readArgument,
  tensorRule,
  textRule,
} from "./arguments.js";
import type { Case, CaseTensor, Fixture } from "./cases/caseFormat.js";
import type { RunCase } from "./cases/runCase.js";
import * as cases from "./suite/checkCase.js";
import * as compare from "./suite/compare.js";
import * as oracle from "./suite/oracle.js";
import { printReport as print, type Report } from "./suite/report.js";
import { readReport } from "./suite/reportRules.js";

// What others call of the analysis and the suite, with arguments that need not come from here.

const sizesRule: Rule = {
  domain: "sizes by the names of dimensions",
  accepts: (value) => isPlainObject(value) && Object.values(value).every(isSize),
};

const feedsRule: Rule = recordRule("a plain object of { shape, data } by the names of inputs", {
  domain: "a shape and data that are numbers",
  accepts: isObject,
  read: (value) => {
    if (!isObject(value)) return undefined;
    const { shape, data } = value;
    const isView = ArrayBuffer.isView(data) && "length" in data;
    const numbers = isView ? data : numbersRule.read?.(data);
    if (numbers === undefined) return undefined;
    return { shape: readShape("analyze: an input", shape), data: numbers };
  },
});

/**
 * Evaluates a graph in float64 and bounds how far a machine that computes in `dtype` may be from each result.
 *
 * Every op of the machine is assumed to meet its error budget of the op table, and sums to be taken in any order.
 *
 * @returns the outputs of the graph, in order
 */
export function analyze(
  graph: Graph,
  feeds: Readonly<Record<string, analysis.Feed>>,
  sizes: DimSizes,
  dtype: FloatDType,
): readonly Bounded[] {
  verify(graph);
  const read = readArgument("analyze", "the feeds", feeds, feedsRule);
  checkArgument("analyze", "the sizes", sizes, sizesRule);
  checkArgument("analyze", "the dtype", dtype, dtypeRule);
  return analysis.analyze(graph, read, { ...sizes }, dtype);
}

/** The value and each gradient of a case, with bounds; throws the typed errors of core. */
export function boundCase(
  given: Case,
  dtype: FloatDType,
  losses?: readonly AnyLoss[],
  graphs?: Map<string, Graph>,
): Readonly<Record<string, Bounded>> {
  const single = checkSingle("boundCase", given);
  checkArgument("boundCase", "the dtype", dtype, dtypeRule);
  checkArgument("boundCase", "the graphs", graphs, {
    domain: "a Map to remember graphs in",
    accepts: (value) => value === undefined || value instanceof Map,
  });
  return oracle.boundCase(single, dtype, givenLosses("boundCase", losses), graphs);
}

/** Makes an oracle over a list of losses. */
export function createOracle(losses?: readonly AnyLoss[]): oracle.Oracle {
  const judge = oracle.createOracle(givenLosses("createOracle", losses));
  return async (given, dtype) => {
    const single = checkSingle("oracle", given);
    checkArgument("oracle", "the dtype", dtype, dtypeRule);
    return judge(single, dtype);
  };
}

/** How far a result may be from each expected number. */
export function tolerances(expected: readonly number[], bound: Bounded, dtype: FloatDType): Float64Array {
  const numbers = readArgument("tolerances", "the expected numbers", expected, numbersRule);
  const own = readArgument("tolerances", "the bound", bound, boundedRule);
  checkArgument("tolerances", "the dtype", dtype, dtypeRule);
  return compare.tolerances(numbers, own, dtype);
}

/** Compares a result with the truth, element by element. */
export function compareTensor(
  output: string,
  expected: CaseTensor,
  actual: CaseTensor,
  bound: Bounded,
  dtype: FloatDType,
): compare.Comparison {
  checkArgument("compareTensor", "the name of the output", output, textRule);
  const truth = readArgument("compareTensor", "the expected tensor", expected, tensorRule);
  const got = readArgument("compareTensor", "the actual tensor", actual, tensorRule);
  const own = readArgument("compareTensor", "the bound", bound, boundedRule);
  checkArgument("compareTensor", "the dtype", dtype, dtypeRule);
  return compare.compareTensor(output, truth, got, own, dtype);
}

const resultRule: Rule = {
  domain: "a value with gradients, or an error",
  accepts: (result) => isPlainObject(result) && (isObject(result["error"]) || tensorRule.accepts(result["value"])),
};

const verdictRule: Rule = {
  domain: "the bounds of outputs, or an error",
  accepts: (verdict) => isPlainObject(verdict) && (isObject(verdict["error"]) || isObject(verdict["outputs"])),
};

/** Runs a fixture and holds the result to the truth. */
export async function checkCase(
  given: Fixture,
  dtype: FloatDType,
  run: RunCase,
  judge: oracle.Oracle,
): Promise<readonly cases.PartResult[]> {
  const fixture = checkSingle("checkCase", given);
  if ((fixture as Case).expected === undefined) {
    throw new OptionError(`checkCase: the fixture must have an expected answer, got ${fixture.id} without.`);
  }
  checkArgument("checkCase", "the dtype", dtype, dtypeRule);
  checkArgument("checkCase", "run", run, functionRule);
  checkArgument("checkCase", "the oracle", judge, functionRule);
  const answered = <A>(what: string, answer: A, rule: Rule): A => {
    checkArgument("checkCase", what, answer, rule);
    return answer;
  };
  return cases.checkCase(
    fixture,
    dtype,
    async (single) => answered("the result of run", await run(single), resultRule),
    async (single, of) => answered("the verdict of the oracle", await judge(single, of), verdictRule),
  );
}

/** A report as text; numbers that JSON lacks are strings. */
export function printReport(report: Report): string {
  return print(readReport("printReport", report));
}
