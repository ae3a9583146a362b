import { ShapeError } from "../errors.js";
import { overlapOf, overlapScore, type ScoreOptions } from "../math/overlap.js";
import { oneHot } from "../math/select.js";
import type { Tensor } from "../tensor/tensor.js";
import { ignoreIndexInGraph } from "./ignoreIndex.js";
import type { InputTag } from "./inputTypes.js";
import { byOption, either, float, labels, mask, number, type InputDeclaration } from "./inputs.js";
import {
  classAxis,
  flag,
  integer,
  nonNegative,
  noReduction,
  oneOf,
  orNone,
  type ClassAxis,
  type OptionDeclarations,
} from "./options.js";

/** The options that all losses of overlap share: they say which library's convention is meant. */
export interface OverlapOptions {
  /** What the channels are: classes of which each place has one, one class in all, or classes of which each is true or not. Default `"multiclass"`. */
  readonly mode: "multiclass" | "binary" | "multilabel";
  /** The input holds logits, not probabilities. Default true. */
  readonly fromLogits: boolean;
  /** What is summed before the score: batch and places of a class, places of a class, classes and places, or everything. Default `"class"`. */
  readonly over: "class" | "sampleClass" | "sample" | "all";
  /** Added above and below. Default 0. */
  readonly smooth: number;
  /** The floor of the divisor, or what is added to it. Default 1e-7. */
  readonly eps: number;
  /** Whether eps is the divisor's floor or is added to it. Default `"clamp"`. */
  readonly epsMode: "clamp" | "add";
  /** What a class costs that the target lacks: 0, what its score says, or nothing, as it leaves the mean. Default `"zero"`. */
  readonly absent: "zero" | "keep" | "exclude";
  /** The negative logarithm of the score instead of 1 − score. Default false. */
  readonly logLoss: boolean;
  /** A target value whose places are left out. Default `"none"`. */
  readonly ignoreIndex: number | "none";
  /** The axis of the classes: 1, or -1 for the last. Default 1. */
  readonly classAxis: ClassAxis;
  /** Leave class 0 out. Default false. */
  readonly ignoreBackground: boolean;
  /** There is nothing to reduce: the loss is one number. Default `"none"`. */
  readonly reduction: "none";
}

export interface OverlapTensors {
  readonly input: Tensor;
  readonly target: Tensor;
  readonly weight?: Tensor;
  readonly classes?: Tensor;
}

function perChannel<K extends InputTag>(
  declare: (shape: readonly string[]) => InputDeclaration<K>,
): InputDeclaration<K> {
  return byOption("classAxis", [
    [1, declare(["N", "C?", "...d"])],
    [-1, declare(["N", "...d", "C"])],
  ]);
}

export const overlapInputs: {
  readonly input: InputDeclaration<"float">;
  readonly target: InputDeclaration<"index" | "number">;
} = {
  input: perChannel(float),
  target: either(labels(["N", "...d"], { below: "C", except: "ignoreIndex" }), perChannel(number)),
};

export const overlapOptionalInputs: {
  readonly weight: InputDeclaration<"fixed">;
  readonly classes: InputDeclaration<"mask">;
} = {
  weight: float(["C"], { differentiable: false }),
  classes: mask(["C"]),
};

export const overlapOptions: OptionDeclarations<OverlapOptions> = {
  mode: oneOf(["multiclass", "binary", "multilabel"], "multiclass"),
  fromLogits: flag(true),
  over: oneOf(["class", "sampleClass", "sample", "all"], "class"),
  smooth: nonNegative(0),
  eps: nonNegative(1e-7),
  epsMode: oneOf(["clamp", "add"], "clamp"),
  absent: oneOf(["zero", "keep", "exclude"], "zero"),
  logLoss: flag(false),
  ignoreIndex: orNone(integer(-100)),
  classAxis: classAxis(),
  ignoreBackground: flag(false),
  reduction: noReduction(),
};

