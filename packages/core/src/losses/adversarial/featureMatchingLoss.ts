import { defineLoss, type Loss } from "../../loss/define.js";
import { byOption, float, list } from "../../loss/inputs.js";
import { oneOf, reduction, type ReductionOption } from "../../loss/options.js";
import { scalesOf } from "../../math/scales.js";

export interface FeatureMatchingLossOptions extends ReductionOption {
  /** Means over the batch, or each sample with the one beside it. Default `"mean"`. */
  readonly statistic: "mean" | "sample";
  /** Squared or absolute differences. Default `"l2"`. */
  readonly distance: "l2" | "l1";
}

/**
 * Generated samples should have the features that real ones have inside the discriminator.
 *
 * `Σ_layers (mean_n real − mean_n fake)²`, each layer reduced on its own; `"sample"`: `(real − fake)²`; `"l1"`: `|·|`
 *
 * Inputs: `real` and `fake`, lists of features, one tensor (N, …) a layer; with `statistic: "mean"` the batches may
 * differ in size. The parts `layer0`, `layer1` … are readable by name. `reduction: "none"` is for lists of one. Both
 * sides have a gradient: leave out that of `real` where it is a target. `|·|` has gradient 0 at 0.
 *
 * @formula `sum over layers of (mean_n real - mean_n fake)^2; sample: (real - fake)^2; l1: absolute values`
 * @input real - Features of real samples, layer by layer.
 * @input fake - Features of generated samples, layer by layer.
 * @note Salimans et al. sum the squares: reduction "sum". pix2pixHD is { statistic: "sample", distance: "l1" },
 * torchgan { statistic: "sample" } on one layer.
 * @see Salimans et al.: Improved Techniques for Training GANs, NeurIPS 2016
 * @see Wang et al.: High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs (pix2pixHD), CVPR
 * 2018
 * @throws InputError on lists that differ in length; ShapeError on features that differ in shape.
 * @example
 * ```ts
 * const loss = await backend.compile(featureMatchingLoss({ statistic: "sample", distance: "l1" }));
 * const { value, grads } = await loss.valueAndGrad({ real: [shallow, deep], fake: [fakeShallow, fakeDeep] }, ["fake"]);
 * ```
 */
export const featureMatchingLoss: Loss<FeatureMatchingLossOptions, { real: "float[]"; fake: "float[]" }> = defineLoss({
  name: "featureMatchingLoss",
  family: "adversarial",
  aliases: ["FeatureMatchingGeneratorLoss", "discriminatorFeatureLoss"],
  inputs: {
    real: list(float(["N", "...d"])),
    fake: list(
      byOption("statistic", [
        ["mean", float(["M", "...d"])],
        ["sample", float(["N", "...d"])],
      ]),
    ),
  },
  options: {
    statistic: oneOf(["mean", "sample"], "mean"),
    distance: oneOf(["l2", "l1"], "l2"),
    reduction: reduction(),
  },
  value({ real, fake }, { statistic, distance }) {
    const layers = scalesOf("featureMatchingLoss", { real, fake }).map((layer, i) => {
      const d = statistic === "mean" ? layer.real.mean(0).sub(layer.fake.mean(0)) : layer.real.sub(layer.fake);
      return [`layer${i}`, distance === "l2" ? d.square() : d.abs()] as const;
    });
    return { parts: Object.fromEntries(layers) };
  },
});
