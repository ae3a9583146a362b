import type { Comparison } from "../compare.js";
import type { Recalls, Retrieval } from "../training/recall.js";
import type { TrainingResult } from "../training/train.js";
import { difference, lossValue, milliseconds, percent } from "./format.js";
import { formatTable } from "./table.js";

/** Recall of each objective beside guessing, with time and loss. */
export function recallTable(
  results: readonly TrainingResult[],
  guessing: Pick<Retrieval, "imageToText" | "textToImage">,
): string {
  const head = [
    "loss",
    "i→t R@1",
    "R@5",
    "R@10",
    "t→i R@1",
    "R@5",
    "R@10",
    "step",
    "loss alone",
    "first loss",
    "final",
  ];
  const cells = (recalls: Recalls): string[] => recalls.map(percent);
  const rows = results.map(({ objective, retrieval, secondsPerStep, lossSecondsPerStep, losses, finalLoss }) => [
    objective.name,
    ...cells(retrieval.imageToText),
    ...cells(retrieval.textToImage),
    milliseconds(secondsPerStep),
    milliseconds(lossSecondsPerStep),
    lossValue(losses[0] ?? Number.NaN),
    lossValue(finalLoss),
  ]);
  const chance = ["chance", ...cells(guessing.imageToText), ...cells(guessing.textToImage), "", "", "", ""];
  return formatTable(head, [...rows, chance]);
}

/** One sentence for each objective: what it suits. */
export function suitsTable(results: readonly TrainingResult[]): string {
  const width = Math.max(...results.map(({ objective }) => objective.name.length));
  return results.map(({ objective }) => `${objective.name.padEnd(width)}  ${objective.suits}`).join("\n");
}

/** How far each backend is from float64, how far any two are from each other, and how long they take. */
export function backendTable({ runs, unavailable, largest }: Comparison): string {
  const head = ["backend", "losses of a step", "value abs", "rel", "gradient abs", "rel", "largest in"];
  const rows = runs.map(({ name, secondsPerStep, fromExact }) => [
    name,
    milliseconds(secondsPerStep),
    difference(fromExact.valueAbsolute),
    difference(fromExact.valueRelative),
    difference(fromExact.gradientAbsolute),
    difference(fromExact.gradientRelative),
    fromExact.where,
  ]);
  const missing = unavailable.map(({ name, reason }) => `${name} does not work here: ${reason}`);
  return [formatTable(head, rows), ...missing, largestDisagreement(largest, runs.length)].join("\n");
}

/** The largest disagreement between two backends, in a sentence. */
export function largestDisagreement(largest: Comparison["largest"], backends: number): string {
  if (backends < 2) return "Only one backend works here: nothing to compare.";
  return (
    `Largest disagreement between any two backends: value ${difference(largest.valueAbsolute)} ` +
    `(relative ${difference(largest.valueRelative)}), gradient ${difference(largest.gradientAbsolute)} ` +
    `(relative ${difference(largest.gradientRelative)}); ` +
    (largest.where === "" ? "no difference at all." : `the largest in ${largest.where}, ${largest.between}.`)
  );
}
