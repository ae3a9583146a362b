"""Cross-entropies in which what is right already counts less."""

import torch
import torch.nn.functional as F

from channels import classes_second, last
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, constant, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, INF, NAN, options_refused


def factor(p, wrong, o):
    """(1 - p)^gamma, with segmentation-models' threshold where there is one."""
    if o.reducedThreshold is None:
        return wrong**o.gamma
    return torch.where(p < o.reducedThreshold, torch.ones_like(p), (wrong / o.reducedThreshold) ** o.gamma)


def by_channel(x, weights):
    return 1 if weights is None else weights.reshape(-1, *(1,) * (x.ndim - 2))


def reduced(values, counted, reduction):
    values = torch.where(counted, values, torch.zeros_like(values))
    if reduction == "mean":
        return values.sum() / counted.sum()
    return reduce(values, reduction)


# --- focalLoss ---------------------------------------------------------------------------------

def focal(i, o):
    x = i.input
    counted = torch.ones_like(x, dtype=torch.bool) if o.ignoreIndex is None else i.target != o.ignoreIndex
    y = torch.where(counted, i.target, torch.zeros_like(x))
    p = torch.sigmoid(x)
    # 1 - p is the sigmoid of the other sign: torchvision loses its digits where p is near 1.
    right, wrong = p * y + torch.sigmoid(-x) * (1 - y), torch.sigmoid(-x) * y + p * (1 - y)
    factors = factor(right, wrong, o)
    positive = by_channel(x, i.posWeight)
    costs = factors * (positive * y * -F.logsigmoid(x) + (1 - y) * -F.logsigmoid(-x)) * by_channel(x, i.weight)
    if o.alpha is not None:
        costs = costs * (o.alpha * y + (1 - o.alpha) * (1 - y))
    if o.normalized:
        costs, factors = (torch.where(counted, x, torch.zeros_like(x)) for x in (costs, factors))
        costs = costs / factors.sum().clamp_min(1e-6)
    return reduced(costs, counted, o.reduction)


def labelled(*shape, soft=False, fine=False, ignored=None, **weights):
    def draw(d):
        target = d.coarse(*shape, scale=0.5) if soft else d.bits(*shape)
        if ignored is not None:
            target.data.reshape(-1)[::3] = ignored
        extra = {name: d.positive(*own, grad=False) for name, own in weights.items()}
        return {"input": (d.fine if fine else d.coarse)(*shape, scale=2), "target": target, **extra}
    return draw


def of(input, target):
    return {"input": f32(input), "target": f32(target)}


EXTREME = [1e4, -1e4, 100, -100, 17, -17, 0]

