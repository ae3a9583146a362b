"""Every entry, family by family."""

from . import (
    adversarial,
    binary,
    classification,
    contrastive,
    distribution,
    embedding,
    likelihood,
    linear,
    matching,
    ranking,
    regression,
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
    *adversarial.LOSSES,
]
