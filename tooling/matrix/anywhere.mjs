// Runs golden cases in every runtime and browser there is, and writes the report of what runs where: tooling/matrix/anywhere.json, which
// the site shows, and the table in SUPPORT.md. Usage: npm run anywhere [-- --all | --at-most 3] [--only "Deno,Bun"]. It takes 3 cases of
// each loss, spread evenly over them; --all takes hours. With --only nothing is written.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "../repository.mjs";
import { problemsOf, runAnywhere, tableOf } from "./anywhere/report.mjs";
import { here } from "./tools.mjs";

const { values } = parseArgs({
  options: { all: { type: "boolean", default: false }, "at-most": { type: "string" }, only: { type: "string" } },
});
if (values.all && values["at-most"] !== undefined) throw new Error("anywhere: --all must come without --at-most");
const started = performance.now();
const report = await runAnywhere({
  atMost: values.all ? undefined : Number(values["at-most"] ?? 3),
  ...(values.only === undefined ? {} : { only: values.only.split(",") }),
  onRow: (row) =>
    console.log(
      `${((performance.now() - started) / 60_000).toFixed(1)} min: ${row.name} ${row.version}: ${row.outcomes.map(({ backend, cases, reason }) => `${backend} ${reason ?? cases}`).join("; ")}`,
    ),
});
const problems = report.rows.flatMap(problemsOf);
console.log(tableOf(report));
for (const name of report.absent) console.log(`not installed: ${name}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else if (values.only === undefined) {
  writeFileSync(join(here, "anywhere.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  const page = join(root, "SUPPORT.md");
  const marked = /(<!-- anywhere: written by npm run anywhere -->\n)[^]*?(<!-- \/anywhere -->)/;
  const text = readFileSync(page, "utf8");
  if (!marked.test(text)) throw new Error("anywhere: SUPPORT.md must have the place of the table, got none");
  writeFileSync(
    page,
    text.replace(marked, (_, start, end) => `${start}\n${tableOf(report)}\n\n${end}`),
  );
  console.log("wrote tooling/matrix/anywhere.json and the table in SUPPORT.md");
}
