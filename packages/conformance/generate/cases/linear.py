"""Losses of which a linear layer is a part."""

import torch
import torch.nn.functional as F

from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, constant, empty, f32, i32, i64
from refusals import BATCHMEAN, INF, NAN, options_refused


def linear(batch, features, classes, *out, indices=True, bias=False, weight=False, ignored=None, dtype=i64, fine=False):
    """Features, a layer and a target; without a batch where `batch` is None."""
    rows = () if batch is None else (batch,)

    def draw(d):
        one = d.fine if fine else d.coarse
        inputs = {"input": one(*rows, features), "linearWeight": one(classes, *out, features, scale=0.5)}
        if indices:
            inputs["target"] = d.indices(classes, *rows, *out, dtype=dtype)
            if ignored is not None:
                inputs["target"].data.reshape(-1)[::3] = ignored
        else:
            inputs["target"] = d.probabilities(*rows, classes, *out, axis=len(rows))
        if bias:
            inputs["linearBias"] = one(classes, *out)
        # torch does not differentiate the weight next to class indices.
        return {**inputs, **({"weight": d.positive(classes, grad=not indices)} if weight else {})}
    return draw


def linear_cross_entropy(i, o):
    return F.linear_cross_entropy(
        i.input, i.linearWeight, i.target, linear_bias=i.linearBias, weight=i.weight, reduction=o.reduction,
        ignore_index=None if i.target.dtype.is_floating_point else o.ignoreIndex,
        label_smoothing=o.labelSmoothing)


LAYER = {"input": f32([[1, 2], [-1, 0.5]]), "linearWeight": f32([[1, 0], [0, 1], [-1, -1]])}

linear_cross_entropy_loss = Loss(
    name="linearCrossEntropy",
    source=TORCH,
    defaults={"ignoreIndex": -100, "labelSmoothing": 0.0},
    reference=linear_cross_entropy,
    grids=(
        Grid({"4x3x5": linear(4, 3, 5)}, variants=({}, {"labelSmoothing": 0.1}, {"ignoreIndex": 2})),
        Grid({
            "bias-4x3x5": linear(4, 3, 5, bias=True), "weight-4x3x5": linear(4, 3, 5, weight=True),
            "all-7x3x4": linear(7, 3, 4, bias=True, weight=True, ignored=-100),
            "3x5": linear(None, 3, 5, bias=True), "int32-4x3x5": linear(4, 3, 5, dtype=i32),
            "k-4x3x5x2": linear(4, 3, 5, 2), "k-bias-2x3x4x2x2": linear(2, 3, 4, 2, 2, bias=True, weight=True),
            "probabilities-4x3x5": linear(4, 3, 5, indices=False, bias=True),
            "probabilities-3x5": linear(None, 3, 5, indices=False, weight=True),
            "probabilities-k-2x3x4x2": linear(2, 3, 4, 2, indices=False, weight=True),
            "full-3x4x5": linear(3, 4, 5, fine=True, bias=True),
        }, variants=({}, {"labelSmoothing": 0.2}), reductions=("none", "mean")),
        Grid({"all-7x3x4": linear(7, 3, 4, bias=True, weight=True, ignored=-1)}, variants=({"ignoreIndex": -1},)),
    ),
    edges=(
        Edge("all-ignored", {**LAYER, "target": i64([-100, -100])}, {}, REDUCTIONS, note="mean is NaN, its gradient 0"),
        Edge("zero-weights", {**LAYER, "target": i64([0, 1]), "weight": constant([0, 0, 0])}, {}, REDUCTIONS),
        Edge("no-features", {"input": empty(2, 0), "linearWeight": empty(3, 0), "target": i64([0, 2])}, {},
             REDUCTIONS),
        Edge("large", {"input": f32([[1e4, 0]]), "linearWeight": f32([[1, 0], [-1, 0]]), "target": i64([1])}, {},
             REDUCTIONS),
        Edge("minus-infinite-bias", {**LAYER, "target": i64([0, 2]), "linearBias": f32([1, -INF, 0])}, {}, REDUCTIONS,
             note="a class that is ruled out"),
        Edge("empty", {"input": empty(0, 2), "linearWeight": f32([[1, 0], [0, 1], [-1, -1]]), "target": i64([])}, {},
             REDUCTIONS),
    ),
    refusals=(
        Refusal("features-mismatch", "ShapeError", {"linearWeight": f32([[1, 2]] * 5)}),
        Refusal("weight-vector", "ShapeError", {"linearWeight": f32([1, 2, 3])}),
        Refusal("input-of-three-axes", "ShapeError", {"input": f32([[[1, 2, 3]]] * 4)}),
        Refusal("bias-too-short", "ShapeError", {"linearBias": f32([1, 2])}),
        Refusal("index-too-large", "InputError", {"target": i64([0, 5, 1, 2])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1])}),
        Refusal("ignore-index-with-probabilities", "OptionError", {"target": f32([[0.5, 0.5, 0, 0, 0]] * 4)},
                {"ignoreIndex": 0}),
        *options_refused(BATCHMEAN, {
            "label-smoothing-above-1": {"labelSmoothing": 1.5}, "label-smoothing-nan": {"labelSmoothing": NAN},
            "ignore-index-fraction": {"ignoreIndex": 1.5}}),
    ),
    wide=(Grid({"129x2x3": linear(129, 2, 3, bias=True), "1x1025x2": linear(1, 1025, 2), "1x1x1025": linear(1, 1, 1025)},
               reductions=("mean",)),),
)

