"""Every entry, family by family."""

from . import adversarial, classification, contrastive, distribution, matching, ranking, regression

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *classification.LOSSES,
    *regression.LOSSES,
    *adversarial.LOSSES,
]
