import { checkArgument, isFloat, readOptions, type Rules } from "@losses/core";
import { readArgument } from "../arguments.js";
import { givenContestant, countRule, reportRule, seedRule, shrinkRule } from "./fuzzArguments.js";
import type { Contestant } from "./contestants.js";
import { makeProgram } from "./generate.js";
import { outline, printTrial } from "./printTrial.js";
import { Random } from "./random.js";
import { makeRuns } from "./runs.js";
import { shrink, type ShrinkLimits, type Trial } from "./shrink.js";
import { prepareRun, type Failure, type Figures } from "./truth.js";

export interface FuzzOptions {
  /** The first program's seed; the next has the next. Default 1. */
  readonly seed?: number;
  /** How many programs. Default 100. */
  readonly count?: number;
  /** How long to look for a smaller program that fails alike. */
  readonly shrinking?: ShrinkLimits;
}

const rules: Rules<FuzzOptions> = { seed: seedRule, count: countRule, shrinking: shrinkRule };

/** What random programs found. */
export interface FuzzReport {
  readonly name: string;
  readonly figures: Readonly<Figures>;
  /** The smallest program of each kind of failure, as text. */
  readonly failures: readonly string[];
}

/** Numbers that an input may have. */
const mostNumbers = 20_000;

/** The program and the runs of a seed. */
export function trialOf(seed: number): Trial {
  checkArgument("trialOf", "the seed", seed, seedRule);
  const known = trials.get(seed);
  if (known !== undefined) return known;
  const random = new Random(seed);
  const program = makeProgram(random);
  const trial = { program, runs: makeRuns(random, program, mostNumbers) };
  // The next contestant is tried on the same ones.
  if (trials.size < mostTrials) trials.set(seed, trial);
  return trial;
}

const trials = new Map<number, Trial>();
const mostTrials = 200;

/**
 * Tries random programs on a contestant. The same seed gives the same programs and numbers on every machine; what fails is made
 * as small as possible.
 *
 * @example
 * ```ts
 * const report = await fuzz(backendContestant(await createBackend()), { seed: 1, count: 1000 });
 * if (report.failures.length > 0) throw new Error(report.failures.join("\n\n"));
 * ```
 */
export async function fuzz(given: Contestant, options?: FuzzOptions): Promise<FuzzReport> {
  const contestant = givenContestant("fuzz", given);
  const { seed = 1, count = 100, shrinking = { tries: 2000, seconds: 60 } } = readOptions("fuzz", options, rules);
  const figures: Figures = { programs: 0, runs: 0, elements: 0, unclaimed: 0 };
  const found = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const trial = trialOf(seed + i);
    figures.programs += 1;
    const failure = await firstFailure(contestant, trial, figures);
    if (failure === undefined) continue;
    const text = await smallest(contestant, trial, failure, shrinking);
    if (!found.has(text.key)) found.set(text.key, `seed ${seed + i}, ${contestant.name}: ${text.message}`);
  }
  return { name: contestant.name, figures, failures: [...found.values()] };
}

async function firstFailure(
  contestant: Contestant,
  { program, runs }: Trial,
  figures: Figures,
  kind?: string,
): Promise<Failure | undefined> {
  const failures = await contestant.check(program, runs, figures).catch((error: unknown) => [thrown(error)]);
  return failures.find((failure) => kind === undefined || failure.kind === kind);
}

function thrown(error: unknown): Failure {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const where = (stack ?? "").split("\n").filter((line) => line.trim().startsWith("at "));
  // Sizes and names change while the program is made smaller.
  const kind = `throws ${name}: ${message.replaceAll(/[\d"'[\]]+/g, "").slice(0, 40)}`;
  return { kind, message: [`${name}: ${message}`, ...where.slice(0, 2)].join("\n") };
}

async function smallest(
  contestant: Contestant,
  trial: Trial,
  { kind }: Failure,
  limits: ShrinkLimits,
): Promise<{ readonly key: string; readonly message: string }> {
  const unused: Figures = { programs: 0, runs: 0, elements: 0, unclaimed: 0 };
  const fails = async (next: Trial): Promise<boolean> =>
    isProgram(next) && (await firstFailure(contestant, next, unused, kind)) !== undefined;
  const best = await shrink(trial, fails, limits);
  const failure = await firstFailure(contestant, best, unused, kind);
  const key = `${kind}: ${outline(best.program)}`;
  return { key, message: `${kind}\n${failure?.message ?? "fails once in a while"}\n${printTrial(best)}` };
}

/** True if the library takes a program and it gives floats; one that was cut too far is none. */
function isProgram({ program, runs }: Trial): boolean {
  try {
    return runs.every((run) => {
      const value = prepareRun(program, run, "float32")?.truth.get("value");
      return value === undefined || isFloat(value.dtype);
    });
  } catch {
    return false;
  }
}

/** What a run over random programs came to, in one line. */
export function summaryOf(report: FuzzReport): string {
  const { name, figures, failures } = readArgument("summaryOf", "the report", report, reportRule);
  const { programs, runs, elements, unclaimed } = figures;
  const share = elements === 0 ? 0 : (100 * unclaimed) / elements;
  return `${name}: ${programs} programs, ${runs} runs, ${elements} results, ${share.toFixed(2)} % without a claim, ${failures.length} kinds of failure`;
}
