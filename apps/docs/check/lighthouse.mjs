// Measures the home page and a loss page with Lighthouse, outside `npm test`: its numbers are those of a machine that does nothing else.
// Usage, after a build: node check/lighthouse.mjs folder [runs], where `npm install lighthouse` was run in that folder
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findChromium } from "../../../tooling/chromium.mjs";
import { serve } from "../dist/server/serve.js";

const least = 95;
const pages = ["", "losses/tripletMarginLoss"];
const metrics = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "speed-index",
  "total-blocking-time",
  "cumulative-layout-shift",
];

const [folder, given = "5"] = process.argv.slice(2);
const runs = Number(given);
const chromium = findChromium();
if (folder === undefined || !Number.isInteger(runs) || runs < 1 || chromium === undefined) {
  const got = `${folder ?? "no folder"}, ${given} runs, ${chromium ?? "no Chromium"}`;
  throw new Error(`lighthouse: a folder, a number of runs and Chromium are needed, got ${got}.`);
}
const require = createRequire(join(resolve(folder), "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const launcher = createRequire(require.resolve("lighthouse")).resolve("chrome-launcher");
const { launch } = await import(pathToFileURL(launcher).href);

/**
 * How many times slower a phone of the middle is than this machine, by Lighthouse's own table (its docs/throttling.md, "Calibrating the CPU
 * slowdown"). Its default of 4 is meant for an index of 1,500 and above.
 * @param {number} index
 */
const slowdownOf = (index) => (index >= 1500 ? 4 : index >= 800 ? 2 : 1);

/** @param {readonly number[]} numbers */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const site = await serve(0);
const chrome = await launch({ chromePath: chromium, chromeFlags: ["--headless=new", "--no-sandbox"] });
let isEnough = true;
try {
  const { lhr: first } = await lighthouse(site.address, { port: chrome.port, logLevel: "error" });
  const slowdown = slowdownOf(first.environment.benchmarkIndex);
  const throttling = { ...first.configSettings.throttling, cpuSlowdownMultiplier: slowdown };
  const mobile = { extends: "lighthouse:default", settings: { throttling } };
  console.log(`benchmark index ${first.environment.benchmarkIndex}: a phone is taken to be ${slowdown} times slower`);
  for (const page of pages) {
    for (const [form, config] of Object.entries({ mobile, desktop: desktopConfig })) {
      /** @type {any[]} */
      const reports = [];
      for (let run = 0; run < runs; run++) {
        const { lhr } = await lighthouse(
          new URL(page, site.address).href,
          { port: chrome.port, logLevel: "error" },
          config,
        );
        if (lhr.runtimeError !== undefined) throw new Error(`lighthouse: /${page}: ${lhr.runtimeError.message}`);
        reports.push(lhr);
      }
      const scores = Object.keys(reports[0].categories).map((name) => {
        return [name, Math.round(100 * median(reports.map(({ categories }) => categories[name].score)))];
      });
      const times = metrics.map((name) => {
        return `${name} ${Number(median(reports.map(({ audits }) => audits[name].numericValue)).toFixed(3))}`;
      });
      // A machine that others work on has an index far below its own.
      const index = Math.round(median(reports.map(({ environment }) => environment.benchmarkIndex)));
      console.log(`/${page} ${form}, median of ${runs}: ${scores.map((score) => score.join(" ")).join(", ")}`);
      console.log(`  ${times.join(", ")}; benchmark index ${index}`);
      isEnough &&= scores.every(([, score]) => score >= least);
    }
  }
} finally {
  chrome.kill();
  void site.close();
}
if (!isEnough) console.error(`lighthouse: every score must be at least ${least}.`);
process.exit(isEnough ? 0 : 1);
