"""Every entry, family by family."""

from . import adversarial, classification, contrastive, distribution, image_text, matching, ranking

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *image_text.LOSSES,
    *classification.LOSSES,
    *adversarial.LOSSES,
]
