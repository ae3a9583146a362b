"""Image-text matching against identity labels."""

import torch
import torch.nn.functional as F

from distances import direction
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, boolean, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, NAN, options_refused


# --- cmpmLoss ----------------------------------------------------------------------------------

def cmpm_direction(source, target, match, o):
    logits = source @ direction(target).T
    p, log_p = F.softmax(logits, dim=1), F.log_softmax(logits, dim=1)
    order = 1 if o.normalization == "sum" else 2
    q = match / torch.linalg.vector_norm(match, order, dim=1, keepdim=True)
    ratio = (o.eps + p / (q + o.eps)).log() if o.innerEps else log_p - (q + o.eps).log()
    return (p * ratio).sum(dim=1)


def cmpm(i, o):
    match = (i.labels[:, None] == i.labels[None]).to(i.image.dtype)
    both = cmpm_direction(i.image, i.text, match, o) + cmpm_direction(i.text, i.image, match, o)
    return reduce(both, o.reduction)


def labelled(*shape, labels, fine=False):
    return lambda d: {
        "image": (d.fine if fine else d.coarse)(*shape),
        "text": (d.fine if fine else d.coarse)(*shape),
        "labels": labels if not callable(labels) else labels(d),
    }


def matched(image, text, labels):
    return {"image": f32(image), "text": f32(text), "labels": i64(labels)}


FORMS = {
    "sum": {"normalization": "sum"},
    "l2": {"normalization": "l2"},
    "innerEps": {"normalization": "sum", "innerEps": True},
}


def each_form(name, inputs, reductions=REDUCTIONS, note=""):
    return tuple(Edge(f"{name}-{form}", inputs, options, reductions, note) for form, options in FORMS.items())


cmpm_loss = Loss(
    name="cmpmLoss",
    source=formula("Zhang, Lu 2018 (CMPM); github.com/YingZhangDUT 447d642 (innerEps), labyrinth7x 4651c1b (l2)"),
    defaults={"eps": 1e-8, "normalization": "sum", "innerEps": False},
    reference=cmpm,
    grids=(
        Grid({"4x3": labelled(4, 3, labels=i64([0, 1, 0, 2]))}, variants=(
            {}, *FORMS.values(), *({**form, "eps": eps} for form in FORMS.values() for eps in (0.0625, 0.001)),
            {"normalization": "l2", "innerEps": True, "eps": 0.001})),
        Grid(
            {
                "distinct-4x3": labelled(4, 3, labels=i64([3, 1, 0, 2])),
                "one-label-3x4": labelled(3, 4, labels=i64([7, 7, 7])),
                "1x3": labelled(1, 3, labels=i64([5])),
                "int32-5x2": labelled(5, 2, labels=i32([-1, 4, 4, -1, 1000000])),
                "8x16": labelled(8, 16, labels=lambda d: d.indices(4, 8)),
                "full-4x5": labelled(4, 5, labels=i64([1, 1, 2, 2]), fine=True),
            },
            variants=tuple(FORMS.values()),
        ),
    ),
    edges=(
        *each_form("zero-text", matched([[1, 2], [2, 1]], [[0, 0], [1, 1]], [0, 1]),
                            note="no norm counts as less than 1e-8: value 0, gradient 1e8 times"),
        *each_form("short-text", matched([[1, 2], [2, 1]], [[2.0**-28, 2.0**-30], [2.0**-40, 0]], [0, 1])),
        *each_form("zero-everything", matched([[0, 0]] * 3, [[0, 0]] * 3, [0, 1, 1])),
        *each_form("duplicates", matched([[1, 2]] * 3, [[1, 2]] * 3, [0, 1, 2])),
        *each_form("large-matched", matched([[1e4, 0], [0, 1e4]], [[1e4, 0], [0, 1e4]], [0, 1])),
        *each_form("large-crossed", matched([[1e4, 0], [0, 1e4]], [[0, 1e4], [1e4, 0]], [0, 1])),
        *each_form("empty", {"image": empty(0, 3), "text": empty(0, 3), "labels": i64([])}),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
        Refusal("one-dimensional", "ShapeError", {"image": f32([1, 2, 3]), "text": f32([1, 2, 3])}),
        Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
        Refusal("labels-two-dimensional", "ShapeError", {"labels": i64([[0], [1], [0], [2]])}),
        Refusal("float-labels", "DTypeError", {"labels": f32([0, 1, 0, 2])}),
        Refusal("boolean-labels", "DTypeError", {"labels": boolean([0, 1, 0, 1])}),
        Refusal("missing-labels", "InputError", {"labels": None}),
        *options_refused(BATCHMEAN, {
            "eps-zero": {"eps": 0},
            "eps-negative": {"eps": -1e-8},
            "eps-nan": {"eps": NAN},
            "normalization-unknown": {"normalization": "max"},
            "inner-eps-not-a-flag": {"innerEps": 1e-8},
        }),
    ),
    wide=(
        Grid({"129x3": labelled(129, 3, labels=lambda d: d.indices(17, 129))}, variants=tuple(FORMS.values()),
             reductions=("mean",)),
        Grid({"2x1025": labelled(2, 1025, labels=i64([0, 1]))}, reductions=("sum",)),
    ),
)


