import { InputError, OptionError } from "../../errors.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import {
  finite,
  oneOf,
  positive,
  reduction,
  type OptionDeclaration,
  type ReductionOption,
} from "../../loss/options.js";
import { divergences, discoPop, exoPair, rewardOf, smoothedLogistic, type Divergence } from "../../math/preference.js";
import type { Tensor } from "../../tensor/tensor.js";

const lossTypes = [
  "sigmoid",
  "hinge",
  "ipo",
  "sigmoidNorm",
  "robust",
  "exoPair",
  "ncaPair",
  "bcoPair",
  "sppoHard",
  "aot",
  "aotUnpaired",
  "apoZero",
  "apoDown",
  "discopop",
] as const;

export interface DpoLossOptions extends ReductionOption {
  /** How strongly the model is held to its reference. Default 0.1. */
  readonly beta: number;
  /** What is made of the log-ratios. Default `"sigmoid"`. */
  readonly lossType: (typeof lossTypes)[number];
  /**
   * Share of labels that are wrong. Default 0. Share of labels that are wrong, in [0, ½): of `"robust"`,
   * `"exoPair"` (> 0) and both `"aot"` alone.
   */
  readonly labelSmoothing: number;
  /** The temperature of discopop. Default 0.05. */
  readonly tau: number;
  /** What is made of each log-ratio first. Default `"reverseKl"`: nothing. */
  readonly divergence: Divergence;
  /** The order of alphaDivergence. Default 0.5. */
  readonly divergenceAlpha: number;
}

const labelSmoothing: OptionDeclaration<number> = {
  default: 0,
  domain: "a number in [0, 0.5)",
  kind: "number",
  accepts: (value): value is number => typeof value === "number" && value >= 0 && value < 0.5,
};

const lengthRange = { from: 1, atMost: 2 ** 31 - 1 };

/** The types that divide by numbers of tokens. */
const counting: readonly string[] = ["ipo", "sigmoidNorm"];

/** The types that take a share of wrong labels. */
const smoothing: readonly string[] = ["robust", "exoPair", "aot", "aotUnpaired"];

/**
 * A language model shall prefer the chosen answer to the rejected one more than its reference does.
 *
 * `−log σ(beta δ)`, `δ = (chosen − referenceChosen) − (rejected − referenceRejected)`; `lossType` gives the other forms
 *
 * Inputs: `chosen`, `rejected`, `referenceChosen`, `referenceRejected` (N), log-probabilities of whole answers;
 * optional `chosenLengths` and `rejectedLengths` (N), how many tokens they have, for `"ipo"` (without them the
 * log-probabilities are averages) and `"sigmoidNorm"`. No gradient flows to the reference. Returns (N) with `reduction:
 * "none"`, else a scalar; `"aot"` gives the values in the order of sorted ratios. Equals the loss of TRL's DPOTrainer.
 *
 * @formula `-log sigmoid(beta ((chosen - referenceChosen) - (rejected - referenceRejected)))`
 * @input chosen - Log-probability of the chosen answers.
 * @input rejected - Log-probability of the rejected answers.
 * @input referenceChosen - That of the chosen answers under the reference.
 * @input referenceRejected - That of the rejected answers under the reference.
 * @input chosenLengths - Tokens of the chosen answers.
 * @input rejectedLengths - Tokens of the rejected answers.
 * @note Inputs are sums of the log-probabilities of an answer's tokens, unless lengths are given to ipo.
 * @note There is no label smoothing with "sigmoid", as in TRL 1.16; "robust" has it.
 * @note The values of "aot" are in the order of sorted ratios, not in that of the batch.
 * @see Rafailov et al.: Direct Preference Optimization, NeurIPS 2023
 * @see Azar et al.: A General Theoretical Paradigm to Understand Learning from Human Preferences, 2023 (IPO)
 * @see Melnyk et al.: Distributional Preference Alignment of LLMs via Optimal Transport, 2024 (AOT)
 * @see Lu et al.: Discovering Preference Optimization Algorithms with and for Large Language Models, 2024 (DiscoPOP)
 * @throws OptionError on a labelSmoothing that the type does not take; InputError if lengths are missing.
 * @example
 * ```ts
 * const loss = await backend.compile(dpoLoss());
 * const { value } = await loss.valueAndGrad({ chosen: [-10], rejected: [-12], referenceChosen: [-11], referenceRejected: [-11] });
 * ```
 */
export const dpoLoss: Loss<
  DpoLossOptions,
  {
    chosen: "float";
    rejected: "float";
    referenceChosen: "fixed";
    referenceRejected: "fixed";
    chosenLengths?: "index";
    rejectedLengths?: "index";
  } & Sampled
