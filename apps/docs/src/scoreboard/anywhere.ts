import { readFileSync } from "node:fs";
import { join } from "node:path";
import { appFolder } from "../generate/paths.js";
import type { Translate } from "../i18n/translator.js";
import { escapeHtml } from "../losses/lossPage.js";
import { provenance } from "./reports.js";

/** How one backend did in one runtime. */
interface Outcome {
  readonly backend: string;
  /** 0 where it does not work. */
  readonly cases: number;
  readonly failures: readonly string[];
  readonly reason?: string;
}

/** The report of `npm run anywhere`, as far as the table shows it. */
interface AnywhereReport {
  readonly golden: { readonly all: number; readonly losses: number };
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly {
    readonly name: string;
    readonly version: string;
    readonly golden: number;
    readonly outcomes: readonly Outcome[];
  }[];
}

/** The table of runtimes and backends. */
export function anywhereSection(t: Translate): readonly string[] {
  const file = join(appFolder, "../../tooling/matrix/anywhere.json");
  const { golden, machine, versions, rows } = JSON.parse(readFileSync(file, "utf8")) as AnywhereReport;
  const backends = [...new Set(rows.flatMap(({ outcomes }) => outcomes.map(({ backend }) => backend)))];
  const head = [t("Runtime"), t("Golden cases"), ...backends.map((id) => id.replace(":", ":<wbr>"))];
  const body = rows.map((row) => {
    const cells = backends.map((backend) =>
      cellHtml(
        row.outcomes.find((one) => one.backend === backend),
        t,
      ),
    );
    return `<tr><th scope="row">${runtimeHtml(row, t)}</th><td>${row.golden}</td>${cells.join("")}</tr>`;
  });
  return [
    `## ${t("Where it runs")} {#anywhere}`,
    "",
    t(
      "From the packed packages, in each runtime: so many of {all} golden cases, spread evenly over each of {losses} losses. ✓ and how many values, gradients with them, and errors for bad input were right, in all dtypes of the backend.",
      golden,
    ),
    "",
    `<div class="scores" role="region" tabindex="0" aria-label="${t("Where it runs")}">`,
    `<table><thead><tr>${head.map((title) => `<th scope="col">${title}</th>`).join("")}</tr></thead>`,
    `<tbody>${body.join("")}</tbody></table>`,
    "</div>",
    "",
    ...provenance({ command: "npm run anywhere", machine, versions }),
  ];
}

/** A runtime's name is the program, and what is special: "Chromium with WebGL and WebGPU". */
function runtimeHtml({ name, version }: { readonly name: string; readonly version: string }, t: Translate): string {
  const [, program = name, special] = /^(.+?)(?: (with.*))?$/.exec(name) ?? [];
  const how = special === undefined ? "" : ` <small>${escapeHtml(t(special))}</small>`;
  return `${escapeHtml(program)}${how} <small>${escapeHtml(version)}</small>`;
}

function cellHtml(outcome: Outcome | undefined, t: Translate): string {
  if (outcome === undefined) return `<td class="none"><span aria-label="${t("not measured")}">–</span></td>`;
  const { cases, failures, reason = "" } = outcome;
  if (cases === 0)
    return `<td class="none"><abbr title="${escapeHtml(reason).replaceAll('"', "&quot;")}">${t("not here")}</abbr></td>`;
  if (failures.length > 0) return `<td class="failed">${t("{count} failed", { count: failures.length })}</td>`;
  return `<td class="level-0">✓ ${cases}</td>`;
}

/** What the section says only for some reports. */
export const anywhereTexts: readonly string[] = ["not here", "not measured", "{count} failed"];
