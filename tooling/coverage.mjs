// Runs the tests of every package with coverage and prints a table; in a GitHub workflow it also goes into the summary of the job.
// Usage: npm run coverage
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readJson, root, workspaceFolders } from "./repository.mjs";
import { run } from "./runProgram.mjs";

const reports = ".reports/coverage";
const flags = [
  "--coverage",
  "--coverage.include=src/**",
  "--coverage.reporter=json-summary",
  `--coverage.reportsDirectory=${reports}`,
];
const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
run(process.execPath, [turbo, "run", "test", "--filter=./packages/*", "--concurrency=2", "--", ...flags], {
  cwd: root,
  timeout: 3_600_000,
});

const parts = /** @type {const} */ (["lines", "branches", "functions"]);
const rows = workspaceFolders().flatMap((folder) => {
  const file = join(root, folder, reports, "coverage-summary.json");
  if (!existsSync(file)) return [];
  const { total } = readJson(file);
  return [`| ${[folder, ...parts.map((part) => `${total[part].pct} %`)].join(" | ")} |`];
});
const table = [`| package | ${parts.join(" | ")} |`, `|---|${parts.map(() => "--:|").join("")}`, ...rows].join("\n");
console.log(table);
const summary = process.env["GITHUB_STEP_SUMMARY"];
if (summary !== undefined) appendFileSync(summary, `${table}\n`);
if (rows.length === 0) throw new Error("coverage: there must be reports of packages, got none.");
