import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { count, finite, positive, reduction, type ReductionOption } from "../../loss/options.js";
import { angularMargin, changeTarget, classEntropy, centerCosines } from "../../math/classMargin.js";

export interface SubCenterArcFaceLossOptions extends ReductionOption {
  /** How much the angle to the own class is widened, in degrees. Default 28.6. */
  readonly margin: number;
  /** Factor of the cosines. Default 64. */
  readonly scale: number;
  /** Centres of each class. Default 3. */
  readonly subCenters: number;
}

/**
 * ArcFace with several centres for each class, of which the nearest counts.
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C · subCenters), not normalised: class c has
 * the columns from `c · subCenters` on. Returns (N) with `reduction: "none"`, else a scalar. Of centres at one cosine
 * the first takes the gradient. Equals `pytorch_metric_learning.losses.SubCenterArcFaceLoss`.
 *
 * @formula `arcFace over cos(theta_c) = max_k cos(x, w_ck)`
 * @input embeddings - Embeddings.
 * @input labels - The class of each.
 * @input weight - A column for each centre, those of a class side by side.
 * @note The margin is in degrees.
 * @note A cosine of exactly 1 or -1 gives the sine no gradient; PyTorch Metric Learning gives infinity or NaN there.
 * @note Embeddings are normalised inside, as PyTorch's normalize does it: a norm counts as at least 1e-12, a zero
 * vector stays zero, with gradients up to 1e12.
 * @see Deng et al.: Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces, ECCV 2020
 * @throws InputError on a label outside [0, C); ShapeError if the columns are no multiple of subCenters.
 * @example
 * ```ts
 * const loss = await backend.compile(subCenterArcFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const subCenterArcFaceLoss: Loss<
  SubCenterArcFaceLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" } & Sampled
> = defineLoss({
  name: "subCenterArcFaceLoss",
  family: "metric",
  aliases: ["SubCenterArcFaceLoss"],
  inputs: {
    embeddings: float(["N", "D"]),
    labels: labels(["N"], { below: "C" }),
    weight: parameter(["D", "C*subCenters"]),
  },
  optionalInputs: sampleInputs(["N"]),
  options: { margin: finite(28.6), scale: positive(64), subCenters: count(3), reduction: reduction() },
  value({ embeddings, labels, weight }, { margin, scale, subCenters }) {
    const nearest = centerCosines(embeddings, weight, subCenters).max(2);
    return classEntropy(changeTarget(nearest, labels, angularMargin(margin)).mul(scale), labels);
  },
});
