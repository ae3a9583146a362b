import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type Reduction } from "../../loss/options.js";

export interface BeganDiscriminatorLossOptions {
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * The discriminator's side of the boundary equilibrium GAN: reconstruct real samples well, and generated ones badly as far as the
 * balance k allows.
 *
 * `real − k · fake`
 *
 * Inputs: `real` and `fake`, reconstruction errors of any shapes; `k`, a scalar in [0, 1] without gradient, which the caller keeps:
 * `k ← clamp(k + λ (γ · mean(real) − mean(fake)), 0, 1)` after each step (λ 0.001, γ 0.5 in the paper). Each term is reduced on its
 * own, then both are added; `reduction: "none"` needs equal shapes. The parts `real` and `fake` give the update what it needs.
 * PyTorch has no such loss.
 *
 * @throws InputError if k is missing; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(beganDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [0.8, 1.2], fake: [0.5, 0.9], k: 0.1 });
 * ```
 */
export const beganDiscriminatorLoss: Loss<
  BeganDiscriminatorLossOptions,
  { real: "float"; fake: "float"; k: "fixed" }
> = defineLoss({
  name: "beganDiscriminatorLoss",
  family: "adversarial",
  summary: "Reconstruct real samples well, and generated ones badly as far as the balance k allows.",
  formula: "real - k fake; then k <- clamp(k + lambda (gamma mean(real) - mean(fake)), 0, 1)",
  notes: [
    "k starts at 0 and is the caller's to update. The measure of convergence is mean(real) + |gamma mean(real) - mean(fake)|.",
  ],
  references: ["Berthelot, Schumm, Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017"],
  aliases: ["BoundaryEquilibriumDiscriminatorLoss", "boundaryEquilibriumDiscriminatorLoss"],
  inputs: {
    real: float(["...r"], "Reconstruction errors of real samples."),
    fake: float(["...f|r"], "Reconstruction errors of generated samples."),
    k: float([], "How much generated samples count, in [0, 1].", { differentiable: false }),
  },
  options: { reduction: reduction() },
  value: ({ real, fake, k }) => ({ parts: { real, fake: { part: fake, weight: k.neg() } } }),
});
