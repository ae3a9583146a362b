"""Weights of samples and masks: what they make of the values that a reference gives before its reduction."""

from dataclasses import dataclass
from typing import Callable

import torch


def ones(i, o, values):
    return torch.ones_like(values)


@dataclass(frozen=True)
class Sampled:
    """How a loss takes them. `counts(i, o, values)`: what each value counts in the mean; `in_mean`: the value there."""

    counts: Callable = ones
    in_mean: Callable = lambda i, o, values: values
    # Recipes of the loss's grids, with the first variant of their grid; without any, the first recipe.
    recipes: tuple = ()


def of_targets(i, o, values):
    """Classes as indices count their weight, and nothing where they are ignored; probabilities count 1."""
    if i.target.is_floating_point():
        return torch.ones_like(values)
    ignored = i.target == o.get("ignoreIndex", -100)
    weights = torch.ones_like(values) if i.weight is None else i.weight[torch.where(ignored, 0, i.target)]
    return torch.where(ignored, 0, weights)


def not_ignored(i, o, values):
    return torch.ones_like(values) if o.ignoreIndex is None else (i.target != o.ignoreIndex).to(values.dtype)


def with_weight(i, o, values):
    return torch.ones_like(values) if i.weight is None else i.weight.expand(values.shape)


def with_an_item(i, o, values):
    return torch.ones_like(values) if i.where is None else i.where.bool().any(1).to(values.dtype)


ENTROPY = Sampled(of_targets, recipes=("4x5", "ignored-weight-7x4"))
LISTS = Sampled(with_an_item, recipes=("3x4", "where-3x4"))
PLAIN = Sampled()

SAMPLED = {
    "adaptiveLogSoftmaxWithLoss": PLAIN,
    "arcFaceLoss": PLAIN,
    "binaryCrossEntropy": PLAIN,
    "binaryCrossEntropyWithLogits": PLAIN,
    "categoricalFocalLoss": Sampled(lambda i, o, values: of_targets(type(i)({**i, "weight": None}), o, values),
                                    recipes=("4x5", "ignored-6x3", "last-2x3x4")),
    "ciouLoss": PLAIN,
    "cmpcLoss": PLAIN,
    "contrastiveLoss": PLAIN,
    "cosFaceLoss": PLAIN,
    "cosineEmbeddingLoss": PLAIN,
    "crossEntropy": Sampled(of_targets, recipes=(*ENTROPY.recipes, "ignored-weight-2x3x4", "probabilities-weight-4x5")),
    "ctcLoss": Sampled(in_mean=lambda i, o, values: values / i.targetLengths.reshape(values.shape).clamp(min=1),
                       recipes=("6x3x4", "lengths-7x3x4")),
    "diouLoss": PLAIN,
    "dpoLoss": PLAIN,
    "focalLoss": Sampled(not_ignored, recipes=("3x4", "ignored-3x4", "last-2x3x2x2")),
    "gaussianNllLoss": PLAIN,
    "giouLoss": PLAIN,
    "hingeEmbeddingLoss": PLAIN,
    "huberLoss": PLAIN,
    "klDiv": PLAIN,
    "knowledgeDistillationLoss": PLAIN,
    "l1Loss": Sampled(with_weight, recipes=("7", "weight-3x4")),
    "largeMarginSoftmaxLoss": PLAIN,
    "linearCrossEntropy": Sampled(of_targets),
    "listMleLoss": LISTS,
    "logCoshLoss": PLAIN,
    "marginRankingLoss": PLAIN,
    "mmcaTripletLoss": PLAIN,
    "mseLoss": Sampled(with_weight, recipes=("7", "weight-3x4")),
    "multiMarginLoss": PLAIN,
    "multilabelMarginLoss": PLAIN,
    "multilabelSoftMarginLoss": PLAIN,
    "nllLoss": ENTROPY,
    "normalizedSoftmaxLoss": PLAIN,
    "poissonNllLoss": PLAIN,
    "proxyNcaLoss": PLAIN,
    "quantileLoss": PLAIN,
    "rankingLoss": PLAIN,
    "rankingSoftmaxLoss": LISTS,
    "smoothL1Loss": PLAIN,
    "softMarginLoss": PLAIN,
    "softTripleLoss": PLAIN,
    "sphereFaceLoss": PLAIN,
    "subCenterArcFaceLoss": PLAIN,
    "tripletMarginLoss": PLAIN,
    "tripletMarginWithDistanceLoss": PLAIN,
}


def weighed(loss, inputs, options):
    """The loss of weighted samples: `Σ w ℓ / Σ w` is the mean, over those that the mask keeps."""
    how = SAMPLED[loss.name]
    values = loss.reference(inputs, type(options)({**options, "reduction": "none"}))
    if options.reduction == "mean":
        values = how.in_mean(inputs, options, values)
    counts = how.counts(inputs, options, values)
    if inputs.sampleWeight is not None:
        values, counts = values * inputs.sampleWeight, counts * inputs.sampleWeight
    if inputs.mask is not None:
        kept = inputs.mask.bool()
        values, counts = torch.where(kept, values, 0), torch.where(kept, counts, 0)
    sums = {"none": lambda: values, "sum": values.sum, "mean": lambda: values.sum() / counts.sum(),
            "batchmean": lambda: values.sum() / values.shape[0]}
    return sums[options.reduction]()
