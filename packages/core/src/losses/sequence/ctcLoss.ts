import { OptionError } from "../../errors.js";
import { customGradient } from "../../graph/tracedTensor.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float, labels, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { flag, integer, reduction, type ReductionOption } from "../../loss/options.js";
import { concatenatedStates, ctcForward, paddedStates } from "../../math/ctc.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface CtcLossOptions extends ReductionOption {
  /** The class that stands for no label. Default 0. */
  readonly blank: number;
  /**
   * Labels that cannot be spelled cost 0 instead of Infinity. Default false. A sample whose labels cannot be
   * spelled costs 0, without gradient, instead of Infinity.
   */
  readonly zeroInfinity: boolean;
}

/**
 * How improbable a sequence of labels is, whenever each of them is said.
 *
 * `−log Σ_paths Π_t p_t(path_t)` over all paths that become the targets when repeats and then blanks are left out
 *
 * Inputs: `logProbs` (T, N, C) or (T, C), after log_softmax; `targets`, int32 or int64 classes, padded (N, S) or one
 * after the other (the sum of the lengths), or (S) for one sample; `inputLengths` and `targetLengths`, (N) or (), how
 * much of each sample counts. Returns (N) or () with `reduction: "none"`. The mean divides each sample's loss by the
 * number of its labels, at least 1, then averages over the samples.
 *
 * The gradient is PyTorch's: that towards the logits before a log_softmax, `exp(logProbs)` minus the posterior of each
 * class. The partial derivative by the log-probabilities is minus the posterior alone; after log_softmax both give the
 * same. It is 0 beyond inputLengths, and NaN where the loss is infinite. Equals `torch.nn.functional.ctc_loss`, which
 * does not look at the padding: here it must hold classes, too.
 *
 * @formula `-log sum_paths prod_t p_t(path_t) over all paths that spell the targets`
 * @pytorch `torch.nn.functional.ctc_loss`
 * @input logProbs - Log-probabilities of the classes at each time.
 * @input targets - The labels of each sample, padded. Or: The labels of all samples, one after the other.
 * @input inputLengths - How many times count of each sample.
 * @input targetLengths - How many labels each sample has.
 * @note logProbs holds log-probabilities: take log_softmax first.
 * @note The mean divides each sample's loss by the number of its labels first.
 * @note The gradient is that towards the logits of a log_softmax, exp(logProbs) minus the posterior, as in PyTorch: by
 * itself it is not the derivative of the value.
 * @note Two equal labels in a row need a blank between them. Labels that do not fit into the input cost Infinity, with
 * gradients of NaN; zeroInfinity makes both 0.
 * @note Padding must hold classes, any of them: PyTorch does not look at it.
 * @note Where a log-probability is -Infinity the gradient is 0, where PyTorch gives NaN.
 * @see Graves et al.: Connectionist Temporal Classification, ICML 2006
 * @throws InputError on a label outside [0, C), or lengths that do not fit; OptionError if blank is no class.
 * @example
 * ```ts
 * const loss = await backend.compile(ctcLoss());
 * const { value } = await loss.valueAndGrad({ logProbs, targets: [[1, 2, 2]], inputLengths: [7], targetLengths: [3] });
 * ```
 */
export const ctcLoss: Loss<
  CtcLossOptions,
  { logProbs: "float"; targets: "index"; inputLengths: "index"; targetLengths: "index" } & Sampled
> = defineLoss({
  name: "ctcLoss",
  family: "sequence",
  aliases: ["CTCLoss", "ctc_loss", "ctc"],
  inputs: {
    logProbs: float(["T", "N?", "C"]),
    targets: either(labels(["N?", "S"], { below: "C" }), labels(["L"], { below: "C" })),
    inputLengths: labels(["N?"], { atMost: "T" }),
    targetLengths: labels(["N?"], { atMost: "S", sum: "L" }),
  },
  optionalInputs: sampleInputs(["N?"]),
  options: { blank: integer(0), zeroInfinity: flag(false), reduction: reduction() },
  checkSizes({ C: classes = 0 }, { blank }) {
    if (blank >= 0 && blank < classes) return;
    throw new OptionError(`ctcLoss: option blank must be a class in [0, ${classes - 1}], got ${blank}.`);
  },
  value({ logProbs, targets, inputLengths, targetLengths }, { blank, zeroInfinity, reduction: kind }) {
    const isBatch = logProbs.rank === 3;
    const batch = (x: Tensor, axis = 0): Tensor => (isBatch ? x : x.unsqueeze(axis));
    const [all, inputs, counts] = [batch(logProbs, 1), batch(inputLengths), batch(targetLengths)];
    const states =
      isBatch && targets.rank === 1 ? concatenatedStates(targets, counts, blank) : paddedStates(batch(targets), blank);
    const forward = ctcForward(all, states, inputs, counts);
    const isImpossible = forward.equal(Infinity);
    const value = zeroInfinity ? isImpossible.where(0, forward) : forward;
    const isTime = all.iota(0).less(inputs.unsqueeze(1));
    const isCounted = zeroInfinity ? isTime.and(isImpossible.not().unsqueeze(1)) : isTime;
    // The part of log_softmax's gradient; infinities and NaN make all of a sample's NaN.
    const loss = customGradient(value, [value, all], (g, result) => {
      const softmax = all.exp().add(result.mul(0).unsqueeze(1)).mul(g.unsqueeze(1));
      return [g, isCounted.where(softmax, 0)];
    });
    const values = kind === "mean" ? loss.div(counts.cast(loss.dtype).clampMin(1)) : loss;
    return isBatch ? values : values.squeeze(0);
  },
});
