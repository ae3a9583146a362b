"""Every entry, family by family."""

from . import (
    adversarial,
    binary,
    boxes,
    classification,
    contrastive,
    distribution,
    embedding,
    focal,
    likelihood,
    linear,
    matching,
    ranking,
    regression,
    segmentation,
    sequence,
)

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *classification.LOSSES,
    *binary.LOSSES,
    *linear.LOSSES,
    *regression.LOSSES,
    *likelihood.LOSSES,
    *embedding.LOSSES,
    *sequence.LOSSES,
    *boxes.LOSSES,
    *focal.LOSSES,
    *segmentation.LOSSES,
    *adversarial.LOSSES,
]
