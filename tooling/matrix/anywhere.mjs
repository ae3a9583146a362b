// Runs the golden cases in every runtime and browser there is, and writes the report of what runs where: tooling/matrix/anywhere.json and
// the table in SUPPORT.md. Usage: npm run anywhere [-- --every 10] [--only "Deno,Bun"]; with either nothing is written.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "../repository.mjs";
import { problemsOf, runAnywhere, tableOf } from "./anywhere/report.mjs";
import { here } from "./tools.mjs";

const { values } = parseArgs({ options: { every: { type: "string" }, only: { type: "string" } } });
const report = await runAnywhere({
  every: Number(values.every ?? 1),
  ...(values.only === undefined ? {} : { only: values.only.split(",") }),
  onRow: (row) =>
    console.log(
      `${row.name} ${row.version}: ${row.outcomes.map(({ backend, cases, reason }) => `${backend} ${reason ?? cases}`).join("; ")}`,
    ),
});
const problems = report.rows.flatMap(problemsOf);
console.log(tableOf(report));
for (const name of report.absent) console.log(`not installed: ${name}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else if (values.every === undefined && values.only === undefined) {
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