# --- cmpcLoss ----------------------------------------------------------------------------------

def project(x, onto):
    unit = direction(onto)
    return (x * unit).sum(dim=-1, keepdim=True) * unit


def cmpc(i, o):
    classes = direction(i.weight, dim=0)
    image, text = (
        F.cross_entropy(project(x, onto) @ classes, i.labels, reduction="none", label_smoothing=o.labelSmoothing)
        for x, onto in ((i.image, i.text), (i.text, i.image))
    )
    return reduce(image + text, o.reduction)


def classified(n, width, classes, fine=False, dtype=i64):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"image": one(n, width), "text": one(n, width), "weight": one(width, classes),
                "labels": d.indices(classes, n, dtype=dtype)}
    return draw


def classes_given(image, text, weight, labels):
    return {"image": f32(image), "text": f32(text), "weight": f32(weight), "labels": i64(labels)}


SQUARE = [[1, 0.5], [0, 1]]

cmpc_loss = Loss(
    name="cmpcLoss",
    source=formula("Zhang, Lu 2018 (CMPC), github.com/YingZhangDUT 447d642"),
    defaults={"labelSmoothing": 0.0},
    reference=cmpc,
    grids=(
        Grid({"4x3x5": classified(4, 3, 5)}, variants=({}, {"labelSmoothing": 0.1}, {"labelSmoothing": 1})),
        Grid(
            {"1x3x4": classified(1, 3, 4), "3x2x1": classified(3, 2, 1),
             "int32-3x4x4": classified(3, 4, 4, dtype=i32),
             "8x16x6": classified(8, 16, 6), "full-4x3x3": classified(4, 3, 3, fine=True)},
            variants=({"labelSmoothing": 0}, {"labelSmoothing": 0.25}),
        ),
    ),
    edges=(
        Edge("zero-text", classes_given([[1, 2], [2, 1]], [[0, 0], [1, 1]], SQUARE, [0, 1]), reductions=REDUCTIONS,
             note="nothing to project on: uniform logits"),
        Edge("zero-everything", classes_given([[0, 0]] * 2, [[0, 0]] * 2, SQUARE, [0, 1]), reductions=REDUCTIONS),
        Edge("zero-class", classes_given([[1, 2], [2, 1]], [[1, 1], [2, 0]], [[1, 0], [2, 0]], [0, 1]),
             reductions=REDUCTIONS, note="no norm counts as less than 1e-8: gradient 1e8 times"),
        Edge("short-class",
             classes_given([[1, 2], [2, 1]], [[1, 1], [2.0**-30, 0]], [[2.0**-28, 0], [2.0**-40, 0]], [0, 1]),
             reductions=REDUCTIONS),
        Edge("duplicates", classes_given([[1, 2]] * 3, [[1, 2]] * 3, SQUARE, [0, 1, 1]), reductions=REDUCTIONS),
        Edge("orthogonal", classes_given([[1, 0]], [[0, 2]], SQUARE, [0]), reductions=REDUCTIONS),
        Edge("large", classes_given([[1e4, 0], [0, 1e4]], [[1e4, 0], [0, -1e4]], [[1, 0], [0, 1]], [0, 1]),
             reductions=REDUCTIONS),
        Edge("empty", {"image": empty(0, 2), "text": empty(0, 2), "weight": f32(SQUARE), "labels": i64([])},
             reductions=REDUCTIONS, note="the weight's gradient is 0"),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"weight": f32([[1, 2, 3, 4, 5]] * 2)}),
        Refusal("one-dimensional", "ShapeError", {"image": f32([1, 2, 3]), "text": f32([1, 2, 3])}),
        Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
        Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 5, 2])}),
        Refusal("label-negative", "InputError", {"labels": i64([0, 1, -1, 2])}),
        Refusal("float-labels", "DTypeError", {"labels": f32([0, 1, 0, 2])}),
        Refusal("missing-weight", "InputError", {"weight": None}),
        *options_refused(BATCHMEAN, {
            "label-smoothing-above-1": {"labelSmoothing": 1.5},
            "label-smoothing-negative": {"labelSmoothing": -0.1},
            "label-smoothing-nan": {"labelSmoothing": NAN},
        }),
    ),
    wide=(
        Grid({"129x3x5": classified(129, 3, 5), "2x3x129": classified(2, 3, 129), "1x1025x1": classified(1, 1025, 1)},
             variants=({"labelSmoothing": 0.25},), reductions=("mean",)),
    ),
)

