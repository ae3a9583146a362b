import { ShapeError } from "../../errors.js";
import { stack } from "../../graph/concat.js";
import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import {
  flag,
  integer,
  nonNegative,
  oneOf,
  positive,
  reduction,
  type OptionDeclaration,
  type ReductionOption,
} from "../../loss/options.js";
import { gaussianWindow, reflected, slidingSum } from "../../math/window.js";
import type { Tensor } from "../../tensor/tensor.js";

export interface SsimLossOptions extends ReductionOption {
  /** Side of the Gaussian window. Default 11. */
  readonly windowSize: number;
  /** Standard deviation of the window. Default 1.5. */
  readonly sigma: number;
  /** Steadies the comparison of means. Default 0.01. */
  readonly k1: number;
  /** Steadies the comparison of variances. Default 0.03. */
  readonly k2: number;
  /** The largest difference that pixels can have. Default 1. */
  readonly dataRange: number;
  /**
   * What the window does at the border. Default `"valid"`: the window stays inside, and each image has one value.
   * `"reflect"`: one value for each pixel.
   */
  readonly padding: "valid" | "reflect";
  /** (1 - SSIM) / 2, kept in [0, 1]. Default false. */
  readonly halved: boolean;
  /** Added to the divisor. Default 0. */
  readonly eps: number;
}

const windowSize: OptionDeclaration<number> = {
  ...integer(11),
  domain: "an odd integer from 1 to 101",
  accepts: (value): value is number =>
    Number.isInteger(value) && Number(value) % 2 === 1 && Number(value) > 0 && Number(value) <= 101,
};

/**
 * How far two pictures differ in local means, variances and covariance.
 *
 * `1 − SSIM`, `SSIM = (2 μ_x μ_y + C₁)(2 σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂))`, `C₁ = (k1 ·
 * dataRange)²`, `C₂ = (k2 · dataRange)²`; moments under a Gaussian window, biased
 *
 * With padding "valid" each image has one value, the mean over channels and places; with "reflect" each pixel has one.
 * Equals `piq.SSIMLoss` without its downsampling of sides from 384 on, and with padding "reflect", halved and eps 1e-12
 * kornia's ssim_loss. At a value of exactly 0 or 1 the halved form keeps its gradient.
 *
 * @formula `1 - (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2))`
 * @input input - Pictures.
 * @input target - The pictures that they should be.
 * @note piq halves pictures with sides from 384 on first; that is not done here.
 * @note pytorch-msssim returns the similarity itself, not 1 minus it.
 * @note kornia's is padding "reflect", halved and eps 1e-12.
 * @see Wang et al.: Image Quality Assessment, from Error Visibility to Structural Similarity, 2004
 * @throws ShapeError on pictures smaller than the window, or shapes that differ; OptionError on an option out of range.
 * @example
 * ```ts
 * const loss = await backend.compile(ssimLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: restored, target: original });
 * ```
 */
export const ssimLoss: Loss<SsimLossOptions, { input: "float"; target: "float" }> = defineLoss({
  name: "ssimLoss",
  family: "imageQuality",
  aliases: ["SSIMLoss", "ssim_loss", "SSIM", "ssim"],
  inputs: { input: float(["N", "C", "H", "W"]), target: float(["N", "C", "H", "W"]) },
  options: {
    windowSize,
    sigma: positive(1.5),
    k1: nonNegative(0.01),
    k2: nonNegative(0.03),
    dataRange: positive(1),
    padding: oneOf(["valid", "reflect"], "valid"),
    halved: flag(false),
    eps: nonNegative(0),
    reduction: reduction(),
  },
  checkSizes({ H: height = Infinity, W: width = Infinity }, { windowSize: size, padding }) {
    const least = padding === "valid" ? size : (size + 1) / 2;
    if (height >= least && width >= least) return;
    throw new ShapeError(
      `ssimLoss: input must be ${least} by ${least} or larger for windowSize = ${size}, got ${height} by ${width}.`,
    );
  },
  value({ input, target }, options) {
    const similarity = ssim(input, target, options);
    const apart = similarity.neg().add(1);
    const values = options.halved ? apart.mul(0.5).clampMin(0).clampMax(1) : apart;
    return options.padding === "valid" ? values.mean([1, 2, 3]) : values;
  },
});

/** The similarity at each place of the window. */
function ssim(
  x: Tensor,
  y: Tensor,
  { windowSize: size, sigma, k1, k2, dataRange, padding, eps }: SsimLossOptions,
): Tensor {
  const weights = gaussianWindow(size, sigma);
  const border = padding === "reflect" ? (size - 1) / 2 : 0;
  const moments = stack([x, y, x.square(), y.square(), x.mul(y)], 0);
  const padded = reflected(reflected(moments, -1, border), -2, border);
  const means = slidingSum(slidingSum(padded, weights, -1), weights, -2);
  const at = (i: number): Tensor => means.slice(0, i, 1).squeeze(0);
  const [meanX, meanY, crossMean] = [at(0), at(1), at(0).mul(at(1))];
  const squares = meanX.square().add(meanY.square());
  const variances = at(2).add(at(3)).sub(squares);
  const covariance = at(4).sub(crossMean);
  const [c1, c2] = [(k1 * dataRange) ** 2, (k2 * dataRange) ** 2];
  const common = crossMean.mul(2).add(c1).mul(covariance.mul(2).add(c2));
  return common.div(squares.add(c1).mul(variances.add(c2)).add(eps));
}
