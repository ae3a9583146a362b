"""Every entry, family by family."""

from . import (
    adversarial,
    batch_contrastive,
    binary,
    class_margin,
    classification,
    contrastive,
    distribution,
    embedding,
    likelihood,
    linear,
    matching,
    metric,
    ranking,
    regression,
    sequence,
)

LOSSES = [
    *ranking.LOSSES,
    *contrastive.LOSSES,
    *batch_contrastive.LOSSES,
    *distribution.LOSSES,
    *matching.LOSSES,
    *metric.LOSSES,
    *class_margin.LOSSES,
    *classification.LOSSES,
    *binary.LOSSES,
    *linear.LOSSES,
    *regression.LOSSES,
    *likelihood.LOSSES,
    *embedding.LOSSES,
    *sequence.LOSSES,
    *adversarial.LOSSES,
]
