"""Losses that pull pairs together or push them apart."""

import torch.nn.functional as F

from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, boolean, empty, f32, i32, i64
from refusals import BATCHMEAN, INF, MARGIN_NOT_FINITE, NAN, options_refused


# --- hingeEmbeddingLoss ------------------------------------------------------------------------

def distances(*shape, target=None, target_shape=None, fine=False):
    def draw(d):
        signs = d.signs(*(target_shape or shape)) if target is None else target
        return {"input": (d.fine if fine else d.coarse)(*shape), "target": signs}
    return draw


def labelled(input, target):
    return {"input": f32(input), "target": f32(target)}


hinge_embedding_loss = Loss(
    name="hingeEmbeddingLoss",
    source=TORCH,
    defaults={"margin": 1.0},
    reference=lambda i, o: F.hinge_embedding_loss(i.input, i.target, margin=float(o.margin), reduction=o.reduction),
    grids=(
        Grid({"8": distances(8)}, variants=({}, {"margin": 0.5}, {"margin": 0}, {"margin": -0.5})),
        Grid({
            "scalar": distances(), "1": distances(1), "3x4": distances(3, 4), "full-3x4": distances(3, 4, fine=True),
            "int64-5": distances(5, target=i64([1, -1, -1, 1, 1])),
            "int32-5": distances(5, target=i32([1, -1, -1, 1, 1])),
            "broadcast-3x1-4": distances(3, 1, target_shape=(4,)),
        }, variants=({"margin": 0.75},)),
    ),
    edges=(
        Edge("boundary", labelled([1, 1, 0.5], [-1, 1, -1]), {}, REDUCTIONS,
             note="at the margin clamp_min passes the whole gradient"),
        Edge("zeros", labelled([0, 0], [1, -1]), {}, REDUCTIONS),
        Edge("negative", labelled([-1, -2], [1, -1]), {}, REDUCTIONS, note="no bound below"),
        Edge("other-labels", labelled([0.5, 3, -1, 0.25], [0, 2, 0.5, -2]), {}, REDUCTIONS,
             note="neither 1 nor -1: both terms"),
        Edge("infinite", labelled([INF, INF, -INF, -INF], [1, -1, 1, -1])),
        Edge("nan", labelled([NAN, NAN, NAN], [1, -1, 0])),
        Edge("large", labelled([1e4, -1e4, 2.0**100], [1, -1, -1]), {}, REDUCTIONS),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("not-broadcastable", "ShapeError", {"target": f32([1, -1])}),
        Refusal("boolean-target", "DTypeError", {"target": boolean([True] * 8)}),
        *options_refused(BATCHMEAN, MARGIN_NOT_FINITE),
    ),
    wide=(Grid({"1025": distances(1025), "129": distances(129)}, reductions=("mean",)),),
)


# --- cosineEmbeddingLoss -----------------------------------------------------------------------

def pairs(*shape, target=None, other=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        signs = d.signs(*shape[:-1]) if target is None else target
        return {"input1": one(*shape), "input2": one(*(other or shape)), "target": signs}
    return draw


def pair(input1, input2, target):
    return {"input1": f32(input1), "input2": f32(input2), "target": f32(target)}


def cosine_embedding(i, o):
    return F.cosine_embedding_loss(i.input1, i.input2, i.target, margin=float(o.margin), reduction=o.reduction)


cosine_embedding_loss = Loss(
    name="cosineEmbeddingLoss",
    source=TORCH,
    defaults={"margin": 0.0},
    reference=cosine_embedding,
    grids=(
        Grid({"6x3": pairs(6, 3)}, variants=({}, {"margin": 0.5}, {"margin": -0.5})),
        Grid({
            "4": pairs(4), "full-4x5": pairs(4, 5, fine=True),
            "int64-4x3": pairs(4, 3, target=i64([1, -1, -1, 1])),
            "int32-4x3": pairs(4, 3, target=i32([1, -1, -1, 1])),
            "broadcast-1x3-4x3": pairs(4, 3, other=(1, 3)),
        }, variants=({"margin": -0.25},)),
    ),
    edges=(
        Edge("boundary", pair([[3, 0], [0, 2]], [[0, 4], [5, 0]], [-1, -1]), {}, REDUCTIONS,
             note="at the margin clamp_min passes the whole gradient"),
        Edge("same-direction", pair([[3, 4], [3, 4]], [[6, 8], [6, 8]], [1, -1])),
        Edge("opposite", pair([[3, 4], [3, 4]], [[-3, -4], [-3, -4]], [1, -1]), {"margin": -2}),
        Edge("zero-vectors", pair([[0, 0], [0, 0], [1, 2]], [[1, 2], [0, 0], [0, 0]], [1, -1, -1]), {"margin": -1},
             REDUCTIONS, note="1e-12 in both squared norms: cosine 0, gradient up to 1e6"),
        Edge("short-vectors", pair([[2.0**-20, 2.0**-21], [2.0**-30, 0]], [[2.0**-20, 2.0**-22], [1, 0]], [1, -1]),
             {"margin": -1}, REDUCTIONS),
        Edge("other-labels", pair([[1, 0], [1, 1]], [[1, 1], [0, 1]], [0, 2]), {}, REDUCTIONS, note="they cost 0"),
        Edge("large", pair([[1e4, -1e4]], [[-1e4, 5e3]], [1]), {}, REDUCTIONS),
        Edge("empty", {"input1": empty(0, 3), "input2": empty(0, 3), "target": empty(0)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("width-mismatch", "ShapeError", {"input2": f32([[1, 2]] * 6)}),
        Refusal("batch-mismatch", "ShapeError", {"input2": f32([[1, 2, 3]] * 5)}),
        Refusal("rank-mismatch", "ShapeError", {"input2": f32([1, 2, 3])}),
        Refusal("target-of-pairs", "ShapeError", {"target": f32([[1, -1, 1]] * 6)}),
        Refusal("target-too-short", "ShapeError", {"target": f32([1, -1])}),
        *options_refused(BATCHMEAN, MARGIN_NOT_FINITE),
    ),
    wide=(Grid({"1x1025": pairs(1, 1025), "129x2": pairs(129, 2)}, variants=({"margin": -0.5},),
               reductions=("mean",)),),
)

LOSSES = [hinge_embedding_loss, cosine_embedding_loss]
