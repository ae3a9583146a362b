import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";
import { dot } from "../../math/distance.js";

export interface CosineEmbeddingLossOptions extends ReductionOption {
  /** The largest cosine that a dissimilar pair may have for free. Default 0. */
  readonly margin: number;
}

/** What PyTorch adds to both squared norms, a float32 there; its cosine_similarity takes no norm for less than 1e-8 instead. */
const eps = Math.fround(1e-12);

/**
 * Pulls similar vectors into one direction and pushes dissimilar ones out of it.
 *
 * `1 − cos` where `target = 1`, `max(0, cos − margin)` where `target = −1`, else 0; `cos = x₁·x₂ / √((‖x₁‖² +
 * 1e-12)(‖x₂‖² + 1e-12))`
 *
 * Inputs: `input1` and `input2` of shape (D) or (N, D), whose leading axes broadcast with those of `target`: () or (N),
 * 1 or −1. Returns the leading axes with `reduction: "none"`, else a scalar. Equals
 * `torch.nn.functional.cosine_embedding_loss`, and takes more leading axes.
 *
 * @formula `1 - cos where target = 1, max(0, cos - margin) where target = -1, else 0`
 * @pytorch `torch.nn.functional.cosine_embedding_loss`
 * @input input1 - Vectors.
 * @input input2 - Vectors to compare with.
 * @input target - 1 or -1.
 * @note 1e-12 is added to both squared norms, as in PyTorch; a zero vector has cosine 0, with gradients up to 1e6.
 * @note A target that is neither 1 nor -1 costs 0, as in PyTorch.
 * @note At the margin the gradient is that of the active side (clamp_min).
 * @throws OptionError on a margin that is not finite; ShapeError on shapes that do not fit.
 * @example
 * ```ts
 * const loss = await backend.compile(cosineEmbeddingLoss({ margin: 0.2 }));
 * const { value, grads } = await loss.valueAndGrad({ input1: [[1, 0]], input2: [[0.6, 0.8]], target: [1] });
 * ```
 */
export const cosineEmbeddingLoss: Loss<
  CosineEmbeddingLossOptions,
  { input1: "float"; input2: "float"; target: "number" } & Sampled
> = defineLoss({
  name: "cosineEmbeddingLoss",
  family: "contrastive",
  aliases: ["CosineEmbeddingLoss", "cosine_embedding_loss"],
  inputs: { input1: float(["~n", "D"]), input2: float(["~n", "D"]), target: number(["~n"]) },
  optionalInputs: sampleInputs(["~n"]),
  options: { margin: finite(0), reduction: reduction() },
  value({ input1, input2, target }, { margin }) {
    const norms = dot(input1, input1).add(eps).mul(dot(input2, input2).add(eps)).sqrt();
    const cosine = dot(input1, input2).div(norms);
    const pull = target.equal(1).where(cosine.neg().add(1), 0);
    const push = target.equal(-1).where(cosine.sub(margin).clampMin(0), 0);
    return pull.add(push);
  },
});