> = defineLoss({
  name: "dpoLoss",
  family: "preference",
  aliases: ["DPO", "dpo_loss", "directPreferenceOptimization", "ipoLoss"],
  inputs: {
    chosen: float(["N"]),
    rejected: float(["N"]),
    referenceChosen: float(["N"], { differentiable: false }),
    referenceRejected: float(["N"], { differentiable: false }),
  },
  optionalInputs: {
    chosenLengths: labels(["N"], lengthRange),
    rejectedLengths: labels(["N"], lengthRange),
    ...sampleInputs(["N"]),
  },
  options: {
    beta: positive(0.1),
    lossType: oneOf(lossTypes, "sigmoid"),
    labelSmoothing,
    tau: positive(0.05),
    divergence: oneOf(divergences, "reverseKl"),
    divergenceAlpha: {
      ...finite(0.5),
      domain: "a finite number, not 1",
      accepts: (value): value is number => Number.isFinite(value) && value !== 1,
    },
    reduction: reduction(),
  },
  check({ lossType, labelSmoothing: epsilon }) {
    if (epsilon > 0 && !smoothing.includes(lossType)) {
      throw new OptionError(
        `dpoLoss: option labelSmoothing must be 0 with lossType "${lossType}", got ${epsilon}. Choose "robust".`,
      );
    }
    if (epsilon === 0 && lossType === "exoPair") {
      throw new OptionError('dpoLoss: option labelSmoothing must be > 0 with lossType "exoPair", got 0.');
    }
  },
  value(inputs, { beta, lossType, labelSmoothing: epsilon, tau, divergence, divergenceAlpha }) {
    const { chosen, rejected, referenceChosen, referenceRejected, chosenLengths, rejectedLengths, sampleWeight, mask } =
      inputs;
    if (!counting.includes(lossType) && (chosenLengths ?? rejectedLengths) !== undefined) {
      throw new InputError(
        `dpoLoss: lengths must be given with lossType "ipo" or "sigmoidNorm" only, got some with "${lossType}".`,
        "INVALID_INPUT",
      );
    }
    if (lossType.startsWith("aot") && (sampleWeight ?? mask) !== undefined) {
      throw new InputError(
        `dpoLoss: sampleWeight and mask must not be given with lossType "${lossType}", whose values are of ranks and not of samples.`,
        "INVALID_INPUT",
      );
    }
    const ratios = [chosen.sub(referenceChosen), rejected.sub(referenceRejected)] as const;
    const [c, r] = ratios.map((ratio) => rewardOf(ratio, divergence, divergenceAlpha)) as [Tensor, Tensor];
    const [plainC, plainR] = ratios;
    const z = c.sub(r).mul(beta);
    const sorted = (x: Tensor): Tensor => x.sort(0);
    const gain = (x: Tensor): Tensor => x.mul(beta).sigmoid();
    const cost = (x: Tensor): Tensor => x.mul(beta).neg().softplus();
    const perToken = (): readonly [Tensor, Tensor] => {
      const isGiven = chosenLengths !== undefined && rejectedLengths !== undefined;
      if (isGiven) return [c.div(chosenLengths.cast(c.dtype)), r.div(rejectedLengths.cast(r.dtype))];
      if (lossType === "ipo" && chosenLengths === rejectedLengths) return [c, r];
      throw new InputError(
        `dpoLoss: chosenLengths and rejectedLengths must both be given with lossType "${lossType}", got not both.`,
        "MISSING_INPUT",
      );
    };
    switch (lossType) {
      case "sigmoid":
        return z.neg().softplus();
      case "hinge":
        return z.neg().add(1).relu();
      case "ipo": {
        const [a, b] = perToken();
        return a
          .sub(b)
          .sub(1 / (2 * beta))
          .square();
      }
      case "sigmoidNorm": {
        const [a, b] = perToken();
        return cost(a.sub(b));
      }
      case "robust":
        return z
          .neg()
          .softplus()
          .mul(1 - epsilon)
          .sub(z.softplus().mul(epsilon))
          .div(1 - 2 * epsilon);
      case "exoPair":
        return exoPair(z, epsilon);
      case "ncaPair":
        return cost(plainC).add(cost(plainC.neg()).mul(0.5)).add(cost(plainR.neg()).mul(0.5));
      case "bcoPair":
        return cost(plainC).add(cost(plainR.neg()));
      case "sppoHard":
        return plainC
          .sub(0.5 / beta)
          .square()
          .add(plainR.add(0.5 / beta).square());
      case "aot": {
        const model = sorted(chosen.sub(rejected));
        const reference = sorted(referenceChosen.sub(referenceRejected));
        return smoothedLogistic(model.sub(reference).mul(beta), epsilon);
      }
      case "aotUnpaired":
        return smoothedLogistic(sorted(plainC).sub(sorted(plainR)).mul(beta), epsilon);
      case "apoZero":
        return gain(plainC).neg().add(1).add(gain(plainR));
      case "apoDown":
        return gain(plainC).add(gain(plainC.sub(plainR)).neg().add(1));
      case "discopop":
        return discoPop(z, tau);
    }
  },
});
