"""Losses over labels that are each true or false, and margins between the scores of classes."""

import dataclasses

import torch
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, constant, empty, f32, i32, i64
from refusals import BATCHMEAN, INF, MARGIN_NOT_FINITE, options_refused


def fixed(array):
    """The same without a gradient, where torch has none."""
    return dataclasses.replace(array, grad=False)


def labelled(*shape, soft=False, fine=False, scale=2.0, **weights):
    """Logits and labels, with `weight` and `posWeight` of other shapes where they are asked for."""
    def draw(d):
        logits = (d.fine if fine else d.coarse)(*shape, scale=scale)
        target = d.coarse(*shape) if soft else d.bits(*shape)
        extra = {name: d.positive(*own, grad=False) for name, own in weights.items()}
        return {"input": logits, "target": target, **extra}
    return draw


def probable(*shape, soft=False, **weights):
    """Probabilities between 1/8 and 1, or between 0 and 1 where labels are soft."""
    def draw(d):
        given = f32(d.positive(*shape).data / 2)
        target = f32(d.positive(*shape).data / 2) if soft else d.bits(*shape)
        extra = {name: d.positive(*own, grad=False) for name, own in weights.items()}
        return {"input": given, "target": target, **extra}
    return draw


def of(input, target, **weights):
    return {"input": f32(input), "target": f32(target), **{name: constant(w) for name, w in weights.items()}}


# --- binaryCrossEntropy ------------------------------------------------------------------------

NOTHING = {"input": empty(0), "target": empty(0)}
OTHER_SHAPES = (
    Refusal("target-of-one", "ShapeError", {"target": f32([1])}),
    Refusal("target-too-short", "ShapeError", {"target": f32([1, 0])}),
    Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2])}),
    Refusal("weight-larger", "ShapeError", {"weight": constant([[1] * 6] * 2)}),
)

binary_cross_entropy = Loss(
    name="binaryCrossEntropy",
    source=TORCH,
    reference=lambda i, o: F.binary_cross_entropy(i.input, i.target, weight=i.weight, reduction=o.reduction),
    grids=(
        Grid({
            "6": probable(6), "soft-6": probable(6, soft=True), "scalar": probable(), "1": probable(1), "3x4": probable(3, 4),
            "2x3x2": probable(2, 3, 2, soft=True), "weight-6": probable(6, weight=(6,)),
            "weight-4-of-3x4": probable(3, 4, soft=True, weight=(4,)),
            "weight-3x1-of-3x4": probable(3, 4, weight=(3, 1)), "weight-scalar-of-3x4": probable(3, 4, weight=()),
        }),
    ),
    edges=(
        Edge("certain", of([0, 1, 0, 1], [0, 1, 1, 0]), {}, REDUCTIONS,
             note="at most 100, with a gradient of 1e12; towards the target it is infinite"),
        Edge("certain-soft", of([0, 1], [0.5, 0.25]), {}, REDUCTIONS),
        Edge("nearly-certain", of([2.0**-50, 1 - 2.0**-24, 2.0**-100], [1, 0, 0.5]), {}, REDUCTIONS),
        Edge("exact", of([0.5, 0.5, 0.25], [0.5, 1, 0.25]), {}, REDUCTIONS),
        Edge("large-weights", of([0.5, 0.25, 1], [0.5, 1, 0], weight=[1e4, -1e4, 3e4]), {}, REDUCTIONS),
        Edge("no-weight", of([0.5, 0.25], [1, 0], weight=[0, 0]), {}, REDUCTIONS,
             note="the mean divides by the number of elements"),
        Edge("empty", NOTHING, {}, REDUCTIONS),
        Edge("empty-0x3", {"input": empty(0, 3), "target": empty(0, 3), "weight": constant([1, 2, 3])}, {},
             REDUCTIONS),
    ),
    refusals=(
        *OTHER_SHAPES,
        *(Refusal(f"{name}-{what}", "InputError", {name: f32([0.5, x, 0, 1, 0, 1])})
          for name in ("input", "target")
          for what, x in (("above-1", 1.5), ("negative", -0.25), ("infinite", INF), ("a-logit", 20.0))),
        *options_refused(BATCHMEAN),
    ),
    wide=(Grid({"1025": probable(1025), "129": probable(129, soft=True, weight=(129,))}, reductions=("mean",)),),
    nan_refused=("input", "target"),
)


# --- binaryCrossEntropyWithLogits --------------------------------------------------------------

EXTREME = [1e4, -1e4, 100, -100, 17, -17, 0]

