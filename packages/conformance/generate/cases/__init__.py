"""Every entry, family by family."""

from . import adversarial, classification, contrastive, distribution, matching, ranking

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *classification.LOSSES,
    *adversarial.LOSSES,
]
