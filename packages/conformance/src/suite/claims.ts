import type { FloatDType } from "@losses/core";
import { groupBy } from "../groupBy.js";
import { sumUnclaimed, type Unclaimed } from "./compare.js";
import type { Outcome } from "./report.js";

/** Why an element may be without a claim. */
type Reason = keyof Unclaimed;

/** The largest share of elements that may be without a claim: of a whole run in one dtype, and of one loss. */
const limits: { readonly [R in Reason]: { readonly run: number; readonly loss: number } } = {
  rounding: { run: 0.001, loss: 0.01 },
  range: { run: 0.002, loss: 0.02 },
};

/** A few elements are no share: below this many, only a majority counts. */
const few = 8;

const reasons: { readonly [R in Reason]: string } = {
  rounding: "rounding leaves them open",
  range: "they are beyond the dtype's range",
};

/**
 * What is not checked, one sentence for each dtype of a backend, and for each loss there, of whose elements too many are
 * without a claim: a run in which most results could be anything must not pass.
 */
export function unclaimedProblems(outcomes: readonly Outcome[]): readonly string[] {
  return groupBy(outcomes, ({ backend, dtype }) => `${backend} ${dtype}`).flatMap(([run, own]) => {
    const losses = groupBy(own, ({ loss }) => loss).flatMap(([loss, cases]) =>
      exceeding(cases, "loss").map((reason) => sentence(`${run}: ${loss}`, cases, reason, limits[reason].loss)),
    );
    const whole = exceeding(own, "run").map((reason) => sentence(run, own, reason, limits[reason].run));
    return [...losses, ...whole];
  });
}

/** The share of elements without a claim, of one backend in one dtype. */
export interface UnclaimedShare {
  readonly backend: string;
  readonly dtype: FloatDType;
  readonly elements: number;
  /** Of the elements, between 0 and 1. */
  readonly rounding: number;
  readonly range: number;
}

/** How much is without a claim, for each dtype of each backend. */
export function unclaimedShares(outcomes: readonly Outcome[]): readonly UnclaimedShare[] {
  return groupBy(outcomes, ({ backend, dtype }) => `${backend} ${dtype}`).flatMap(([, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const { elements, unclaimed } = count(own);
    const share = (one: number): number => (elements === 0 ? 0 : one / elements);
    const shares = { rounding: share(unclaimed.rounding), range: share(unclaimed.range) };
    return [{ backend: first.backend, dtype: first.dtype, elements, ...shares }];
  });
}

function exceeding(outcomes: readonly Outcome[], of: "run" | "loss"): readonly Reason[] {
  const { elements, unclaimed } = count(outcomes);
  return (["rounding", "range"] as const).filter(
    (reason) => unclaimed[reason] > Math.max(limits[reason][of] * elements, Math.min(few, elements / 2)),
  );
}

function count(outcomes: readonly Outcome[]): { readonly elements: number; readonly unclaimed: Unclaimed } {
  return {
    elements: outcomes.reduce((sum, { result }) => sum + result.elements, 0),
    unclaimed: sumUnclaimed(outcomes.map(({ result }) => result.unclaimed)),
  };
}

const shown = 4;

function sentence(what: string, outcomes: readonly Outcome[], reason: Reason, limit: number): string {
  const { elements, unclaimed } = count(outcomes);
  const worst = groupBy(outcomes, ({ case: id }) => id)
    .map(([id, parts]) => ({ id, ...count(parts) }))
    .filter((one) => one.unclaimed[reason] > 0)
    .sort((a, b) => b.unclaimed[reason] - a.unclaimed[reason]);
  const cases = worst.slice(0, shown).map((one) => `${one.id} (${one.unclaimed[reason]} of ${one.elements})`);
  const more = worst.length > shown ? [`${worst.length - shown} more cases`] : [];
  return (
    `${what}: at most ${percent(limit)} of the elements may be without a claim because ${reasons[reason]}, ` +
    `got ${percent(unclaimed[reason] / elements)} of ${elements}: ${[...cases, ...more].join(", ")}.`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
