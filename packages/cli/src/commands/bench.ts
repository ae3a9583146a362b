import process from "node:process";
import { engineVersions, namedBackends } from "../backends.js";
import { play, type BenchRow, type Match } from "../bench/driver.js";
import type { Job } from "../bench/openContestant.js";
import { contestsOf, namedLosses } from "../bench/namedLosses.js";
import { isInPython, isPeer, namedPeers } from "../bench/peerIds.js";
import { startTorch } from "../bench/peers/torch/startTorch.js";
import type { Part } from "../bench/problems.js";
import { reportAsMarkdown, reportAsText, type BenchReport } from "../bench/report.js";
import { startContestant, type RunningContestant } from "../bench/startContestant.js";
import { namedWorkloads } from "../bench/workloads.js";
import { UsageError } from "../failure.js";
import { describeMachine } from "../machine.js";
import { note, print, toJSON, writeWhole } from "../output.js";
import { progressBar } from "../progress.js";
import { readCount, readThreads } from "../read.js";

export interface BenchOptions {
  readonly backend: string;
  readonly workload?: string;
  readonly loss?: string;
  readonly option: readonly string[];
  readonly shape: readonly string[];
  readonly grad?: string;
  readonly rounds: string;
  readonly part: string;
  readonly peers?: string;
  readonly python?: string;
  readonly threads?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly report?: string;
}

/** `losses bench`: the time of every workload, as a ratio to peers. Returns the exit status. */
export async function bench(options: BenchOptions): Promise<number> {
  const parts = readParts(options.part);
  const rounds = readCount("--rounds", options.rounds);
  const backends = namedBackends(options.backend);
  checkTogether(options);
  const threads = threadsOf(options.threads, backends);
  const { loss, python } = options;
  const losses = loss === undefined ? undefined : namedLosses(loss, options);
  const peers = namedPeers(options.peers, python, losses);
  if (options.json === true && options.markdown === true) {
    throw new UsageError("bench must print in one form, got --json and --markdown.");
  }
  const contests = losses === undefined ? namedWorkloads(options.workload) : await contestsOf(losses, options);
  const start = (job: Job): Promise<RunningContestant> => {
    const { entrant } = job;
    return python !== undefined && isPeer(entrant) && isInPython(entrant)
      ? startTorch(job, python)
      : startContestant(job);
  };
  const matches = backends.flatMap((backend) =>
    contests.flatMap((contest) =>
      parts.flatMap((part) =>
        threads.map((more): Match => ({ backend, contest, part, rounds, ...more, peers, start })),
      ),
    ),
  );
  const bar = progressBar();
  const rows: BenchRow[] = [];
  const problems: string[] = [];
  for (const [done, match] of matches.entries()) {
    const title = `${match.backend} ${match.contest.id ?? match.contest.title} ${match.part}`;
    bar.show("bench", done, matches.length);
    try {
      rows.push(...(await play(match)));
    } catch (error) {
      problems.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  bar.stop();
  const report: BenchReport = {
    system: { node: process.versions.node, ...describeMachine(), ...engineVersions() },
    rows,
    problems,
  };
  if (options.report !== undefined) {
    await writeWhole(options.report, toJSON(report));
    note(`The report is in ${options.report}.`);
  }
  const text = options.markdown === true ? reportAsMarkdown(report, commandOf(options)) : reportAsText(report);
  await print(options.json === true ? toJSON(report) : text);
  return problems.length > 0 ? 1 : 0;
}

/** What was typed, but for where the report went. */
function commandOf(options: BenchOptions): string {
  const { backend, workload, loss, option, shape, grad, rounds, part, peers, python, threads } = options;
  const given = Object.entries({ backend, workload, loss, option, shape, grad, part, rounds, peers, python, threads });
  return [
    "losses bench",
    ...given.flatMap(([name, value = []]) => [value].flat().map((one) => `--${name} ${one}`)),
  ].join(" ");
}

/** What makes sense with another option alone. */
function checkTogether({ workload, loss, option, shape, grad, part }: BenchOptions): void {
  if (loss !== undefined && workload !== undefined) {
    throw new UsageError("bench must measure workloads or losses, got --workload and --loss.");
  }
  const of = Object.entries({ option: option[0], shape: shape[0], grad }).find(([, value]) => value !== undefined);
  if (loss === undefined && of !== undefined) {
    throw new UsageError(`--${of[0]} must come with --loss, got none. Workloads have their own.`);
  }
  if (grad !== undefined && part === "forward") {
    throw new UsageError("--grad must come with --part gradient or both, got forward.");
  }
}

/** How many threads the backends have, one after the other; where nothing is said, that is theirs. */
function threadsOf(text: string | undefined, backends: readonly string[]): readonly Pick<Match, "threads">[] {
  return text === undefined ? [{}] : readThreads(text, backends).map((threads) => ({ threads }));
}

function readParts(text: string): readonly Part[] {
  if (text === "both") return ["forward", "gradient"];
  if (text === "forward" || text === "gradient") return [text];
  throw new UsageError(`--part must be forward, gradient or both, got ${text}.`);
}
