import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openBackend } from "./backends.js";
import { compareBackends } from "./compare.js";
import { loadDataset } from "./data/dataset.js";
import type { DemoOptions } from "./options.js";
import { createRandom } from "./random.js";
import { renderReport } from "./report/report.js";
import { lossValue, percent } from "./terminal/format.js";
import { startProgress } from "./terminal/progress.js";
import { backendTable, recallTable, suitsTable } from "./terminal/summary.js";
import { chance } from "./training/recall.js";
import { train, type TrainingResult } from "./training/train.js";

/** When, where and with what a report is made. */
function made(): Readonly<Record<string, string>> {
  const [first] = cpus();
  return {
    "Made on": new Date().toISOString().slice(0, 10),
    "with Node.js": process.versions.node,
    on: `${process.platform} ${process.arch}, ${cpus().length} × ${first?.model ?? "unknown"}`,
    ...versions([
      "@losses/core",
      "@losses/js",
      "@losses/tfjs",
      "@losses/onnxruntime",
      "@tensorflow/tfjs-core",
      "onnxruntime-node",
    ]),
  };
}

/** The versions of packages that are here. */
function versions(names: readonly string[]): Readonly<Record<string, string>> {
  const here = createRequire(import.meta.url);
  const found = names.flatMap((name): readonly (readonly [string, string])[] => {
    try {
      const text = readFileSync(here.resolve(`${name}/package.json`), "utf8");
      return [[name, String((JSON.parse(text) as { readonly version?: unknown }).version)]];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(found);
}

const defaultReport = fileURLToPath(new URL("../report.html", import.meta.url));

/** Trains with each loss, compares the backends, prints the tables and writes the report. */
export async function runDemo({ backend, objectives, steps, seed, report, quick }: DemoOptions): Promise<void> {
  const started = performance.now();
  const batchSize = quick ? 64 : 128;
  const dataset = loadDataset(createRandom(seed), quick ? 250 : Infinity);
  const engine = await openBackend(backend);
  console.log(
    `Image-text matching: ${dataset.emoji.length} pictures, ${dataset.queries.length} held-out captions in English and Chinese.\n` +
      `${objectives.length} losses, ${steps} steps of ${batchSize} pairs each; ${engine.id} computes the losses and their gradients.\n`,
  );
  const results: TrainingResult[] = [];
  for (const objective of objectives) {
    const progress = startProgress(objective.name, steps);
    const result = await train(objective, dataset, engine, { steps, batchSize, seed, onStep: progress.update });
    results.push(result);
    const [, , forth] = result.retrieval.imageToText;
    const [, , back] = result.retrieval.textToImage;
    progress.finish(`loss ${lossValue(result.finalLoss)}, recall@10 ${percent(forth)} % / ${percent(back)} %`);
  }
  await engine.dispose();
  const guessing = chance(dataset);
  console.log(`\nRecall on held-out captions in percent: image to text, text to image.\n`);
  console.log(recallTable(results, guessing));
  console.log(`\nWhat each loss suits:\n\n${suitsTable(results)}`);
  console.log("\nThe same inputs on every backend; differences are from float64, relative to the largest element.\n");
  const comparison = await compareBackends(results);
  console.log(backendTable(comparison));
  const file = report === undefined ? defaultReport : resolve(report);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    renderReport({ dataset, results, guessing, comparison, backend: engine.id, steps, batchSize, seed, made: made() }),
  );
  console.log(`\nDone in ${((performance.now() - started) / 1000).toFixed(0)} s. Report: ${file}`);
}
