import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@losses/conformance";
import { appFolder } from "../generate/paths.js";
import { escapeHtml } from "../losses/lossPage.js";

/** A conformance report and the command that wrote it. */
export interface StoredReport extends Report {
  readonly command?: string;
}

const folder = join(appFolder, "data/reports");

/** The stored reports of one kind, by the beginning of their names. */
export function readReports<T>(prefix: string): readonly T[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as T);
}

/** The command and machine behind a table. */
export function provenance(report: {
  readonly command?: string;
  readonly machine?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, string>>;
}): readonly string[] {
  const facts = { ...report.machine, ...report.versions };
  return [
    "```sh",
    report.command ?? "npx losses conformance --report report.json",
    "```",
    "",
    `<dl class="facts" v-pre>${Object.entries(facts)
      .map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(String(value))}</dd>`)
      .join("")}</dl>`,
    "",
  ];
}
