import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clearReports, printTotals, readReports } from "../sumReports.mjs";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "losses-reports-"));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

/**
 * @param {string} folder
 * @param {{ passed?: number, failed?: number, notLoaded?: number }} counts
 */
function writeReport(folder, { passed = 0, failed = 0, notLoaded = 0 }) {
  mkdirSync(join(root, folder, ".reports"), { recursive: true });
  writeFileSync(join(root, folder, "package.json"), "{}");
  const report = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: Array.from({ length: notLoaded }, () => ({ status: "failed", assertionResults: [] })),
  };
  writeFileSync(join(root, folder, ".reports", "vitest.json"), JSON.stringify(report));
}

/** @param {string[]} failedSteps */
function closing(failedSteps = []) {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const ok = printTotals(failedSteps, root);
  return { ok, line: log.mock.lastCall?.[0] };
}

test("totals are summed over packages", () => {
  writeReport("packages/a", { passed: 3 });
  writeReport("apps/b", { passed: 4 });
  expect(closing()).toEqual({ ok: true, line: "7 passed, 0 failed" });
});

test("failed tests, files that do not load and failed steps all count", () => {
  writeReport("packages/a", { passed: 3, failed: 1, notLoaded: 1 });
  expect(closing(["lint", "test"])).toEqual({ ok: false, line: "3 passed, 3 failed" });
});

test("a test step that failed without a failed test counts itself", () => {
  writeReport("packages/a", { passed: 3 });
  expect(closing(["test"])).toEqual({ ok: false, line: "3 passed, 1 failed" });
});

test("no report at all is not a success", () => {
  expect(closing()).toEqual({ ok: false, line: "0 passed, 0 failed" });
});

test("cleared reports are gone", () => {
  writeReport("packages/a", { passed: 3 });
  clearReports(root);
  expect(readReports(root).size).toBe(0);
});
