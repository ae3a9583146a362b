import { defineLoss, type Loss } from "../../loss/define.js";
import { either, float } from "../../loss/inputs.js";
import { flag, positive, reduction, type Reduction } from "../../loss/options.js";
import { concat } from "../../graph/concat.js";
import { dot } from "../../math/distance.js";
import { unit, unitNote } from "../../math/norm.js";
import { pairLogits, rowEntropy } from "../../math/pairLogits.js";

export interface InfoNceLossOptions {
  /** Similarities are divided by it; > 0. Default 0.07. */
  readonly temperature: number;
  /** Normalise explicit negatives as well; without effect on others. Default false: they are taken as they are. */
  readonly normalizeNegatives: boolean;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Cross-entropy of finding each query's positive among negatives; one direction only.
 *
 * `−log (exp(s_i⁺) / (exp(s_i⁺) + Σ_k exp(s_ik)))`, `s = cosine / temperature`
 *
 * Inputs: `query`, `positive` of shape (N, D). Optional `negatives`: (K, D), which all queries share, or (N, K, D), each query's own.
 * Without them the positives of the other queries are the negatives. Returns (N) with `reduction: "none"`, else a scalar.
 * With shared negatives it is MoCo's loss, `lightly.NTXentLoss` with a memory bank: rows of the bank are used as they are stored.
 *
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
    summary: "Cross-entropy of finding each query's positive among negatives; one direction only.",
    formula: "-log(exp(s_i) / (exp(s_i) + sum_k exp(s_ik))), s = cosine / temperature",
    notes: [
      "clipLoss is the symmetric form, over embeddings that are normalised already and a learnt scale.",
      "With explicit negatives the other queries' positives are none.",
      "Explicit negatives are taken as they are, as a memory bank stores them, unless normalizeNegatives is set.",
      unitNote,
    ],
    references: [
      "van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, 2018",
      "He et al.: Momentum Contrast for Unsupervised Visual Representation Learning, CVPR 2020",
    ],
    aliases: ["InfoNCE", "MoCo", "contrastivePredictiveCoding"],
    inputs: {
      query: float(["N", "D"], "What is looked for from."),
      positive: float(["N", "D"], "What belongs to each query."),
    },
    optionalInputs: {
      negatives: either(
        float(["K", "D"], "Negatives of all queries."),
        float(["N", "K", "D"], "Negatives of each query."),
      ),
    },
    options: {
      temperature: positive(0.07, "Similarities are divided by it."),
      normalizeNegatives: flag(false, "Normalise explicit negatives as well."),
      reduction: reduction(),
    },
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
