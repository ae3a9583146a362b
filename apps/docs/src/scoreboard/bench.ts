import type { Translate } from "../i18n/translator.js";
import { provenance, readReports } from "./reports.js";

/** One line of a bench report, as far as the table shows it. */
interface BenchRow {
  readonly backend: string;
  readonly workload: string;
  readonly title: string;
  readonly part: string;
  readonly contestant: string;
  readonly ms: number;
  readonly peerMs: number;
  readonly ratio: number;
}

interface BenchReport {
  readonly system: Readonly<Record<string, string>>;
  readonly rows: readonly BenchRow[];
}

/** The bench tables, one for each report. */
export function benchSections(t: Translate): readonly string[] {
  const reports = readReports<BenchReport>("bench");
  if (reports.length === 0) return [];
  return [
    `## ${t("Time")} {#time}`,
    "",
    t(
      "Times are ratios to a peer: the same loss on the same engine, as one would write it by hand. Below 1 is faster.",
    ),
    "",
    ...reports.flatMap((report) => [
      `### ${backendsOf(report).join(", ")}`,
      "",
      `| ${[t("Loss"), t("Part"), t("Milliseconds"), t("Peer"), t("Ratio")].join(" | ")} |`,
      "| --- | --- | --- | --- | --- |",
      ...report.rows.map(
        ({ title, part, contestant, ms, peerMs, ratio }) =>
          `| ${title}${contestant === "ours" || contestant === "losses" ? "" : ` (${contestant})`} | ${t(part)} | ${digits(ms)} | ${digits(peerMs)} | **${digits(ratio)}** |`,
      ),
      "",
      ...provenance({
        command: `npx losses bench --backend ${backendsOf(report).join(",")} --report report.json`,
        machine: report.system,
      }),
    ]),
  ];
}

const backendsOf = ({ rows }: BenchReport): readonly string[] => [...new Set(rows.map(({ backend }) => backend))];
const digits = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toPrecision(3));