# --- adaptiveLogSoftmaxWithLoss ----------------------------------------------------------------

def adaptive(batch, features, frequent, *clusters, bias=False, dtype=i64, fine=False):
    """`clusters`: pairs of how many classes a cluster has, and how wide its projection is."""
    rows = () if batch is None else (batch,)

    def draw(d):
        one = d.fine if fine else d.coarse
        total = frequent + sum(classes for classes, _ in clusters)
        inputs = {"input": one(*rows, features), "target": d.indices(total, *rows, dtype=dtype),
                  "headWeight": one(frequent + len(clusters), features)}
        for k, (classes, width) in enumerate(clusters):
            inputs[f"tailProjection.{k}"] = one(width, features)
            inputs[f"tailWeight.{k}"] = one(classes, width)
        return {**inputs, **({"headBias": one(frequent + len(clusters))} if bias else {})}
    return draw


def adaptive_log_softmax(i, o):
    """torch's module with the weights that are given."""
    tails = [i[f"tailWeight.{k}"] for k in range(sum(name.startswith("tailWeight.") for name in i))]
    cutoffs = [i.headWeight.shape[0] - len(tails)]
    for tail in tails:
        cutoffs.append(cutoffs[-1] + tail.shape[0])
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(
        i.input.shape[-1], cutoffs[-1], cutoffs[:-1], head_bias=i.headBias is not None, div_value=1.0, dtype=i.input.dtype)
    weights = {"head.weight": i.headWeight, **({} if i.headBias is None else {"head.bias": i.headBias})}
    for k, tail in enumerate(tails):
        weights[f"tail.{k}.0.weight"] = i[f"tailProjection.{k}"]
        weights[f"tail.{k}.1.weight"] = tail
    output, loss = torch.func.functional_call(module, weights, (i.input, i.target))
    return {"none": -output, "mean": loss, "sum": -output.sum()}[o.reduction]


HEAD = {"input": f32([[1, 2], [-1, 0.5], [0.25, 1]]), "headWeight": f32([[1, 0], [0, 1], [-1, -1]]),
        "tailProjection.0": f32([[1, -1]]), "tailWeight.0": f32([[1], [2]])}

adaptive_log_softmax_with_loss = Loss(
    name="adaptiveLogSoftmaxWithLoss",
    source=TORCH,
    reference=adaptive_log_softmax,
    grids=(Grid({
        "6x4": adaptive(6, 4, 3, (2, 2), (4, 1)), "one-cluster-5x3": adaptive(5, 3, 2, (3, 2)),
        "bias-6x4": adaptive(6, 4, 3, (2, 2), (4, 1), bias=True), "4": adaptive(None, 4, 2, (2, 2), (2, 1), bias=True),
        "int32-5x3": adaptive(5, 3, 2, (3, 1), dtype=i32), "full-4x3": adaptive(4, 3, 1, (2, 2), (3, 2), fine=True),
        "1x3": adaptive(1, 3, 2, (2, 2))}),),
    edges=(
        Edge("frequent-only", {**HEAD, "target": i64([0, 1, 0])}, {}, REDUCTIONS),
        Edge("rare-only", {**HEAD, "target": i64([2, 3, 2])}, {}, REDUCTIONS),
        Edge("duplicates", {**HEAD, "input": f32([[1, 2]] * 3), "target": i64([0, 3, 3])}, {}, REDUCTIONS),
        Edge("large", {**HEAD, "input": f32([[1e4, 0], [0, 1e4], [-1e4, 0]]), "target": i64([0, 1, 3])}, {}, REDUCTIONS),
        Edge("minus-infinite-bias", {**HEAD, "headBias": f32([1, -INF, 0]), "target": i64([0, 2, 3])}, {}, REDUCTIONS,
             note="a class that is ruled out"),
        Edge("empty", {**HEAD, "input": empty(0, 2), "target": i64([])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("index-too-large", "InputError", {"target": i64([0, 9, 1, 2, 3, 4])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2, 3, 4])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1])}),
        Refusal("head-of-other-width", "ShapeError", {"headWeight": f32([[1, 2, 3]] * 5)}),
        Refusal("projection-of-other-width", "ShapeError", {"tailProjection.1": f32([[1, 2, 3]])}),
        Refusal("cluster-of-other-width", "ShapeError", {"tailWeight.1": f32([[1, 2]] * 4)}),
        Refusal("a-projection-too-few", "ShapeError", {"tailProjection.1": None}),
        Refusal("bias-too-short", "ShapeError", {"headBias": f32([1, 2])}),
        *options_refused(BATCHMEAN, {"div-value-is-no-option": {"divValue": 4}}),
    ),
    wide=(Grid({"129x2": adaptive(129, 2, 2, (3, 1)), "1x1x1025": adaptive(1, 1, 2, (1025, 1))}, reductions=("mean",)),),
)

LOSSES = [linear_cross_entropy_loss, adaptive_log_softmax_with_loss]
