import type { Answer } from "../../contestant.js";
import { tripletOptions, vseMargin, type Kind, type Part, type Problem } from "../../problems.js";
import {
  add,
  at,
  exp,
  multiply,
  multiplyByTransposed,
  multiplyRows,
  plus,
  rowSums,
  softmaxRows,
  subtract,
  sum,
  times,
  transpose,
} from "./loops.js";

/** A loss as plain loops over the arrays of its inputs, with the gradient worked out by hand. */
export type PlainLoss = (arrays: Arrays, size: Problem, part: Part) => Answer;

export interface Arrays {
  readonly floats: (name: string) => Float32Array;
  readonly labels: (name: string) => Int32Array;
}

const crossEntropy: PlainLoss = (arrays, { rows, columns }, part) => {
  const target = arrays.labels("target");
  const { softmax, loss } = softmaxRows(arrays.floats("input"), columns, (i) => target[i] ?? 0);
  if (part === "forward") return { value: loss, grads: {} };
  for (const [i, label] of target.entries()) softmax[i * columns + label] = at(softmax, i * columns + label) - 1;
  return { value: loss, grads: { input: times(softmax, 1 / rows) } };
};

const triplet: PlainLoss = (arrays, { rows, columns }, part) => {
  const anchor = arrays.floats("anchor");
  const between = (other: Float32Array): readonly [Float32Array, Float32Array] => {
    const difference = plus(subtract(anchor, other), tripletOptions.eps);
    return [difference, rowSums(multiply(difference, difference), columns).map(Math.sqrt)];
  };
  const [toPositive, positiveDistance] = between(arrays.floats("positive"));
  const [toNegative, negativeDistance] = between(arrays.floats("negative"));
  const violation = plus(subtract(positiveDistance, negativeDistance), tripletOptions.margin);
  const value = sum(violation.map((x) => Math.max(x, 0))) / rows;
  if (part === "forward") return { value, grads: {} };
  const active = violation.map((x) => (x > 0 ? 1 / rows : 0));
  const away = multiplyRows(
    toPositive,
    active.map((x, i) => x / at(positiveDistance, i)),
    columns,
  );
  const towards = multiplyRows(
    toNegative,
    active.map((x, i) => x / at(negativeDistance, i)),
    columns,
  );
  return { value, grads: { anchor: subtract(away, towards), positive: times(away, -1), negative: towards } };
};

const clip: PlainLoss = (arrays, { rows, columns }, part) => {
  const [image, text] = [arrays.floats("image"), arrays.floats("text")];
  const scale = at(arrays.floats("logitScale"), 0);
  const logits = times(multiplyByTransposed(image, text, columns), scale);
  const byRow = softmaxRows(logits, rows, (i) => i);
  const byColumn = softmaxRows(transpose(logits, rows, rows), rows, (i) => i);
  const value = (byRow.loss + byColumn.loss) / 2;
  if (part === "forward") return { value, grads: {} };
  const back = add(byRow.softmax, transpose(byColumn.softmax, rows, rows));
  for (let i = 0; i < rows; i++) back[i * rows + i] = at(back, i * rows + i) - 2;
  return { value, grads: backThroughScores(times(back, scale / (2 * rows)), image, text, rows, columns) };
};

const vse: PlainLoss = (arrays, { rows, columns }, part) => {
  const [image, text] = [arrays.floats("image"), arrays.floats("text")];
  const scores = multiplyByTransposed(image, text, columns);
  const back = new Float32Array(rows * rows);
  let value = 0;
  const hardest = (match: number, place: (j: number) => number): void => {
    const own = at(scores, match * rows + match);
    let [most, where] = [0, -1];
    for (let j = 0; j < rows; j++) {
      const cost = vseMargin + at(scores, place(j)) - own;
      if (j !== match && cost > most) [most, where] = [cost, place(j)];
    }
    if (where < 0) return;
    value += most;
    back[where] = at(back, where) + 1;
    back[match * rows + match] = at(back, match * rows + match) - 1;
  };
  for (let i = 0; i < rows; i++) {
    hardest(i, (j) => i * rows + j);
    hardest(i, (j) => j * rows + i);
  }
  if (part === "forward") return { value, grads: {} };
  return { value, grads: backThroughScores(back, image, text, rows, columns) };
};

/** S = I Tᵀ: the gradient at I is G T, at T it is Gᵀ I. */
function backThroughScores(
  back: Float32Array,
  image: Float32Array,
  text: Float32Array,
  rows: number,
  columns: number,
): Answer["grads"] {
  return {
    image: multiplyByTransposed(back, transpose(text, rows, columns), rows),
    text: multiplyByTransposed(transpose(back, rows, rows), transpose(image, rows, columns), rows),
  };
}

const kl: PlainLoss = (arrays, { rows, columns }, part) => {
  const [input, target] = [arrays.floats("input"), arrays.floats("target")];
  const probability = exp(target);
  const pointwise = multiply(probability, subtract(target, input));
  const share = 1 / (rows * columns);
  const value = sum(pointwise) * share;
  if (part === "forward") return { value, grads: {} };
  return {
    value,
    grads: { input: times(probability, -share), target: times(add(pointwise, probability), share) },
  };
};

const smoothL1: PlainLoss = (arrays, { rows, columns }, part) => {
  const difference = subtract(arrays.floats("input"), arrays.floats("target"));
  const share = 1 / (rows * columns);
  const pointwise = difference.map((d) => (Math.abs(d) < 1 ? 0.5 * d * d : Math.abs(d) - 0.5));
  const value = sum(pointwise) * share;
  if (part === "forward") return { value, grads: {} };
  return { value, grads: { input: difference.map((d) => Math.max(-1, Math.min(1, d)) * share) } };
};

const bce: PlainLoss = (arrays, { rows, columns }, part) => {
  const [input, target] = [arrays.floats("input"), arrays.floats("target")];
  const share = 1 / (rows * columns);
  const softplus = input.map((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
  const value = sum(subtract(softplus, multiply(input, target))) * share;
  if (part === "forward") return { value, grads: {} };
  const sigmoid = input.map((x) => 1 / (1 + Math.exp(-x)));
  return { value, grads: { input: times(subtract(sigmoid, target), share) } };
};

export const plainLosses: { readonly [K in Kind]: PlainLoss } = {
  crossEntropy,
  triplet,
  clip,
  vse,
  kl,
  smoothL1,
  bce,
};
