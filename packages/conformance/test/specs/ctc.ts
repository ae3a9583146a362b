import {
  addDims,
  concat,
  defineLoss,
  flag,
  float,
  integer,
  labels,
  multiplyDims,
  reduction,
  scan,
  stack,
  type Loss,
  type Reduction,
  type Tensor,
} from "@losses/core";

export interface CtcOptions {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  readonly reduction: Reduction;
}

/** The logarithm of what is impossible: its exponential is 0, and it has a gradient. */
const impossible = -1e30;

/** What was k places before, along the last axis. */
function shifted(x: Tensor, k: number): Tensor {
  const axis = x.rank - 1;
  const size = x.shape[axis] ?? 1;
  return x
    .iota(axis)
    .less(k)
    .where(impossible, x.pad(axis, k, addDims(size, k)).slice(axis, 0, size));
}

/**
 * Connectionist temporal classification: `−log Σ p(path)` over all paths that spell the targets, by the forward recursion. The
 * gradient is what the recursion's own derivative gives.
 */
export const ctc: Loss<
  CtcOptions,
  { logits: "float"; targets: "index"; inputLengths: "index"; targetLengths: "index" }
> = defineLoss({
  name: "ctc",
  inputs: {
    logits: float(["T", "N", "C"]),
    targets: labels(["N", "S"], "", { below: "C" }),
    inputLengths: labels(["N"], "", { atMost: "T" }),
    targetLengths: labels(["N"], "", { atMost: "S" }),
  },
  options: {
    blank: integer(0, "The class that stands for nothing."),
    zeroInfinity: flag(false, "Impossible targets cost nothing."),
    reduction: reduction("none"),
  },
  value({ logits, targets, inputLengths, targetLengths }, { blank, zeroInfinity }) {
    const [, labelCount = 0] = targets.shape;
    const states = addDims(multiplyDims(2, labelCount), 1);
    // A blank before, between and after the labels
    const path = targets.sub(blank).pad(1, 1, states, 2).add(blank);
    const before = path.add(1).pad(1, 2, addDims(states, 2)).slice(1, 0, states).sub(1);
    const maySkip = path.equal(blank).or(path.equal(before)).not();
    const logProbabilities = logits.logSoftmax(2);
    const start = path
      .cast(logits.dtype)
      .mul(0)
      .add(path.iota(1).equal(0).where(path.cast(logits.dtype).mul(0), impossible));
    const { carry } = scan(
      { init: { alpha: start }, sequences: { logProbabilities, time: logits.iota(0) } },
      ({ alpha }, { logProbabilities: now, time }) => {
        const ways = stack([alpha, shifted(alpha, 1), maySkip.where(shifted(alpha, 2), impossible)], 0);
        const next = ways.logSumExp(0).add(now.gather(1, path)).clampMin(impossible);
        return { carry: { alpha: time.less(inputLengths.unsqueeze(1)).where(next, alpha) } };
      },
    );
    // Paths end with the last label or the blank behind it.
    const end = targetLengths.mul(2).unsqueeze(1);
    const ends = concat([end, end.sub(1)], 1);
    const loss = ends.less(0).where(impossible, carry.alpha.gather(1, ends)).logSumExp(1).neg();
    return loss.greater(-impossible / 2).where(zeroInfinity ? 0 : Infinity, loss);
  },
});
