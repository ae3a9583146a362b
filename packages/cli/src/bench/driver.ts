import { challengers, type Challenger, type Job } from "./openContestant.js";
import { ownPeer, type PeerId } from "./peerIds.js";
import type { Part } from "./problems.js";
import { goalFor } from "./goals.js";
import { timeInTurn } from "./rounds.js";
import type { RunningContestant } from "./startContestant.js";
import { compareTimes, type Comparison } from "./statistics.js";
import { disagreements } from "./summary.js";
import type { Workload, WorkloadId } from "./workloads.js";

/** One contestant against a peer. */
export interface BenchRow extends Comparison {
  readonly backend: string;
  readonly workload: WorkloadId;
  readonly title: string;
  readonly part: Part;
  readonly contestant: Challenger;
  readonly peer: PeerId;
  readonly rounds: number;
  /** The ratio to the peer on the same engine that must not be exceeded, where there is one, and whether it is not. */
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
  /** Default: the peer on the backend's engine. */
  readonly peers?: readonly PeerId[] | undefined;
  readonly start: (job: Job) => Promise<RunningContestant>;
}

/**
 * Measures a backend against its peers in one workload: checks that all agree, then times them in turn.
 *
 * @throws Error if a contestant fails, or does not compute what the first peer does
 */
export async function play({ backend, workload, part, rounds, peers, start }: Match): Promise<readonly BenchRow[]> {
  const own = challengers(backend, part);
  const others = peers ?? [ownPeer(backend)];
  const entrants = [...own, ...others];
  const running: RunningContestant[] = [];
  const { kind, rows, columns } = workload;
  try {
    for (const entrant of entrants) {
      running.push(
        await start({ backend, problem: { kind, rows, columns }, part, entrant }).catch((error: unknown) => {
          throw new Error(`${entrant}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }),
      );
    }
    const judge = own.length;
    for (const [i, { summary }] of running.entries()) {
      const wrong = disagreements(summary, running[judge]?.summary ?? summary);
      if (wrong.length > 0)
        throw new Error(`${entrants[i]} and ${entrants[judge]} must agree, got ${wrong.join("; ")}`);
    }
    const times = await timeInTurn(running, { rounds });
    const peaks: number[] = [];
    for (const contestant of running) peaks.push(await contestant.close());
    return own.flatMap((contestant, i) =>
      others.map((peer, j): BenchRow => {
        const at = own.length + j;
        const comparison = compareTimes(times[i] ?? [], times[at] ?? []);
        const must = peer === ownPeer(backend) ? goalFor(backend, workload.id, part) : undefined;
        return {
          backend,
          workload: workload.id,
          title: workload.title,
          part,
          contestant,
          peer,
          rounds: times[i]?.length ?? 0,
          ...comparison,
          ...(must === undefined ? {} : { must, ok: comparison.ratio <= must }),
          peakMB: megabytes(peaks[i]),
          peerPeakMB: megabytes(peaks[at]),
          value: running[i]?.summary.value ?? Number.NaN,
        };
      }),
    );
  } finally {
    for (const contestant of running) contestant.kill();
  }
}

function megabytes(bytes: number = Number.NaN): number {
  return Math.round(bytes / 2 ** 20);
}
