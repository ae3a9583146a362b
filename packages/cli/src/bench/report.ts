import { columns } from "../output.js";
import type { BenchRow } from "./driver.js";

/** Everything that a run found. */
export interface BenchReport {
  readonly system: Readonly<Record<string, string>>;
  readonly rows: readonly BenchRow[];
  /** What could not be measured, and why. */
  readonly problems: readonly string[];
}

const header = [
  "backend",
  "workload",
  "",
  "part",
  "who",
  "ms",
  "peer ms",
  "ratio",
  "quartiles",
  "must",
  "",
  "MB",
  "peer MB",
];

/** The report as a table for people. */
export function reportAsText({ system, rows, problems }: BenchReport): string {
  const table = rows.length === 0 ? [] : [columns([header, ...rows.map(line)]), legend];
  const facts = Object.entries(system).map(([name, value]) => `${name} ${value}`);
  return `${[...table, ...problems, facts.join(", ")].join("\n")}\n`;
}

const legend =
  "\nratio: time against the peer's, the median of the rounds; below 1 is faster. MB: the most memory the whole process held.";

function line(row: BenchRow): readonly string[] {
  return [
    row.backend,
    row.workload,
    row.title,
    row.part,
    row.contestant,
    digits(row.ms),
    digits(row.peerMs),
    digits(row.ratio),
    row.quartiles.map(digits).join("-"),
    row.must === undefined ? "-" : String(row.must),
    row.ok === undefined ? "" : row.ok ? "ok" : "over",
    String(row.peakMB),
    String(row.peerPeakMB),
  ];
}

/** Three digits that count. */
function digits(x: number): string {
  return x >= 100 ? x.toFixed(0) : x.toPrecision(3);
}
