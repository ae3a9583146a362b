import {
  allLosses,
  checkBackend,
  readOptions,
  type AnyLoss,
  type Backend,
  type FloatDType,
  type Rules,
} from "@losses/core";
import { afterAll, describe, it } from "vitest";
import { countRule, dtypesRule, knownFailuresRule, listRule, lossesRule, textRule } from "../arguments.js";
import type { Fixture } from "../cases/caseFormat.js";
import { loadFixtures } from "../cases/loadFixtures.js";
import { countFromEnvironment, nodeModule } from "../node.js";
import { groupBy } from "../groupBy.js";
import { unclaimedProblems, unclaimedShares } from "../suite/claims.js";
import { requireFixtures } from "../suite/checkFixtures.js";
import { KnownFailureLedger, type KnownFailure } from "../suite/knownFailures.js";
import { ofEachLoss } from "../suite/ofEachLoss.js";
import { createOracle, type Oracle } from "../suite/oracle.js";
import { describeOutcome, printReport, summarise, type Outcome, type Report } from "../suite/report.js";
import { testedDTypes } from "../suite/runConformance.js";
import { runSuite } from "../suite/runSuite.js";
import { packageVersions } from "../suite/versions.js";
import { backendTestRules, whereItWorks, type BackendSource, type BackendTestOptions } from "./openBackend.js";

export interface TestBackendOptions extends BackendTestOptions {
  /** Default: the golden fixtures of this package. */
  readonly fixtures?: readonly Fixture[];
  /** So many cases of each loss at most, spread evenly over them: where a device is slow. `LOSSES_CASES` overrides it. Default: all. */
  readonly atMost?: number;
  /** The losses that cases may name. Default: those of `@losses/core`. */
  readonly losses?: readonly AnyLoss[];
  /** Default: none. */
  readonly knownFailures?: readonly KnownFailure[];
  /** Default: all that the backend computes in. */
  readonly dtypes?: readonly FloatDType[];
  /** Where to write a report. Default: nowhere. */
  readonly reportFile?: string;
}

const rules: Rules<TestBackendOptions> = {
  ...backendTestRules,
  fixtures: listRule,
  atMost: countRule,
  losses: lossesRule,
  knownFailures: knownFailuresRule,
  dtypes: dtypesRule,
  reportFile: textRule,
};

/**
 * Registers vitest tests that hold a backend to the golden fixtures: one test per dtype and loss, every failing case
 * named with what was expected, what came and how far apart they may be.
 *
 * @param backend a backend, or a function that makes one; await the call if it is a function
 * @example
 * ```ts
 * import { testBackend } from "@losses/conformance/vitest";
 * import { createBackend } from "my-backend";
 *
 * await testBackend(createBackend);
 * ```
 */
export async function testBackend<T>(backend: BackendSource<T>, given?: TestBackendOptions): Promise<void> {
  const options = readOptions("testBackend", given, rules);
  if (typeof backend !== "function") checkBackend("testBackend", backend);
  await whereItWorks(backend, options, (works) => register(works as Backend<unknown>, options));
}

function register(backend: Backend<unknown>, options: TestBackendOptions): void {
  const { fixtures = loadFixtures(), losses = allLosses, knownFailures = [], reportFile } = options;
  const { atMost = Infinity, dtypes = testedDTypes } = options;
  requireFixtures(fixtures);
  const context = { oracle: oracleOf(losses), ledger: new KnownFailureLedger(knownFailures), losses };
  const own = dtypes.filter((dtype) => backend.dtypes.includes(dtype));
  const taken = ofEachLoss(fixtures, countFromEnvironment("LOSSES_CASES") ?? atMost);
  const isWhole = taken.length === fixtures.length;
  const suites = own.flatMap((dtype) =>
    groupBy(taken, ({ loss }) => loss).map(([loss, cases]) => ({ dtype, loss, cases })),
  );
  const outcomes: Outcome[] = [];
  let done = 0;

  describe(backend.id, () => {
    for (const { dtype, loss, cases } of suites) {
      it(`${dtype} ${loss}: ${cases.length} cases`, { timeout: 120_000 }, async () => {
        const results = await runSuite(backend, dtype, cases, context);
        outcomes.push(...results);
        done += 1;
        const failures = unexplained(results);
        if (failures.length > 0) throw new Error(failureText(failures));
      });
    }
    it("computes in a dtype that fixtures are checked in", () => {
      if (own.length === 0) throw new Error(`${backend.id} offers ${backend.dtypes.join(", ")}.`);
    });
    it("has no known failure that is out of date", ({ skip }) => {
      skip(done < suites.length || !isWhole, "only after all cases have run");
      const stale = context.ledger.stale([backend.id]);
      if (stale.length > 0) throw new Error(stale.join("\n"));
    });
    it("leaves few elements without a claim", ({ skip }) => {
      skip(done < suites.length || !isWhole, "only after all cases have run");
      const problems = unclaimedProblems(outcomes);
      if (problems.length > 0) throw new Error(problems.join("\n"));
    });
    afterAll(async () => {
      if (reportFile !== undefined) writeReport(reportFile, backend, own, outcomes);
      await backend.dispose();
    });
  });
}

/** Answers are the same for every backend of a file. */
const oracles = new WeakMap<readonly AnyLoss[], Oracle>();

function oracleOf(losses: readonly AnyLoss[]): Oracle {
  const known = oracles.get(losses) ?? createOracle(losses);
  oracles.set(losses, known);
  return known;
}

function unexplained(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.filter(({ result, known }) => result.problems.length > 0 && known === undefined);
}

function writeReport(
  file: string,
  { id, device }: Backend<unknown>,
  dtypes: readonly FloatDType[],
  outcomes: readonly Outcome[],
): void {
  const report: Report = {
    versions: packageVersions(),
    backends: [{ id, device, dtypes }],
    rows: summarise(outcomes),
    unclaimed: unclaimedShares(outcomes),
    unavailable: [],
    problems: [...unexplained(outcomes).map(describeOutcome), ...unclaimedProblems(outcomes)],
  };
  const { mkdirSync, writeFileSync } = nodeModule("node:fs", "writing a report");
  mkdirSync(nodeModule("node:path", "writing a report").dirname(file), { recursive: true });
  writeFileSync(file, printReport(report));
}

const shown = 25;

function failureText(failures: readonly Outcome[]): string {
  const more = failures.length > shown ? [`… and ${failures.length - shown} more`] : [];
  return [`${failures.length} failures`, ...failures.slice(0, shown).map(describeOutcome), ...more].join("\n");
}
