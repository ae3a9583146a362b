// Runs golden cases in every runtime and browser there is, and writes the report of what runs where: tooling/matrix/anywhere.json, which
// the site shows, and the table in SUPPORT.md. Usage: npm run anywhere [-- --all | --at-most 2] [--only "Deno,Bun"] [--check]. It takes 2 cases of
// each loss, the first and the last; --all takes hours. What --only leaves out stays as it was measured; a runtime with a failure is not
// written, and with --check nothing is.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { readJson, root } from "../repository.mjs";
import { mergeReports, problemsOf, runAnywhere, tableOf } from "./anywhere/report.mjs";
import { here } from "./tools.mjs";

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    "at-most": { type: "string" },
    only: { type: "string" },
    check: { type: "boolean", default: false },
  },
});
if (values.all && values["at-most"] !== undefined) throw new Error("anywhere: --all must come without --at-most");
const file = join(here, "anywhere.json");
const started = performance.now();
const report = await runAnywhere({
  atMost: values.all ? undefined : Number(values["at-most"] ?? 2),
  ...(values.only === undefined ? {} : { only: values.only.split(",") }),
  onRow: (row, soFar) => {
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    const outcomes = row.outcomes.map(({ backend, cases, reason }) => `${backend} ${reason ?? cases}`);
    console.log(`${minutes} min: ${row.name} ${row.version}: ${outcomes.join("; ")}`);
    const problems = problemsOf(row);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
    else if (!values.check) write(soFar);
  },
});
for (const name of report.absent) console.log(`not installed: ${name}`);

/**
 * Writes what is known after each runtime, so that a run that is ended has not been for nothing.
 * @param {import("./anywhere/report.mjs").Report} soFar
 */
function write(soFar) {
  const merged = mergeReports(existsSync(file) ? readJson(file) : undefined, soFar);
  writeFileSync(file, `${JSON.stringify(merged, undefined, 2)}\n`);
  const page = join(root, "SUPPORT.md");
  const marked = /(<!-- anywhere: written by npm run anywhere -->\n)[^]*?(<!-- \/anywhere -->)/;
  const text = readFileSync(page, "utf8");
  if (!marked.test(text)) throw new Error("anywhere: SUPPORT.md must have the place of the table, got none");
  writeFileSync(
    page,
    text.replace(marked, (_, start, end) => `${start}\n${tableOf(merged)}\n\n${end}`),
  );
}
