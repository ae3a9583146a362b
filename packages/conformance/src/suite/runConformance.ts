import {
  allLosses,
  BackendUnavailableError,
  checkBackend,
  readOptions,
  readParts,
  type AnyLoss,
  type Backend,
  type FloatDType,
  type Rules,
} from "@losses/core";
import {
  countRule,
  dtypesRule,
  flagRule,
  functionRule,
  givenFixtures,
  knownFailuresRule,
  listRule,
  lossesRule,
  readArgument,
  textRecordRule,
  textRule,
} from "../arguments.js";
import type { Fixture } from "../cases/caseFormat.js";
import { loadFixtures } from "../cases/loadFixtures.js";
import { unclaimedProblems, unclaimedShares } from "./claims.js";
import { missingFixtures, requireFixtures } from "./checkFixtures.js";
import { ofEachLoss } from "./ofEachLoss.js";
import { KnownFailureLedger, loadKnownFailures, type KnownFailure } from "./knownFailures.js";
import { createOracle } from "./oracle.js";
import { describeOutcome, summarise, type Outcome, type Report, type Unavailable } from "./report.js";
import { runSuite } from "./runSuite.js";
import { packageVersions } from "./versions.js";

/** A backend that may or may not work here. */
export interface Candidate {
  readonly id: string;
  readonly create: () => Promise<Backend<unknown>>;
  /** True if the run fails when it does not work here. */
  readonly required?: boolean;
}

export interface ConformanceOptions {
  /** Default: the golden fixtures of this package. */
  readonly fixtures?: readonly Fixture[];
  /** So many cases of each loss at most, spread evenly over them: where time is short. Default: all. */
  readonly atMost?: number;
  /** The losses that cases may name. Default: those of `@losses/core`. */
  readonly losses?: readonly AnyLoss[];
  /** Default: those of this package. */
  readonly knownFailures?: readonly KnownFailure[];
  /** Only these dtypes; default: all that the backend computes in. */
  readonly dtypes?: readonly FloatDType[];
  /** Versions to note in the report, besides those of `@losses/*` and Node. */
  readonly versions?: Readonly<Record<string, string>>;
  /** What the run is on, to note in the report: processor, graphics device … */
  readonly machine?: Readonly<Record<string, string>>;
  /** Told of every case: which backend, how many are done, how many there are. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly backend: string;
  readonly dtype: FloatDType;
  readonly done: number;
  readonly total: number;
}

/** The dtypes that fixtures are checked in. */
export const testedDTypes: readonly FloatDType[] = ["float32", "float64", "float16"];

const candidateRules: Rules<Candidate> = { id: textRule, create: functionRule, required: flagRule };

const rules: Rules<ConformanceOptions> = {
  fixtures: listRule,
  atMost: countRule,
  losses: lossesRule,
  knownFailures: knownFailuresRule,
  dtypes: dtypesRule,
  versions: textRecordRule,
  machine: textRecordRule,
  onProgress: functionRule,
};

/**
 * Holds backends to the golden fixtures, one after the other.
 *
 * A backend that does not work here is noted in the report, and fails the run if it is required. The run also fails
 * if a registered loss lacks fixtures, no backend works, or, of all cases and not `atMost`, a known failure is out of date or the
 * analysis claims nothing of too many elements.
 *
 * @returns the report; it passed if `problems` is empty
 * @throws LossesError if there are no fixtures or two with the same id
 * @example
 * ```ts
 * const report = await runConformance([{ id: "js", create: () => createBackend() }]);
 * if (report.problems.length > 0) throw new Error(report.problems.join("\n"));
 * ```
 */
export async function runConformance(backends: readonly Candidate[], given?: ConformanceOptions): Promise<Report> {
  const options = readOptions("runConformance", given, rules);
  const candidates = readArgument("runConformance", "the backends", backends, listRule).map((candidate) =>
    readParts("runConformance", candidate, candidateRules, ["id", "create"]),
  );
  const fixtures = givenFixtures("runConformance", options.fixtures ?? loadFixtures());
  const { atMost = Infinity, losses = allLosses, knownFailures = loadKnownFailures() } = options;
  const { dtypes = testedDTypes } = options;
  requireFixtures(fixtures);
  const taken = ofEachLoss(fixtures, atMost);
  const isWhole = taken.length === fixtures.length;
  const context = { oracle: createOracle(losses), ledger: new KnownFailureLedger(knownFailures), losses };
  const outcomes: Outcome[] = [];
  const ran: Report["backends"][number][] = [];
  const unavailable: Unavailable[] = [];
  for (const { id, create, required = false } of candidates) {
    const backend = await tryCreate(create);
    if ("reason" in backend) {
      unavailable.push({ backend: id, required, reason: backend.reason });
      continue;
    }
    const own = dtypes.filter((dtype) => backend.works.dtypes.includes(dtype));
    for (const dtype of own) {
      let done = 0;
      const onCase = (): void => options.onProgress?.({ backend: id, dtype, done: (done += 1), total: taken.length });
      outcomes.push(...(await runSuite(backend.works, dtype, taken, { ...context, onCase })));
    }
    ran.push({ id: backend.works.id, device: backend.works.device, dtypes: own });
    await backend.works.dispose();
  }
  const problems = [
    ...(options.fixtures === undefined ? missingFixtures(fixtures, losses) : []),
    ...(ran.every(({ dtypes: own }) => own.length === 0) ? ["No backend worked here: nothing was checked."] : []),
    ...unavailable.filter((one) => one.required).map((one) => `${one.backend} is required here: ${one.reason}`),
    ...outcomes.filter((one) => one.result.problems.length > 0 && one.known === undefined).map(describeOutcome),
    ...(isWhole ? [...unclaimedProblems(outcomes), ...context.ledger.stale(ran.map(({ id }) => id))] : []),
  ];
  const versions = { ...packageVersions(), ...options.versions };
  const { machine } = options;
  return {
    versions,
    ...(machine === undefined ? {} : { machine }),
    backends: ran,
    rows: summarise(outcomes),
    unclaimed: unclaimedShares(outcomes),
    unavailable,
    problems,
  };
}

/** The backend, or why there is none; anything but `BackendUnavailableError` is a bug and thrown on. */
export async function tryCreate<T>(
  create: () => Backend<T> | Promise<Backend<T>>,
): Promise<{ readonly works: Backend<T> } | { readonly reason: string }> {
  try {
    const works = await create();
    checkBackend("create", works);
    return { works };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    const reason = error.reasons.length > 0 ? error.reasons.join("; ") : error.message;
    return { reason: reason.replaceAll(/\s*\n\s*/g, " ") };
  }
}
