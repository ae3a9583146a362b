"""Contrastive losses in which the rest of the batch are the negatives."""

import torch
import torch.nn.functional as F

from distances import dot
from evaluate import reduce
from libraries import open_clip
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, constant, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, INF, NAN, options_refused

OPEN_CLIP = "open_clip_torch 3.3.0, torch 2.13.0 (float64)"
TEMPERATURES = {
    "temperature-zero": {"temperature": 0},
    "temperature-negative": {"temperature": -1},
    "temperature-nan": {"temperature": NAN},
    "temperature-infinite": {"temperature": INF},
}


def unit(x):
    return F.normalize(x, dim=-1)


def pairs_of(one, other):
    """Two inputs of one shape."""
    def recipe(*shape, fine=False):
        return lambda d: {name: (d.fine if fine else d.coarse)(*shape) for name in (one, other)}
    return recipe


def two(one, other):
    return lambda a, b: {one: f32(a), other: f32(b)}


# --- siglipLoss --------------------------------------------------------------------------------

def siglip(i, o):
    if o.reduction == "mean" and len(i.image):
        return open_clip().SigLipLoss()(i.image, i.text, i.logitScale, i.logitBias)
    logits = i.logitScale * i.image @ i.text.T + i.logitBias
    each = -F.logsigmoid((2 * torch.eye(len(logits)) - 1) * logits).sum(dim=1)
    return reduce(each, o.reduction)


def captioned(*shape, fine=False, scale=None, bias=None):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"image": one(*shape), "text": one(*shape), "logitScale": d.positive() if scale is None else f32(scale),
                "logitBias": d.coarse() if bias is None else f32(bias)}
    return draw


def siglip_inputs(image, text, scale, bias):
    return {"image": f32(image), "text": f32(text), "logitScale": f32(scale), "logitBias": f32(bias)}


IMAGE_TEXT_REFUSALS = (
    Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
    Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
    Refusal("one-dimensional", "ShapeError", {"image": f32([1, 2, 3]), "text": f32([1, 2, 3])}),
    Refusal("scale-not-scalar", "ShapeError", {"logitScale": f32([1, 2])}),
    Refusal("missing-scale", "InputError", {"logitScale": None}),
)

siglip_loss = Loss(
    name="siglipLoss",
    source=OPEN_CLIP,
    reference=siglip,
    grids=(
        Grid({"4x3": captioned(4, 3), "1x3": captioned(1, 3), "2x1": captioned(2, 1), "8x16": captioned(8, 16),
              "full-5x4": captioned(5, 4, fine=True), "start-4x3": captioned(4, 3, scale=10, bias=-10),
              "scale0-3x3": captioned(3, 3, scale=0)}),
    ),
    edges=(
        Edge("duplicates", siglip_inputs([[1, 2]] * 3, [[2, 1]] * 3, 2, 0.5), reductions=REDUCTIONS),
        Edge("zero-vectors", siglip_inputs([[0, 0]] * 3, [[0, 0]] * 3, 2, 0), reductions=REDUCTIONS),
        Edge("matched-logits-1e4", siglip_inputs([[100, 0], [0, 100]], [[1, -1], [-1, 1]], 100, 0), reductions=REDUCTIONS),
        Edge("crossed-logits-1e4", siglip_inputs([[100, 0], [0, 100]], [[-1, 1], [1, -1]], 100, 0), reductions=REDUCTIONS),
        Edge("large", siglip_inputs([[1e4, 0], [0, -1e4]], [[2, 1], [1, 3]], 2, 0.5), reductions=REDUCTIONS),
        Edge("minus-infinite-bias", siglip_inputs([[1, 0.5], [0, 1]], [[1, 0], [0.5, 1]], 2, -INF), reductions=REDUCTIONS, note="nothing matches"),
        Edge("negative-scale", siglip_inputs([[1, 0.5], [0, 1]], [[1, 0], [0.5, 1]], -4, 1)),
        Edge("empty", siglip_inputs(empty(0, 3).data, empty(0, 3).data, 2, 0.5), reductions=REDUCTIONS),
    ),
    refusals=(*IMAGE_TEXT_REFUSALS, Refusal("missing-bias", "InputError", {"logitBias": None}), *options_refused(BATCHMEAN)),
    wide=(Grid({"129x3": captioned(129, 3), "2x1025": captioned(2, 1025, scale=0.125)}, reductions=("mean",)),),
)


