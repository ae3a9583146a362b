import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Result {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** Runs files of the stranger's project in a vitest of its own. */
function run(files: readonly string[], env: Readonly<Record<string, string>> = {}): Results {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const root = fileURLToPath(new URL("./stranger/", import.meta.url));
  const { VITEST: _, LOSSES_BACKENDS: __, LOSSES_REQUIRE: ___, LOSSES_CASES: ____, ...clean } = process.env;
  const program = [vitest, "run", "--root", root, ...files.map((file) => `${file}.stranger.ts`)];
  const { stdout } = spawnSync(process.execPath, program, { encoding: "utf8", env: { ...clean, ...env } });
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
    readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Result[] }[];
  };
  return Object.fromEntries(
    testResults.map(({ name, assertionResults }) => [basename(name, ".stranger.ts"), assertionResults]),
  );
}

/** What became of tests, by the file that they are in. */
type Results = Readonly<Record<string, readonly Result[]>>;

const statusesOf = (results: readonly Result[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(results.map(({ fullName, status }) => [fullName, status]));

describe("testBackend in a stranger's vitest file", { timeout: 120_000 }, () => {
  it("passes a backend that is right in every dtype, names the failing cases of one that is wrong, and skips what is missing", () => {
    const { right = [], wrong: [loss, ...others] = [], missing } = run(["right", "wrong", "missing"]);
    expect(right.filter(({ status }) => status !== "passed")).toEqual([]);
    for (const dtype of ["float32", "float64"]) {
      expect(right.map(({ fullName }) => fullName)).toContainEqual(
        expect.stringMatching(`^reference ${dtype} hingeGanGeneratorLoss: \\d+ cases$`),
      );
    }
    expect(loss?.status).toBe("failed");
    expect(loss?.failureMessages.join("\n")).toMatch(
      /hingeGanGeneratorLoss\/defaults \[wrong float32\]\n\s+value: expected \S+, got \S+, allowed ±/,
    );
    expect(others.filter(({ status }) => status !== "passed")).toEqual([]);
    expect(statusesOf(missing)).toEqual({
      "gpu:optional does not work here: no driver": "skipped",
      "gpu:odd does not work here: no adapter": "skipped",
      "gpu:needed works here": "failed",
    });
  });

  it("fails one that is required and missing, and takes as many cases as LOSSES_CASES says", () => {
    const { right = [], missing } = run(["right", "missing"], { LOSSES_REQUIRE: "gpu", LOSSES_CASES: "2" });
    expect(right.filter(({ fullName }) => fullName.endsWith(": 2 cases")).length).toBeGreaterThan(0);
    expect(statusesOf(missing)).toEqual({
      "gpu:optional works here": "failed",
      "gpu:odd works here": "failed",
      "gpu:needed works here": "failed",
    });
  });

  it("leaves out what LOSSES_BACKENDS does not name, also what has no id but its own", () => {
    const { right, missing } = run(["right", "missing"], { LOSSES_BACKENDS: "js" });
    expect(statusesOf(right)).toEqual({ "reference is left out by LOSSES_BACKENDS": "skipped" });
    expect(statusesOf(missing)).toEqual({
      "gpu:optional is left out by LOSSES_BACKENDS": "skipped",
      "gpu:odd is left out by LOSSES_BACKENDS": "skipped",
      "gpu:needed is left out by LOSSES_BACKENDS": "skipped",
    });
  });
});
