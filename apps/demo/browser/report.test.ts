import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations } from "../../../tooling/axe.js";
import { openBackend } from "../src/backends.js";
import { compareBackends } from "../src/compare.js";
import { loadDataset } from "../src/data/dataset.js";
import { createRandom } from "../src/random.js";
import { renderReport } from "../src/report/report.js";
import { objectives } from "../src/training/objectives.js";
import { chance } from "../src/training/recall.js";
import { train, type TrainingResult } from "../src/training/train.js";

const folder = mkdtempSync(join(tmpdir(), "losses-report-"));
const file = join(folder, "report.html");
const names = ["clipLoss", "vseLoss++", "tripletMarginLoss"];
let browser: Browser;

beforeAll(async () => {
  // A report with each kind of curve in it, and a backend that is not there.
  const dataset = loadDataset(createRandom(1), 100);
  const engine = await openBackend("js");
  const options = { steps: 3, batchSize: 32, seed: 1 };
  const results: TrainingResult[] = [];
  for (const objective of objectives.filter(({ name }) => names.includes(name)))
    results.push(await train(objective, dataset, engine, options));
  expect(results).toHaveLength(names.length);
  await engine.dispose();
  const { unavailable, ...comparison } = await compareBackends(results);
  const absent = { name: "onnxruntime:cuda", reason: "onnxruntime-node: this build has no CUDA." };
  const html = renderReport({
    dataset,
    results,
    guessing: chance(dataset),
    comparison: { ...comparison, unavailable: [...unavailable, absent] as typeof unavailable },
    backend: "js",
    ...options,
    made: { "Made on": "2026-01-02", "with Node.js": process.versions.node },
  });
  writeFileSync(file, html);
  // vitest.browser.config.ts finds it.
  const { LOSSES_CHROMIUM: executablePath = "", LOSSES_CHROMIUM_FLAGS: flags = "" } = process.env;
  browser = await chromium.launch({ executablePath, args: flags.split(" ") });
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

describe.each(["light", "dark"] as const)("the report, %s", (colorScheme) => {
  it.each([390, 768, 1280])("violates no rule of axe at %i pixels, and nothing is cut off", async (width) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const problems: string[] = [];
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(pathToFileURL(file).href);
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    // What is wider than its place scrolls there.
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("main *")]
        .filter((element) => element.closest(".scroll, svg") === null)
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(({ outerHTML }) => outerHTML.slice(0, 120)),
    );
    expect(cut).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });
});
