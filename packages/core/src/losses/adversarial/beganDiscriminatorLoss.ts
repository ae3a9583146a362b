import { defineLoss, type Loss } from "../../loss/define.js";
import { float } from "../../loss/inputs.js";
import { reduction, type ReductionOption } from "../../loss/options.js";

export type BeganDiscriminatorLossOptions = ReductionOption;

/**
 * Reconstruct real samples well, and generated ones badly as far as the balance k allows.
 *
 * Inputs: `real` and `fake`, reconstruction errors of any shapes; `k`, a scalar in [0, 1] without gradient, which the
 * caller keeps: `k ← clamp(k + λ (γ · mean(real) − mean(fake)), 0, 1)` after each step (λ 0.001, γ 0.5 in the paper).
 * Each term is reduced on its own, then both are added; `reduction: "none"` needs equal shapes. The parts `real` and
 * `fake` give the update what it needs.
 *
 * @formula `real - k fake; then k <- clamp(k + lambda (gamma mean(real) - mean(fake)), 0, 1)`
 * @input real - Reconstruction errors of real samples.
 * @input fake - Reconstruction errors of generated samples.
 * @input k - How much generated samples count, in [0, 1].
 * @note k starts at 0 and is the caller's to update. The measure of convergence is mean(real) + |gamma mean(real) -
 * mean(fake)|.
 * @see Berthelot, Schumm, Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017
 * @throws InputError if k is missing; ShapeError with `"none"` on shapes that differ.
 * @example
 * ```ts
 * const loss = await backend.compile(beganDiscriminatorLoss());
 * const { value, grads } = await loss.valueAndGrad({ real: [0.8, 1.2], fake: [0.5, 0.9], k: 0.1 });
 * ```
 */
export const beganDiscriminatorLoss: Loss<BeganDiscriminatorLossOptions, { real: "float"; fake: "float"; k: "fixed" }> =
  defineLoss({
    name: "beganDiscriminatorLoss",
    family: "adversarial",
    aliases: ["BoundaryEquilibriumDiscriminatorLoss", "boundaryEquilibriumDiscriminatorLoss"],
    inputs: { real: float(["...r"]), fake: float(["...f|r"]), k: float([], { differentiable: false }) },
    options: { reduction: reduction() },
    value: ({ real, fake, k }) => ({ parts: { real, fake: { part: fake, weight: k.neg() } } }),
  });
