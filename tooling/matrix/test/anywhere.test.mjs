// A slice of the golden cases in every runtime that is here; `npm run anywhere` runs them all and writes the report.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readJson } from "../../repository.mjs";
import { problemsOf, runAnywhere, tableOf } from "../anywhere/report.mjs";
import { runtimes } from "../anywhere/runtimes.mjs";
import { here } from "../tools.mjs";

const every = 40;

/** @type {import("../anywhere/report.mjs").Report} */
let report;
beforeAll(async () => {
  report = await runAnywhere({ every });
}, 1_800_000);

describe.each(runtimes)("$name", ({ name, backends }) => {
  it(`runs ${backends.join(", ")}, or says why not where it cannot`, ({ skip }) => {
    skip(report.absent.includes(name), "not installed");
    const row = report.rows.find((one) => one.name === name);
    expect(row?.outcomes.map(({ backend }) => backend)).toEqual(backends);
    expect(row && problemsOf(row)).toEqual([]);
  });
});

it("the committed report tells of the same runtimes and backends, of all cases, and of no failure", () => {
  const file = join(here, "anywhere.json");
  expect(existsSync(file)).toBe(true);
  const committed = readJson(file);
  expect(committed.cases).toBe("all");
  expect(committed.rows.map((/** @type {{ name: string }} */ { name }) => name)).toEqual(
    runtimes.map(({ name }) => name),
  );
  expect(committed.rows.flatMap(problemsOf)).toEqual([]);
  expect(tableOf(committed)).toContain("Deno");
});
