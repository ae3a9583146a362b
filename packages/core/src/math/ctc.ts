import { scan } from "../graph/scan.js";
import { addDims, multiplyDims } from "../tensor/dimArithmetic.js";
import type { Dim } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { impossibleIn, logSum } from "./logSum.js";

/**
 * The states of all samples in one line, of each sample 2S + 1: a blank before, between and after its S labels. `sample` and `place`
 * are those of each state, `path` is its class, and `start` the position of each sample's first.
 */
export interface StateLine {
  readonly sample: Tensor;
  readonly place: Tensor;
  readonly path: Tensor;
  readonly start: Tensor;
}

/** The states of labels that are padded to one length, (N, S). */
export function paddedStates(targets: Tensor, blank: number): StateLine {
  const [samples = 1, labels = 1] = targets.shape;
  const states = addDims(multiplyDims(2, labels), 1);
  // Labels at the odd places; pad puts zeros between them.
  const path = targets.sub(blank).pad(1, 1, states, 2).add(blank);
  const all = [samples, states] as const;
  const line = path.flatten();
  return {
    sample: path.iota(0).expand(all).flatten(),
    place: path.iota(1).expand(all).flatten(),
    path: line,
    start: firstOfRows(line.iota(0), all),
  };
}

/** The states of labels that follow one another, (L), and how many each sample has. */
export function concatenatedStates(targets: Tensor, lengths: Tensor, blank: number): StateLine {
  const [labels = 1] = targets.shape;
  const [samples = 1] = lengths.shape;
  const states = addDims(multiplyDims(2, labels), samples);
  const counts = lengths.mul(2).add(1).cast("float32");
  const start = counts.cumsum(0, { exclusive: true }).cast("int32");
  const begins = counts.mul(0).add(1).scatterAdd(0, start, states);
  const sample = begins.cumsum(0).cast("int32").sub(1);
  const position = begins.iota(0);
  const place = position.sub(start.gather(0, sample));
  // Label l of sample n is at 2l + n + 1.
  const half = place.cast("float32").mul(0.5).floor().cast("int32");
  const isLabel = place.equal(half.mul(2)).not();
  const label = position.sub(sample).sub(1).cast("float32").mul(0.5).floor().cast("int32");
  const path = isLabel.where(targets.gather(0, label), blank);
  return { sample, place, path, start };
}

/** The first element of each row of a line that is read as rows. */
function firstOfRows(line: Tensor, rows: readonly [Dim, Dim]): Tensor {
  return line.reshape(rows).slice(1, 0, 1).squeeze(1);
}

/**
 * `−log Σ p(path)` of each sample over all paths that spell its labels, by the forward recursion; Infinity where there is none.
 *
 * `αₜ(s) = log(eᵅ⁽ˢ⁾ + eᵅ⁽ˢ⁻¹⁾ + [a label, another than the one before] eᵅ⁽ˢ⁻²⁾) + log pₜ(path s)`
 */
export function ctcForward(
  logProbs: Tensor,
  { sample, place, path, start }: StateLine,
  inputLengths: Tensor,
  targetLengths: Tensor,
): Tensor {
  const impossible = impossibleIn(logProbs);
  const [, samples = 1, classes = 1] = logProbs.shape;
  const flat = logProbs.flatten(1, 2);
  const firstClass = firstOfRows(flat.iota(1), [samples, classes]);
  const emissions = flat.gather(1, firstClass.gather(0, sample).add(path).unsqueeze(0));
  const size = path.shape[0] ?? 1;
  const before = (x: Tensor, k: number): Tensor => x.pad(0, k, addDims(size, k)).slice(0, 0, size);
  const maySkip = place.greater(1).and(path.equal(before(path, 2)).not());
  const lengths = inputLengths.gather(0, sample);
  const zeros = path.cast(logProbs.dtype).mul(0);
  const { carry } = scan(
    {
      init: { alpha: place.equal(0).where(zeros, impossible) },
      sequences: { emissions, time: logProbs.iota(0).flatten() },
    },
    ({ alpha }, { emissions: now, time }) => {
      const one = place.greater(0).where(before(alpha, 1), impossible);
      const two = maySkip.where(before(alpha, 2), impossible);
      const next = logSum([alpha, one, two], impossible, (sum) => sum.add(now).clampMin(impossible));
      return { carry: { alpha: time.less(lengths).where(next, alpha) } };
    },
  );
  // Paths end with the last label or the blank behind it.
  const end = start.add(targetLengths.mul(2));
  const atBlank = carry.alpha.gather(0, end);
  const atLabel = targetLengths.greater(0).where(carry.alpha.gather(0, end.sub(1)), impossible);
  return logSum([atBlank, atLabel], Infinity, (sum) => sum.neg());
}
