"""Contrastive losses over pairs and over batches."""

import torch
import torch.nn.functional as F

from distances import cosine, euclidean
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, boolean, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, options_refused


# --- contrastiveLoss ---------------------------------------------------------------------------

def contrastive(i, o):
    apart = euclidean if o.distance == "euclidean" else lambda x, y: 1 - cosine(x, y)
    d = apart(i.input1, i.input2)
    target = i.target.to(d.dtype)
    return reduce((target * d**2 + (1 - target) * (o.margin - d).clamp_min(0) ** 2) / 2, o.reduction)


def labelled_pairs(*shape, target=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        labels = d.bits(*shape[:-1]) if target is None else target
        return {"input1": one(*shape), "input2": one(*shape), "target": labels}
    return draw


def labelled(input1, input2, target):
    return {"input1": f32(input1), "input2": f32(input2), "target": f32(target)}


SAME_DIRECTION = [[3, 4], [3, 4]]

contrastive_loss = Loss(
    name="contrastiveLoss",
    source=formula("Hadsell, Chopra, LeCun 2006"),
    defaults={"margin": 1.0, "distance": "euclidean"},
    reference=contrastive,
    grids=(
        Grid({"6x3": labelled_pairs(6, 3)}, variants=(
            {}, {"margin": 3}, {"distance": "cosine"}, {"distance": "cosine", "margin": 1.5}, {"margin": 0.5})),
        Grid(
            {
                "3": labelled_pairs(3),
                "1x4": labelled_pairs(1, 4),
                "8x16": labelled_pairs(8, 16),
                "full-4x5": labelled_pairs(4, 5, fine=True),
                "int64-target": labelled_pairs(4, 3, target=i64([1, 0, 0, 1])),
                "int32-target": labelled_pairs(4, 3, target=i32([0, 1, 0, 1])),
                "soft-target": labelled_pairs(4, 3, target=f32([0.25, 0.5, 0, 1])),
            },
            variants=({"margin": 4, "distance": "euclidean"}, {"margin": 1.5, "distance": "cosine"}),
            reductions=("none", "mean"),
        ),
    ),
    edges=(
        *(Edge(f"duplicates-{d}", labelled(SAME_DIRECTION, SAME_DIRECTION, [1, 0]), {"distance": d}, REDUCTIONS,
               note="the norm has gradient 0 at 0" if d == "euclidean" else "") for d in ("euclidean", "cosine")),
        Edge("boundary-euclidean", labelled([[0, 0]] * 2, [[3, 4]] * 2, [0, 1]), {"margin": 5}, REDUCTIONS),
        Edge("boundary-cosine", labelled([[2, 0]], [[0, 1]], [0]), {"distance": "cosine"}, REDUCTIONS),
        Edge("inactive", labelled([[0, 0]], [[3, 4]], [0]), {"margin": 2}, REDUCTIONS),
        Edge("all-similar", labelled([[0, 0], [1, 1]], [[3, 4], [0, 1]], [1, 1]), reductions=REDUCTIONS),
        Edge("opposite-cosine", labelled([[2, 0]] * 2, [[-1, 0]] * 2, [0, 1]), {"distance": "cosine", "margin": 3}),
        Edge("zero-vectors-euclidean", labelled([[0, 0]] * 2, [[0, 0]] * 2, [0, 1]), reductions=REDUCTIONS),
        Edge("zero-vectors-cosine", labelled([[0, 0], [0, 0]], [[1, 2], [0, 0]], [1, 0]),
             {"distance": "cosine", "margin": 2}, note="torch's cosine_similarity: value 0, gradient 1e8 times"),
        Edge("short-vectors-cosine",
             labelled([[2.0**-28, 2.0**-30], [2.0**-40, 0]], [[1, 2], [2.0**-30, 2.0**-31]], [1, 0]),
             {"distance": "cosine", "margin": 2}),
        *(Edge(f"large-{d}", labelled([[1e4, 0]] * 2, [[-1e4, 5e3]] * 2, [0, 1]), {"distance": d})
          for d in ("euclidean", "cosine")),
        *(Edge(f"empty-{d}", {"input1": empty(0, 3), "input2": empty(0, 3), "target": empty(0)}, {"distance": d},
               REDUCTIONS) for d in ("euclidean", "cosine")),
    ),
    refusals=(
        Refusal("rank-mismatch", "ShapeError", {"input2": f32([1, 2, 3])}),
        Refusal("batch-mismatch", "ShapeError", {"input2": f32([[1, 2, 3]] * 5)}),
        Refusal("width-mismatch", "ShapeError", {"input2": f32([[1, 2]] * 6)}),
        Refusal("target-of-pairs", "ShapeError", {"target": f32([[1, 0, 1]] * 6)}),
        Refusal("target-too-short", "ShapeError", {"target": i64([1, 0])}),
        Refusal("boolean-target", "DTypeError", {"target": boolean([True] * 6)}),
        *options_refused(MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, BATCHMEAN, {"distance-unknown": {"distance": "l7"}}),
    ),
    wide=(
        Grid({"129x3": labelled_pairs(129, 3), "1x1025": labelled_pairs(1, 1025)},
             variants=({"margin": 4, "distance": "euclidean"}, {"margin": 1.5, "distance": "cosine"}),
             reductions=("mean",)),
    ),
)


# --- clipLoss ----------------------------------------------------------------------------------

def clip(i, o):
    logits = i.logitScale * i.image @ i.text.T
    if i.logitBias is not None:
        logits = logits + i.logitBias
    if i.target is not None:
        rows, columns = (F.cross_entropy(side, target, reduction="none")
                         for side, target in ((logits, i.target), (logits.T, i.target.T)))
        return (reduce(rows, o.reduction) + reduce(columns, o.reduction)) / 2
    match = torch.arange(len(logits))
    rows, columns = (F.cross_entropy(side, match, reduction="none") for side in (logits, logits.T[:len(logits)]))
    return reduce((rows + columns) / 2, o.reduction)


def captioned(*shape, bias=False, fine=False, scale=None, texts=None, soft=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        n = shape[0] if texts is None else texts
        inputs = {"image": one(*shape), "text": one(n, *shape[1:]),
                  "logitScale": d.positive() if scale is None else f32(scale)}
        if soft:
            inputs["target"] = d.probabilities(shape[0], n)
        return {**inputs, "logitBias": d.coarse()} if bias else inputs
    return draw


def clip_inputs(image, text, scale=1, bias=None):
    inputs = {"image": f32(image), "text": f32(text), "logitScale": f32(scale)}
    return inputs if bias is None else {**inputs, "logitBias": f32(bias)}


clip_loss = Loss(
    name="clipLoss",
    source=formula("Radford et al. 2021 (CLIP), open_clip ClipLoss"),
    reference=clip,
    grids=(
        Grid({
            "4x3": captioned(4, 3),
            "bias-4x3": captioned(4, 3, bias=True),
            "1x3": captioned(1, 3),
            "bias-1x3": captioned(1, 3, bias=True),
            "2x1": captioned(2, 1),
            "8x16": captioned(8, 16),
            "bias-8x16": captioned(8, 16, bias=True),
            "full-5x4": captioned(5, 4, fine=True, bias=True),
            "scale100-4x3": captioned(4, 3, scale=100),
            "scale0-3x3": captioned(3, 3, scale=0),
            "more-texts-3x5x4": captioned(3, 4, texts=5, bias=True),
        }),
        Grid({"soft-4x3": captioned(4, 3, bias=True, soft=True), "soft-3x5x4": captioned(3, 4, texts=5, soft=True),
              "soft-5x2x4": captioned(5, 4, texts=2, soft=True)}, reductions=("mean", "sum")),
    ),
    edges=(
        Edge("duplicates", clip_inputs([[1, 2]] * 3, [[2, 1]] * 3, 2), reductions=REDUCTIONS),
        Edge("zero-vectors", clip_inputs([[0, 0]] * 3, [[0, 0]] * 3, 2, 0.5), reductions=REDUCTIONS),
        Edge("matched-logits-1e4", clip_inputs([[100, 0], [0, 100]], [[1, -1], [-1, 1]], 100), reductions=REDUCTIONS,
             note="logits of +1e4 where they match, -1e4 elsewhere"),
        Edge("crossed-logits-1e4", clip_inputs([[100, 0], [0, 100]], [[-1, 1], [1, -1]], 100), reductions=REDUCTIONS),
        Edge("bias-1e4", clip_inputs([[1, 0.5], [0, 1]], [[1, 0], [0.5, 1]], 4, -1e4), reductions=REDUCTIONS),
        Edge("negative-scale", clip_inputs([[1, 0.5], [0, 1]], [[1, 0], [0.5, 1]], -4)),
        Edge("empty", clip_inputs(empty(0, 3).data, empty(0, 3).data, 2, 0.5), reductions=REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
        Refusal("one-dimensional", "ShapeError", {"image": f32([1, 2, 3]), "text": f32([1, 2, 3])}),
        Refusal("soft-values", "ShapeError", {"target": f32([[0.25] * 4] * 4)}, {"reduction": "none"}),
        Refusal("target-mismatch", "ShapeError", {"target": f32([[0.25] * 4] * 3)}),
        Refusal("scale-not-scalar", "ShapeError", {"logitScale": f32([1, 2])}),
        Refusal("bias-not-scalar", "ShapeError", {"logitBias": f32([[1]])}),
        Refusal("integer-scale", "DTypeError", {"logitScale": i64(2)}),
        Refusal("missing-scale", "InputError", {"logitScale": None}),
        *options_refused(BATCHMEAN, {"scale-is-no-option": {"logitScale": 2}}),
    ),
    wide=(
        Grid({"129x3": captioned(129, 3, bias=True), "2x1025": captioned(2, 1025, scale=0.125)},
             reductions=("mean",)),
    ),
)

LOSSES = [contrastive_loss, clip_loss]
