"""Every entry, family by family."""

from . import adversarial, adversarial_more, classification, contrastive, distribution, image_text, matching, ranking, scales

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *image_text.LOSSES,
    *classification.LOSSES,
    *adversarial.LOSSES,
    *adversarial_more.LOSSES,
    *scales.LOSSES,
]
