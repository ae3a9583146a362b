import { checkArgument, checkBackend, readOptions, type Backend, type FloatDType, type Rules } from "@losses/core";
import { afterAll, describe, it } from "vitest";
import { dtypesRule, textRule } from "../arguments.js";
import {
  backendContestant,
  contestantRules,
  type BackendContestantOptions,
  type Contestant,
} from "../fuzz/contestants.js";
import { fuzz, summaryOf, type FuzzReport } from "../fuzz/fuzz.js";
import { givenContestant, countRule, seedRule } from "../fuzz/fuzzArguments.js";
import { countFromEnvironment, environment } from "../node.js";
import { testedDTypes } from "../suite/runConformance.js";
import { selectBackends } from "../suite/select.js";
import { backendTestRules, whereItWorks, type BackendSource, type BackendTestOptions } from "./openBackend.js";

/** Which random programs to try. The environment may say otherwise: `LOSSES_FUZZ_SEED`, `LOSSES_FUZZ_COUNT`. */
export interface FuzzTestOptions {
  /** The seed of the first program. Default 1. */
  readonly seed?: number;
  /** How many programs. Default 100. */
  readonly count?: number;
}

export interface FuzzBackendOptions
  extends BackendTestOptions, FuzzTestOptions, Omit<BackendContestantOptions, "dtype"> {
  /** Default: all that the backend computes in. */
  readonly dtypes?: readonly FloatDType[];
}

const testRules: Rules<FuzzTestOptions> = { seed: seedRule, count: countRule };

const rules: Rules<FuzzBackendOptions> = {
  ...backendTestRules,
  ...testRules,
  ...contestantRules,
  dtypes: dtypesRule,
};

/**
 * Registers vitest tests that hold a backend to the error analysis on random programs: every op and the compositions that
 * losses are made of, sizes from 0, ties, zeros, huge and tiny numbers, NaN and the infinities. One test per dtype; what fails is
 * printed as the smallest program that does, with its seed.
 *
 * @param backend a backend, or a function that makes one; await the call if it is a function
 * @example
 * ```ts
 * import { fuzzBackend } from "@losses/conformance/vitest";
 * import { createBackend } from "my-backend";
 *
 * await fuzzBackend(createBackend);
 * ```
 */
export async function fuzzBackend<T>(backend: BackendSource<T>, given?: FuzzBackendOptions): Promise<void> {
  const options = readOptions("fuzzBackend", given, rules);
  if (typeof backend !== "function") checkBackend("fuzzBackend", backend);
  await whereItWorks(backend, options, (works) => register(works, options));
}

function register<T>(backend: Backend<T>, options: FuzzBackendOptions): void {
  const { dtypes = testedDTypes, id = backend.id, seed, count, takesOut, countTensors } = options;
  const known = {
    ...(takesOut === undefined ? {} : { takesOut }),
    ...(countTensors === undefined ? {} : { countTensors }),
  };
  const trials = { ...(seed === undefined ? {} : { seed }), ...(count === undefined ? {} : { count }) };
  describe(id, () => {
    for (const dtype of dtypes.filter((one) => backend.dtypes.includes(one))) {
      addTest(dtype, backendContestant(backend, { ...known, dtype }), trials);
    }
    afterAll(() => backend.dispose());
  });
}

/** Registers a test of anything that random programs can be tried on, under an id that `LOSSES_BACKENDS` may name. */
export function fuzzContestant(id: string, contestant: Contestant, given?: FuzzTestOptions): void {
  checkArgument("fuzzContestant", "the id", id, textRule);
  givenContestant("fuzzContestant", contestant);
  const options = readOptions("fuzzContestant", given, testRules);
  describe(id, () => {
    if (selectBackends(undefined, environment()).takes(id)) addTest("all dtypes", contestant, options);
    else it.skip("is left out by LOSSES_BACKENDS", () => undefined);
  });
}

/** Nothing hangs: a program takes some milliseconds, and a failure a minute to be made small. */
const timeoutOf = (count: number): number => 300_000 + 2000 * count;

function addTest(what: string, contestant: Contestant, options: FuzzTestOptions): void {
  const seed = countFromEnvironment("LOSSES_FUZZ_SEED") ?? options.seed ?? 1;
  const count = countFromEnvironment("LOSSES_FUZZ_COUNT") ?? options.count ?? 100;
  it(`${what}: ${count} random programs from seed ${seed}`, { timeout: timeoutOf(count) }, async () => {
    const report = await fuzz(contestant, { seed, count });
    console.log(summaryOf(report));
    const problems = [...report.failures, ...unclaimedProblem(report)];
    if (problems.length > 0) throw new Error(problems.join("\n\n"));
  });
}

/** Huge numbers and infinities leave some results open; if most were, nothing would be tested. */
const mostUnclaimed = 0.2;

function unclaimedProblem({ figures: { elements, unclaimed } }: FuzzReport): readonly string[] {
  if (unclaimed <= mostUnclaimed * elements) return [];
  return [`at most ${mostUnclaimed} of the results may be without a claim, got ${unclaimed} of ${elements}.`];
}
