import { evaluateDim, sizeOf, type Dim, type DimSizes, type Shape } from "@losses/core";

// ONNX Runtime's processor adds along the last axis in eight lanes, and along others one row to the next. The error of a long sum of
// equal signs grows with the number of additions in a lane: by 1.5e-8 each, where all terms are alike. So long sums are taken in
// stages, in each of which a lane adds few terms.

/** Adjacent axes of a tensor that are summed. */
export interface SumRun {
  readonly start: number;
  /** One after the last. */
  readonly end: number;
  /** Their sizes. */
  readonly dims: Shape;
  /** `"row"`: nothing follows them, so that neighbours in memory are added; `"column"`: something does. */
  readonly kind: "row" | "column";
  /** True if the tensor has other axes. */
  readonly isPart: boolean;
}

/** How a sum is taken: first in rows of length `first` if there is one, which it divides; then in `padded` stages of rows that zeros fill up. */
export interface SumStages {
  readonly first?: number;
  readonly padded: number;
  /** True if the sizes are not known: the model decides whether the stages are needed. */
  readonly isOpen: boolean;
}

/** Of a sum that is taken in one go; beside an empty axis there are no rows. */
export const oneStage: SumStages = { padded: 0, isOpen: false };

/** True for a sum that is taken in one go. */
export function isPlain({ first, padded }: SumStages): boolean {
  return first === undefined && padded === 0;
}

interface Lengths {
  /** Right to 1e-6 in one go. */
  readonly plain: number;
  /** The length of a row in a stage with zeros appended. */
  readonly row: number;
  /** Lengths for a first stage, the best first; then any other up to the longest. */
  readonly first: readonly number[];
  readonly shortest: number;
  readonly longest: number;
  /** Stages that bring 10⁶ terms down to a row, and as a row many more. */
  readonly enough: number;
}

const lengths: { readonly [K in SumRun["kind"]]: Lengths } = {
  row: { plain: 512, row: 128, first: [128, 64, 32, 16], shortest: 16, longest: 128, enough: 3 },
  column: { plain: 64, row: 16, first: [16, 8, 32], shortest: 8, longest: 32, enough: 4 },
};

export function plainLimit({ kind }: SumRun): number {
  return lengths[kind].plain;
}

export function paddedRow({ kind }: SumRun): number {
  return lengths[kind].row;
}

/** The axes of a sum as runs, the last first. */
export function runsOf(shape: Shape, axes: readonly number[]): readonly SumRun[] {
  const runs: SumRun[] = [];
  for (let end = shape.length; end > 0; end--) {
    if (!axes.includes(end - 1)) continue;
    let start = end - 1;
    while (axes.includes(start - 1)) start--;
    const kind = shape.slice(end).every((dim, i) => dim === 1 || axes.includes(end + i)) ? "row" : "column";
    runs.push({ start, end, dims: shape.slice(start, end), kind, isPart: end - start < shape.length });
    end = start + 1;
  }
  return runs;
}

/** The stages of a run; without sizes, or where they do not say its own, those for every size. */
export function stagesOf(run: SumRun, sizes: DimSizes | undefined): SumStages {
  const known = knownDims(run.dims, sizes);
  if (known === undefined) return { padded: lengths[run.kind].enough, isOpen: true };
  const count = sizeOf(known);
  const { plain, row, first: best, shortest, longest } = lengths[run.kind];
  if (count <= plain) return oneStage;
  const others = Array.from({ length: longest - shortest + 1 }, (_, i) => longest - i);
  // A batch has many sizes: lengths that divide just one of them would each need a model of their own.
  const own = run.isPart ? (known.at(-1) ?? 1) : 1;
  const first = best.find((length) => count % length === 0) ?? others.find((length) => own % length === 0);
  let left = first === undefined ? count : count / first;
  let padded = 0;
  for (; left > row; left = Math.ceil(left / row)) padded += 1;
  return { ...(first === undefined ? {} : { first }), padded, isOpen: false };
}

/** The sizes of axes, if they are known. */
export function knownDims(dims: Shape, sizes: DimSizes | undefined): readonly number[] | undefined {
  const known = dims.map((dim: Dim) => evaluateDim(dim, sizes ?? {}));
  return known.every((dim) => dim !== undefined) ? known : undefined;
}
