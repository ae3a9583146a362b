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
  "threads",
  "ms",
  "peer",
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
  return `${[...table, ...problems, facts(system)].join("\n")}\n`;
}

/** The report as a table in Markdown: a row for each contestant, a column for each peer. `command`: how it was made. */
export function reportAsMarkdown({ system, rows, problems }: BenchReport, command: string): string {
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const groups = new Map<string, readonly BenchRow[]>();
  for (const row of rows) {
    const key = `${row.backend} ${nameOf(row)} ${row.part} ${row.contestant} ${row.threads}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const ratio = (row: BenchRow | undefined): string => (row === undefined ? "" : digits(row.ratio));
  const body = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { backend, part, contestant, threads = "-", ms } = first;
    const ratios = peers.map((peer) => ratio(group.find((row) => row.peer === peer)));
    return [[backend, nameOf(first), part, contestant, String(threads), digits(ms), ...ratios]];
  });
  const header = ["backend", "workload", "part", "who", "threads", "ms", ...peers.map((peer) => `to ${peer}`)];
  const table = [header, header.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`);
  return `${[...table, "", `\`${command}\`: ${facts(system)}`, ...problems.map((text) => `\n${text}`)].join("\n")}\n`;
}

function nameOf({ workload, title }: BenchRow): string {
  return workload === undefined ? title : `${workload} ${title}`;
}

function facts(system: BenchReport["system"]): string {
  return Object.entries(system)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

const legend =
  "\nratio: time against the peer's, the median of the rounds; below 1 is faster. MB: the most memory the whole process held.";

function line(row: BenchRow): readonly string[] {
  return [
    row.backend,
    row.workload ?? "-",
    row.title,
    row.part,
    row.contestant,
    String(row.threads ?? "-"),
    digits(row.ms),
    row.peer,
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
