import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number, sampleInputs } from "../../loss/inputs.js";
import type { Sampled } from "../../loss/inputTypes.js";
import { finite, reduction, type ReductionOption } from "../../loss/options.js";

export interface HingeEmbeddingLossOptions extends ReductionOption {
  /** How large the distance of a dissimilar pair must be. Default 1. */
  readonly margin: number;
}

/**
 * Pulls the distances of similar pairs to 0 and pushes those of dissimilar ones beyond a margin.
 *
 * Returns the broadcast shape with `reduction: "none"`, else a scalar.
 *
 * @formula `input where target = 1, max(0, margin - input) where target = -1`
 * @pytorch `torch.nn.functional.hinge_embedding_loss`
 * @input input - Distances.
 * @input target - 1 or -1.
 * @note input holds distances, not embeddings: a negative one lowers the loss of a similar pair without end.
 * @note A target that is neither 1 nor -1 has both terms, as in PyTorch.
 * @note At the margin the gradient is that of the active side (clamp_min).
 * @throws OptionError on a margin that is not finite; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(hingeEmbeddingLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.3, 0.8], target: [1, -1] });
 * ```
 */
export const hingeEmbeddingLoss: Loss<HingeEmbeddingLossOptions, { input: "float"; target: "number" } & Sampled> =
  defineLoss({
    name: "hingeEmbeddingLoss",
    family: "contrastive",
    aliases: ["HingeEmbeddingLoss", "hinge_embedding_loss"],
    inputs: { input: float(["~d?"]), target: number(["~d?"]) },
    optionalInputs: sampleInputs(["~d?"]),
    options: { margin: finite(1), reduction: reduction() },
    value({ input, target }, { margin }) {
      const pull = target.equal(-1).where(0, input);
      const push = target.equal(1).where(0, input.neg().add(margin).clampMin(0));
      return pull.add(push);
    },
  });
