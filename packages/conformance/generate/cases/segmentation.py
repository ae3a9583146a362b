"""Losses over pictures of which each place is to be told what it is."""

import numpy as np
import torch
import torch.nn.functional as F

from channels import classes_second, last
from recipe import Edge, Grid, Loss, Refusal, boolean, constant, empty, f32, formula, i32, i64
from refusals import INF, NAN, options_refused

ONE = ("none",)


# --- overlap: diceLoss, jaccardLoss, tverskyLoss -----------------------------------------------

DEFAULTS = {"mode": "multiclass", "fromLogits": True, "over": "class", "smooth": 0.0, "eps": 1e-7, "epsMode": "clamp",
            "absent": "zero", "logLoss": False, "ignoreBackground": False, "classAxis": 1}


def probabilities(i, o):
    """Prediction and truth as (N, C, places)."""
    x, y = i.input, i.target
    counted = torch.ones_like(y, dtype=torch.bool) if o.ignoreIndex is None else y != o.ignoreIndex
    if o.mode == "multiclass":
        p = x.softmax(1) if o.fromLogits else x
        if y.dtype == torch.long and y.ndim == x.ndim - 1:
            labels = torch.where(counted, y, torch.zeros_like(y))
            y = F.one_hot(labels, x.shape[1]).movedim(-1, 1).to(x.dtype)
            counted = counted.unsqueeze(1)
    else:
        p = torch.sigmoid(x) if o.fromLogits else x
    p, y = (torch.where(counted, z, torch.zeros_like(z)).to(x.dtype) for z in (p, y))
    channels = 1 if o.mode == "binary" else x.shape[1]
    places = x[0].numel() // channels if len(x) else 1
    return p.reshape(len(x), channels, places), y.reshape(len(x), channels, places)


def overlap(alpha, beta, add=1.0):
    def value(i, o):
        p, y = probabilities(i, o)
        weights = torch.ones(p.shape[1], dtype=p.dtype) if i.weight is None else i.weight
        if i.classes is not None:
            weights = weights * i.classes
        if o.ignoreBackground:
            weights = torch.cat([torch.zeros_like(weights[:1]), weights[1:]])
        by_class = o.over in ("class", "sampleClass")
        if not by_class:
            p, y = p * weights[:, None], y * weights[:, None]
        axes = {"class": (0, 2), "sampleClass": (2,), "sample": (1, 2), "all": (0, 1, 2)}[o.over]
        inside, predicted, truth = (p * y).sum(axes), p.sum(axes), y.sum(axes)
        divisor = inside + alpha(o) * (predicted - inside) + beta(o) * (truth - inside) + o.smooth
        divisor = divisor.clamp_min(o.eps) if o.epsMode == "clamp" else divisor + o.eps * add
        score = (inside + o.smooth) / divisor
        costs = -score.clamp_min(o.eps).log() if o.logLoss else 1 - score
        present = truth > 0
        if o.absent != "keep":
            costs = torch.where(present, costs, torch.zeros_like(costs))
        shares = weights.expand(costs.shape) if by_class else torch.ones_like(costs)
        if o.absent == "exclude":
            shares = shares * present
        axes = (-1,) if by_class else tuple(range(costs.ndim))
        total = shares.sum(axes)
        return (torch.where(shares == 0, torch.zeros_like(costs), costs * shares).sum(axes)
                / torch.where(total == 0, torch.ones_like(total), total)).mean()
    return value


def picture(*shape, kind="indices", ignored=None, weight=False, classes=None, dtype=i64, probable=False, fine=False,
            absent=()):
    """Logits (or probabilities) with class indices, bits or shares of each class."""
    def draw(d):
        logits = (d.fine if fine else d.coarse)(*shape)
        given = f32(d.positive(*shape).data / 2) if probable else logits
        if kind == "indices":
            target = d.indices(shape[1], shape[0], *shape[2:], dtype=dtype)
            for label in absent:
                target.data[target.data == label] = (label + 1) % shape[1]
        elif kind == "bits":
            target = d.bits(*shape)
        else:
            target = f32(d.positive(*shape).data / 2)
        if ignored is not None:
            target.data.reshape(-1)[::3] = ignored
        extra = {"weight": d.positive(shape[1], grad=False)} if weight else {}
        return {"input": given, "target": target, **extra,
                **({} if classes is None else {"classes": boolean(classes)})}
    return draw


OVER = tuple({"over": over} for over in ("class", "sampleClass", "sample", "all"))
OPTIONS = ({}, {"smooth": 1}, {"eps": 0.5}, {"eps": 0.5, "epsMode": "add"}, {"logLoss": True},
           {"ignoreBackground": True}, *OVER[1:])
ABSENT = tuple({"absent": absent, **over} for absent in ("zero", "keep", "exclude") for over in OVER[:2])


