import type { Demand } from "./demands.js";

/** Losses that a demand makes no sense for. */
export interface Exemption {
  readonly of: readonly Demand[];
  readonly reason: string;
  readonly losses: readonly string[];
}

/** One that is not needed any more is a problem: a fixture that meets the demand says so. */
export const exemptions: readonly Exemption[] = [
  {
    of: ["noElements", "kink"],
    reason: "Correlations over no samples are 0/0; the root is of a variance plus eps, which is never 0.",
    losses: ["barlowTwinsLoss"],
  },
  {
    of: ["noElements", "oneSample"],
    reason: "The variance over fewer than two samples is 0/0.",
    losses: ["vicRegLoss"],
  },
  {
    of: ["oneSample"],
    reason: "A sample without others has no negatives: the logarithm of nothing.",
    losses: ["decoupledContrastiveLoss"],
  },
  {
    of: ["minusInfinity"],
    reason: "Embeddings: a direction or a distance of infinite length is NaN in the reference.",
    losses: [
      "clipLoss",
      "contrastiveLoss",
      "cosineEmbeddingLoss",
      "decoupledContrastiveLoss",
      "infoNceLoss",
      "multipleNegativesRankingLoss",
      "ntXentLoss",
      "supConLoss",
      "clipDistillationLoss",
      "cmpcLoss",
      "cmpmLoss",
      "instanceLoss",
      "mmcaTripletLoss",
      "scanLoss",
      "sdmLoss",
      "vseLoss",
      "angularLoss",
      "arcFaceLoss",
      "circleLoss",
      "cosFaceLoss",
      "fastApLoss",
      "generalizedLiftedStructureLoss",
      "largeMarginSoftmaxLoss",
      "liftedStructureLoss",
      "marginLoss",
      "metricContrastiveLoss",
      "metricTripletMarginLoss",
      "multiSimilarityLoss",
      "nPairsLoss",
      "ncaLoss",
      "normalizedSoftmaxLoss",
      "proxyAnchorLoss",
      "proxyNcaLoss",
      "signalToNoiseContrastiveLoss",
      "softTripleLoss",
      "sphereFaceLoss",
      "subCenterArcFaceLoss",
      "tupletMarginLoss",
      "rankingLoss",
      "tripletMarginLoss",
      "tripletMarginWithDistanceLoss",
      "barlowTwinsLoss",
      "vicRegLoss",
      "pullingAwayLoss",
    ],
  },
  {
    of: ["minusInfinity"],
    reason: "Pictures, features, boxes and masks: neither logits nor log-probabilities.",
    losses: [
      "aclGanFocusLoss",
      "aclGanIdentityLoss",
      "featureMatchingLoss",
      "ssimLoss",
      "ciouLoss",
      "diouLoss",
      "giouLoss",
    ],
  },
  {
    of: ["minusInfinity"],
    reason: "Energies, norms of gradients and probabilities are never below 0.",
    losses: [
      "beganDiscriminatorLoss",
      "beganGeneratorLoss",
      "ebganDiscriminatorLoss",
      "ebganGeneratorLoss",
      "gradientPenaltyLoss",
      "r1Loss",
      "r2Loss",
      "binaryCrossEntropy",
    ],
  },
  {
    of: ["minusInfinity"],
    reason: "PyTorch's binary cross-entropy of an infinite logit is NaN.",
    losses: ["ganDiscriminatorLoss", "ganGeneratorLoss"],
  },
  {
    of: ["minusInfinity"],
    reason: "PyTorch's gradient is NaN there; this one is 0, as its documentation says.",
    losses: ["ctcLoss"],
  },
];
