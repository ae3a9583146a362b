"""Losses over sequences."""

import numpy as np
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, empty, f32, i32, i64
from refusals import BATCHMEAN, NAN, options_refused


def drawn(times, samples, classes, labels, *, concatenated=False, dtype=i64, inputs=None, counts=None, blank=0):
    """Log-probabilities and labels other than the blank; `samples` None: one sample without a batch axis."""
    rows = () if samples is None else (samples,)
    input_lengths = np.full(rows, times) if inputs is None else np.asarray(inputs)
    target_lengths = np.full(rows, labels) if counts is None else np.asarray(counts)

    def draw(d):
        log_probs = d.log_probabilities(times, *rows, classes, axis=-1)
        targets = d.indices(classes - 1, *rows, labels).data
        targets = np.where(targets >= blank, targets + 1, targets)
        if concatenated:
            targets = np.concatenate([row[:count] for row, count in zip(targets, target_lengths)])
        return {"logProbs": log_probs, "targets": dtype(targets), "inputLengths": dtype(input_lengths),
                "targetLengths": dtype(target_lengths)}
    return draw


def ctc(i, o):
    if i.logProbs.numel() == 0:
        # torch refuses to average over nothing.
        return reduce(i.logProbs.sum((0, 2)), o.reduction)
    return F.ctc_loss(i.logProbs, i.targets, i.inputLengths, i.targetLengths, blank=o.blank, reduction=o.reduction,
                      zero_infinity=o.zeroInfinity)


# Logarithms of powers of 2 are not exact, but these sums of them stay apart from each other.
LOGS = [[-0.5, -1.5, -2], [-1, -0.75, -2.5], [-2, -0.25, -3], [-0.75, -1, -1.25]]


def one(log_probs, targets, inputs, counts):
    return {"logProbs": f32(log_probs), "targets": i64(targets), "inputLengths": i64(inputs),
            "targetLengths": i64(counts)}


def two(targets, inputs, counts):
    return one(np.stack([LOGS, LOGS[::-1]], axis=1), targets, inputs, counts)


FINITE = np.asarray(LOGS)
ONE_NAN_LATER = FINITE.copy()
ONE_NAN_LATER[3, 1] = NAN

ctc_loss = Loss(
    name="ctcLoss",
    source=TORCH,
    defaults={"blank": 0, "zeroInfinity": False},
    reference=ctc,
    grids=(
        Grid({"6x3x4": drawn(6, 3, 4, 2)}, variants=({}, {"zeroInfinity": True})),
        Grid({
            "lengths-7x3x4": drawn(7, 3, 4, 3, inputs=[7, 4, 6], counts=[3, 1, 2]),
            "concatenated-7x3x4": drawn(7, 3, 4, 3, concatenated=True, inputs=[7, 4, 6], counts=[3, 1, 2]),
            "unbatched-6x4": drawn(6, None, 4, 3),
            "unbatched-lengths-6x4": drawn(6, None, 4, 3, inputs=5),
            "int32-5x2x3": drawn(5, 2, 3, 2, dtype=i32, inputs=[5, 5], counts=[2, 1]),
            "int32-concatenated-5x2x3": drawn(5, 2, 3, 2, dtype=i32, concatenated=True, counts=[1, 2]),
            "without-labels-5x2x3": drawn(5, 2, 3, 0, inputs=[5, 3]),
            "without-labels-concatenated-5x2x3": drawn(5, 2, 3, 2, concatenated=True, counts=[0, 0]),
            "one-without-5x3x3": drawn(5, 3, 3, 2, counts=[1, 0, 2]),
            "one-without-concatenated-5x3x3": drawn(5, 3, 3, 2, concatenated=True, counts=[1, 0, 2]),
        }),
        Grid({"blank-2-6x2x4": drawn(6, 2, 4, 2, blank=2),
              "blank-2-concatenated-6x2x4": drawn(6, 2, 4, 2, blank=2, concatenated=True, counts=[2, 1])},
             variants=({"blank": 2},)),
    ),
    edges=(
        Edge("repeats", two([[1, 1], [2, 2]], [4, 3], [2, 2]), {}, REDUCTIONS, note="a blank between equal labels"),
        Edge("repeats-concatenated", two([1, 1, 2, 2], [4, 3], [2, 2]), {}, REDUCTIONS),
        Edge("only-path", two([[1, 2, 1], [2, 1, 2]], [3, 3], [3, 3]), {}, REDUCTIONS),
        Edge("impossible", two([[1, 1, 1], [1, 2, 1]], [4, 3], [3, 1]), {}, REDUCTIONS,
             note="infinite, with gradients of NaN"),
        Edge("impossible-is-nothing", two([[1, 1, 1], [1, 2, 1]], [4, 3], [3, 1]), {"zeroInfinity": True}, REDUCTIONS),
        Edge("no-time", two([[1, 2], [1, 2]], [0, 0], [0, 1]), {}, REDUCTIONS,
             note="nothing is spelled by nothing, for certain"),
        Edge("no-time-is-nothing", two([[1, 2], [1, 2]], [0, 0], [0, 1]), {"zeroInfinity": True}, REDUCTIONS),
        Edge("blank-among-labels", two([[1, 0, 2], [0, 1, 1]], [4, 4], [3, 2]), {}, REDUCTIONS),
        Edge("unnormalised", one(FINITE + 1, [1, 2], 4, 2), {}, REDUCTIONS),
        Edge("nan-beyond-the-input", one(ONE_NAN_LATER, [1, 2], 3, 2), {}, REDUCTIONS),
        Edge("large", one(FINITE * 8192, [1, 2], 4, 2), {}, REDUCTIONS),
        Edge("one-time-one-class", one([[-0.5]], [], 1, 0), {}, REDUCTIONS),
        Edge("empty", {"logProbs": empty(3, 0, 2), "targets": i64(np.zeros((0, 2))), "inputLengths": i64([]),
                       "targetLengths": i64([])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("label-too-large", "InputError", {"targets": i64([[1, 4], [1, 2], [1, 2]])}),
        Refusal("label-negative", "InputError", {"targets": i64([[1, -1], [1, 2], [1, 2]])}),
        Refusal("input-too-long", "InputError", {"inputLengths": i64([6, 7, 6])}),
        Refusal("input-length-negative", "InputError", {"inputLengths": i64([6, -1, 6])}),
        Refusal("more-labels-than-there-are", "InputError", {"targetLengths": i64([2, 3, 2])}),
        Refusal("concatenated-too-few", "InputError", {"targets": i64([1, 2, 1, 2, 1])}),
        Refusal("concatenated-too-many", "InputError", {"targets": i64([1, 2, 1, 2, 1, 2, 1])}),
        Refusal("float-targets", "DTypeError", {"targets": f32([[1, 2]] * 3, grad=False)}),
        Refusal("lengths-too-few", "ShapeError", {"inputLengths": i64([6, 6])}),
        Refusal("lengths-of-one-number", "ShapeError", {"targetLengths": i64(2)}),
        Refusal("targets-of-other-batch", "ShapeError", {"targets": i64([[1, 2]] * 2)}),
        *options_refused(BATCHMEAN, {
            "blank-too-large": {"blank": 4}, "blank-negative": {"blank": -1}, "blank-fraction": {"blank": 0.5},
            "zero-infinity-not-a-flag": {"zeroInfinity": 1}}),
    ),
    wide=(Grid({"129x1x3": drawn(129, 1, 3, 5), "3x1x1025": drawn(3, 1, 1025, 1)}, reductions=("mean",)),),
)

LOSSES = [ctc_loss]
