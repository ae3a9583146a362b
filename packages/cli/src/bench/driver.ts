import { challengers, type Entrant, type Job } from "./openContestant.js";
import type { Part } from "./problems.js";
import { goalFor } from "./goals.js";
import { timeInTurn } from "./rounds.js";
import type { RunningContestant } from "./startContestant.js";
import { compareTimes, type Comparison } from "./statistics.js";
import { disagreements } from "./summary.js";
import type { Workload, WorkloadId } from "./workloads.js";

/** One contestant against its peer. */
export interface BenchRow extends Comparison {
  readonly backend: string;
  readonly workload: WorkloadId;
  readonly title: string;
  readonly part: Part;
  readonly contestant: Entrant;
  readonly rounds: number;
  /** The ratio that must not be exceeded, where there is one, and whether it is not. */
  readonly must?: number;
  readonly ok?: boolean;
  /** The most memory that each process ever held. */
  readonly peakMB: number;
  readonly peerPeakMB: number;
  readonly value: number;
}

/** What is measured, and how. */
export interface Match {
  readonly backend: string;
  readonly workload: Workload;
  readonly part: Part;
  readonly rounds: number;
  readonly start: (job: Job) => Promise<RunningContestant>;
}

/**
 * Measures a backend against its peer in one workload: checks that they agree, then times them in turn.
 *
 * @throws Error if a contestant fails, or does not compute what the peer does
 */
export async function play({ backend, workload, part, rounds, start }: Match): Promise<readonly BenchRow[]> {
  const own = challengers(backend, part);
  const running: RunningContestant[] = [];
  const { kind, rows, columns } = workload;
  try {
    for (const entrant of [...own, "peer" as const]) {
      running.push(
        await start({ backend, problem: { kind, rows, columns }, part, entrant }).catch((error: unknown) => {
          throw new Error(`${entrant}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }),
      );
    }
    const peer = running.at(-1);
    if (peer === undefined) return [];
    for (const [i, entrant] of own.entries()) {
      const wrong = disagreements(running[i]?.summary ?? peer.summary, peer.summary);
      if (wrong.length > 0) throw new Error(`${entrant} and the peer must agree, got ${wrong.join("; ")}`);
    }
    const times = await timeInTurn(running, { rounds });
    const peaks: number[] = [];
    for (const contestant of running) peaks.push(await contestant.close());
    const must = goalFor(backend, workload.id, part);
    return own.map((contestant, i): BenchRow => {
      const comparison = compareTimes(times[i] ?? [], times.at(-1) ?? []);
      return {
        backend,
        workload: workload.id,
        title: workload.title,
        part,
        contestant,
        rounds: times[i]?.length ?? 0,
        ...comparison,
        ...(must === undefined ? {} : { must, ok: comparison.ratio <= must }),
        peakMB: megabytes(peaks[i]),
        peerPeakMB: megabytes(peaks.at(-1)),
        value: running[i]?.summary.value ?? Number.NaN,
      };
    });
  } finally {
    for (const contestant of running) contestant.kill();
  }
}

function megabytes(bytes: number = Number.NaN): number {
  return Math.round(bytes / 2 ** 20);
}