/** The mean over classes and samples of `1 − score`, as the options say. */
export function overlapLoss(
  loss: string,
  given: OverlapTensors,
  options: OverlapOptions,
  score: Pick<ScoreOptions, "alpha" | "beta">,
  epsShare = 1,
): Tensor {
  const { mode, over, eps, logLoss, absent, classAxis: axis } = options;
  const tensors = axis === -1 ? classesSecond(given) : given;
  if (mode !== "binary" && tensors.input.rank < 2) {
    throw new ShapeError(`${loss}: input must have classes along axis 1, got one axis. Choose mode "binary".`);
  }
  const { p, t } = probabilities(tensors, options);
  const axes = Array.from({ length: p.rank }, (_, axis) => axis);
  const summed = { class: axes.filter((a) => a !== 1), sampleClass: axes.slice(2), sample: axes.slice(1), all: axes };
  const isByClass = over === "class" || over === "sampleClass";
  const counted = classWeights(p, tensors, options);
  const inside = (x: Tensor): Tensor =>
    isByClass || counted === undefined ? x : x.mul(counted.unsqueeze(axes.slice(2).map((a) => a - 1)));
  const overlap = overlapOf(inside(p), inside(t), summed[over]);
  const scores = overlapScore(overlap, { ...options, ...score, eps: eps * epsShare });
  const costs = logLoss ? scores.clampMin(eps).log().neg() : scores.neg().add(1);
  const isPresent = overlap.truth.greater(0);
  const values = absent === "keep" ? costs : isPresent.where(costs, 0);
  const present = absent === "exclude" ? isPresent.cast(values.dtype) : undefined;
  const shares = product([present, isByClass ? counted : undefined]);
  return shares === undefined ? values.mean() : meanOver(values, shares.expand(values.shape), isByClass);
}

/** Tensors whose last axis has the classes, with it after that of the samples. */
function classesSecond({ input, target, ...others }: OverlapTensors): OverlapTensors {
  const moved = (x: Tensor): Tensor => {
    const [samples, ...places] = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    return samples === undefined ? x : x.transpose([samples, x.rank - 1, ...places]);
  };
  return { ...others, input: moved(input), target: target.dtype === "int32" ? target : moved(target) };
}

/** The weighted mean, of the classes of a sample before that of the samples; 0 where nothing counts. */
function meanOver(values: Tensor, shares: Tensor, isByClass: boolean): Tensor {
  // What does not count must not bring in a NaN.
  const kept = shares.equal(0).where(0, values.mul(shares));
  const axes = isByClass ? [values.rank - 1] : Array.from({ length: values.rank }, (_, axis) => axis);
  const total = shares.sum(axes);
  return kept.sum(axes).div(total.equal(0).where(1, total)).mean();
}

/** Predicted and true probabilities of the classes, (N, C, …), 0 where the target is to be ignored. */
function probabilities(
  { input, target }: OverlapTensors,
  { mode, fromLogits, ignoreIndex }: OverlapOptions,
): { readonly p: Tensor; readonly t: Tensor } {
  const isIndex = target.dtype === "int32";
  const predicted = !fromLogits ? input : mode === "multiclass" ? input.softmax(1) : input.sigmoid();
  const shaped = (x: Tensor): Tensor =>
    x.rank === 1 ? x.unsqueeze([1, 2]) : mode === "binary" ? x.flatten(1).unsqueeze(1) : x;
  const p = shaped(predicted);
  const ignored =
    ignoreIndex === "none" ? undefined : target.equal(isIndex ? ignoreIndexInGraph(ignoreIndex) : ignoreIndex);
  if (mode === "multiclass" && isIndex) {
    const left = ignored?.unsqueeze(1);
    const t = oneHot(input, target, 1).cast(input.dtype);
    return left === undefined ? { p, t } : { p: left.where(0, p), t: left.where(0, t) };
  }
  const t = shaped(target.cast(input.dtype));
  const left = ignored === undefined ? undefined : shaped(ignored);
  return left === undefined ? { p, t } : { p: left.where(0, p), t: left.where(0, t) };
}

/** What each class counts, (C); `undefined` where all count 1. */
function classWeights(
  p: Tensor,
  { weight, classes }: OverlapTensors,
  { ignoreBackground }: OverlapOptions,
): Tensor | undefined {
  const ones = p.count([]).expand([p.shape[1] ?? 1]);
  return product([
    weight,
    classes?.cast(p.dtype),
    ignoreBackground ? ones.iota(0).greater(0).cast(p.dtype) : undefined,
  ]);
}

function product(factors: readonly (Tensor | undefined)[]): Tensor | undefined {
  return factors.reduce((all, factor) =>
    all === undefined || factor === undefined ? (all ?? factor) : all.mul(factor),
  );
}
