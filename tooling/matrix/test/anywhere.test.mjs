// Two golden cases of each loss in every runtime that is here; `npm run anywhere` runs more and writes the report.
import { beforeAll, describe, expect, it } from "vitest";
import { problemsOf, runAnywhere } from "../anywhere/report.mjs";
import { runtimes } from "../anywhere/runtimes.mjs";

const atMost = 2;

/** @type {import("../anywhere/report.mjs").Report} */
let report;
beforeAll(async () => {
  report = await runAnywhere({ atMost });
}, 1_800_000);

describe.each(runtimes)("$name", ({ name, backends }) => {
  it(`runs ${backends.join(", ")}, or says why not where it cannot`, ({ skip }) => {
    skip(report.absent.includes(name), "not installed");
    const row = report.rows.find((one) => one.name === name);
    expect(row?.outcomes.map(({ backend }) => backend)).toEqual(backends);
    expect(row && problemsOf(row)).toEqual([]);
  });
});
