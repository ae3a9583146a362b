import type { AnyLoss, Backend, FloatDType } from "@losses/core";
import type { Fixture } from "../cases/caseFormat.js";
import { caseRunner } from "../cases/runCase.js";
import { checkCase } from "./checkCase.js";
import type { KnownFailureLedger } from "./knownFailures.js";
import type { Oracle } from "./oracle.js";
import type { Outcome } from "./report.js";

/** What a run over one backend needs besides the backend. */
export interface SuiteContext {
  readonly oracle: Oracle;
  readonly ledger: KnownFailureLedger;
  readonly losses: readonly AnyLoss[];
  /** Called after each case. */
  readonly onCase?: (() => void) | undefined;
}

/** Holds one backend to fixtures in one dtype. */
export async function runSuite<T>(
  backend: Backend<T>,
  dtype: FloatDType,
  fixtures: readonly Fixture[],
  { oracle, ledger, losses, onCase }: SuiteContext,
): Promise<readonly Outcome[]> {
  const run = caseRunner(backend, { dtype, losses });
  const outcomes: Outcome[] = [];
  for (const fixture of fixtures) {
    for (const result of await checkCase(fixture, dtype, run, oracle)) {
      const place = { backend: backend.id, case: fixture.id, dtype, part: result.part };
      const known = ledger.note(place, result.problems.length > 0);
      outcomes.push({ ...place, loss: fixture.loss, device: backend.device, result, known });
    }
    onCase?.();
  }
  return outcomes;
}