# --- infoNceLoss -------------------------------------------------------------------------------

def info_nce(i, o):
    q, p = unit(i.query), unit(i.positive)
    if i.negatives is None:
        return F.cross_entropy(q @ p.T / o.temperature, torch.arange(len(q)), reduction=o.reduction)
    negatives = unit(i.negatives) if o.normalizeNegatives else i.negatives
    apart = q @ negatives.T if negatives.ndim == 2 else (negatives @ q[:, :, None]).squeeze(2)
    logits = torch.cat([dot(q, p)[:, None], apart], dim=1) / o.temperature
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long), reduction=o.reduction)


def queries(n, width, negatives=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        inputs = {"query": one(n, width), "positive": one(n, width)}
        return inputs if negatives is None else {**inputs, "negatives": one(*negatives)}
    return draw


asked = two("query", "positive")

info_nce_loss = Loss(
    name="infoNceLoss",
    source=formula("van den Oord et al. 2018 (InfoNCE); He et al. 2020 (MoCo), lightly 1.6.0 NTXentLoss with a memory bank"),
    defaults={"temperature": 0.07, "normalizeNegatives": False},
    reference=info_nce,
    grids=(
        Grid({"4x3": queries(4, 3), "shared-4x3": queries(4, 3, (5, 3)), "own-4x3": queries(4, 3, (4, 2, 3))},
             variants=({}, {"temperature": 0.5}, {"normalizeNegatives": True, "temperature": 0.25})),
        Grid({"1x3": queries(1, 3), "8x16": queries(8, 16), "full-5x4": queries(5, 4, (6, 4), fine=True),
              "own-one-3x4": queries(3, 4, (3, 1, 4)), "no-negatives-3x4": queries(3, 4, (0, 4))},
             reductions=("none", "mean")),
    ),
    edges=(
        Edge("duplicates", asked([[3, 4]] * 3, [[3, 4]] * 3), {"temperature": 0.5}, REDUCTIONS),
        Edge("zero-query", asked([[0, 0], [3, 4]], [[3, 4], [4, 3]]), {"temperature": 0.5},
             note="no norm counts as less than 1e-12: value 0, gradient 1e12 times"),
        Edge("short-query", asked([[2.0**-41, 0], [3, 4]], [[3, 4], [4, 3]]), {"temperature": 0.5},
             note="below the floor the norm has no gradient"),
        Edge("large-negatives", {**asked([[3, 4], [4, 3]], [[3, 4], [4, 3]]), "negatives": f32([[1e4, 0], [0, -1e4]])},
             {"temperature": 1}, REDUCTIONS),
        Edge("large", asked([[3e4, 4e4], [4, 3]], [[3, 4], [4e4, 3e4]]), {"temperature": 0.5}, REDUCTIONS),
        Edge("empty", asked(empty(0, 3).data, empty(0, 3).data), {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"positive": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"positive": f32([[1, 2]] * 4)}),
        Refusal("negatives-width", "ShapeError", {"negatives": f32([[1, 2]] * 4)}),
        Refusal("negatives-of-others", "ShapeError", {"negatives": f32([[[1, 2, 3]]] * 3)}),
        Refusal("one-dimensional", "ShapeError", {"query": f32([1, 2, 3]), "positive": f32([1, 2, 3])}),
        *options_refused(BATCHMEAN, TEMPERATURES, {"flag": {"normalizeNegatives": 1}}),
    ),
    wide=(Grid({"129x3": queries(129, 3), "2x1025": queries(2, 1025, (3, 1025))}, reductions=("mean",)),),
)


# --- decoupledContrastiveLoss ------------------------------------------------------------------

def decoupled_direction(a, b, o):
    itself = torch.eye(len(a), dtype=torch.bool)
    within, across = a @ a.T / o.temperature, a @ b.T / o.temperature
    weight = 1
    if o.weighting == "misesFisher":
        weight = (2 - len(a) * F.softmax(dot(a, b) / o.sigma, dim=0)).detach()
    others = torch.cat([side[~itself].view(len(a), max(len(a) - 1, 0)) for side in (within, across)], dim=1)
    return -across.diagonal() * weight + others.logsumexp(dim=1)


def decoupled(i, o):
    a, b = unit(i.viewA), unit(i.viewB)
    return reduce((decoupled_direction(a, b, o) + decoupled_direction(b, a, o)) / 2, o.reduction)


views = pairs_of("viewA", "viewB")
viewed = two("viewA", "viewB")

decoupled_contrastive_loss = Loss(
    name="decoupledContrastiveLoss",
    source=formula("Yeh et al. 2022 (DCL), lightly 1.6.0 DCLLoss and DCLWLoss"),
    defaults={"temperature": 0.1, "weighting": "none", "sigma": 0.5},
    reference=decoupled,
    grids=(
        Grid({"4x3": views(4, 3)}, variants=(
            {}, {"temperature": 0.5}, {"weighting": "misesFisher"}, {"weighting": "misesFisher", "sigma": 0.25})),
        Grid({"2x3": views(2, 3), "8x16": views(8, 16), "full-5x4": views(5, 4, fine=True)},
             variants=({"weighting": "none"}, {"weighting": "misesFisher", "sigma": 2}), reductions=("none", "mean")),
    ),
    edges=(
        Edge("duplicates", viewed([[3, 4]] * 3, [[3, 4]] * 3), {"temperature": 0.5}, REDUCTIONS),
        Edge("zero-vectors", viewed([[0, 0], [3, 4]], [[3, 4], [0, 0]]), {"temperature": 0.5}),
        Edge("large", viewed([[3e4, 4e4], [4, 3]], [[3, 4], [4e4, 3e4]]), {"temperature": 0.5}, REDUCTIONS),
        Edge("empty", viewed(empty(0, 3).data, empty(0, 3).data), {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"viewB": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"viewB": f32([[1, 2]] * 4)}),
        Refusal("one-dimensional", "ShapeError", {"viewA": f32([1, 2, 3]), "viewB": f32([1, 2, 3])}),
        *options_refused(BATCHMEAN, TEMPERATURES, {
            "sigma-zero": {"sigma": 0}, "sigma-nan": {"sigma": NAN}, "weighting-unknown": {"weighting": "gauss"}}),
    ),
    wide=(Grid({"129x3": views(129, 3), "2x1025": views(2, 1025)}, reductions=("mean",)),),
)


# --- multipleNegativesRankingLoss --------------------------------------------------------------

def ranked(i, o):
    similar = (lambda x, y: unit(x) @ unit(y).T) if o.similarity == "cosine" else (lambda x, y: x @ y.T)
    n = len(i.anchor)
    lists = [] if i.negative is None else [i.negative] if i.negative.ndim == 2 else list(i.negative.unbind(1))
    docs = torch.cat([i.positive, *lists])
    own = torch.eye(n, dtype=torch.bool)
    own_docs = own.repeat(1, 1 + len(lists))
    to_docs = similar(i.anchor, docs)
    hard = own_docs.clone()
    hard[:, :n] = False
    counts = {"none": torch.zeros_like(hard), "hardNegatives": hard, "inBatchNegatives": ~own_docs,
              "allNegatives": hard | ~own_docs}[o.hardnessMode]
    blocks = {"queryToDoc": o.scale * to_docs + counts * o.hardnessStrength * to_docs.detach()}
    if "queryToQuery" in o.directions:
        blocks["queryToQuery"] = (o.scale * similar(i.anchor, i.anchor)).masked_fill(own, -torch.inf)
    if "docToQuery" in o.directions:
        blocks["docToQuery"] = o.scale * similar(i.positive, i.anchor)
    if "docToDoc" in o.directions:
        blocks["docToDoc"] = (o.scale * similar(i.positive, docs)).masked_fill(own_docs, -torch.inf)
    pools = [torch.cat(list(blocks.values()), dim=1)] if o.partitionMode == "joint" else list(blocks.values())
    total = sum(pool.logsumexp(dim=1) for pool in pools) / len(pools)
    return reduce(total - o.scale * to_docs.diagonal(), o.reduction)


def questions(n, width, negative=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        inputs = {"anchor": one(n, width), "positive": one(n, width)}
        return inputs if negative is None else {**inputs, "negative": one(*negative)}
    return draw


answered = two("anchor", "positive")
ALL_DIRECTIONS = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"]
SYMMETRIC = {"directions": ["queryToDoc", "docToQuery"], "partitionMode": "perDirection"}

multiple_negatives_ranking_loss = Loss(
    name="multipleNegativesRankingLoss",
    source=formula("sentence-transformers 6.2.0 MultipleNegativesRankingLoss"),
    defaults={"scale": 20.0, "similarity": "cosine", "directions": ["queryToDoc"], "partitionMode": "joint",
              "hardnessMode": "none", "hardnessStrength": 0.0},
    reference=ranked,
    grids=(
        Grid({"4x3": questions(4, 3), "hard-4x3": questions(4, 3, (4, 3)), "hard2-4x3": questions(4, 3, (4, 2, 3))},
             variants=(
                 {}, {"scale": 2, "similarity": "dot"}, {"scale": 5, **SYMMETRIC},
                 {"scale": 5, "directions": ALL_DIRECTIONS},
                 {"scale": 5, "hardnessMode": "inBatchNegatives", "hardnessStrength": 3},
                 {"scale": 5, "hardnessMode": "hardNegatives", "hardnessStrength": 3},
                 {"scale": 5, "hardnessMode": "allNegatives", "hardnessStrength": 3})),
        Grid({"1x3": questions(1, 3), "8x16": questions(8, 16), "full-5x4": questions(5, 4, (5, 2, 4), fine=True)},
             variants=({"scale": 10}, {"scale": 10, **SYMMETRIC}), reductions=("none", "mean")),
    ),
    edges=(
        Edge("duplicates", answered([[3, 4]] * 3, [[3, 4]] * 3), {}, REDUCTIONS),
        Edge("zero-anchor", answered([[0, 0], [3, 4]], [[3, 4], [4, 3]]), {"scale": 2}),
        Edge("large", answered([[100, 0], [0, 100]], [[-100, 0], [0, 100]]), {"scale": 1, "similarity": "dot"}, REDUCTIONS),
        Edge("larger", answered([[3e4, 4e4], [4, 3]], [[3, 4], [4e4, 3e4]]), {}, REDUCTIONS),
        Edge("empty", answered(empty(0, 3).data, empty(0, 3).data), {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"positive": f32([[1, 2, 3]] * 3)}),
        Refusal("negative-of-others", "ShapeError", {"negative": f32([[1, 2, 3]] * 3)}),
        Refusal("one-dimensional", "ShapeError", {"anchor": f32([1, 2, 3]), "positive": f32([1, 2, 3])}),
        *options_refused(BATCHMEAN, {
            "scale-zero": {"scale": 0}, "scale-nan": {"scale": NAN},
            "directions-empty": {"directions": []}, "directions-twice": {"directions": ["queryToDoc", "queryToDoc"]},
            "directions-unknown": {"directions": ["queryToDoc", "docToUser"]}, "directions-a-word": {"directions": "queryToDoc"},
            "directions-without-positives": {"directions": ["docToQuery"]},
            "per-direction-of-one-kind": {"directions": ALL_DIRECTIONS, "partitionMode": "perDirection"},
            "hardness-negative": {"hardnessStrength": -1}, "hardness-unknown": {"hardnessMode": "soft"},
            "similarity-unknown": {"similarity": "l2"}, "partition-unknown": {"partitionMode": "both"}}),
    ),
    wide=(Grid({"129x3": questions(129, 3), "2x1025": questions(2, 1025, (2, 1025))}, reductions=("mean",)),),
)


# --- cocaLoss ----------------------------------------------------------------------------------

def coca(i, o):
    model = open_clip().CoCaLoss(o.captionWeight, o.contrastiveWeight, pad_id=o.padId)
    if o.reduction == "mean" and len(i.image):
        return sum(model(i.image, i.text, i.captionLogits, i.captionLabels, i.logitScale))
    logits = i.logitScale * i.image @ i.text.T
    match = torch.arange(len(logits))
    contrastive = sum(F.cross_entropy(side, match, reduction=o.reduction) for side in (logits, logits.T)) / 2
    caption = F.cross_entropy(i.captionLogits.permute(0, 2, 1), i.captionLabels, ignore_index=o.padId, reduction=o.reduction)
    return o.contrastiveWeight * contrastive + o.captionWeight * caption


def worded(n, width, length, words, fine=False, dtype=i64):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"image": one(n, width), "text": one(n, width), "logitScale": d.positive(),
                "captionLogits": one(n, length, words), "captionLabels": d.indices(words, n, length, dtype=dtype)}
    return draw


def captions(image, text, logits, words):
    return {"image": f32(image), "text": f32(text), "logitScale": f32(2), "captionLogits": f32(logits),
            "captionLabels": i64(words)}


ONE = [[1, 0.5], [0, 1]]
BOTH = ("mean", "sum")

coca_loss = Loss(
    name="cocaLoss",
    source=OPEN_CLIP,
    defaults={"contrastiveWeight": 1, "captionWeight": 2, "padId": 0},
    reference=coca,
    grids=(
        Grid({"4x3": worded(4, 3, 5, 3), "int32-4x3": worded(4, 3, 2, 3, dtype=i32)}, reductions=BOTH, variants=(
            {}, {"contrastiveWeight": 0}, {"captionWeight": 0}, {"contrastiveWeight": 0.5, "captionWeight": 1, "padId": 2},
            {"padId": -100})),
        Grid({"8x16": worded(8, 16, 3, 7), "full-3x4": worded(3, 4, 2, 5, fine=True), "1x3": worded(1, 3, 2, 4)},
             reductions=("mean",)),
    ),
    edges=(
        Edge("all-padding", captions(ONE, ONE, [[[1, 2]], [[0, 1]]], [[0], [0]]), reductions=BOTH,
             note="the mean over no words is NaN, with gradient 0"),
        Edge("all-padding-left-out", captions(ONE, ONE, [[[1, 2]], [[0, 1]]], [[0], [0]]), {"captionWeight": 0}, BOTH[1:]),
        Edge("large", captions([[100, 0], [0, 100]], [[100, 0], [0, -100]], [[[1e4, -1e4]], [[-1e4, 1e4]]], [[1], [1]]),
             reductions=BOTH),
        Edge("minus-infinite-word", captions(ONE, ONE, [[[1, -INF]], [[0, -INF]]], [[0], [0]]), {"padId": 1}, BOTH,
             note="a word that is ruled out"),
        Edge("empty", {**captions(empty(0, 2).data, empty(0, 2).data, empty(0, 3, 4).data, empty(0, 3).data)}, reductions=BOTH),
    ),
    refusals=(
        *IMAGE_TEXT_REFUSALS,
        Refusal("labels-too-short", "ShapeError", {"captionLabels": i64([[0, 1, 2, 1]] * 4)}),
        Refusal("label-too-large", "InputError", {"captionLabels": i64([[0, 1, 2, 3, 0]] * 4)}),
        Refusal("float-labels", "DTypeError", {"captionLabels": f32([[0, 1, 2, 1, 0]] * 4)}),
        *options_refused(BATCHMEAN, {
            "values": {"reduction": "none"},
            "weight-negative": {"captionWeight": -1}, "pad-not-an-integer": {"padId": 0.5}}),
    ),
    wide=(Grid({"129x3": worded(129, 3, 1, 4), "2x1025": worded(2, 1025, 2, 3)}, reductions=("mean",)),),
)


# --- clipDistillationLoss ----------------------------------------------------------------------

def distilled(i, o):
    if o.reduction == "mean" and len(i.image):
        own, agreement = open_clip().DistillClipLoss()(
            i.image, i.text, i.logitScale, i.teacherImage, i.teacherText, i.teacherLogitScale)
        return o.contrastiveWeight * own + o.distillWeight * agreement
    student, teacher = i.logitScale * i.image @ i.text.T, i.teacherLogitScale * i.teacherImage @ i.teacherText.T
    match = torch.arange(len(student))
    own = sum(F.cross_entropy(side, match, reduction="none") for side in (student, student.T)) / 2
    agreement = sum(F.cross_entropy(mine, theirs.softmax(dim=1), reduction="none")
                    for mine, theirs in ((student, teacher), (student.T, teacher.T))) / 2
    return reduce(o.contrastiveWeight * own + o.distillWeight * agreement, o.reduction)


def taught(n, width, wider, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"image": one(n, width), "text": one(n, width), "logitScale": d.positive(),
                "teacherImage": constant(one(n, wider).data), "teacherText": constant(one(n, wider).data),
                "teacherLogitScale": d.positive(grad=False)}
    return draw


def lesson(image, text, teacher_image, teacher_text, scale=2):
    return {"image": f32(image), "text": f32(text), "logitScale": f32(scale), "teacherImage": constant(teacher_image),
            "teacherText": constant(teacher_text), "teacherLogitScale": constant(scale)}


clip_distillation_loss = Loss(
    name="clipDistillationLoss",
    source=OPEN_CLIP,
    defaults={"contrastiveWeight": 1, "distillWeight": 1},
    reference=distilled,
    grids=(
        Grid({"4x3": taught(4, 3, 5)}, variants=({}, {"contrastiveWeight": 0}, {"distillWeight": 0.25})),
        Grid({"1x3": taught(1, 3, 2), "8x16": taught(8, 16, 3), "full-5x4": taught(5, 4, 6, fine=True)},
             reductions=("none", "mean")),
    ),
    edges=(
        Edge("duplicates", lesson([[1, 2]] * 3, [[2, 1]] * 3, [[1, 2]] * 3, [[2, 1]] * 3), reductions=REDUCTIONS),
        Edge("teacher-is-student", lesson(ONE, ONE, ONE, ONE), reductions=REDUCTIONS),
        Edge("large", lesson([[100, 0], [0, 100]], [[1, -1], [-1, 1]], [[100, 0], [0, 100]], [[-1, 1], [1, -1]], 100),
             reductions=REDUCTIONS),
        Edge("larger", lesson([[1e4, 0], [0, 1e4]], [[1, -1], [-1, 1]], [[1e4, 0], [0, 1e4]], [[1, -0.5], [-1, 1]]),
             reductions=REDUCTIONS),
        Edge("empty", lesson(empty(0, 2).data, empty(0, 2).data, empty(0, 3).data, empty(0, 3).data), reductions=REDUCTIONS),
    ),
    refusals=(
        *IMAGE_TEXT_REFUSALS,
        Refusal("teacher-batch", "ShapeError", {"teacherText": constant([[1, 2, 3, 4, 5]] * 3)}),
        Refusal("teacher-width", "ShapeError", {"teacherText": constant([[1, 2, 3]] * 4)}),
        Refusal("missing-teacher", "InputError", {"teacherImage": None}),
        *options_refused(BATCHMEAN, {"weight-negative": {"distillWeight": -1}, "weight-nan": {"contrastiveWeight": NAN}}),
    ),
    wide=(Grid({"129x3": taught(129, 3, 2), "2x1025": taught(2, 1025, 2)}, reductions=("mean",)),),
)

LOSSES = [siglip_loss, info_nce_loss, decoupled_contrastive_loss, multiple_negatives_ranking_loss, coca_loss,
          clip_distillation_loss]