def overlap_loss(name, source, alpha, beta, add=1.0, own=(), defaults=None, refusals=None):
    value = classes_second(overlap(alpha, beta, add))
    return Loss(
        name=name,
        source=formula(source),
        defaults={**DEFAULTS, **(defaults or {})},
        infinite=("input",),
        reference=lambda i, o: value(i, o) ** o.gamma if "gamma" in o else value(i, o),
        grids=(
            Grid({"2x3x4": picture(2, 3, 4)}, variants=(*OPTIONS, *own), reductions=ONE),
            Grid({"absent-2x3x2x2": picture(2, 3, 2, 2, absent=(1,))}, variants=ABSENT, reductions=ONE),
            Grid({"weight-2x3x4": picture(2, 3, 4, weight=True),
                  "classes-2x3x4": picture(2, 3, 4, classes=[True, False, True]),
                  "shares-2x3x4": picture(2, 3, 4, kind="shares")}, variants=OVER, reductions=ONE),
            Grid({"3x2": picture(3, 2), "int32-2x3x4": picture(2, 3, 4, dtype=i32),
                  "full-2x3x2x2": picture(2, 3, 2, 2, fine=True)}, reductions=ONE),
            Grid({"ignored-2x3x4": picture(2, 3, 4, ignored=-1)}, variants=({"ignoreIndex": -1},), reductions=ONE),
            Grid({"2x3x2x2": picture(2, 3, 2, 2, kind="bits"), "weight-2x3x4": picture(2, 3, 4, kind="bits", weight=True)},
                 variants=tuple({"mode": "multilabel", **over} for over in OVER), reductions=ONE),
            Grid({"2x1x2x3": picture(2, 1, 2, 3, kind="bits"), "2x2x3": picture(2, 2, 3, kind="bits"),
                  "4": picture(4, kind="bits")}, variants=tuple({"mode": "binary", **over} for over in OVER),
                 reductions=ONE),
            Grid({"2x1x4": picture(2, 1, 4, kind="bits", ignored=255)},
                 variants=({"mode": "binary", "ignoreIndex": 255},), reductions=ONE),
            Grid({"last-2x3": picture(2, 3), "last-2x4x3": last(picture(2, 3, 4, weight=True)),
                  "last-2x2x3x4": last(picture(2, 4, 2, 3, ignored=-1))},
                 variants=({"classAxis": -1, "ignoreIndex": -1}, {"classAxis": -1, "ignoreIndex": -1, "over": "sample"}),
                 reductions=ONE),
            Grid({"last-2x2x2x3": last(picture(2, 3, 2, 2, kind="bits"))}, variants=({"classAxis": -1, "mode": "multilabel"},),
                 reductions=ONE),
            Grid({"last-2x2x3": picture(2, 2, 3, kind="bits")}, variants=({"classAxis": -1, "mode": "binary"},), reductions=ONE),
            Grid({"2x3x4": picture(2, 3, 4, probable=True)}, variants=({"fromLogits": False},), reductions=ONE),
        ),
        edges=(
            Edge("nothing-anywhere", {"input": f32([[[0, 0]]] * 2), "target": f32([[[0, 0]]] * 2)},
                 {"mode": "binary", "fromLogits": False}),
            Edge("nothing-is-kept", {"input": f32([[[0, 0]]]), "target": f32([[[0, 0]]])},
                 {"mode": "binary", "fromLogits": False, "absent": "keep"}),
            Edge("perfect", {"input": f32([[[1, 0]], [[1, 1]]]), "target": f32([[[1, 0]], [[1, 1]]])},
                 {"mode": "binary", "fromLogits": False}),
            Edge("opposite", {"input": f32([[[1, 0]], [[0, 1]]]), "target": f32([[[0, 1]], [[1, 0]]])},
                 {"mode": "binary", "fromLogits": False}),
            Edge("certain", {"input": f32([[[100, -100], [-100, 100]]]), "target": i64([[0, 1]])}),
            Edge("large", {"input": f32([[[1e4, -1e4, 0], [-1e4, 5e3, 512]]]), "target": i64([[0, 0, 1]])}),
            Edge("all-ignored", {"input": f32([[[1, 2], [3, 4]]]), "target": i64([[-1, -1]])}, {"ignoreIndex": -1}),
            Edge("empty", {"input": empty(0, 2, 3), "target": i64(np.zeros((0, 3)))}),
        ),
        refusals=(
            Refusal("index-too-large", "InputError", {"target": i64([[0, 1, 2, 3]] * 2)}),
            Refusal("index-negative", "InputError", {"target": i64([[0, 1, 2, -1]] * 2)}),
            Refusal("places-mismatch", "ShapeError", {"target": i64([[0, 1]] * 2)}),
            Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2])}),
            Refusal("without-classes", "ShapeError", {"input": f32([1, 2]), "target": f32([1, 0])}),
            *options_refused({
                "mean": {"reduction": "mean"}, "mode-unknown": {"mode": "multi"}, "over-unknown": {"over": "batch"},
                "smooth-negative": {"smooth": -1}, "eps-nan": {"eps": NAN}, "eps-mode-unknown": {"epsMode": "max"},
                "absent-unknown": {"absent": "drop"}, "log-loss-a-number": {"logLoss": 1},
                "ignore-index-fraction": {"ignoreIndex": 0.5}, **(refusals or {})}),
        ),
        wide=(Grid({"1x2x1025": picture(1, 2, 1025)}, reductions=ONE),),
        reductions=ONE,
    )