binary_cross_entropy_with_logits = Loss(
    name="binaryCrossEntropyWithLogits",
    source=TORCH,
    reference=lambda i, o: F.binary_cross_entropy_with_logits(
        i.input, i.target, weight=i.weight, pos_weight=i.posWeight, reduction=o.reduction),
    grids=(
        Grid({
            "6": labelled(6), "soft-6": labelled(6, soft=True), "scalar": labelled(), "3x4": labelled(3, 4),
            "full-2x3x2": labelled(2, 3, 2, soft=True, fine=True), "weight-6": labelled(6, weight=(6,)),
            "pos-6": labelled(6, posWeight=(6,)), "pos-scalar-6": labelled(6, soft=True, posWeight=()),
            "both-4-of-3x4": labelled(3, 4, soft=True, weight=(4,), posWeight=(4,)),
            "both-3x1-1x4-of-3x4": labelled(3, 4, weight=(3, 1), posWeight=(1, 4)),
        }),
    ),
    edges=(
        Edge("zeros", of([0, 0, 0], [0, 1, 0.5]), {}, REDUCTIONS),
        *(Edge(f"extreme-{label}", of(EXTREME, [label] * len(EXTREME)), {}, REDUCTIONS) for label in (0, 1, 0.25)),
        Edge("extreme-pos", of(EXTREME, [1, 0.5, 1, 1, 0, 1, 1], posWeight=3), {}, REDUCTIONS),
        Edge("labels-outside", of([1, -2], [-1, 2]), {}, REDUCTIONS, note="labels are not held to [0, 1]"),
        Edge("infinite", of([INF, INF, -INF], [0, 1, 0]), note="0 times infinity is NaN"),
        Edge("no-weight", of([0.5, 0.25], [1, 0], weight=[0, 0]), {}, REDUCTIONS),
        Edge("empty", NOTHING, {}, REDUCTIONS),
        Edge("empty-0x3", {"input": empty(0, 3), "target": empty(0, 3), "posWeight": constant([1, 2, 3])}, {},
             REDUCTIONS),
    ),
    refusals=(
        *OTHER_SHAPES,
        Refusal("positive-weight-larger", "ShapeError", {"posWeight": constant([[1] * 6] * 2)}),
        *options_refused(BATCHMEAN, {"pos-weight-is-no-option": {"posWeight": 2}}),
    ),
    wide=(Grid({"1025": labelled(1025), "129x1": labelled(129, 1, weight=(129, 1), posWeight=(1,))},
               reductions=("mean",)),),
)


# --- softMarginLoss ----------------------------------------------------------------------------

def signed(*shape, fine=False, dtype=None):
    def draw(d):
        signs = fixed(d.signs(*shape))
        target = signs if dtype is None else dtype(signs.data)
        return {"input": (d.fine if fine else d.coarse)(*shape, scale=2), "target": target}
    return draw


def soft_margin(i, o):
    """torch's own, and where that overflows in float64 the same formula from the larger of both terms."""
    arguments = -i.target * i.input
    if arguments.numel() == 0 or not (arguments > 700).any():
        return F.soft_margin_loss(i.input, i.target, reduction=o.reduction)
    return reduce(torch.logaddexp(torch.zeros_like(arguments), arguments), o.reduction)