focal_loss = Loss(
    name="focalLoss",
    source=formula("Lin et al. 2017; torchvision 0.29.2, ops.sigmoid_focal_loss; segmentation-models-pytorch 0.6"),
    defaults={"gamma": 2.0, "classAxis": 1},
    reference=classes_second(focal, is_elementwise=True),
    infinite=("input",),
    grids=(
        Grid({"3x4": labelled(3, 4)}, variants=(
            {}, {"gamma": 0}, {"gamma": 1.5}, {"alpha": 0.25}, {"alpha": 0.75, "gamma": 1}, {"reducedThreshold": 0.5},
            {"normalized": True}, {"normalized": True, "alpha": 0.25, "reducedThreshold": 0.25})),
        Grid({"6": labelled(6), "scalar": labelled(), "1": labelled(1), "soft-3x4": labelled(3, 4, soft=True),
              "full-2x3x2": labelled(2, 3, 2, fine=True), "weights-3x4": labelled(3, 4, weight=(4,), posWeight=(4,)),
              "weights-2x3x2x2": labelled(2, 3, 2, 2, weight=(3,), posWeight=(3,))}, variants=({"alpha": 0.25},)),
        Grid({"last-4": labelled(4, weight=(4,)), "last-3x4": labelled(3, 4, weight=(4,)),
              "last-2x3x2x2": last(labelled(2, 3, 2, 2, weight=(3,), posWeight=(3,)))},
             variants=({"classAxis": -1},), reductions=("none", "mean")),
        Grid({"ignored-3x4": labelled(3, 4, ignored=-1), "ignored-2x3x2": labelled(2, 3, 2, ignored=-1)},
             variants=({"ignoreIndex": -1}, {"ignoreIndex": -1, "normalized": True})),
    ),
    edges=(
        *(Edge(f"extreme-{label}", of(EXTREME, [label] * len(EXTREME)), {}, REDUCTIONS) for label in (0, 1)),
        Edge("all-ignored", of([1, 2], [255, 255]), {"ignoreIndex": 255}, REDUCTIONS),
        Edge("nothing-to-normalise-by", of([100, -100], [1, 0]), {"normalized": True}, REDUCTIONS,
             note="the sum of the factors counts as at least 1e-6"),
        Edge("empty", {"input": empty(0), "target": empty(0)}, {}, REDUCTIONS),
        Edge("empty-normalised", {"input": empty(0, 2), "target": empty(0, 2)}, {"normalized": True}, REDUCTIONS),
    ),
    refusals=(
        Refusal("target-of-one", "ShapeError", {"target": f32([[1]])}),
        Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2])}),
        Refusal("weight-without-channels", "ShapeError", {**of([1, 2], [0, 1]), "weight": constant([1, 2])}),
        *options_refused(BATCHMEAN, {
            "gamma-negative": {"gamma": -1}, "gamma-nan": {"gamma": NAN}, "gamma-infinite": {"gamma": INF},
            "alpha-negative": {"alpha": -1}, "alpha-above-1": {"alpha": 1.5}, "alpha-text": {"alpha": "some"},
            "threshold-zero": {"reducedThreshold": 0}, "ignore-index-fraction": {"ignoreIndex": 0.5},
            "normalized-a-number": {"normalized": 1}}),
    ),
    wide=(Grid({"1025": labelled(1025), "129": labelled(129)}, variants=({"alpha": 0.25},), reductions=("mean",)),),
)


# --- categoricalFocalLoss ----------------------------------------------------------------------

def categorical_focal(i, o):
    axis = 0 if i.input.ndim == 1 else 1
    logs = i.input.log_softmax(axis)
    wrong = -torch.expm1(logs)
    factors = factor(logs.exp(), wrong, o)
    shape = [-1 if k == axis else 1 for k in range(i.input.ndim)]
    weights = torch.ones_like(logs) if i.weight is None else i.weight.reshape(shape).expand(logs.shape)
    if i.target.dtype == torch.long:
        counted = i.target != o.ignoreIndex
        labels = torch.where(counted, i.target, torch.zeros_like(i.target)).unsqueeze(axis)
        own = [x.gather(axis, labels).squeeze(axis) for x in (logs, factors, weights)]
        costs, factors = -own[2] * own[1] * own[0], torch.where(counted, own[1], torch.zeros_like(own[1]))
    else:
        y = i.target * (1 - o.labelSmoothing) + o.labelSmoothing / logs.shape[axis]
        costs = (-o.alpha * weights * y * factors * logs).sum(axis)
        counted = torch.ones_like(costs, dtype=torch.bool)
    if o.normalized:
        costs = torch.where(counted, costs, torch.zeros_like(costs)) / factors.sum().clamp_min(1e-6)
    return reduced(costs, counted, o.reduction)


def indexed(*shape, ignored=None, weight=False, dtype=i64, fine=False):
    axis = 0 if len(shape) == 1 else 1

    def draw(d):
        target = d.indices(shape[axis], *(shape[:axis] + shape[axis + 1:]), dtype=dtype)
        if ignored is not None:
            target.data.reshape(-1)[::3] = ignored
        extra = {"weight": d.positive(shape[axis])} if weight else {}
        return {"input": (d.fine if fine else d.coarse)(*shape, scale=2), "target": target, **extra}
    return draw


