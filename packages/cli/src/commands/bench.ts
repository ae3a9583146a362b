import process from "node:process";
import { engineVersions, namedBackends } from "../backends.js";
import { play, type BenchRow } from "../bench/driver.js";
import type { Job } from "../bench/openContestant.js";
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
import { readCount } from "../read.js";

export interface BenchOptions {
  readonly backend: string;
  readonly workload?: string;
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
  const workloads = namedWorkloads(options.workload);
  const { python } = options;
  const peers = namedPeers(options.peers, python);
  if (options.json === true && options.markdown === true) {
    throw new UsageError("bench must print in one form, got --json and --markdown.");
  }
  const backends = namedBackends(options.backend);
  const threads = readCount("--threads", options.threads ?? "1");
  const other = backends.find((id) => id !== "js:wasm");
  if (threads > 1 && other !== undefined) throw new UsageError(`--threads must come with js:wasm alone, got ${other}.`);
  const start = (own: Job): Promise<RunningContestant> => {
    const job = { ...own, threads };
    const { entrant } = job;
    return python !== undefined && isPeer(entrant) && isInPython(entrant)
      ? startTorch(job, python)
      : startContestant(job);
  };
  const matches = backends.flatMap((backend) =>
    workloads.flatMap((workload) => parts.map((part) => ({ backend, workload, part, rounds, peers, start }))),
  );
  const bar = progressBar();
  const rows: BenchRow[] = [];
  const problems: string[] = [];
  for (const [done, match] of matches.entries()) {
    const title = `${match.backend} ${match.workload.id} ${match.part}`;
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
function commandOf({ backend, workload, rounds, part, peers, python, threads }: BenchOptions): string {
  const given = Object.entries({ backend, workload, part, rounds, peers, python, threads });
  return [
    "losses bench",
    ...given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`])),
  ].join(" ");
}

function readParts(text: string): readonly Part[] {
  if (text === "both") return ["forward", "gradient"];
  if (text === "forward" || text === "gradient") return [text];
  throw new UsageError(`--part must be forward, gradient or both, got ${text}.`);
}
