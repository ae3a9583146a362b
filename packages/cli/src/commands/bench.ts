import process from "node:process";
import { engineVersions, namedBackends } from "../backends.js";
import { play, type BenchRow } from "../bench/driver.js";
import type { Part } from "../bench/problems.js";
import { reportAsText, type BenchReport } from "../bench/report.js";
import { startContestant } from "../bench/startContestant.js";
import { namedWorkloads } from "../bench/workloads.js";
import { UsageError } from "../failure.js";
import { describeMachine } from "../machine.js";
import { note, print, toJSON, writeWhole } from "../output.js";
import { progressBar } from "../progress.js";

export interface BenchOptions {
  readonly backend: string;
  readonly workload?: string;
  readonly rounds: string;
  readonly part: string;
  readonly json?: boolean;
  readonly report?: string;
}

/** `losses bench`: the time of every workload, as a ratio to a peer on the same engine. Returns the exit status. */
export async function bench(options: BenchOptions): Promise<number> {
  const parts = readParts(options.part);
  const rounds = readRounds(options.rounds);
  const workloads = namedWorkloads(options.workload);
  const matches = namedBackends(options.backend).flatMap((backend) =>
    workloads.flatMap((workload) => parts.map((part) => ({ backend, workload, part, rounds, start: startContestant }))),
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
  await print(options.json === true ? toJSON(report) : reportAsText(report));
  return problems.length > 0 ? 1 : 0;
}

function readParts(text: string): readonly Part[] {
  if (text === "both") return ["forward", "gradient"];
  if (text === "forward" || text === "gradient") return [text];
  throw new UsageError(`--part must be forward, gradient or both, got ${text}.`);
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  throw new UsageError(`--rounds must be an integer >= 1, got ${text}.`);
}