def probable(*shape, weight=False):
    axis = 0 if len(shape) == 1 else 1

    def draw(d):
        extra = {"weight": d.positive(shape[axis])} if weight else {}
        return {"input": d.coarse(*shape, scale=2), "target": d.probabilities(*shape, axis=axis), **extra}
    return draw


FOCAL = ({}, {"gamma": 0}, {"gamma": 0.5}, {"reducedThreshold": 0.5}, {"normalized": True},
         {"normalized": True, "reducedThreshold": 0.25, "gamma": 1})

categorical_focal_loss = Loss(
    name="categoricalFocalLoss",
    source=formula("Lin et al. 2017; AdeelH/pytorch-multi-class-focal-loss; keras 3.15, CategoricalFocalCrossentropy"),
    defaults={"gamma": 2.0, "alpha": 1.0, "labelSmoothing": 0.0, "ignoreIndex": -100, "classAxis": 1},
    reference=classes_second(categorical_focal),
    infinite=("input",),
    grids=(
        Grid({"4x5": indexed(4, 5)}, variants=FOCAL),
        Grid({"weight-4x5": indexed(4, 5, weight=True), "5": indexed(5), "full-3x4": indexed(3, 4, fine=True),
              "2x3x2": indexed(2, 3, 2, weight=True), "int32-4x3": indexed(4, 3, dtype=i32),
              "ignored-6x3": indexed(6, 3, ignored=-100, weight=True)}),
        Grid({"last-5": indexed(5), "last-4x5": indexed(4, 5), "last-2x3x4": last(indexed(2, 4, 3, ignored=-100, weight=True)),
              "probabilities-last-2x3x2": last(probable(2, 3, 2, weight=True))},
             variants=({"classAxis": -1}, {"classAxis": -1, "reducedThreshold": 0.5}), reductions=("none", "mean")),
        Grid({"ignored-6x3": indexed(6, 3, ignored=-1)}, variants=({"ignoreIndex": -1}, {"ignoreIndex": -1,
                                                                                        "normalized": True})),
        Grid({"probabilities-4x5": probable(4, 5)}, variants=(*FOCAL, {"alpha": 0.25}, {"labelSmoothing": 0.1})),
        Grid({"probabilities-5": probable(5), "probabilities-weight-2x3x2": probable(2, 3, 2, weight=True)}),
    ),
    edges=(
        Edge("large", {"input": f32([[1e4, -1e4, 0]] * 2), "target": i64([0, 1])}, {}, REDUCTIONS),
        Edge("confident", {"input": f32([[17, 0], [0, 17], [100, -100]]), "target": i64([0, 0, 0])}, {}, REDUCTIONS),
        Edge("all-ignored", {"input": f32([[1, 2]] * 2), "target": i64([-100, -100])}, {}, REDUCTIONS),
        Edge("uniform", {"input": f32([[0, 0, 0, 0]] * 2), "target": i64([0, 3])}, {}, REDUCTIONS),
        Edge("empty", {"input": empty(0, 3), "target": i64([])}, {}, REDUCTIONS),
        Edge("empty-probabilities", {"input": empty(0, 3), "target": empty(0, 3)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("index-too-large", "InputError", {"target": i64([0, 5, 1, 2])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1])}),
        Refusal("alpha-with-indices", "OptionError", options={"alpha": 0.25}),
        Refusal("label-smoothing-with-indices", "OptionError", options={"labelSmoothing": 0.1}),
        Refusal("ignore-index-with-probabilities", "OptionError", {"target": f32([[0.5, 0.5, 0, 0, 0]] * 4)},
                {"ignoreIndex": 0}),
        *options_refused(BATCHMEAN, {
            "gamma-negative": {"gamma": -1}, "alpha-zero": {"alpha": 0}, "label-smoothing-above-1": {"labelSmoothing": 2},
            "threshold-zero": {"reducedThreshold": 0}, "normalized-a-number": {"normalized": 1}}),
    ),
    wide=(Grid({"1x1025": indexed(1, 1025), "129x3": indexed(129, 3, weight=True)}, reductions=("mean",)),),
)

LOSSES = [focal_loss, categorical_focal_loss]
