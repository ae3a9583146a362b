import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float } from "../../loss/inputs.js";
import { flag, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { concat } from "../../graph/concat.js";
import { dot } from "../../math/distance.js";
import { unit } from "../../math/norm.js";
import { pairLogits, rowEntropy } from "../../math/pairLogits.js";

export interface InfoNceLossOptions extends ReductionOption {
  /** Similarities are divided by it. Default 0.07. */
  readonly temperature: number;
  /** Normalise explicit negatives as well. Default false: they are taken as they are. */
  readonly normalizeNegatives: boolean;
}

/**
 * Cross-entropy of finding each query's positive among negatives; one direction only.
 *
 * Optional `negatives`: (K, D), which all queries share, or (N, K, D), each query's own. Returns (N) with `reduction:
 * "none"`, else a scalar. With shared negatives it is MoCo's loss, `lightly.NTXentLoss` with a memory bank: rows of the
 * bank are used as they are stored.
 *
 * @formula `-log(exp(s_i) / (exp(s_i) + sum_k exp(s_ik))), s = cosine / temperature`
 * @input query - What is looked for from.
 * @input positive - What belongs to each query.
 * @input negatives - Negatives of all queries. Or: Negatives of each query.
 * @note clipLoss is the symmetric form, over embeddings that are normalised already and a learnt scale.
 * @note With explicit negatives the other queries' positives are none.
 * @note Explicit negatives are taken as they are, as a memory bank stores them, unless normalizeNegatives is set.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, 2018
 * @see He et al.: Momentum Contrast for Unsupervised Visual Representation Learning, CVPR 2020
 * @throws OptionError if temperature is not > 0; ShapeError if query and positive differ in size.
 * @example
 * ```ts
 * const loss = await backend.compile(infoNceLoss({ temperature: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ query, positive });
 * ```
 */
export const infoNceLoss: Loss<InfoNceLossOptions, { query: "float"; positive: "float"; negatives?: "float" }> =
  defineLoss({
    name: "infoNceLoss",
    family: "contrastive",
    aliases: ["InfoNCE", "MoCo", "contrastivePredictiveCoding"],
    inputs: { query: float(["N", "D"]), positive: float(["N", "D"]) },
    optionalInputs: { negatives: either(float(["K", "D"]), float(["N", "K", "D"])) },
    options: { temperature: positive(0.07), normalizeNegatives: flag(false), reduction: reduction() },
    value({ query, positive, negatives }, { temperature, normalizeNegatives }) {
      const [q, p] = [unit(query), unit(positive)];
      if (negatives === undefined) return rowEntropy(pairLogits(q, p, 1 / temperature));
      const others = normalizeNegatives ? unit(negatives) : negatives;
      const own = dot(q, p).unsqueeze(1);
      const apart = others.rank === 2 ? q.matmul(others.transpose()) : others.matmul(q.unsqueeze(2)).squeeze(2);
      const logits = concat([own, apart], 1).mul(1 / temperature);
      return logits.logSumExp(1).sub(own.squeeze(1).mul(1 / temperature));
    },
  });
