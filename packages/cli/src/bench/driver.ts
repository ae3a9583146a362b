import { challengers, type Challenger, type Job } from "./openContestant.js";
import { isWritten, type LossProblem } from "./lossProblem.js";
import { isPeer, otherBackend, ownPeer, type Peer } from "./peerIds.js";
import type { Part } from "./problems.js";
import { goalFor } from "./goals.js";
import { timeInTurn } from "./rounds.js";
import type { RunningContestant } from "./startContestant.js";
import { compareTimes, type Comparison } from "./statistics.js";
import { disagreements } from "./summary.js";
import type { Contest, WorkloadId } from "./workloads.js";

/** One contestant against a peer. */
export interface BenchRow extends Comparison {
  readonly backend: string;
  readonly workload?: WorkloadId;
  /** The loss and its sizes; as data where it is none of a workload. */
  readonly title: string;
  readonly loss?: LossProblem["loss"];
  readonly shapes?: LossProblem["shapes"];
  readonly part: Part;
  readonly contestant: Challenger;
  /** How many threads the contestant has, where that is ours to say; peers decide themselves. */
  readonly threads?: number;
  readonly peer: Peer;
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
  readonly contest: Contest & { readonly id?: WorkloadId };
  readonly part: Part;
  readonly rounds: number;
  /** How many threads js:wasm has. Default 1. */
  readonly threads?: number;
  /** Default: the peer on the backend's engine; of a loss that none is written for, another backend. */
  readonly peers?: readonly Peer[] | undefined;
  readonly start: (job: Job) => Promise<RunningContestant>;
}

/**
 * Measures a backend against its peers in one contest: checks that all agree, then times them in turn.
 *
 * @throws Error if a contestant fails, or does not compute what the first peer does
 */
export async function play(match: Match): Promise<readonly BenchRow[]> {
  const { backend, contest, part, rounds, threads, peers, start } = match;
  const { id, title, problem } = contest;
  const own = challengers(backend, part);
  const others = peers ?? [isWritten(problem) ? ownPeer(backend) : otherBackend(backend)];
  const entrants = [...own, ...others];
  const running: RunningContestant[] = [];
  const jobs = [
    ...own.map((entrant): Job => ({ backend, problem, part, entrant, ...(threads === undefined ? {} : { threads }) })),
    ...others.map((peer): Job =>
      isPeer(peer) ? { backend, problem, part, entrant: peer } : { backend: peer, problem, part, entrant: "losses" },
    ),
  ];
  try {
    for (const [i, job] of jobs.entries()) {
      running.push(
        await start(job).catch((error: unknown) => {
          throw new Error(`${entrants[i]}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
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
        const must = peer === ownPeer(backend) ? goalFor(backend, id, part) : undefined;
        return {
          backend,
          ...(id === undefined ? {} : { workload: id }),
          title,
          ...(isWritten(problem) ? {} : { loss: problem.loss, shapes: problem.shapes }),
          part,
          contestant,
          ...(threads === undefined ? {} : { threads }),
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
