"""Every entry, family by family."""

from . import adversarial, batch_contrastive, class_margin, classification, contrastive, distribution, matching, metric, ranking

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *batch_contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *metric.LOSSES,
    *class_margin.LOSSES,
    *classification.LOSSES,
    *adversarial.LOSSES,
]
