"""Losses over numbers."""

import math

import torch
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import BATCHMEAN, INF, NAN, options_refused


def errors(*shape, target_shape=None, weight=False, fine=False, scale=1.0):
    def draw(d):
        one = d.fine if fine else d.coarse
        weights = {"weight": d.positive(*shape)} if weight else {}
        return {"input": one(*shape, scale=scale), "target": one(*(target_shape or shape), scale=scale), **weights}
    return draw


def between(input, target, weight=None):
    given = {"input": f32(input), "target": f32(target)}
    return given if weight is None else {**given, "weight": f32(weight)}


BROADCAST = {
    "broadcast-3x1-4": errors(3, 1, target_shape=(4,)),
    "broadcast-4-3x4": errors(4, target_shape=(3, 4)),
    "broadcast-scalar-2x3": errors(target_shape=(2, 3)),
    "broadcast-2x1x3-1x4x3": errors(2, 1, 3, target_shape=(1, 4, 3)),
}
SHAPES = {
    "1": errors(1),
    "scalar": errors(),
    "2x3x2": errors(2, 3, 2),
    "full-3x4": errors(3, 4, fine=True),
    **BROADCAST,
}
WEIGHTED = {"weight-7": errors(7, weight=True), "weight-3x4": errors(3, 4, weight=True),
            "weight-broadcast-target-3x1": errors(3, 4, target_shape=(3, 1), weight=True)}
WIDE = {"1025": errors(1025), "broadcast-129x1-3": errors(129, 1, target_shape=(3,))}
# Exact at every step, up to twice the squares.
SMALL_AND_LARGE = [0, 0.25, -0.25, 0.5, -0.5, 1, -1, 2, -2, 3.5, -3.5, 2.0**-20, 1e4, -1e4]
ZEROS = [0.0] * len(SMALL_AND_LARGE)


def error_edges(large=True, weight=False):
    """What every loss of an error has to get right; squares of `large` leave float32."""
    return (
        Edge("kinks", between(SMALL_AND_LARGE, ZEROS), {}, REDUCTIONS),
        Edge("equal", between([1, -2, 0, 0.5], [1, -2, 0, 0.5]), {}, REDUCTIONS),
        Edge("infinite", between([INF, -INF, INF, 1], [1, 2, INF, -INF])),
        Edge("large", between([2.0**100, -(2.0**100), 1], [0, 1, 2.0**100])) if large else
        Edge("large", between([2.0**60, -(2.0**60), 1], [0, 1, 2.0**60]), {}, REDUCTIONS),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
        Edge("empty-0x3", {"input": empty(0, 3), "target": empty(0, 3)}, {}, REDUCTIONS),
        Edge("empty-broadcast", {"input": empty(0, 3), "target": f32([1, 2, 3])}, {}, REDUCTIONS,
             note="what is broadcast into nothing gets a gradient of 0"),
        *((
            Edge("zero-weights", between([1, 2], [0, 4], [0, 0]), {}, REDUCTIONS),
            Edge("negative-weights", between([1, 2], [0, 4], [-1, 3]), {}, REDUCTIONS),
            Edge("weights-that-cancel", between([1, 2], [0, 4], [1, -1]), {}, REDUCTIONS),
            Edge("empty-weight", {"input": empty(0), "target": empty(0), "weight": empty(0)}, {}, REDUCTIONS),
        ) if weight else ()),
    )


NOT_BROADCASTABLE = Refusal("not-broadcastable", "ShapeError", {"target": f32([1, 2])})
WEIGHTS_REFUSED = (
    Refusal("weight-too-short", "ShapeError", {"weight": f32([1, 2])}),
    Refusal("weight-of-one", "ShapeError", {"weight": f32([1])}),
    Refusal("weight-next-to-a-stretched-input", "ShapeError",
            {"input": f32([1]), "target": f32([1, 2, 3]), "weight": f32([1])}),
)


# --- l1Loss, mseLoss ---------------------------------------------------------------------------

def error_loss(name, function, large):
    return Loss(
        name=name,
        source=TORCH,
        reference=lambda i, o: function(i.input, i.target, weight=i.weight, reduction=o.reduction),
        grids=(Grid({"7": errors(7), **SHAPES, **WEIGHTED}),),
        edges=error_edges(large, weight=True),
        refusals=(NOT_BROADCASTABLE, *WEIGHTS_REFUSED, *options_refused(BATCHMEAN)),
        wide=(Grid({**WIDE, "weight-129": errors(129, weight=True)}, reductions=("mean",)),),
    )


l1_loss = error_loss("l1Loss", F.l1_loss, large=True)
mse_loss = error_loss("mseLoss", F.mse_loss, large=False)


# --- smoothL1Loss, huberLoss -------------------------------------------------------------------

BETAS = ({"beta": 0}, {"beta": 0.5}, {"beta": 2}, {"beta": 0.1})

