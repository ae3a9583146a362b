"""Divergences between distributions."""

import math

import torch.nn.functional as F

from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, empty, f32, i64, rounded
from refusals import options_refused

INF = math.inf
FOUR = (*REDUCTIONS, "batchmean")


def distributions(*shape, log_target=False):
    return lambda d: {
        "input": d.log_probabilities(*shape),
        "target": d.log_probabilities(*shape) if log_target else d.probabilities(*shape),
    }


def broadcast(input_shape, target_shape):
    return lambda d: {"input": d.log_probabilities(*input_shape), "target": d.probabilities(*target_shape)}


def fine(*shape, log_target=False):
    return lambda d: {
        "input": d.fine(*shape),
        "target": d.fine(*shape) if log_target else rounded(d.probabilities(*shape).data / 3),
    }


def divergence(input, target):
    return {"input": f32(input), "target": f32(target)}


SURVEY_LOGS = rounded([[math.log(p) for p in row] for row in ([0.2, 0.5, 0.3], [0.1, 0.6, 0.3])])
LOGS = [[-0.5, -1, -2], [-1, -2, -0.25]]
MINUS_INFINITE = [[-INF, -0.5, -1], [-1, -INF, -0.5]]

kl_div = Loss(
    name="klDiv",
    source=TORCH,
    defaults={"logTarget": False},
    reference=lambda i, o: F.kl_div(i.input, i.target, reduction=o.reduction, log_target=o.logTarget),
    grids=(
        Grid(
            {"3x4": distributions(3, 4), "5": distributions(5), "1x3": distributions(1, 3),
             "2x3x4": distributions(2, 3, 4), "8x16": distributions(8, 16), "full-3x4": fine(3, 4)},
            variants=({"logTarget": False},), reductions=FOUR,
        ),
        Grid(
            {"3x4": distributions(3, 4, log_target=True), "5": distributions(5, log_target=True),
             "2x3x4": distributions(2, 3, 4, log_target=True), "full-3x4": fine(3, 4, log_target=True),
             "broadcast-1x4-3x1": lambda d: {"input": d.coarse(1, 4), "target": d.coarse(3, 1)}},
            variants=({"logTarget": True},), reductions=FOUR,
        ),
        Grid(
            {"broadcast-3x4-1x4": broadcast((3, 4), (1, 4)), "broadcast-1x4-3x4": broadcast((1, 4), (3, 4)),
             "broadcast-3x4-4": broadcast((3, 4), (4,)), "broadcast-4-3x4": broadcast((4,), (3, 4)),
             "broadcast-3x1-1x4": broadcast((3, 1), (1, 4))},
            reductions=FOUR,
        ),
    ),
    edges=(
        Edge("survey-example", {"input": SURVEY_LOGS, "target": f32([[0, 1, 0], [0, 0, 1]])}, reductions=FOUR,
             note="the survey prints 0.5978 for mean; it is -(ln 0.5 + ln 0.3) / 6 = 0.3162"),
        Edge("zero-target", divergence(LOGS, [[0, 0.5, 0.5], [1, 0, 0]]), reductions=FOUR,
             note="value 0, but torch's gradient of the target is NaN at 0"),
        Edge("all-zero-target", divergence(LOGS, [[0] * 3] * 2), reductions=FOUR),
        Edge("negative-target", divergence(LOGS, [[-0.5, 0.5, 1], [0.25, 0.25, 0.5]]),
             note="not a probability: NaN, as torch"),
        Edge("unnormalised", divergence([[1, 2, 0]], [[3, 0.5, 7]]), reductions=FOUR),
        Edge("equal-distributions", divergence([[-1, -2, -0.5]], [[-1, -2, -0.5]]), {"logTarget": True}, FOUR),
        Edge("minus-infinite-input", divergence(MINUS_INFINITE, [[0.25, 0.5, 0.25], [0, 0.5, 0.5]]),
             reductions=("none", "mean"), note="infinite, where the target is positive"),
        Edge("minus-infinite-input-zero-target", divergence(MINUS_INFINITE, [[0, 0.5, 0.5], [0.5, 0, 0.5]]),
             reductions=("none", "mean"), note="0 times infinity: NaN, as torch"),
        Edge("minus-infinite-log-target", divergence(LOGS, MINUS_INFINITE), {"logTarget": True}, ("none", "mean")),
        Edge("log-target-1e4", divergence([[-1e4, 0]], [[0, -1e4]]), {"logTarget": True}, FOUR),
        Edge("input-1e4", divergence([[-1e4, 0], [0, 1e4]], [[0.5, 0.5], [1, 0.25]]), reductions=FOUR),
        Edge("scalar", divergence(-0.5, 0.25), reductions=FOUR, note="batchmean divides by 1"),
        Edge("scalar-log-target", divergence(-0.5, -0.25), {"logTarget": True}, FOUR),
        Edge("empty", {"input": empty(0, 3), "target": empty(0, 3)}, reductions=FOUR),
        Edge("empty-log-target", {"input": empty(0, 3), "target": empty(0, 3)}, {"logTarget": True}, FOUR),
        *(Edge(f"empty-by-broadcast-{name}", {"input": input, "target": target}, {"logTarget": log}, FOUR,
               note="what is broadcast into nothing gets a gradient of 0")
          for name, log, input, target in (
              ("target", False, empty(0), f32([0.5])),
              ("target-row", False, empty(0, 3), f32([[0.25, 0.5, 0.25]])),
              ("target-column", False, empty(3, 0), f32([[0.5], [0], [0.5]])),
              ("input-row", False, f32([[-1, -2, -0.5]]), empty(0, 3)),
              ("log-target", True, empty(0, 3), f32([[-1, -2, -0.5]])),
          )),
        Edge("empty-classes", {"input": empty(2, 0), "target": empty(2, 0)}, reductions=FOUR),
    ),
    refusals=(
        Refusal("not-broadcastable", "ShapeError", {"target": f32([[0.5, 0.5]] * 3)}),
        Refusal("batch-mismatch", "ShapeError", {"target": f32([[0.25] * 4] * 2)}),
        Refusal("integer-target", "DTypeError", {"input": SURVEY_LOGS, "target": i64([[0, 1, 0], [0, 0, 1]])}),
        Refusal("missing-target", "InputError", {"target": None}),
        *options_refused({"log-target-not-a-flag": {"logTarget": "yes"}, "log-target-a-number": {"logTarget": 1}}),
    ),
)

LOSSES = [kl_div]
