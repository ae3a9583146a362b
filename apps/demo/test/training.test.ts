import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend, type LossEngine } from "../src/backends.js";
import { compareBackends, compareOne, type Comparison } from "../src/compare.js";
import { loadDataset } from "../src/data/dataset.js";
import { createRandom } from "../src/random.js";
import { renderReport } from "../src/report/report.js";
import type { Objective } from "../src/training/objective.js";
import { objectives } from "../src/training/objectives.js";
import { chance } from "../src/training/recall.js";
import { train, type TrainingResult } from "../src/training/train.js";

const dataset = loadDataset(createRandom(1), 200);
const guessing = chance(dataset);
const options = { steps: 30, batchSize: 64, seed: 1 };
let engine: LossEngine;
let clip: TrainingResult;

const objective = (name: string): Objective => {
  const found = objectives.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`There is no objective ${name}.`);
  return found;
};

beforeAll(async () => {
  engine = await openBackend("js");
  clip = await train(objective("clipLoss"), dataset, engine, options);
}, 60_000);
afterAll(() => engine.dispose());

describe("train", () => {
  it("thirty steps of clipLoss find far more than guessing, both ways", () => {
    expect(clip.retrieval.imageToText[2]).toBeGreaterThan(3 * guessing.imageToText[2]);
    expect(clip.retrieval.textToImage[2]).toBeGreaterThan(3 * guessing.textToImage[2]);
    expect(clip.finalLoss).toBeLessThan(clip.losses[0] ?? 0);
  });

  it("the same seed gives the same run, another seed another", async () => {
    const short = { ...options, steps: 3 };
    const once = await train(objective("mmcaTripletLoss"), dataset, engine, short);
    const again = await train(objective("mmcaTripletLoss"), dataset, engine, short);
    const other = await train(objective("mmcaTripletLoss"), dataset, engine, { ...short, seed: 2 });
    expect(again.losses).toEqual(once.losses);
    expect(other.losses).not.toEqual(once.losses);
  });

  it.each(objectives.map(({ name }) => name))("%s gives finite losses and moves the encoder", async (name) => {
    const result = await train(objective(name), dataset, engine, { ...options, steps: 2 });
    expect(result.losses.every(Number.isFinite)).toBe(true);
    expect(result.losses[1]).not.toBe(result.losses[0]);
  });

  it("an objective without matching information finds no more than guessing", async () => {
    const blind: Objective = { ...objective("clipLoss"), learningRate: 0 };
    const { retrieval } = await train(blind, dataset, engine, { ...options, steps: 1 });
    expect(retrieval.textToImage[2]).toBeLessThan(3 * guessing.textToImage[2]);
  });
});

describe("chance", () => {
  it("is k right of n for one answer, and more with two", () => {
    expect(guessing.textToImage[2]).toBeCloseTo(10 / 200, 12);
    expect(guessing.imageToText[0]).toBeCloseTo(2 / 400, 12);
    expect(guessing.imageToText[1]).toBeCloseTo(1 - (398 * 397 * 396 * 395 * 394) / (400 * 399 * 398 * 397 * 396), 12);
  });
});

describe("compareBackends", () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await compareBackends([clip]);
  }, 60_000);

  it("has a result or a reason for every backend, and js agrees with float64", () => {
    const names = [...comparison.runs, ...comparison.unavailable].map(({ name }) => name);
    expect(names.sort()).toEqual(["js:scalar", "js:wasm", "onnxruntime:cpu", "tfjs:cpu", "tfjs:wasm"]);
    const js = comparison.runs.find(({ name }) => name === "js:scalar");
    expect(js?.fromExact.valueRelative).toBeLessThan(1e-5);
    expect(js?.fromExact.gradientRelative).toBeLessThan(1e-3);
  });

  it("shows a wrong gradient and a missing one", () => {
    const right = { value: 2, gradients: { image: Float32Array.of(1, -4) } };
    const wrong = { value: 2.5, gradients: { image: Float32Array.of(1, -3) } };
    const difference = compareOne("clipLoss", wrong, right);
    expect(difference).toMatchObject({
      valueAbsolute: 0.5,
      valueRelative: 0.25,
      gradientAbsolute: 1,
      gradientRelative: 0.25,
    });
    expect(compareOne("clipLoss", { value: 2, gradients: {} }, right).gradientAbsolute).toBe(Infinity);
    const broken = { value: 2, gradients: { image: Float32Array.of(1, Number.NaN) } };
    expect(compareOne("clipLoss", broken, right).gradientAbsolute).toBe(Infinity);
  });

  it("the report is one file with curves, table and marked gallery", () => {
    const content = {
      dataset,
      results: [clip],
      guessing,
      comparison,
      backend: "js",
      ...options,
      made: { "Made on": "2026-01-02" },
    };
    const html = renderReport(content);
    const loads = [...html.matchAll(/(?:src|href|url)\s*(?:=\s*"|\()([^")]*)/g)].map((match) => match[1] ?? "");
    const outside = loads.filter((target) => !target.startsWith("data:"));
    expect(outside).toEqual(["https://creativecommons.org/licenses/by/4.0/"]);
    // Short in case of failure, and nothing mistaken for text that is part of a picture.
    const text = html.replaceAll(/base64,[^"]*/g, "base64");
    expect(text).not.toMatch(/<script|<link|@import|NaN|undefined/);
    expect(text.match(/<article class="query">/g)).toHaveLength(12);
    const parts = [
      'lang="zh"',
      '<figure class="tile right">',
      '<li class="right"',
      "<polyline",
      "clipLoss",
      "CC-BY 4.0",
      "Made on 2026-01-02",
      "Suits: Search in both directions",
      '<tr class="best"><td><b>clipLoss</b>',
      '<div class="scroll" tabindex="0" role="region" aria-label="Recall on held-out captions">',
    ];
    for (const part of parts) expect(text).toContain(part);
  });
});
