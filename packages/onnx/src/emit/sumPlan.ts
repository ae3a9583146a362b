import { sizeOf, type Dim, type DimSizes, type Shape } from "@losses/core";

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
  readonly layout: "row" | "column";
  /** True if the tensor has other axes. */
  readonly isPart: boolean;
}

/** How a sum is taken: first in rows of length `first` if there is one, which it divides; then in `padded` stages of rows that zeros fill up. */
export interface SumPlan {
  readonly first?: number;
  readonly padded: number;
  /** True if the sizes are not known: the model decides whether the stages are needed. */
  readonly isOpen: boolean;
}

/** True for a sum that is taken in one go. */
export function isPlain({ first, padded }: SumPlan): boolean {
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

const lengths: { readonly [K in SumRun["layout"]]: Lengths } = {
  row: { plain: 512, row: 128, first: [128, 64, 32, 16], shortest: 16, longest: 128, enough: 3 },
  column: { plain: 64, row: 16, first: [16, 8, 32], shortest: 8, longest: 32, enough: 4 },
};

export function plainLimit({ layout }: SumRun): number {
  return lengths[layout].plain;
}

export function paddedRow({ layout }: SumRun): number {
  return lengths[layout].row;
}

/** The axes of a sum as runs, the last first. */
export function runsOf(shape: Shape, axes: readonly number[]): readonly SumRun[] {
  const runs: SumRun[] = [];
  for (let end = shape.length; end > 0; end--) {
    if (!axes.includes(end - 1)) continue;
    let start = end - 1;
    while (axes.includes(start - 1)) start--;
    const layout = shape.slice(end).every((dim, i) => dim === 1 || axes.includes(end + i)) ? "row" : "column";
    runs.push({ start, end, dims: shape.slice(start, end), layout, isPart: end - start < shape.length });
    end = start + 1;
  }
  return runs;
}

/** The plan for a run; without sizes, or where they do not say its own, one for every size. */
export function planSum(run: SumRun, sizes: DimSizes | undefined): SumPlan {
  const known = knownDims(run.dims, sizes);
  // Beside an empty axis there are no rows.
  if (sizes !== undefined && Object.values(sizes).includes(0)) return { padded: 0, isOpen: false };
  if (known === undefined) return { padded: lengths[run.layout].enough, isOpen: true };
  const count = sizeOf(known);
  const { plain, row, first: best, shortest, longest } = lengths[run.layout];
  if (count <= plain) return { padded: 0, isOpen: false };
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
  const known = dims.map((dim: Dim) => (typeof dim === "number" ? dim : sizes?.[dim]));
  return known.every((dim) => dim !== undefined) ? known : undefined;
}
