import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Result {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** Runs a file of the stranger's project in a vitest of its own. */
function run(file: string, env: Readonly<Record<string, string>> = {}): readonly Result[] {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const root = fileURLToPath(new URL("./stranger/", import.meta.url));
  const { VITEST: _, LOSSES_BACKENDS: __, LOSSES_REQUIRE: ___, ...clean } = process.env;
  const { stdout } = spawnSync(process.execPath, [vitest, "run", "--root", root, `${file}.stranger.ts`], {
    encoding: "utf8",
    env: { ...clean, ...env },
  });
  const report = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
    readonly testResults: readonly { readonly assertionResults: readonly Result[] }[];
  };
  return report.testResults.flatMap(({ assertionResults }) => assertionResults);
}

describe("testBackend in a stranger's vitest file", { timeout: 60_000 }, () => {
  it("passes a backend that is right, in every dtype it has", () => {
    const results = run("right");
    expect(results.filter(({ status }) => status !== "passed")).toEqual([]);
    for (const dtype of ["float32", "float64"]) {
      expect(results.map(({ fullName }) => fullName)).toContainEqual(
        expect.stringMatching(`^reference ${dtype} hingeGanGeneratorLoss: \\d+ cases$`),
      );
    }
  });

  it("leaves out one that has no id but its own, as LOSSES_BACKENDS says", () => {
    const statuses = run("right", { LOSSES_BACKENDS: "js" }).map(({ fullName, status }) => [fullName, status]);
    expect(statuses).toEqual([["reference is left out by LOSSES_BACKENDS", "skipped"]]);
  });

  it("names the failing cases of one that is wrong", () => {
    const [loss, ...others] = run("wrong");
    expect(loss?.status).toBe("failed");
    expect(loss?.failureMessages.join("\n")).toMatch(
      /hingeGanGeneratorLoss\/defaults \[wrong float32\]\n\s+value: expected \S+, got \S+, allowed ±/,
    );
    expect(others.filter(({ status }) => status !== "passed")).toEqual([]);
  });

  it("skips one that is missing only if it is optional and not required", () => {
    const statuses = (env?: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(run("missing", env).map(({ fullName, status }) => [fullName, status]));
    expect(statuses()).toEqual({
      "gpu:optional does not work here: no driver": "skipped",
      "gpu:odd does not work here: no adapter": "skipped",
      "gpu:needed works here": "failed",
    });
    expect(statuses({ LOSSES_REQUIRE: "gpu" })).toEqual({
      "gpu:optional works here": "failed",
      "gpu:odd works here": "failed",
      "gpu:needed works here": "failed",
    });
    expect(statuses({ LOSSES_BACKENDS: "js" })).toEqual({
      "gpu:optional is left out by LOSSES_BACKENDS": "skipped",
      "gpu:odd is left out by LOSSES_BACKENDS": "skipped",
      "gpu:needed is left out by LOSSES_BACKENDS": "skipped",
    });
  });
});
