import { flag, oneOf, positive, type OptionDeclaration } from "../loss/options.js";
import { isPiece, makePiece, type AnyPieceKind, type PieceKind } from "../loss/pieces.js";
import type { Tensor } from "../tensor/tensor.js";
import { unit, vectorNorm } from "./norm.js";
import { diagonalMask } from "./select.js";

const names = ["euclidean", "squaredEuclidean", "manhattan", "cosine", "dot", "snr"] as const;

/**
 * How far two embeddings are apart, or how alike they are. Plain data: any metric loss takes any of them, by name (all over
 * normalised embeddings) or made by {@link lpDistance}, {@link dotSimilarity}, {@link snrDistance}.
 */
export type MetricDistance = (typeof names)[number] | LpDistance | DotSimilarity | SnrDistance;

/** `‖x − y‖ₚ^power` */
export interface LpDistance {
  readonly kind: "lp";
  readonly p: number;
  readonly power: number;
  /** Of embeddings divided by their p-norms first. */
  readonly normalize: boolean;
}

/** `x · y`; of normalised embeddings the cosine. */
export interface DotSimilarity {
  readonly kind: "dot";
  readonly normalize: boolean;
}

/** `var(x − y) / var(x)`, not symmetric. */
export interface SnrDistance {
  readonly kind: "snr";
  readonly normalize: boolean;
}

const order: OptionDeclaration<number> = {
  default: 2,
  domain: "a number > 0 or Infinity",
  kind: "number",
  accepts: (value): value is number => typeof value === "number" && value > 0,
};
const lp: PieceKind<LpDistance> = { kind: "lp", options: { p: order, power: positive(1), normalize: flag(true) } };
const dot: PieceKind<DotSimilarity> = { kind: "dot", options: { normalize: flag(true) } };
const snr: PieceKind<SnrDistance> = { kind: "snr", options: { normalize: flag(true) } };
const kinds: readonly AnyPieceKind[] = [lp, dot, snr];

/** The p-norm of differences, raised to a power; of normalised embeddings by default. */
export function lpDistance(options?: Partial<Omit<LpDistance, "kind">>): LpDistance {
  return makePiece("lpDistance", lp, options);
}

/** Inner products; of normalised embeddings by default. */
export function dotSimilarity(options?: Partial<Omit<DotSimilarity, "kind">>): DotSimilarity {
  return makePiece("dotSimilarity", dot, options);
}

/** The ratio of noise to signal: the variance of the difference by that of the anchor; of normalised embeddings by default. */
export function snrDistance(options?: Partial<Omit<SnrDistance, "kind">>): SnrDistance {
  return makePiece("snrDistance", snr, options);
}

/** The option `distance` of a metric loss. */
export function metricDistance(initial: (typeof names)[number]): OptionDeclaration<MetricDistance> {
  const named = oneOf(names, initial);
  return {
    ...named,
    domain: `${named.domain} | lpDistance() | dotSimilarity() | snrDistance()`,
    accepts: isDistance,
  };
}

const anyName = oneOf(names, "euclidean");

function isDistance(value: unknown): value is MetricDistance {
  return anyName.accepts(value) || isPiece(kinds, value);
}

/** A distance between the rows of a batch, and what far and near mean in it. */
export interface Metric {
  /** (N, N): anchors in rows. */
  readonly matrix: Tensor;
  /** Larger is nearer: a similarity. */
  readonly isSimilarity: boolean;
  /** By how much it is farther than a bound. */
  readonly beyond: (d: Tensor, bound: Tensor | number) => Tensor;
  /** The nearer of both; at a tie each gets half the gradient. */
  readonly nearer: (a: Tensor, b: Tensor) => Tensor;
  /** By how much it is nearer than a bound. */
  readonly within: (d: Tensor, bound: Tensor | number) => Tensor;
}

/** The distances of each row with each row, its own or those of others. Of distances, identical rows have gradient 0, as of PyTorch's `cdist`. */
export function metricOf(distance: MetricDistance, embeddings: Tensor, others: Tensor = embeddings): Metric {
  const made = typeof distance === "string" ? named(distance) : distance;
  const isSimilarity = made.kind === "dot";
  const matrix = matrixOf(made, embeddings, others);
  const beyond = (d: Tensor, bound: Tensor | number): Tensor => (isSimilarity ? d.neg().add(bound) : d.sub(bound));
  const within = (d: Tensor, bound: Tensor | number): Tensor => (isSimilarity ? d.sub(bound) : d.neg().add(bound));
  const nearer = (a: Tensor, b: Tensor): Tensor => (isSimilarity ? a.maximum(b) : a.minimum(b));
  return { matrix, isSimilarity, beyond, within, nearer };
}

function named(name: (typeof names)[number]): LpDistance | DotSimilarity | SnrDistance {
  switch (name) {
    case "euclidean":
      return lpDistance();
    case "squaredEuclidean":
      return lpDistance({ power: 2 });
    case "manhattan":
      return lpDistance({ p: 1 });
    case "cosine":
    case "dot":
      return dotSimilarity();
    case "snr":
      return snrDistance();
  }
}

function matrixOf(distance: LpDistance | DotSimilarity | SnrDistance, x: Tensor, y: Tensor): Tensor {
  const p = distance.kind === "lp" ? distance.p : 2;
  const [a, b] = distance.normalize ? [unit(x, p), unit(y, p)] : [x, y];
  switch (distance.kind) {
    case "dot":
      return a.matmul(b.transpose());
    case "lp": {
      const differences = differencesOf(a, b, x === y);
      if (p === 2 && distance.power === 2) return differences.square().sum(-1);
      const lengths = vectorNorm(differences, p);
      return distance.power === 1 ? lengths : lengths.pow(distance.power);
    }
    case "snr": {
      // var(x − y) is the mean square of the difference of centred rows; what it is divided by cancels.
      const centred = (rows: Tensor): Tensor => rows.sub(rows.mean(-1, true));
      const power = (rows: Tensor): Tensor => rows.square().sum(-1);
      const signal = centred(a);
      return power(differencesOf(signal, centred(b), x === y)).div(power(signal).unsqueeze(1));
    }
  }
}

/** Rows of x minus rows of y, (N, M, D); of a row and itself exactly 0, where norms have gradient 0. */
function differencesOf(x: Tensor, y: Tensor, isSame: boolean): Tensor {
  const differences = x.unsqueeze(1).sub(y.unsqueeze(0));
  return isSame ? diagonalMask(differences).where(0, differences) : differences;
}
