import { defineLoss, type Loss } from "../../loss/define.js";
import { float, labels, parameter } from "../../loss/inputs.js";
import { count, finite, positive, reduction, type Reduction } from "../../loss/options.js";
import { angularMargin, changeTarget, classEntropy, centerCosines } from "../../math/classMargin.js";
import { unitNote } from "../../math/norm.js";

export interface SubCenterArcFaceLossOptions {
  /** How much the angle to the own class is widened, in degrees. Default 28.6. */
  readonly margin: number;
  /** Factor of the cosines; > 0. Default 64. */
  readonly scale: number;
  /** Centres of each class; an integer ≥ 1. Default 3. */
  readonly subCenters: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * ArcFace with several centres for each class, of which the nearest counts.
 *
 * `ArcFace over `cos θ_c = max_k cos(x, w_ck)`
 *
 * Inputs: `embeddings` (N, D); `labels` (N), int32 or int64; `weight` (D, C · subCenters), not normalised: class c has the columns
 * from `c · subCenters` on. Returns (N) with `reduction: "none"`, else a scalar. Of centres at one cosine the first
 * takes the gradient. Equals `pytorch_metric_learning.losses.SubCenterArcFaceLoss`.
 *
 * @throws InputError on a label outside [0, C); ShapeError if the columns are no multiple of subCenters.
 * @example
 * ```ts
 * const loss = await backend.compile(subCenterArcFaceLoss());
 * const { value, grads } = await loss.valueAndGrad({ embeddings, labels, weight });
 * ```
 */
export const subCenterArcFaceLoss: Loss<
  SubCenterArcFaceLossOptions,
  { embeddings: "float"; labels: "index"; weight: "float" }
> = defineLoss({
  name: "subCenterArcFaceLoss",
  family: "metric",
  summary: "ArcFace with several centres for each class, of which the nearest counts.",
  formula: "arcFace over cos(theta_c) = max_k cos(x, w_ck)",
  notes: [
    "The margin is in degrees.",
    "A cosine of exactly 1 or -1 gives the sine no gradient; PyTorch Metric Learning gives infinity or NaN there.",
    unitNote,
  ],
  references: ["Deng et al.: Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy Web Faces, ECCV 2020"],
  aliases: ["SubCenterArcFaceLoss"],
  inputs: {
    embeddings: float(["N", "D"], "Embeddings."),
    labels: labels(["N"], "The class of each.", { below: "C" }),
    weight: parameter(["D", "C*subCenters"], "A column for each centre, those of a class side by side."),
  },
  options: {
    margin: finite(28.6, "How much the angle to the own class is widened, in degrees."),
    scale: positive(64, "Factor of the cosines."),
    subCenters: count(3, "Centres of each class."),
    reduction: reduction(),
  },
  value({ embeddings, labels, weight }, { margin, scale, subCenters }) {
    const nearest = centerCosines(embeddings, weight, subCenters).max(2);
    return classEntropy(changeTarget(nearest, labels, angularMargin(margin)).mul(scale), labels);
  },
});
