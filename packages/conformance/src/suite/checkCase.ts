import type { FloatDType } from "@losses/core";
import { decodeNumber, type CaseResult, type CaseTensor, type Fixture, type JSONTensor } from "../cases/caseFormat.js";
import type { RunCase } from "../cases/runCase.js";
import { allClaimed, compareTensor, sumUnclaimed, type Comparison, type Unclaimed } from "./compare.js";
import { gradientBound, type Oracle, type OutputBounds } from "./oracle.js";

/** What a case says something about. */
export type Part = "value" | "gradient" | "error";

/** How one part of one case went. */
export interface PartResult {
  readonly part: Part;
  /** What is wrong, one sentence each; empty if nothing is. */
  readonly problems: readonly string[];
  readonly worst: number;
  readonly worstAbsolute: number;
  readonly elements: number;
  readonly unclaimed: Unclaimed;
}

/** Runs a fixture and holds the result to the truth. */
export async function checkCase(
  fixture: Fixture,
  dtype: FloatDType,
  run: RunCase,
  oracle: Oracle,
): Promise<readonly PartResult[]> {
  const result = await run(fixture);
  const verdict = await oracle(fixture, dtype);
  const { expected } = fixture;
  if ("error" in expected) {
    const wanted = "error" in verdict ? verdict.error : undefined;
    return [problem("error", errorProblems(expected.error, result, wanted))];
  }
  if ("error" in result) {
    const { class: name, message } = result.error;
    const problems = [`expected a result, got ${name}: ${message}`];
    return [
      problem("value", problems),
      ...(Object.keys(expected.grads).length > 0 ? [problem("gradient", problems)] : []),
    ];
  }
  if ("error" in verdict) {
    return [
      problem("value", [`no bounds are known: @losses/core raises ${verdict.error.class}: ${verdict.error.message}`]),
    ];
  }
  const value = compare("value", expected.value, result.value, verdict.outputs.value, dtype);
  const names = new Set([...Object.keys(expected.grads), ...Object.keys(result.grads ?? {})]);
  if (names.size === 0) return [value];
  const parts = [...names].map((name) =>
    compare(`grad(${name})`, expected.grads[name], result.grads?.[name], gradientBound(verdict.outputs, name), dtype),
  );
  return [value, joined(parts)];
}

function errorProblems(
  expected: string,
  result: CaseResult,
  wanted: { readonly class: string; readonly code: string; readonly message: string } | undefined,
): readonly string[] {
  if (!("error" in result)) return [`expected ${expected}, got a result`];
  const { class: name, code, message } = result.error;
  if (name !== expected) return [`expected ${expected}, got ${name}: ${message}`];
  if (wanted === undefined) return [`expected the error of @losses/core, which raises none, got ${name}: ${message}`];
  if (message === wanted.message && code === wanted.code) return [];
  return [`expected the text "${wanted.message}" (${wanted.code}), got "${message}" (${code})`];
}

function compare(
  output: string,
  expected: CaseTensor | undefined,
  actual: JSONTensor | undefined,
  bound: OutputBounds | undefined,
  dtype: FloatDType,
): PartResult {
  const part = output === "value" ? "value" : "gradient";
  if (expected === undefined) return problem(part, [`${output}: expected none, got one`]);
  if (actual === undefined) return problem(part, [`${output}: expected one, got none`]);
  if (bound === undefined) return problem(part, [`${output}: no bounds are known, @losses/core gives no such output`]);
  const decoded = { shape: actual.shape, data: actual.data.map((item) => decodeNumber(item) ?? Number.NaN) };
  const { discrepancies, ...numbers }: Comparison = compareTensor(output, expected, decoded, bound, dtype);
  return { part, problems: summary(discrepancies.map(({ message }) => message)), ...numbers };
}

const shown = 4;

function summary(messages: readonly string[]): readonly string[] {
  if (messages.length <= shown) return messages;
  return [...messages.slice(0, shown), `… and ${messages.length - shown} more elements`];
}

function problem(part: Part, problems: readonly string[]): PartResult {
  return {
    part,
    problems,
    worst: problems.length > 0 ? Infinity : 0,
    worstAbsolute: 0,
    elements: 0,
    unclaimed: allClaimed,
  };
}

/** The gradients of all inputs are one part. */
function joined(parts: readonly PartResult[]): PartResult {
  return {
    part: "gradient",
    problems: parts.flatMap((part) => part.problems),
    worst: Math.max(...parts.map((part) => part.worst)),
    worstAbsolute: Math.max(...parts.map((part) => part.worstAbsolute)),
    elements: parts.reduce((sum, part) => sum + part.elements, 0),
    unclaimed: sumUnclaimed(parts.map((part) => part.unclaimed)),
  };
}
