import type { Comparison } from "../compare.js";
import type { Dataset } from "../data/dataset.js";
import { difference, lossValue, milliseconds, percent } from "../terminal/format.js";
import { largestDisagreement } from "../terminal/summary.js";
import type { Recalls, Retrieval } from "../training/recall.js";
import type { TrainingResult } from "../training/train.js";
import { captionGallery, queryGallery } from "./gallery.js";
import { escape, table } from "./html.js";
import { lineChart } from "./lineChart.js";
import { style } from "./style.js";

export interface ReportContent {
  readonly dataset: Dataset;
  readonly results: readonly TrainingResult[];
  readonly guessing: Pick<Retrieval, "imageToText" | "textToImage">;
  readonly comparison: Comparison;
  readonly backend: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  /** When, where and with what it was made, by name. */
  readonly made: Readonly<Record<string, string>>;
}

/** The result that finds most: by the sum of recall at 10 in both directions. */
export function bestResult(results: readonly TrainingResult[]): TrainingResult | undefined {
  const found = ({ retrieval }: TrainingResult): number => retrieval.imageToText[2] + retrieval.textToImage[2];
  return results.reduce<TrainingResult | undefined>(
    (best, result) => (best === undefined || found(result) > found(best) ? result : best),
    undefined,
  );
}

/** One HTML page that needs nothing but itself: styles, curves and pictures are in it. */
export function renderReport(content: ReportContent): string {
  const { dataset, results, seed } = content;
  const best = bestResult(results);
  const galleries =
    best === undefined
      ? ""
      : `<section><h2>What a caption finds</h2><p>Captions that training never saw, drawn at random, and the pictures that the encoder
trained with <b>${escape(best.objective.name)}</b> puts first. The right picture has a green frame.</p>
${queryGallery(dataset, best.retrieval.scores, seed)}</section>
<section><h2>What a picture finds</h2><p>The held-out captions nearest to a picture, out of ${dataset.queries.length}; its own are marked.</p>
<div class="pictures">${captionGallery(dataset, best.retrieval.scores, seed)}</div></section>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>@losses: image-text matching</title><style>${style}</style></head><body><main>
${introduction(content)}
<section><h2>Recall on held-out captions</h2>${recallSection(content)}</section>
<section><h2>Loss curves</h2><p>Each loss on its own scale (VSE++ logarithmic, for it changes from the sum of hinges to the hardest). Faint: every step; strong: running mean.</p>
<div class="curves">${results.map((result) => curve(result, content.batchSize)).join("\n")}</div></section>
<section><h2>The same inputs on every backend</h2>${backendSection(content.comparison)}</section>
${galleries}
<footer><p>${facts(content.made)}</p></footer>
${credits}
</main></body></html>
`;
}

function introduction({ dataset, backend, steps, batchSize, seed }: ReportContent): string {
  const facts: readonly (readonly [string, string])[] = [
    [String(dataset.emoji.length), "pictures"],
    [String(dataset.queries.length), "held-out captions"],
    [String(steps), "steps for each loss"],
    [String(batchSize), "pairs in a batch"],
    [escape(backend), "backend of the losses"],
    [String(seed), "seed"],
  ];
  return `<header class="top"><h1>Pictures and words in one space</h1>
<p>Two small encoders, one for pictures and one for English and Chinese captions, learn to put what belongs together side by side.
Each run trains the same encoder with another loss. Up to a third of the keywords of each picture, at least one, never meet it
in training: test captions are made of those keywords and of known ones, without the name.</p>
<dl class="facts">${facts.map(([value, what]) => `<div><dt>${value}</dt><dd>${what}</dd></div>`).join("")}</dl></header>`;
}

function recallSection({ results, guessing }: ReportContent): string {
  const cells = (recalls: Recalls): string[] => [percent(recalls[0]), percent(recalls[1]), bar(recalls[2])];
  const head = [
    "loss",
    "image → text<br>R@1",
    "R@5",
    "R@10",
    "text → image<br>R@1",
    "R@5",
    "R@10",
    "step",
    "loss alone",
    "final loss",
  ];
  const best = bestResult(results);
  const rows = results.map(({ objective, retrieval, secondsPerStep, lossSecondsPerStep, finalLoss }) => [
    `<b>${escape(objective.name)}</b><small>${escape(objective.doc)} Suits: ${escape(objective.suits)}</small>`,
    ...cells(retrieval.imageToText),
    ...cells(retrieval.textToImage),
    milliseconds(secondsPerStep),
    milliseconds(lossSecondsPerStep),
    lossValue(finalLoss),
  ]);
  const chance = ["guessing", ...cells(guessing.imageToText), ...cells(guessing.textToImage), "", "", ""];
  return `<p>In percent: how often a right answer is among the first 1, 5 or 10. The row that finds most is marked.</p>${table(
    head,
    [...rows, chance],
    {
      title: "Recall on held-out captions",
      lastApart: true,
      ...(best === undefined ? {} : { best: results.indexOf(best) }),
    },
  )}`;
}

function bar(share: number): string {
  return `<span class="bar"><i style="width:${(100 * share).toFixed(1)}%"></i><b>${percent(share)}</b></span>`;
}

function curve({ objective, losses, finalLoss }: TrainingResult, batchSize: number): string {
  const stall = { value: 2 * batchSize * 0.2, label: "stalled VSE++" };
  const chart = lineChart({
    values: losses,
    title: `${objective.name} over the steps`,
    ...(objective.name === "vseLoss++" ? { level: stall, logarithmic: true } : {}),
  });
  return `<figure><figcaption><b>${escape(objective.name)}</b><span>${lossValue(losses[0] ?? 0)} → ${lossValue(finalLoss)}</span></figcaption>${chart}</figure>`;
}

function backendSection({ calls, runs, unavailable, largest }: Comparison): string {
  const head = [
    "backend",
    "losses of a step",
    "value<br>absolute",
    "relative",
    "gradient<br>absolute",
    "relative",
    "largest in",
  ];
  const rows = runs.map(({ name, secondsPerStep, fromExact }) => [
    `<b>${name}</b>`,
    milliseconds(secondsPerStep),
    difference(fromExact.valueAbsolute),
    difference(fromExact.valueRelative),
    difference(fromExact.gradientAbsolute),
    difference(fromExact.gradientRelative),
    escape(fromExact.where),
  ]);
  const missing = unavailable.map(
    ({ name, reason }) => `<li><b>${name}</b> does not work here: ${escape(reason)}</li>`,
  );
  return `<p>${calls} calls recorded in training (first and last step of each loss), given to every backend in float32.
Differences are from the same calls in float64; a gradient's relative difference is to its largest element.</p>
${table(head, rows, { title: "Backends compared" })}<ul>${missing.join("")}</ul><p><b>${escape(largestDisagreement(largest, runs.length))}</b></p>`;
}

function facts(made: Readonly<Record<string, string>>): string {
  return Object.entries(made)
    .map(([name, value]) => `${escape(name)} ${escape(value)}`)
    .join(" · ");
}

const credits = `<footer><p>Pictures: Twemoji graphics, copyright Twitter, Inc and other contributors, licensed under
<a href="https://creativecommons.org/licenses/by/4.0/">CC-BY 4.0</a>, from the package emoji-datasource-twitter.
Names and keywords: emojibase-data, MIT licence.</p></footer>`;
