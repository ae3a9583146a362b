"""Negative log-likelihoods under a distribution whose parameters are predicted."""

import torch.nn.functional as F

from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, empty, f32
from refusals import BATCHMEAN, INF, NAN, options_refused


# --- poissonNllLoss ----------------------------------------------------------------------------

def counts(*shape, target_shape=None, rates=False, fine=False):
    def draw(d):
        given = d.positive(*shape) if rates else (d.fine if fine else d.coarse)(*shape)
        target = f32(d.indices(6, *(target_shape or shape)).data + 0.5)
        return {"input": given, "target": target}
    return draw


def counted(input, target):
    return {"input": f32(input), "target": f32(target)}


FORMS = ({}, {"full": True}, {"logInput": False}, {"logInput": False, "full": True},
         {"logInput": False, "eps": 0.25}, {"logInput": False, "eps": 0})

poisson_nll_loss = Loss(
    name="poissonNllLoss",
    source=TORCH,
    defaults={"logInput": True, "full": False, "eps": 1e-8},
    reference=lambda i, o: F.poisson_nll_loss(
        i.input, i.target, log_input=o.logInput, full=o.full, eps=o.eps, reduction=o.reduction),
    grids=(
        Grid({"6": counts(6, rates=True)}, variants=FORMS),
        Grid({"scalar": counts(), "1": counts(1), "full-3x4": counts(3, 4, fine=True), "2x3x2": counts(2, 3, 2),
              "broadcast-3x1-4": counts(3, 1, target_shape=(4,))}, variants=({"full": True},)),
    ),
    edges=(
        Edge("few", counted([0.5] * 5, [0, 1, 1.5, 2, 0.5]), {"full": True}, REDUCTIONS,
             note="Stirling's term from above 1 on; a target of 0 has a gradient of NaN"),
        Edge("no-rate", counted([0, 0, 1, 2], [0, 1, 0, 2]), {"logInput": False}, REDUCTIONS),
        Edge("negative-rate", counted([-1, -0.5], [0.5, 2]), {"logInput": False}),
        Edge("negative-target", counted([1, 2], [-1, -3]), {"full": True}),
        Edge("large", counted([80, -80, -1e4], [2, 3, 1]), {}, REDUCTIONS),
        Edge("infinite", counted([INF, -INF, -INF], [1, 1, 0])),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("not-broadcastable", "ShapeError", {"target": f32([1, 2])}),
        *options_refused(BATCHMEAN, {
            "log-input-not-a-flag": {"logInput": "yes"}, "full-not-a-flag": {"full": 1},
            "eps-negative": {"eps": -1e-8}, "eps-nan": {"eps": NAN}, "eps-infinite": {"eps": INF}}),
    ),
    wide=(Grid({"1025": counts(1025), "129": counts(129)}, variants=({"full": True},), reductions=("mean",)),),
)


# --- gaussianNllLoss ---------------------------------------------------------------------------

def predicted(*shape, var=None, target_shape=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"input": one(*shape), "target": one(*(target_shape or shape)),
                "var": d.positive(*(shape if var is None else var))}
    return draw


def gaussian(input, target, var):
    return {"input": f32(input), "target": f32(target), "var": f32(var)}


def gaussian_nll(i, o):
    # What is one number for torch is a float, not a tensor: here it has a gradient.
    var = i.var.expand(i.input.shape) if i.var.ndim == 0 else i.var
    return F.gaussian_nll_loss(i.input, i.target, var, full=o.full, eps=o.eps, reduction=o.reduction)


gaussian_nll_loss = Loss(
    name="gaussianNllLoss",
    source=TORCH,
    defaults={"full": False, "eps": 1e-6},
    reference=gaussian_nll,
    grids=(
        Grid({"6": predicted(6)}, variants=({}, {"full": True}, {"eps": 1.0})),
        Grid({
            "scalar": predicted(), "full-3x4": predicted(3, 4, fine=True),
            "one-for-all-3x4": predicted(3, 4, var=()), "one-for-all-5": predicted(5, var=()),
            "per-sample-3x4": predicted(3, 4, var=(3,)), "per-sample-3x1-3x4": predicted(3, 4, var=(3, 1)),
            "per-sample-2x3x2": predicted(2, 3, 2, var=(2, 3)), "per-place-1x4-3x4": predicted(3, 4, var=(1, 4)),
            "square-3x3": predicted(3, 3, var=(3,)), "broadcast-target-3x1": predicted(3, 4, target_shape=(3, 1)),
            "broadcast-input-3x1": predicted(3, 1, target_shape=(3, 4), var=(3,)),
        }, variants=({"full": True},)),
    ),
    edges=(
        Edge("floor", gaussian([1, 1, 1, 1], [0, 1, 0, 2], [2.0**-10, 0, 0.25, 0.125]), {"eps": 0.25}, REDUCTIONS,
             note="below the floor the gradient is that of the floor"),
        Edge("no-variance", gaussian([1, 2], [1, 2], [0, 0]), {}, REDUCTIONS),
        Edge("no-variance-no-floor", gaussian([1, 2], [1, 1], [0, 0]), {"eps": 0}),
        Edge("infinite-variance", gaussian([1, 2], [1, 1], [INF, INF])),
        Edge("infinite-error", gaussian([INF, 2], [1, -INF], [1, 2])),
        Edge("large", gaussian([1e4, -1e4], [0, 1], [0.5, 1e4]), {}, REDUCTIONS),
        Edge("empty", {"input": empty(0), "target": empty(0), "var": empty(0)}, {}, REDUCTIONS),
        Edge("empty-per-sample", {"input": empty(0, 3), "target": empty(0, 3), "var": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("variance-negative", "InputError", {"var": f32([1, 1, -0.25, 1, 1, 1])}),
        Refusal("variance-too-short", "ShapeError", {"var": f32([1, 2])}),
        Refusal("variance-per-place-without-samples", "ShapeError",
                gaussian([[1, 2, 3]] * 2, [[1, 2, 3]] * 2, [1, 2, 3])),
        Refusal("variance-of-more-axes", "ShapeError", {"var": f32([[[1] * 6]])}),
        Refusal("target-not-broadcastable", "ShapeError", {"target": f32([1, 2])}),
        *options_refused(BATCHMEAN, {
            "full-not-a-flag": {"full": "yes"}, "eps-negative": {"eps": -1e-6}, "eps-nan": {"eps": NAN},
            "eps-infinite": {"eps": INF}}),
    ),
    wide=(Grid({"1025": predicted(1025), "129x2": predicted(129, 2, var=(129,))}, reductions=("mean",)),),
)

LOSSES = [poisson_nll_loss, gaussian_nll_loss]
