import { printValue } from "../arguments.js";
import { InputError, OptionError, ShapeError } from "../errors.js";
import { broadcastShapes, formatShape, sameShape } from "../tensor/dims.js";
import type { Operand, Tensor } from "../tensor/tensor.js";
import type { BatchReduction, EmptyPolicy } from "./options.js";

/** Values before reduction. */
export interface WeightedValues {
  readonly values: Tensor;
  /** Where the mean is weighted: one weight for each value, already applied to it. The mean divides by their sum. */
  readonly weights?: Tensor;
  /** What `batchmean` divides by; default: the size of the first axis. */
  readonly batch?: Tensor;
  /** Where each value is a sum of terms: how many of them are > 0. `avgNonZero` divides by their number. */
  readonly active?: Tensor;
}

/** Values that are reduced together; a tensor stands for itself without weights. */
export type LossPart = Tensor | WeightedValues;

/** A part that can be read by its name, and what it counts in the whole: `weight` times itself, once without it. */
export interface NamedPart {
  readonly part: LossPart;
  readonly weight?: Operand;
}

/**
 * What a loss computes before reduction. `terms` are each reduced on their own and then added; so are `parts`, which users can
 * also read by their names.
 */
export type LossValue =
  | LossPart
  | { readonly terms: readonly [LossPart, ...LossPart[]] }
  | {
      readonly parts: { readonly [name: string]: LossPart | NamedPart };
      /** What means inside the parts divided by, where one over nothing is an error. */
      readonly divisors?: readonly Tensor[];
    };

/** What each value counts. */
export interface Samples {
  /** Weight of each value; the mean divides by their sum. */
  readonly sampleWeight?: Tensor | undefined;
  /** What counts: the rest is outside values and divisors. */
  readonly mask?: Tensor | undefined;
}

/** How values become a result. */
export interface Reducing extends Samples {
  readonly kind: BatchReduction | "batchmean";
  readonly empty: EmptyPolicy;
}

export interface Reduced {
  readonly value: Tensor;
  readonly parts: Readonly<Record<string, Tensor>>;
  /** What means divide by: none of them may be 0 where that is an error. */
  readonly divisors: readonly Tensor[];
}

interface Summand {
  readonly name: string | undefined;
  readonly values: WeightedValues;
  readonly weight: Operand | undefined;
}

/** The summands of a loss, each of which is reduced on its own. */
export function termsOf(value: LossValue): readonly [WeightedValues, ...WeightedValues[]] {
  const [first, ...rest] = summandsOf(value).map(({ values, weight }) => scaled(values, weight));
  if (first === undefined) throw new ShapeError("reduce: a loss must have a part, got none.");
  return [first, ...rest];
}

function scaled(part: WeightedValues, weight: Operand | undefined): WeightedValues {
  return weight === undefined ? part : { ...part, values: part.values.mul(weight) };
}

function summandsOf(value: LossValue): readonly Summand[] {
  if ("parts" in value) {
    return Object.entries(value.parts).map(([name, part]) => {
      const named = "part" in part ? part : { part };
      return { name, values: weighted(named.part), weight: named.weight };
    });
  }
  const parts = "terms" in value ? value.terms : [value];
  return parts.map((part) => ({ name: undefined, values: weighted(part), weight: undefined }));
}

function weighted(part: LossPart): WeightedValues {
  return "values" in part ? part : { values: part };
}

/** Applies a reduction. The mean over no elements is what the policy says, and their sum is 0. */
export function reduceParts(loss: string, value: LossValue, how: Reducing): Reduced {
  const summands = summandsOf(value);
  const divisors: Tensor[] = "parts" in value ? [...(value.divisors ?? [])] : [];
  const counted = (term: WeightedValues): WeightedValues => (how.kind === "avgNonZero" ? nonZero(term) : term);
  const reduced = summands.map(({ values }) => reduceTerm(sampled(loss, counted(values), how), how, divisors));
  const [first, ...rest] = reduced;
  if (first === undefined) throw new ShapeError(`${loss}: a loss must have a part, got none.`);
  const other = rest.find((term) => !sameShape(term.shape, first.shape));
  if (other !== undefined) {
    throw new ShapeError(
      `${loss}: with reduction "none" all terms must have one shape, got ${formatShape(first.shape)} and ${formatShape(other.shape)}. Use "mean" or "sum".`,
    );
  }
  const whole = summands.map(({ weight }, i) => {
    const own = reduced[i] ?? first;
    return weight === undefined ? own : own.mul(weight);
  });
  const named = summands.flatMap(({ name }, i): readonly [string, Tensor][] => {
    const own = reduced[i];
    return name === undefined || own === undefined ? [] : [[name, own]];
  });
  return { value: whole.reduce((sum, term) => sum.add(term)), parts: Object.fromEntries(named), divisors };
}

