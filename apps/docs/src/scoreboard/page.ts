import type { ReportRow } from "@losses/conformance";
import type { Page } from "../generate/page.js";
import type { Translate } from "../i18n/translator.js";
import { groupByFamily } from "../losses/families.js";
import { allLossDocs } from "../losses/lossPages.js";
import { anywhereSection, anywhereTexts } from "./anywhere.js";
import { benchSections } from "./bench.js";
import { provenance, readReports, type StoredReport } from "./reports.js";

/** How one loss does on one backend: all parts and dtypes together. */
interface Cell {
  readonly cases: number;
  readonly worst: number;
  readonly failures: ReportRow["failures"];
}

function cellOf(rows: readonly ReportRow[]): Cell | undefined {
  if (rows.length === 0) return undefined;
  return {
    cases: rows.reduce((sum, row) => sum + row.cases, 0),
    worst: rows.reduce((most, row) => Math.max(most, Number(row.worst)), 0),
    failures: rows.flatMap(({ failures }) => failures),
  };
}

/** The table of backends and losses, from the reports as the command line wrote them. */
export function scoreboardPage(t: Translate): Page {
  const reports = readReports<StoredReport>("conformance");
  const rows = reports.flatMap((report) => report.rows);
  const backends = [...new Set(rows.map(({ backend }) => backend))];
  const head = [
    "<thead><tr>",
    `<th scope="col">${t("Loss")}</th>`,
    ...backends.map((id) => `<th scope="col">${id.replace(":", ":<wbr>")}</th>`),
    "</tr></thead>",
  ];
  const body = groupByFamily(allLossDocs).map(({ family, losses }) =>
    [
      `<tbody><tr class="family"><th scope="rowgroup" colspan="${backends.length + 1}">${t(family.title)}</th></tr>`,
      ...losses.map(({ name }) => {
        const cells = backends.map((backend) =>
          cellHtml(cellOf(rows.filter((row) => row.loss === name && row.backend === backend)), t),
        );
        return `<tr><th scope="row"><a href="./losses/${name}">${name}</a></th>${cells.join("")}</tr>`;
      }),
      "</tbody>",
    ].join(""),
  );
  const markdown = [
    "---",
    `title: ${JSON.stringify(t("Scoreboard"))}`,
    `description: ${JSON.stringify(t("Every loss on every backend, held to golden cases from PyTorch and the published formulas."))}`,
    "kind: scoreboard",
    "---",
    "",
    `# ${t("Scoreboard")}`,
    "",
    `<p class="lead">${t("Every loss on every backend, held to golden cases from PyTorch and the published formulas.")}</p>`,
    "",
    t(
      "A number is the worst error of all values and gradients, as a share of what the derived error analysis allows: 1 would be the limit. Beside it stands how many cases were run, in every dtype that the backend has.",
    ),
    "",
    '<div class="scores" role="region" tabindex="0" aria-label="' + t("Scoreboard") + '">',
    `<table>${head.join("")}${body.join("")}</table>`,
    "</div>",
    "",
    `## ${t("Known failures")} {#known}`,
    "",
    ...knownFailures(rows, t),
    "",
    `## ${t("How it was measured")} {#measured}`,
    "",
    ...reports.flatMap((report) => provenance(report)),
    ...anywhereSection(t),
    ...benchSections(t),
    "",
  ].join("\n");
  return { path: "scoreboard", markdown };
}

function cellHtml(cell: Cell | undefined, t: Translate): string {
  if (cell === undefined) return `<td class="none"><span aria-label="${t("not measured")}">–</span></td>`;
  const unknown = cell.failures.filter(({ known }) => known === undefined).length;
  if (unknown > 0) return `<td class="failed">${t("{count} failed", { count: unknown })}</td>`;
  const level = Math.min(4, Math.floor(cell.worst * 5));
  const known =
    cell.failures.length > 0
      ? ` <abbr title="${t("known failures: {count}", { count: cell.failures.length })}">*</abbr>`
      : "";
  return `<td class="level-${level}"><strong>${cell.worst.toFixed(2)}</strong>${known}<small>${cell.cases}</small></td>`;
}

function knownFailures(rows: readonly ReportRow[], t: Translate): readonly string[] {
  const known = rows.flatMap(({ backend, failures }) =>
    failures.flatMap((failure) => (failure.known === undefined ? [] : [{ backend, ...failure }])),
  );
  if (known.length === 0) return [t("None: every case passes on every backend that was run.")];
  return [
    `| ${t("Backend")} | ${t("Case")} | ${t("Reason")} |`,
    "| --- | --- | --- |",
    ...known.map(({ backend, case: id, known: reason }) => `| ${backend} | \`${id}\` | ${reason} |`),
  ];
}

/** What the page says only for some reports. */
export const scoreboardTexts: readonly string[] = [
  ...anywhereTexts,
  "Backend",
  "Case",
  "Milliseconds",
  "None: every case passes on every backend that was run.",
  "Part",
  "Peer",
  "Ratio",
  "Reason",
  "Time",
  "Times are ratios to a peer: the same loss on the same engine, as one would write it by hand. Below 1 is faster.",
  "both",
  "forward",
  "gradient",
  "known failures: {count}",
];
