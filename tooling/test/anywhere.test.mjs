// What the documents say of where the packages run is what `npm run anywhere` has measured.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problemsOf, tableOf } from "../matrix/anywhere/report.mjs";
import { runtimes } from "../matrix/anywhere/runtimes.mjs";
import { readJson, root } from "../repository.mjs";

/** @type {import("../matrix/anywhere/report.mjs").Report} */
const report = readJson(join(root, "tooling", "matrix", "anywhere.json"));

/** @param {string} file */
const read = (file) => readFileSync(join(root, file), "utf8");

describe("the report of what runs where", () => {
  it("tells of the runtimes and backends that there are, with cases of every loss, and of no failure", () => {
    expect(report.rows.map(({ name, outcomes }) => [name, outcomes.map(({ backend }) => backend)])).toEqual(
      runtimes.map(({ name, backends }) => [name, backends]),
    );
    for (const { golden } of report.rows) expect(golden).toBeGreaterThanOrEqual(report.golden.losses);
    expect(report.rows.flatMap(problemsOf)).toEqual([]);
  });

  it("is in SUPPORT.md as a table", () => {
    expect(read("SUPPORT.md")).toContain(tableOf(report));
  });

  it.each(["README.md", "README.zh-CN.md"])("%s names each runtime", (file) => {
    const [paragraph = ""] = read(file)
      .split("\n\n")
      .filter((text) => text.includes("(SUPPORT.md#where-it-runs)"));
    const names = report.rows.map(({ name }) => name.replace(/ with.*/, ""));
    for (const name of new Set(names.flatMap((one) => one.split(" ")))) expect(paragraph).toContain(name);
  });
});