soft_margin_loss = Loss(
    name="softMarginLoss",
    source=TORCH,
    reference=soft_margin,
    infinite=("input",),
    grids=(Grid({"6": signed(6), "scalar": signed(), "1": signed(1), "3x4": signed(3, 4), "full-2x3x2": signed(2, 3, 2, fine=True),
                 "int64-5": signed(5, dtype=i64), "int32-5": signed(5, dtype=i32)}),),
    edges=(
        Edge("large", {"input": f32([88, 89, 600, -600, 17, -17, 0]), "target": constant([-1, -1, -1, -1, 1, 1, 1])},
             {}, REDUCTIONS, note="torch overflows from 89 on in float32", beyond_float32=True),
        Edge("larger", {"input": f32([1e4, -1e4, 2.0**100]), "target": constant([-1, 1, -1])}, {}, REDUCTIONS,
             note="torch overflows from 710 on in float64"),
        Edge("other-labels", {"input": f32([1, 2, -3]), "target": constant([0, 0.5, -2])}, {}, REDUCTIONS),
        Edge("empty", {"input": empty(0), "target": constant([])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("target-of-one", "ShapeError", {"target": constant([1])}),
        Refusal("target-of-rows", "ShapeError", {"target": constant([[1] * 6])}),
        *options_refused(BATCHMEAN),
    ),
    wide=(Grid({"1025": signed(1025), "129": signed(129)}, reductions=("mean",)),),
)


# --- multilabelSoftMarginLoss ------------------------------------------------------------------

def with_class_weights(draw, count):
    return lambda d: {**draw(d), "weight": d.positive(count)}


multilabel_soft_margin_loss = Loss(
    name="multilabelSoftMarginLoss",
    source=TORCH,
    reference=lambda i, o: F.multilabel_soft_margin_loss(i.input, i.target, weight=i.weight, reduction=o.reduction),
    grids=(
        Grid({
            "3x4": labelled(3, 4), "soft-3x4": labelled(3, 4, soft=True), "4": labelled(4), "5x1": labelled(5, 1),
            "full-2x3x2": labelled(2, 3, 2, fine=True), "weight-3x4": with_class_weights(labelled(3, 4), 4),
            "weight-4": with_class_weights(labelled(4, soft=True), 4),
        }),
    ),
    edges=(
        Edge("extreme", of([EXTREME, EXTREME], [[0] * 7, [1] * 7]), {}, REDUCTIONS),
        Edge("infinite", of([[INF], [INF], [-INF], [-INF]], [[1], [0], [1], [0]])),
        Edge("empty", {"input": empty(0, 3), "target": empty(0, 3)}, {}, REDUCTIONS),
        Edge("no-classes", {"input": empty(2, 0), "target": empty(2, 0)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("target-of-other-shape", "ShapeError", {"target": f32([[1] * 4])}),
        Refusal("weight-too-short", "ShapeError", {"weight": f32([1, 2])}),
        Refusal("weight-of-rows", "ShapeError", {"weight": f32([[1] * 4] * 3)}),
        Refusal("scalar", "ShapeError", of(1, 1)),
        *options_refused(BATCHMEAN),
    ),
    wide=(Grid({"1x1025": labelled(1, 1025), "129x3": with_class_weights(labelled(129, 3), 3)},
               reductions=("mean",)),),
)


# --- multiMarginLoss ---------------------------------------------------------------------------

def nothing_is_zero(function):
    """torch leaves its result unwritten where there are no samples."""
    return lambda i, o: function(i, o) if i.input.numel() > 0 else reduce(i.input.sum(-1), o.reduction)


def indexed(*shape, weight=False, dtype=i64, fine=False):
    def draw(d):
        scores = (d.fine if fine else d.coarse)(*shape)
        target = d.indices(shape[-1], *shape[:-1], dtype=dtype)
        extra = {"weight": d.positive(shape[-1], grad=False)} if weight else {}
        return {"input": scores, "target": target, **extra}
    return draw


POWERS = ({}, {"p": 2}, {"margin": 0.5}, {"p": 2, "margin": 2}, {"margin": -0.5})
MARGINAL = {"input": f32([[1, 0, 2], [0.5, 1.5, -1], [3, 1, 0]]), "target": i64([0, 1, 0])}

multi_margin_loss = Loss(
    name="multiMarginLoss",
    source=TORCH,
    defaults={"p": 1, "margin": 1.0},
    reference=nothing_is_zero(lambda i, o: F.multi_margin_loss(
        i.input, i.target, p=o.p, margin=float(o.margin), weight=i.weight, reduction=o.reduction)),
    grids=(
        Grid({"4x5": indexed(4, 5)}, variants=POWERS),
        Grid({"5": indexed(5), "3x1": indexed(3, 1), "full-3x4": indexed(3, 4, fine=True),
              "int32-4x3": indexed(4, 3, dtype=i32), "weight-4x5": indexed(4, 5, weight=True),
              "weight-5": indexed(5, weight=True)}, variants=({}, {"p": 2})),
    ),
    edges=(
        *(Edge(f"boundary-p{p}", MARGINAL, {"p": p}, REDUCTIONS, note="gradient 0 at the margin") for p in (1, 2)),
        Edge("boundary-margin-0", {"input": f32([[1, 1, 0]]), "target": i64([0])}, {"margin": 0}, REDUCTIONS),
        Edge("weighted", {**MARGINAL, "weight": constant([2, 0, 1])}, {"p": 2}, REDUCTIONS,
             note="the weight multiplies after the power; the mean divides by the samples"),
        Edge("infinite", {"input": f32([[INF, 0, 2], [-INF, 0, -1], [0, -INF, 1]]), "target": i64([0, 1, 0])}),
        Edge("large", {"input": f32([[1e4, -1e4, 0]] * 2), "target": i64([1, 0])}, {"p": 2}, REDUCTIONS),
        Edge("empty", {"input": empty(0, 3), "target": i64([])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("index-too-large", "InputError", {"target": i64([0, 5, 1, 2])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2])}),
        Refusal("float-target", "DTypeError", {"target": f32([0, 1, 2, 3], grad=False)}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1])}),
        Refusal("three-dimensional", "ShapeError", {"input": f32([[[1, 2], [3, 4]]] * 4)}),
        Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2, 3])}),
        *options_refused(BATCHMEAN, MARGIN_NOT_FINITE, {"p-3": {"p": 3}, "p-0": {"p": 0}, "p-text": {"p": "two"}}),
    ),
    wide=(Grid({"1x1025": indexed(1, 1025), "129x3": indexed(129, 3, weight=True)}, variants=({"p": 2},),
               reductions=("mean",)),),
)