smooth_l1_loss = Loss(
    name="smoothL1Loss",
    source=TORCH,
    defaults={"beta": 1.0},
    reference=lambda i, o: F.smooth_l1_loss(i.input, i.target, beta=float(o.beta), reduction=o.reduction),
    grids=(Grid({"7": errors(7, scale=2)}, variants=({}, *BETAS)), Grid(SHAPES, variants=({"beta": 0.5},))),
    edges=(
        *error_edges(),
        *(Edge(f"kinks-beta-{beta}", between(SMALL_AND_LARGE, ZEROS), {"beta": beta}) for beta in (0, 0.25, 0.5, 2)),
        Edge("infinite-beta-0", between([INF, -INF, INF, 1], [1, 2, INF, -INF]), {"beta": 0}),
        Edge("tiny-beta", between([1, -0.5, 0, 2.0**-70], [0, 0, 0, 0]), {"beta": 2.0**-70}),
    ),
    refusals=(NOT_BROADCASTABLE, *options_refused(BATCHMEAN, {
        "beta-negative": {"beta": -1}, "beta-nan": {"beta": NAN}, "beta-infinite": {"beta": INF},
        "beta-not-a-number": {"beta": "one"}})),
    wide=(Grid(WIDE, variants=({"beta": 0.5},), reductions=("mean",)),),
)

huber_loss = Loss(
    name="huberLoss",
    source=TORCH,
    defaults={"delta": 1.0},
    reference=lambda i, o: F.huber_loss(i.input, i.target, weight=i.weight, delta=float(o.delta),
                                        reduction=o.reduction),
    grids=(
        Grid({"7": errors(7, scale=2)}, variants=({}, {"delta": 0.5}, {"delta": 2}, {"delta": 0.1})),
        Grid({**SHAPES, **WEIGHTED}, variants=({"delta": 0.5},)),
    ),
    edges=(
        *error_edges(weight=True),
        *(Edge(f"kinks-delta-{delta}", between(SMALL_AND_LARGE, ZEROS), {"delta": delta}) for delta in (0.25, 0.5, 2)),
    ),
    refusals=(NOT_BROADCASTABLE, *WEIGHTS_REFUSED, *options_refused(BATCHMEAN, {
        "delta-zero": {"delta": 0}, "delta-negative": {"delta": -1}, "delta-nan": {"delta": NAN},
        "delta-infinite": {"delta": INF}, "delta-not-a-number": {"delta": "one"}})),
    wide=(Grid({**WIDE, "weight-129": errors(129, weight=True)}, variants=({"delta": 0.5},),
               reductions=("mean",)),),
)

# --- logCoshLoss, quantileLoss -----------------------------------------------------------------

def log_cosh(i, o):
    d = i.input - i.target
    return reduce(torch.logaddexp(d, -d) - math.log(2), o.reduction)


log_cosh_loss = Loss(
    name="logCoshLoss",
    source=formula("optax 0.2.8, losses.log_cosh"),
    reference=log_cosh,
    infinite=("input", "target"),
    grids=(Grid({"7": errors(7), **SHAPES}),),
    edges=(
        Edge("sizes", between(SMALL_AND_LARGE, ZEROS), {}, REDUCTIONS),
        Edge("equal", between([1, -2, 0, 0.5], [1, -2, 0, 0.5]), {}, REDUCTIONS),
        Edge("at-the-seam", between([1, -1, 1 + 2.0**-20, 1 - 2.0**-20], [0, 0, 0, 0]), {}, REDUCTIONS),
        Edge("large", between([2.0**100, -(2.0**100), 100], [0, 1, -100])),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(NOT_BROADCASTABLE, *options_refused(BATCHMEAN)),
    wide=(Grid(WIDE, reductions=("mean",)),),
)

quantile_loss = Loss(
    name="quantileLoss",
    source=formula("Koenker, Bassett 1978; scikit-learn, mean_pinball_loss"),
    defaults={"quantile": 0.5},
    reference=lambda i, o: reduce(
        torch.maximum((i.target - i.input) * o.quantile, (i.target - i.input) * (o.quantile - 1)), o.reduction),
    grids=(
        Grid({"7": errors(7)}, variants=({}, {"quantile": 0.25}, {"quantile": 0.9}, {"quantile": 0}, {"quantile": 1})),
        Grid(SHAPES, variants=({"quantile": 0.75},)),
    ),
    edges=(
        Edge("equal", between([1, -2, 0, 0.5], [1, -2, 0, 1]), {"quantile": 0.75}, REDUCTIONS,
             note="both sides are equal: half of each"),
        Edge("the-same", between([1, -2], [1, -2]), {"quantile": 0.25}),
        Edge("infinite", between([INF, -INF, 1], [1, 2, -INF]), {"quantile": 0.25}),
        Edge("large", between([2.0**100, -(2.0**100), 1], [0, 1, 2.0**100]), {"quantile": 0.25}),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(NOT_BROADCASTABLE, *options_refused(BATCHMEAN, {
        "quantile-negative": {"quantile": -0.1}, "quantile-above-1": {"quantile": 1.1}, "quantile-nan": {"quantile": NAN},
        "quantile-not-a-number": {"quantile": "half"}})),
    wide=(Grid(WIDE, variants=({"quantile": 0.25},), reductions=("mean",)),),
)

LOSSES = [l1_loss, mse_loss, smooth_l1_loss, huber_loss, log_cosh_loss, quantile_loss]
