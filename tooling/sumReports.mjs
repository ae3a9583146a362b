// Adds up the test reports of all packages and closes with the line "<n> passed, <n> failed".
// Usage: node tooling/sumReports.mjs [failed steps...].
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { readJson, root, workspaceFolders } from "./repository.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

const reportOf = (/** @type {string} */ folder) => join(folder, ".reports", "vitest.json");

/** Removes old reports, so that a package that no longer runs is not counted. */
export function clearReports(from = root) {
  for (const folder of workspaceFolders(from)) rmSync(reportOf(join(from, folder)), { force: true });
}

/**
 * @param {string} [from]
 * @returns {Map<string, Totals>} by workspace folder
 */
export function readReports(from = root) {
  /** @type {Map<string, Totals>} */
  const totals = new Map();
  for (const folder of workspaceFolders(from)) {
    const file = reportOf(join(from, folder));
    if (!existsSync(file)) continue;
    const report = readJson(file);
    // A test file that cannot even be loaded has no failed test in it, but it is a failure.
    const notLoaded = report.testResults.filter(
      (/** @type {{ status: string, assertionResults: { status: string }[] }} */ suite) =>
        suite.status === "failed" && !suite.assertionResults.some((test) => test.status === "failed"),
    ).length;
    totals.set(folder, {
      passed: report.numPassedTests,
      failed: report.numFailedTests + notLoaded,
      skipped: report.numPendingTests + report.numTodoTests,
    });
  }
  return totals;
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
