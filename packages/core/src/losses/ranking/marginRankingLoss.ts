import { defineLoss, type Loss } from "../../loss/define.js";
import { number, float } from "../../loss/inputs.js";
import { finite, reduction, type Reduction } from "../../loss/options.js";

export interface MarginRankingLossOptions {
  /** Least difference demanded of the ranked pair; any finite number. Default 0. */
  readonly margin: number;
  /** Default `"mean"`. */
  readonly reduction: Reduction;
}

/**
 * Hinge on the difference of two scores, with the wanted order given by a sign.
 *
 * `max(0, −target · (input1 − input2) + margin)`
 *
 * Inputs: `input1`, `input2` and `target` (1: `input1` should be larger, −1: `input2`), any shapes of the same rank that
 * broadcast. Returns the broadcast shape with `reduction: "none"`, else a scalar.
 * At the kink (hinge argument exactly 0) the gradient is that of the active side, as in PyTorch.
 * Equals `torch.nn.functional.margin_ranking_loss`; integer targets are taken too.
 *
 * @throws OptionError on a non-finite margin; ShapeError on shapes that do not broadcast.
 * @example
 * ```ts
 * const loss = await backend.compile(marginRankingLoss({ margin: 0.1 }));
 * const { value, grads } = await loss.valueAndGrad({ input1: [0.4, 0.2], input2: [0.1, 0.5], target: [1, -1] });
 * ```
 */
export const marginRankingLoss: Loss<MarginRankingLossOptions, { input1: "float"; input2: "float"; target: "number" }> =
  defineLoss({
    name: "marginRankingLoss",
    family: "ranking",
    summary: "Hinge on the difference of two scores, with the wanted order given by a sign.",
    formula: "max(0, -target * (input1 - input2) + margin)",
    pytorch: "torch.nn.functional.margin_ranking_loss",
    notes: [
      "It compares two scores; no distance is involved. The survey that calls it a use of the Euclidean distance is mistaken, and six of the ten values in its printed example are |input1 - input2| where the loss is 0 (0.0505, 0.0909, 0.3665, 0.0221, 1.0400, 0.9311); the mean of the example is 0.2001.",
      "At the kink the gradient is that of the active side (clamp_min).",
    ],
    references: ["Herbrich, Graepel, Obermayer: Large Margin Rank Boundaries for Ordinal Regression, 2000"],
    aliases: ["MarginRankingLoss", "margin_ranking_loss", "pairwiseHinge"],
    inputs: {
      input1: float(["~d"], "Scores that should be larger where target is 1."),
      input2: float(["~d"], "Scores that should be larger where target is -1."),
      target: number(["~d"], "1 or -1."),
    },
    options: {
      margin: finite(0, "Least difference demanded of the ranked pair."),
      reduction: reduction(),
    },
    value: ({ input1, input2, target }, { margin }) => target.neg().mul(input1.sub(input2)).add(margin).clampMin(0),
  });