SMP = "segmentation-models-pytorch 0.6, over products"
dice_loss = overlap_loss("diceLoss", f"Milletari et al. 2016; {SMP}", lambda o: 0.5, lambda o: 0.5, add=0.5)
jaccard_loss = overlap_loss("jaccardLoss", f"{SMP}, JaccardLoss", lambda o: 1.0, lambda o: 1.0)
tversky_loss = overlap_loss(
    "tverskyLoss", f"Salehi et al. 2017; {SMP}", lambda o: o.alpha, lambda o: o.beta,
    own=({"alpha": 0.25, "beta": 0.75}, {"alpha": 0, "beta": 1}, {"gamma": 2}, {"gamma": 0.75, "alpha": 0.25}),
    defaults={"alpha": 0.5, "beta": 0.5, "gamma": 1.0},
    refusals={"alpha-negative": {"alpha": -1}, "beta-nan": {"beta": NAN}, "gamma-zero": {"gamma": 0},
              "gamma-infinite": {"gamma": INF}},
)


# --- lovaszHingeLoss ---------------------------------------------------------------------------

def lovasz_hinge_flat(x, y):
    """Berman et al. 2018: the Lovász extension of the Jaccard loss over falling errors."""
    if x.numel() == 0:
        return x.sum()
    errors, order = torch.sort(1 - x * (2 * y - 1), descending=True, stable=True)
    truth = y[order]
    left = truth.sum() - truth.cumsum(0)
    jaccard = 1 - left / (truth.sum() + (1 - truth).cumsum(0))
    return torch.dot(F.relu(errors), torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]]))


def lovasz_hinge(i, o):
    def one(x, y):
        x, y = x.reshape(-1), y.reshape(-1).to(x.dtype)
        kept = torch.ones_like(y, dtype=torch.bool) if o.ignoreIndex is None else y != o.ignoreIndex
        return lovasz_hinge_flat(x[kept], y[kept])
    if not o.perImage:
        return one(i.input, i.target)
    return torch.stack([one(x, y) for x, y in zip(i.input, i.target)]).mean()


def masked(*shape, ignored=None, dtype=None, fine=True):
    def draw(d):
        bits = d.bits(*shape).data
        if ignored is not None:
            bits.reshape(-1)[::3] = ignored
        target = constant(bits) if dtype is None else dtype(bits)
        # No two errors are the same.
        return {"input": (d.fine if fine else d.coarse)(*shape, scale=2), "target": target}
    return draw


lovasz_hinge_loss = Loss(
    name="lovaszHingeLoss",
    source=formula("Berman, Rannen Triki, Blaschko 2018"),
    defaults={"perImage": False},
    reference=lovasz_hinge,
    infinite=("input",),
    grids=(
        Grid({"2x3x4": masked(2, 3, 4), "7": masked(7), "2x1x2x2": masked(2, 1, 2, 2), "int64-3x4": masked(3, 4, dtype=i64),
              "int32-3x4": masked(3, 4, dtype=i32)}, variants=({}, {"perImage": True}), reductions=ONE),
        Grid({"ignored-3x5": masked(3, 5, ignored=255)},
             variants=({"ignoreIndex": 255}, {"ignoreIndex": 255, "perImage": True}), reductions=ONE),
    ),
    edges=(
        Edge("only-zeros", {"input": f32([[2, -1, 0.5]]), "target": constant([[0, 0, 0]])}),
        Edge("only-ones", {"input": f32([[2, -1, 0.5]]), "target": constant([[1, 1, 1]])}),
        Edge("perfect", {"input": f32([[2, -3, 1.5]]), "target": constant([[1, 0, 1]])}),
        Edge("one-pixel", {"input": f32([[-1]]), "target": constant([[1]])}),
        Edge("at-the-margin", {"input": f32([[1, -2]]), "target": constant([[1, 0]])}),
        Edge("all-ignored", {"input": f32([[1, -2]]), "target": constant([[7, 7]])}, {"ignoreIndex": 7}),
        Edge("large", {"input": f32([[1e4, -1e4, 512]]), "target": constant([[0, 1, 1]])}),
        Edge("empty", {"input": empty(1, 0), "target": constant([[]])}),
    ),
    refusals=(
        Refusal("target-of-other-shape", "ShapeError", {"target": constant([[1, 0]])}),
        Refusal("scalar", "ShapeError", {"input": f32(1), "target": constant(1)}),
        *options_refused({"mean": {"reduction": "mean"}, "per-image-a-number": {"perImage": 1},
                          "ignore-index-fraction": {"ignoreIndex": 0.5}}),
    ),
    wide=(Grid({"129x1": masked(129, 1), "1x1025": masked(1, 1025)}, reductions=ONE),),
    reductions=ONE,
)

LOSSES = [dice_loss, jaccard_loss, tversky_loss, lovasz_hinge_loss]