# --- sdmLoss -----------------------------------------------------------------------------------

def sdm(i, o):
    match = (i.labels[:, None] == i.labels[None]).to(i.image.dtype)
    logits = i.logitScale * direction(i.image) @ direction(i.text).T
    target = (match / match.sum(dim=1, keepdim=True) + o.eps).log()
    both = sum((x.softmax(dim=1) * (x.log_softmax(dim=1) - target)).sum(dim=1) for x in (logits, logits.T))
    return reduce(both, o.reduction)


def scaled_pairs(n, width, labels, scale, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"image": one(n, width), "text": one(n, width),
                "labels": labels(d) if callable(labels) else labels, "logitScale": f32(scale)}
    return draw


def paired(image, text, labels, scale=2):
    return {"image": f32(image), "text": f32(text), "labels": i64(labels), "logitScale": f32(scale)}


sdm_loss = Loss(
    name="sdmLoss",
    source=formula("Jiang, Ye 2023 (SDM), github.com/anosorae/IRRA 5fc0573"),
    defaults={"eps": 1e-8},
    reference=sdm,
    grids=(
        Grid({"4x3": scaled_pairs(4, 3, i64([0, 1, 0, 2]), 4)}, variants=({}, {"eps": 0.001}, {"eps": 0.0625})),
        Grid({"distinct-4x3": scaled_pairs(4, 3, i64([3, 1, 0, 2]), 50), "one-label-3x4": scaled_pairs(3, 4, i64([7, 7, 7]), 50),
              "1x3": scaled_pairs(1, 3, i64([5]), 50), "int32-5x2": scaled_pairs(5, 2, i32([-1, 4, 4, -1, 1000000]), 8),
              "full-4x5": scaled_pairs(4, 5, i64([1, 1, 2, 2]), 1, fine=True)}),
    ),
    edges=(
        Edge("zero-text", paired([[1, 2], [2, 1]], [[0, 0], [1, 1]], [0, 1]), reductions=REDUCTIONS,
             note="no norm counts as less than 1e-8: value 0, gradient 1e8 times"),
        Edge("zero-everything", paired([[0, 0]] * 3, [[0, 0]] * 3, [0, 1, 1]), reductions=REDUCTIONS),
        Edge("duplicates", paired([[1, 2]] * 3, [[1, 2]] * 3, [0, 1, 2]), reductions=REDUCTIONS),
        Edge("large", paired([[1e4, 0], [0, 1e4]], [[1e4, 0], [0, 1e4]], [0, 1], 1e4), reductions=REDUCTIONS),
        Edge("scale-zero", paired([[1, 2], [2, 1]], [[1, 0], [1, 1]], [0, 1], 0), reductions=REDUCTIONS),
        Edge("scale-negative", paired([[3, 4], [4, 3]], [[1, 0], [0, 1]], [0, 1], -2), reductions=REDUCTIONS),
        Edge("empty", {"image": empty(0, 3), "text": empty(0, 3), "labels": i64([]), "logitScale": f32(2)},
             reductions=REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
        Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
        Refusal("labels-float", "DTypeError", {"labels": f32([0, 1, 0, 2], grad=False)}),
        Refusal("scale-not-a-scalar", "ShapeError", {"logitScale": f32([2, 2])}),
        Refusal("missing-scale", "InputError", {"logitScale": None}),
        *options_refused(BATCHMEAN, {"eps-zero": {"eps": 0}, "eps-negative": {"eps": -1}, "eps-nan": {"eps": NAN}}),
    ),
    wide=(
        Grid({"129x3": scaled_pairs(129, 3, lambda d: d.indices(17, 129), 4), "2x1025": scaled_pairs(2, 1025, i64([0, 1]), 4)},
             reductions=("mean",)),
    ),
)


# --- instanceLoss ------------------------------------------------------------------------------

def instance(i, o):
    def entropy(logits, classes):
        return F.cross_entropy(logits, classes, reduction="none")

    if i.embeddings is not None:
        unit_rows = direction(i.embeddings)
        ranks = torch.unique(i.labels, return_inverse=True)[1]
        return reduce(entropy(o.gamma * unit_rows @ unit_rows.T, ranks), o.reduction)
    return reduce(entropy(i.image @ i.weight, i.labels) + entropy(i.text @ i.weight, i.labels), o.reduction)


def embedded(n, width, labels, fine=False):
    return lambda d: {"embeddings": (d.fine if fine else d.coarse)(n, width),
                      "labels": labels(d) if callable(labels) else labels}


NO_CLASSIFIER = {"image": None, "text": None, "weight": None}

instance_loss = Loss(
    name="instanceLoss",
    source=formula("Zheng et al. 2020; over embeddings pytorch-metric-learning 2.9.0"),
    defaults={"gamma": 64},
    reference=instance,
    grids=(
        Grid({"4x3x5": classified(4, 3, 5)}),
        Grid({"4x3": embedded(4, 3, i64([0, 1, 2, 3]))}, variants=({"gamma": 64}, {"gamma": 2}, {"gamma": 0})),
        Grid({"1x3x4": classified(1, 3, 4), "3x2x1": classified(3, 2, 1), "int32-3x4x4": classified(3, 4, 4, dtype=i32),
              "full-4x3x3": classified(4, 3, 3, fine=True)}),
        Grid({"repeated-5x3": embedded(5, 3, i64([7, -2, 7, 1000000, 3])), "one-1x3": embedded(1, 3, i64([5])),
              "falling-4x2": embedded(4, 2, i32([9, 4, 3, -1])), "one-label-3x4": embedded(3, 4, i64([6, 6, 6])),
              "full-4x5": embedded(4, 5, i64([3, 2, 1, 0]), fine=True)}, variants=({"gamma": 8},)),
    ),
    edges=(
        Edge("zero-embedding",
             {"embeddings": f32([[0, 0], [3, 4]]), "labels": i64([0, 1])}, {"gamma": 2}, REDUCTIONS,
             note="no norm counts as less than 1e-8: value 0, gradient 1e8 times"),
        Edge("duplicates", {"embeddings": f32([[3, 4]] * 3), "labels": i64([0, 1, 2])}, {}, REDUCTIONS),
        Edge("zero-classifier", {"image": f32([[1, 2]]), "text": f32([[2, 1]]), "weight": f32([[0, 0, 0]] * 2),
                                 "labels": i64([2])}, {}, REDUCTIONS),
        Edge("large", {"image": f32([[1e4, 0], [0, 1e4]]), "text": f32([[1e4, 0], [0, -1e4]]),
                       "weight": f32([[1, 0], [0, 1]]), "labels": i64([0, 1])}, {}, REDUCTIONS),
        Edge("empty", {"image": empty(0, 2), "text": empty(0, 2), "weight": f32([[1, 0], [0, 1]]), "labels": i64([])},
             {}, REDUCTIONS),
        Edge("empty-embeddings", {"embeddings": empty(0, 2), "labels": i64([])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"weight": f32([[1, 2, 3, 4, 5]] * 2)}),
        Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
        Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 5, 2])}),
        Refusal("label-negative", "InputError", {"labels": i64([0, 1, -1, 2])}),
        Refusal("labels-float", "DTypeError", {"labels": f32([0, 1, 0, 2], grad=False)}),
        Refusal("both-forms", "InputError", {"embeddings": f32([[1, 2, 3]] * 4)}),
        Refusal("no-form", "InputError", NO_CLASSIFIER),
        *options_refused(BATCHMEAN, {"gamma-nan": {"gamma": NAN}, "gamma-not-a-number": {"gamma": "big"}}),
    ),
    wide=(
        Grid({"129x3x5": classified(129, 3, 5), "1x1025x1": classified(1, 1025, 1),
              "embeddings-129x2": embedded(129, 2, lambda d: d.indices(17, 129))}, reductions=("mean",)),
    ),
)

LOSSES = [cmpm_loss, cmpc_loss, sdm_loss, instance_loss]
