import { defineLoss, type Loss } from "../../loss/define.js";
import { float, number } from "../../loss/inputs.js";
import { finite, reduction, type Reduction } from "../../loss/options.js";

export interface HingeEmbeddingLossOptions {
  /** How large the distance of a dissimilar pair must be; any finite number. Default 1. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Pulls the distances of similar pairs to 0 and pushes those of dissimilar ones beyond a margin.
 *
 * `input` where `target = 1`, `max(0, margin − input)` where `target = −1`
 *
 * Inputs: `input`, distances, and `target`, 1 or −1; shapes that broadcast. Returns the broadcast shape with `reduction: "none"`,
 * else a scalar. At the margin the gradient is that of the active side. A target that is neither 1 nor −1 has both terms. Equals
 * `torch.nn.functional.hinge_embedding_loss`.
 *
 * @throws OptionError on a margin that is not finite; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(hingeEmbeddingLoss());
 * const { value, grads } = await loss.valueAndGrad({ input: [0.3, 0.8], target: [1, -1] });
 * ```
 */
export const hingeEmbeddingLoss: Loss<HingeEmbeddingLossOptions, { input: "float"; target: "number" }> = defineLoss({
  name: "hingeEmbeddingLoss",
  family: "contrastive",
  summary: "Pulls the distances of similar pairs to 0 and pushes those of dissimilar ones beyond a margin.",
  formula: "input where target = 1, max(0, margin - input) where target = -1",
  pytorch: "torch.nn.functional.hinge_embedding_loss",
  notes: [
    "input holds distances, not embeddings: a negative one lowers the loss of a similar pair without end.",
    "A target that is neither 1 nor -1 has both terms, as in PyTorch.",
    "At the margin the gradient is that of the active side (clamp_min).",
  ],
  aliases: ["HingeEmbeddingLoss", "hinge_embedding_loss"],
  inputs: { input: float(["~d?"], "Distances."), target: number(["~d?"], "1 or -1.") },
  options: {
    margin: finite(1, "How large the distance of a dissimilar pair must be."),
    reduction: reduction(),
  },
  value({ input, target }, { margin }) {
    const pull = target.equal(-1).where(0, input);
    const push = target.equal(1).where(0, input.neg().add(margin).clampMin(0));
    return pull.add(push);
  },
});