# --- multilabelMarginLoss ----------------------------------------------------------------------

def listed(*shape, count, dtype=i64, fine=False):
    """Scores, and for each sample some labels (which may repeat), -1, and labels that do not count."""
    def draw(d):
        target = d.indices(shape[-1], *shape, dtype=dtype)
        rows = target.data.reshape(-1, shape[-1])
        for row, values in enumerate(rows):
            values[min((count + row) % (shape[-1] + 1), shape[-1] - 1)] = -1
        return {"input": (d.fine if fine else d.coarse)(*shape), "target": target}
    return draw


def lists(input, target):
    return {"input": f32(input), "target": i64(target)}


multilabel_margin_loss = Loss(
    name="multilabelMarginLoss",
    source=TORCH,
    reference=nothing_is_zero(lambda i, o: F.multilabel_margin_loss(i.input, i.target, reduction=o.reduction)),
    grids=(Grid({"4x5": listed(4, 5, count=2), "5": listed(5, count=3), "3x1": listed(3, 1, count=1),
                 "full-3x4": listed(3, 4, count=1, fine=True), "int32-4x3": listed(4, 3, count=1, dtype=i32)}),),
    edges=(
        Edge("documented", lists([[0.125, 0.25, 0.5, 0.75]], [[3, 0, -1, 1]]), {}, REDUCTIONS),
        Edge("no-labels", lists([[1, 2, 3]] * 2, [[-1, 0, 1], [-1, -1, -1]]), {}, REDUCTIONS),
        Edge("all-labels", lists([[1, 2, 3]] * 2, [[0, 1, 2], [2, 0, 1]]), {}, REDUCTIONS),
        Edge("twice", lists([[1, 0.5, 0.25]] * 2, [[0, 0, -1], [1, 1, 1]]), {}, REDUCTIONS,
             note="a label given twice counts twice"),
        Edge("boundary", lists([[1, 0, 2], [0.5, 1.5, 0.5]], [[0, -1, -1], [1, -1, -1]]), {}, REDUCTIONS,
             note="gradient 0 at the margin"),
        Edge("infinite", lists([[INF, 0, 2], [-INF, 0, -1], [0, INF, INF]], [[0, -1, -1], [1, -1, -1], [1, -1, 0]])),
        Edge("large", lists([[1e4, -1e4, 0]] * 2, [[1, -1, 0], [0, 2, -1]]), {}, REDUCTIONS),
        Edge("empty", {"input": empty(0, 3), "target": i64(empty(0, 3).data)},
             {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("index-too-large", "InputError", {"target": i64([[0, 5, -1, 0, 0]] * 4)}),
        Refusal("index-below-minus-1", "InputError", {"target": i64([[0, -2, -1, 0, 0]] * 4)}),
        Refusal("index-too-large-after-the-end", "InputError", {"target": i64([[0, -1, 7, 0, 0]] * 4)}),
        Refusal("target-of-indices", "ShapeError", {"target": i64([0, 1, 2, 3])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([[0, -1]] * 4)}),
        Refusal("float-target", "DTypeError", {"target": f32([[0, -1, 0, 0, 0]] * 4, grad=False)}),
        *options_refused(BATCHMEAN),
    ),
    # Over 1,025 classes only a few may be labels, as each meets all the others.
    wide=(Grid({"1x1025": listed(1, 1025, count=2), "129x3": listed(129, 3, count=1)}, reductions=("mean",)),),
)

LOSSES = [
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    soft_margin_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
]
