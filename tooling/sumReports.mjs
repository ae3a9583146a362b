// Adds up the test reports of all packages and closes with the line "<n> passed, <n> failed".
// Usage: node tooling/sumReports.mjs [failed steps...].
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { readJson, root, workspaceFolders } from "./repository.mjs";

/** Folders with reports: those of the workspace, and the matrix, which stands beside it.
 * @param {string} from
 */
function reportFolders(from) {
  return [...workspaceFolders(from), "tooling/matrix"];
}

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

/**
 * @param {string} folder
 * @returns {string[]} the reports of one package: of its tests, its browser tests and those of what is published, where it has some
 */
function reportsIn(folder) {
  return ["vitest.json", "browser.json", "published.json"]
    .map((file) => join(folder, ".reports", file))
    .filter((file) => existsSync(file));
}

/** Removes old reports, so that a package that no longer runs is not counted. */
export function clearReports(from = root) {
  for (const folder of reportFolders(from)) {
    for (const file of reportsIn(join(from, folder))) rmSync(file, { force: true });
  }
}

/**
 * @param {string} [from]
 * @returns {Map<string, Totals>} by workspace folder
 */
export function readReports(from = root) {
  /** @type {Map<string, Totals>} */
  const totals = new Map();
  for (const folder of reportFolders(from)) {
    const sum = { passed: 0, failed: 0, skipped: 0 };
    const files = reportsIn(join(from, folder));
    for (const report of files.map(readJson)) addReport(sum, report);
    if (files.length > 0) totals.set(folder, sum);
  }
  return totals;
}

/**
 * @param {Totals} sum
 * @param {any} report as vitest writes it
 */
function addReport(sum, report) {
  // A test file that cannot even be loaded has no failed test in it, but it is a failure.
  const notLoaded = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: { status: string }[] }} */ suite) =>
      suite.status === "failed" && !suite.assertionResults.some((test) => test.status === "failed"),
  ).length;
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests + notLoaded;
  sum.skipped += report.numPendingTests + report.numTodoTests;
}

/**
 * Prints the totals. A failed step counts as one failure, but the test step only if no test in it did.
 * @param {string[]} failedSteps
 * @param {string} [from]
 * @returns {boolean} whether there were tests and nothing failed
 */
export function printTotals(failedSteps, from = root) {
  const reports = readReports(from);
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const [folder, { passed, failed, skipped }] of reports) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
    console.log(`  ${folder}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  const counted = failedSteps.filter((name) => name !== "test" || sum.failed === 0);
  for (const name of counted) console.log(`  failed: ${name}`);
  sum.failed += counted.length;
  if (reports.size === 0) console.log("  no test report was found");
  if (sum.skipped > 0) console.log(`  skipped: ${sum.skipped}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 && sum.passed > 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = printTotals(process.argv.slice(2)) ? 0 : 1;
}