/** Applies a reduction and gives the value alone. */
export function reduce(loss: string, value: LossValue, kind: BatchReduction | "batchmean"): Tensor {
  return reduceParts(loss, value, { kind, empty: "nan" }).value;
}

/** The values that are > 0, each of weight 1, or as many as the terms in it that are. */
export function nonZero(term: WeightedValues): WeightedValues {
  const { values, active } = term;
  if (active !== undefined) return { ...term, weights: active };
  const isActive = values.greater(0);
  return { ...term, values: isActive.where(values, 0), weights: isActive.cast(values.dtype) };
}

/** Values and weights as a sample's weight and the mask leave them. Both must have the axes of the values, which they may be stretched to. */
export function sampled(loss: string, term: WeightedValues, { sampleWeight, mask }: Samples): WeightedValues {
  if (sampleWeight === undefined && mask === undefined) return term;
  const { values } = term;
  for (const [name, given] of Object.entries({ sampleWeight, mask })) {
    if (given === undefined || fits(given, values)) continue;
    const wanted = formatShape(values.shape);
    throw new ShapeError(
      `${loss}: ${name} must have the ${values.rank} axes of the values, ${wanted} or 1 where all count alike, got ${formatShape(given.shape)}.`,
    );
  }
  const count = (x: Tensor): Tensor => {
    const own = sampleWeight === undefined ? x : x.mul(sampleWeight);
    return mask === undefined ? own : mask.where(own, 0);
  };
  const ones = values.count([]).expand(values.shape);
  return { ...term, values: count(values), weights: count(term.weights ?? ones) };
}

/** One axis for each of the values': [N] beside [N, D] could be meant for either, and one axis of 1 for all. */
function fits(given: Tensor, values: Tensor): boolean {
  return given.rank === values.rank && sameShape(broadcastShapes([given.shape, values.shape], "reduce"), values.shape);
}

export function reduceTerm(term: WeightedValues, { kind, empty }: Reducing, divisors: Tensor[]): Tensor {
  const { values, weights } = term;
  switch (kind) {
    case "none":
      return values;
    case "sum":
      return values.sum();
    case "mean":
    case "avgNonZero":
      return divided(values.sum(), weights?.sum() ?? values.count(), empty, divisors);
    case "batchmean":
      return divided(values.sum(), batchOf(term), empty, divisors);
  }
}

function divided(sum: Tensor, divisor: Tensor, empty: EmptyPolicy, divisors: Tensor[]): Tensor {
  switch (empty) {
    case "nan":
      return sum.div(divisor);
    case "zero": {
      // Divided by 1 instead: a gradient that is not taken must not be 0/0.
      const isEmpty = divisor.equal(0);
      return isEmpty.where(0, sum.div(isEmpty.where(1, divisor)));
    }
    case "error":
      divisors.push(divisor);
      return sum.div(divisor);
  }
}

/** What is said of a mean over nothing where that is an error. */
export function nothingToAverage(loss: string): InputError {
  if (typeof loss !== "string") {
    throw new OptionError(`nothingToAverage: the loss must be given by its name, got ${printValue(loss)}.`);
  }
  return new InputError(
    `${loss}: there must be something to average, got nothing (option empty is "error"). Leave the batch out, or choose "nan" or "zero".`,
    "INVALID_INPUT",
  );
}

/**
 * The values summed over all axes but the first, and divided, such that their mean over the first is what the reduction gives. `none`
 * is as the mean.
 */
export function reduceRows(term: WeightedValues, { kind, empty }: Reducing, divisors: Tensor[]): Tensor {
  const { values, weights } = term;
  const inner = values.shape.map((_, axis) => axis).slice(1);
  const rows = inner.length === 0 ? values : values.sum(inner);
  const rowCount = values.count(0);
  switch (kind) {
    case "sum":
      return rows.mul(rowCount);
    case "batchmean":
      return divided(rows.mul(rowCount), batchOf(term), empty, divisors);
    case "none":
    case "mean":
    case "avgNonZero":
      if (weights !== undefined) return divided(rows.mul(rowCount), weights.sum(), empty, divisors);
      return inner.length === 0 ? values : divided(rows, values.count(inner), empty, divisors);
  }
}

/** What `batchmean` divides by. */
export function batchOf({ values, batch }: WeightedValues): Tensor {
  return batch ?? values.count(values.rank === 0 ? [] : 0);
}
