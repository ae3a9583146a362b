"""Ranking and triplet losses."""

import math

import numpy as np
import torch.nn.functional as F

from distances import DISTANCES, SIMILARITIES, cosine, euclidean
from evaluate import reduce
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, boolean, empty, f32, formula, i32, i64, rounded
from refusals import BATCHMEAN, MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, options_refused

NAN, INF = math.nan, math.inf


# --- marginRankingLoss -------------------------------------------------------------------------

SURVEY_INPUT1 = [-0.1548, 0.1426, -0.1539, -0.0578, 0.0504, -0.3337, -0.0565, 0.0113, -0.0869, 0.1934]
SURVEY_INPUT2 = [0.1836, -0.0975, -0.0247, -0.0073, -0.0405, 0.0328, -0.0786, 1.0513, -1.0179, -1.0999]


def pairs(*shape, target=None):
    return lambda d: {
        "input1": d.coarse(*shape),
        "input2": d.coarse(*shape),
        "target": d.signs(*shape) if target is None else target,
    }


def ranked(input1, input2, target):
    return {"input1": f32(input1), "input2": f32(input2), "target": f32(target)}


margin_ranking_loss = Loss(
    name="marginRankingLoss",
    source=TORCH,
    defaults={"margin": 0.0},
    reference=lambda i, o: F.margin_ranking_loss(
        i.input1, i.input2, i.target, margin=o.margin, reduction=o.reduction
    ),
    grids=(
        Grid({"12": pairs(12)}, variants=({"margin": 0}, {"margin": 0.5}, {"margin": -0.25})),
        Grid(
            {
                "1": pairs(1),
                "4x3": pairs(4, 3),
                "2x3x2": pairs(2, 3, 2),
                "full-3x4": lambda d: {"input1": d.fine(3, 4), "input2": d.fine(3, 4), "target": d.signs(3, 4)},
                "int64-target": pairs(5, target=i64([1, -1, -1, 1, 1])),
                "int32-target": pairs(5, target=i32([-1, -1, 1, 1, -1])),
                "broadcast-3x1-1x4-1x1": lambda d: {
                    "input1": d.coarse(3, 1), "input2": d.coarse(1, 4), "target": d.signs(1, 1)},
                "broadcast-target-3x1": lambda d: {
                    "input1": d.coarse(3, 4), "input2": d.coarse(3, 4), "target": d.signs(3, 1)},
            },
            variants=({"margin": 0.3},),
        ),
    ),
    edges=(
        Edge("boundary-equal-inputs", ranked([1, -2, 0, 0.5], [1, -2, 0, 0.5], [1, -1, 1, -1]),
             reductions=REDUCTIONS, note="exactly 0: clamp_min passes the whole gradient"),
        Edge("boundary-at-margin", ranked([1, 0.25, 2], [0.5, 0.75, 1], [1, -1, 1]), {"margin": 0.5}, REDUCTIONS),
        Edge("inactive", ranked([3, -2], [1, 2], [1, -1]), {"margin": 1}, REDUCTIONS),
        Edge("scalar", ranked(0.25, 1.5, 1), {"margin": 0.5}, REDUCTIONS),
        Edge("empty", {"input1": empty(0), "input2": empty(0), "target": empty(0)}, reductions=REDUCTIONS),
        Edge("empty-0x3", {"input1": empty(0, 3), "input2": empty(0, 3), "target": empty(0, 3)},
             reductions=REDUCTIONS),
        Edge("empty-broadcast", {"input1": empty(0, 3), "input2": f32([[1, 2, 3]]), "target": f32([[1]])},
             reductions=REDUCTIONS, note="what is broadcast into nothing gets a gradient of 0"),
        Edge("large", ranked([1e4, -1e4, 2.0**100], [-1e4, 1e4, 0], [-1, 1, -1]), {"margin": 0.5}, REDUCTIONS),
        Edge("infinite-inputs", ranked([INF, -INF, 1], [1, 2, INF], [-1, 1, 1])),
        Edge("nan-input", ranked([1, NAN], [1.5, 1], [1, -1]), note="NaN goes through the hinge"),
        Edge("survey-example",
             {"input1": rounded(SURVEY_INPUT1), "input2": rounded(SURVEY_INPUT2), "target": i64([1, -1] * 5)},
             reductions=REDUCTIONS,
             note="the survey prints |input1 - input2| in all ten places; the fourth to the ninth are 0"),
    ),
    refusals=(
        Refusal("rank-mismatch", "ShapeError", {"target": f32([[1] * 12])}),
        Refusal("not-broadcastable", "ShapeError", {"input2": f32([1, 2])}),
        Refusal("boolean-target", "DTypeError", {"target": boolean([True] * 12)}),
        *options_refused(MARGIN_NOT_FINITE, BATCHMEAN),
    ),
)


# --- triplets ----------------------------------------------------------------------------------

def triplets(*shape, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {name: one(*shape) for name in ("anchor", "positive", "negative")}
    return draw


def triplet(anchor, positive, negative):
    return {"anchor": f32(anchor), "positive": f32(positive), "negative": f32(negative)}


def no_triplets(*shape):
    return {name: empty(*shape) for name in ("anchor", "positive", "negative")}


TRIPLET_SHAPES = {
    "3": triplets(3),
    "1x4": triplets(1, 4),
    "5x1": triplets(5, 1),
    "8x16": triplets(8, 16),
    "full-4x5": triplets(4, 5, fine=True),
}
BROADCAST_TRIPLETS = {
    "2x3x4": triplets(2, 3, 4),
    "broadcast-positive-1x3": lambda d: {
        "anchor": d.coarse(4, 3), "positive": d.coarse(1, 3), "negative": d.coarse(4, 3)},
    "broadcast-anchor-1x3": lambda d: {
        "anchor": d.coarse(1, 3), "positive": d.coarse(4, 3), "negative": d.coarse(4, 3)},
    "broadcast-2x1x3-1x4x3": lambda d: {
        "anchor": d.coarse(2, 1, 3), "positive": d.coarse(1, 4, 3), "negative": d.coarse(2, 4, 3)},
}
TRIPLET_SHAPES_REFUSED = (
    Refusal("rank-mismatch", "ShapeError", {"negative": f32([1, 2, 3])}),
    Refusal("batch-mismatch", "ShapeError", {"positive": f32([[1, 2, 3]] * 3)}),
    Refusal("width-mismatch", "ShapeError", {"negative": f32([[1, 2]] * 4)}),
)

def rescaled(factor):
    rows = {"anchor": [[0, 0, 0]], "positive": [[1, -0.96875, 0.9375]], "negative": [[0.90625, 0.9375, -1]]}
    return {name: f32(np.asarray(row) * factor) for name, row in rows.items()}


# Above the least norm that counts in a cosine, and below it.
SHORT = [[2.0**-26, 2.0**-27], [2.0**-28, 2.0**-30], [2.0**-40, -(2.0**-40)]]

# Distances 5 (3-4-5) and 10 (6-8-10), exact at every step.
ORIGIN, NEAR, FAR = [[0, 0]], [[3, 4]], [[6, 8]]


ranking_loss = Loss(
    name="rankingLoss",
    source=formula("bidirectional ranking hinge, survey.zh.md, one direction"),
    defaults={"margin": 0.2, "similarity": "cosine"},
    reference=lambda i, o: reduce(
        (o.margin - SIMILARITIES[o.similarity](i.anchor, i.positive)
         + SIMILARITIES[o.similarity](i.anchor, i.negative)).clamp_min(0),
        o.reduction,
    ),
    grids=(
        Grid({"4x3": triplets(4, 3)}, variants=(
            {}, {"margin": 1}, {"margin": 0}, {"margin": -0.25}, {"similarity": "dot"},
            {"similarity": "dot", "margin": 1}, {"similarity": "negativeEuclidean"},
            {"similarity": "negativeEuclidean", "margin": 1})),
        Grid(TRIPLET_SHAPES, variants=(
            {"margin": 0.5}, {"margin": 0.5, "similarity": "dot"}, {"margin": 0.5,
                                                                    "similarity": "negativeEuclidean"}),
            reductions=("none", "mean")),
    ),
    edges=(
        Edge("boundary-cosine", triplet([[1, 0], [0, 2]], [[0, 1], [0, 1]], [[0, -1], [0, 4]]), {"margin": 0},
             REDUCTIONS),
        Edge("boundary-dot", triplet([[1, 2]], [[1, 0.5]], [[0.5, 0.5]]), {"similarity": "dot", "margin": 0.5}),
        Edge("boundary-euclidean", triplet(ORIGIN, NEAR, FAR), {"similarity": "negativeEuclidean", "margin": 5}),
        Edge("zero-anchor", triplet([[0, 0]], [[1, 2]], [[2, -1]]),
             note="torch's cosine_similarity: value 0, gradient 1e8 times"),
        Edge("zero-positive", triplet([[1, 2]], [[0, 0]], [[2, 1]])),
        Edge("zero-everything", triplet([[0, 0]], [[0, 0]], [[0, 0]]), reductions=REDUCTIONS),
        *(Edge(f"norm-2^-{bits}", triplet([[2.0**-bits, 2.0**-bits]], [[1, 2]], [[2, -1]]),
               note="no norm counts as less than 1e-8" if bits > 26 else "just above 1e-8")
          for bits in (26, 28, 34, 70)),
        Edge("duplicates-cosine", triplet([[1, 2], [3, 1]], [[1, 2], [3, 1]], [[1, 2], [-3, 1]]),
             reductions=REDUCTIONS),
        Edge("duplicates-euclidean", triplet([[1, 2], [3, 1]], [[1, 2], [3, 1]], [[1, 2], [3, 1.125]]),
             {"similarity": "negativeEuclidean"}, REDUCTIONS, note="the norm has gradient 0 at 0"),
        Edge("inactive", triplet([[1, 0]], [[2, 0]], [[-1, 0]]), reductions=REDUCTIONS),
        Edge("large", triplet([[1e4, -1e4]], [[-1e4, 5e3]], [[1e4, 1e4]])),
        Edge("large-dot", triplet([[1e4, -1e4]], [[-1e4, 5e3]], [[1e4, 1e4]]), {"similarity": "dot"}),
        Edge("empty", no_triplets(0, 3), reductions=REDUCTIONS),
        Edge("empty-dot", no_triplets(0, 3), {"similarity": "dot"}, REDUCTIONS),
    ),
    refusals=(
        *TRIPLET_SHAPES_REFUSED,
        Refusal("three-dimensional", "ShapeError", no_triplets(2, 3, 4)),
        Refusal("scalar", "ShapeError", triplet(1, 2, 3)),
        *options_refused(MARGIN_NOT_FINITE, BATCHMEAN, {"similarity-unknown": {"similarity": "jaccard"}}),
    ),
)


triplet_margin_loss = Loss(
    name="tripletMarginLoss",
    source=TORCH,
    defaults={"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False},
    reference=lambda i, o: F.triplet_margin_loss(
        i.anchor, i.positive, i.negative,
        margin=o.margin, p=o.p, eps=o.eps, swap=o.swap, reduction=o.reduction,
    ),
    grids=(
        Grid({"4x3": triplets(4, 3)}, variants=(
            {}, {"margin": 0.25}, {"margin": 3}, {"swap": True}, {"eps": 0}, {"eps": 0.125},
            *({"p": p} for p in (0, 0.5, 1, 1.5, 3, INF, -INF, -1, -2)),
            *({"p": p, "swap": True, "margin": 2} for p in (1, 3, INF)))),
        Grid({**TRIPLET_SHAPES, **BROADCAST_TRIPLETS}, variants=({"margin": 2}, {"margin": 2, "swap": True})),
    ),
    edges=(
        Edge("boundary", triplet(ORIGIN, NEAR, FAR), {"margin": 5, "eps": 0}, REDUCTIONS,
             note="exactly 0: clamp_min passes the whole gradient"),
        Edge("boundary-swap", triplet(ORIGIN, NEAR, [[9, 12]]), {"margin": 5, "eps": 0, "swap": True},
             note="negative distances 15 and 10: the smaller one, of the positive, counts"),
        Edge("boundary-p1", triplet([[0, 0]], [[1, 0.5]], [[2, -1]]), {"margin": 1.5, "eps": 0, "p": 1}),
        Edge("boundary-max-norm", triplet([[0, 0]], [[1, 0.5]], [[2, -1]]), {"margin": 1, "eps": 0, "p": INF}),
        Edge("just-inactive", triplet(ORIGIN, NEAR, FAR), {"margin": 4.5, "eps": 0}, REDUCTIONS),
        Edge("swap-tie", triplet([[1, 2]], [[1, 2]], [[4, 6]]), {"margin": 8, "swap": True}, REDUCTIONS,
             note="anchor equals positive: half of the gradient to each of the two equal distances"),
        Edge("swap-tie-eps0", triplet([[0, 0]], [[6, 0]], [[3, 4]]), {"margin": 8, "eps": 0, "swap": True}),
        Edge("max-norm-tie", triplet([[1, 2]], [[2, 3]], [[3, 0]]), {"margin": 4, "p": INF, "eps": 0}, REDUCTIONS,
             note="the gradient is shared between equal components"),
        Edge("max-norm-tie-of-three", triplet([[0, 0, 0, 0]], [[2, -2, 2, 1]], [[1, 0, 0, 0]]),
             {"margin": 4, "p": INF, "eps": 0}),
        Edge("min-norm-tie", triplet([[1, 2]], [[2, 3]], [[3, 0]]), {"margin": 4, "p": -INF, "eps": 0}),
        *(Edge(f"anchor-is-positive-p{p:g}", triplet([[1, 2]], [[1, 2]], [[2, 4]]), {"p": p, "margin": 4})
          for p in (0.5, 1, 2, 3, INF)),
        *(Edge(f"all-equal-eps0-p{p:g}", triplet([[1, 2]], [[1, 2]], [[1, 2]]), {"p": p, "eps": 0},
               note="a norm has gradient 0 at 0") for p in (0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1)),
        *(Edge(f"zero-component-eps0-p{p:g}", triplet([[1, 2]], [[1, 3]], [[1, 2.5]]), {"p": p, "eps": 0})
          for p in (0, 0.5, 1, 1.5, 3, -INF, -1)),
        *(Edge(f"powers-out-of-range-{size}-p{p:g}", rescaled(factor), {"p": p, "eps": 0, "margin": 4 * factor},
               ("none", "mean"), note="|x|^p leaves float32's range; the norm does not", beyond_float32=True)
          for size, factor in (("small", 2.0**-10), ("large", 2.0**10)) for p in (16, -16)),
        Edge("eps-is-signed", triplet([[0], [1]], [[1], [0]], [[0], [1]]), {"eps": 0.125},
             note="eps is added to the difference, so the distance is not symmetric"),
        Edge("zero-vectors", triplet([[0, 0, 0]] * 2, [[0, 0, 0]] * 2, [[0, 0, 0], [1, 0, 0]]),
             reductions=REDUCTIONS),
        Edge("inactive", triplet([[0, 0]] * 2, [[0, 1]] * 2, [[8, 8], [9, 9]]), reductions=REDUCTIONS),
        Edge("large", triplet([[1e4, -1e4]], [[-1e4, 5e3]], [[1e4, 1e4]]), reductions=REDUCTIONS),
        Edge("large-margin", triplet(ORIGIN, NEAR, FAR), {"margin": 1e4}),
        Edge("empty", no_triplets(0, 3), reductions=REDUCTIONS),
        Edge("empty-swap", no_triplets(0, 3), {"swap": True}, REDUCTIONS),
        Edge("empty-broadcast", {**no_triplets(0, 3), "positive": f32([[1, 2, 3]])}, reductions=REDUCTIONS),
    ),
    refusals=(
        *TRIPLET_SHAPES_REFUSED,
        *options_refused(MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, BATCHMEAN, {
            "p-nan": {"p": NAN},
            "p-not-a-number": {"p": "fro"},
            "eps-negative": {"eps": -1e-6},
            "eps-nan": {"eps": NAN},
            "swap-not-a-flag": {"swap": 1},
        }),
    ),
)


def by_distance(names, **options):
    return tuple({"distance": name, **options} for name in names)


triplet_margin_with_distance_loss = Loss(
    name="tripletMarginWithDistanceLoss",
    source=TORCH,
    defaults={"margin": 1.0, "distance": "pairwise", "swap": False},
    reference=lambda i, o: F.triplet_margin_with_distance_loss(
        i.anchor, i.positive, i.negative, distance_function=DISTANCES[o.distance],
        margin=o.margin, swap=o.swap, reduction=o.reduction,
    ),
    grids=(
        Grid({"4x3": triplets(4, 3)}, variants=(
            {}, *by_distance(DISTANCES, margin=0.25), *by_distance(DISTANCES, margin=2, swap=True))),
        Grid({**TRIPLET_SHAPES, **BROADCAST_TRIPLETS}, variants=by_distance(DISTANCES, margin=2),
             reductions=("none",)),
        Grid(BROADCAST_TRIPLETS, variants=by_distance(DISTANCES, margin=2, swap=True), reductions=("mean",)),
    ),
    edges=(
        Edge("boundary-euclidean", triplet(ORIGIN, NEAR, FAR), {"margin": 5, "distance": "euclidean"}, REDUCTIONS),
        Edge("boundary-squared", triplet(ORIGIN, NEAR, FAR), {"margin": 75, "distance": "squaredEuclidean"}),
        Edge("boundary-manhattan", triplet(ORIGIN, NEAR, FAR), {"margin": 7, "distance": "manhattan"}),
        Edge("boundary-cosine", triplet([[2, 0]], [[4, 0]], [[0, 1]]), {"margin": 1, "distance": "cosine"}),
        *(Edge(f"anchor-is-positive-{name}", triplet([[1, 2]], [[1, 2]], [[2, 4.5]]), {"margin": 4, "distance": name})
          for name in DISTANCES),
        *(Edge(f"all-equal-{name}", triplet([[3, 4]] * 2, [[3, 4]] * 2, [[3, 4]] * 2), {"distance": name}, REDUCTIONS)
          for name in DISTANCES),
        *(Edge(f"swap-tie-{name}", triplet([[0, 0]], [[0, 0]], [[3, 4]]),
               {"margin": 32, "distance": name, "swap": True}, note="half of the gradient to each equal distance")
          for name in ("pairwise", "euclidean", "squaredEuclidean", "manhattan")),
        Edge("swap-tie-cosine", triplet([[2, 0]], [[-1, 0]], [[0, 3]]),
             {"margin": 4, "distance": "cosine", "swap": True}),
        Edge("zero-component-manhattan", triplet([[1, 2]], [[1, 3]], [[2, 2]]), {"distance": "manhattan"},
             note="abs has gradient 0 at 0"),
        Edge("zero-vectors-cosine", triplet([[0, 0], [1, 2]], [[1, 2], [0, 0]], [[2, 1], [1, -1]]),
             {"distance": "cosine"},
             note="torch's cosine_similarity: value 0, gradient 1e8 times"),
        Edge("short-anchor-cosine", {**triplet([[0, 0]], [[1, 0]], [[0, 1]]), "anchor": rounded([[1e-10, 0]])},
             {"distance": "cosine"}, REDUCTIONS, note="a cosine of 0.01: no norm counts as less than 1e-8"),
        Edge("short-vectors-cosine", triplet(SHORT, [[1, 2]] * 3, [[2.0**-30, 0]] * 3), {"distance": "cosine"}),
        Edge("inactive", triplet([[0, 0]] * 2, [[0, 1]] * 2, [[8, 8], [9, 9]]), reductions=REDUCTIONS),
        *(Edge(f"large-{name}", triplet([[1e4, -1e4]], [[-1e4, 5e3]], [[1e4, 1e4]]), {"distance": name})
          for name in DISTANCES),
        *(Edge(f"empty-{name}", no_triplets(0, 3), {"distance": name}, REDUCTIONS) for name in ("pairwise",
                                                                                                "cosine")),
        Edge("empty-swap", no_triplets(0, 3), {"distance": "manhattan", "swap": True}, REDUCTIONS),
    ),
    refusals=(
        *TRIPLET_SHAPES_REFUSED,
        *options_refused(MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, BATCHMEAN, {
            "distance-unknown": {"distance": "hamming"},
            "distance-not-a-name": {"distance": 2},
            "swap-not-a-flag": {"swap": "yes"},
            "p-is-no-option": {"p": 2},
        }),
    ),
)


# --- mmcaTripletLoss ---------------------------------------------------------------------------

MMCA_INPUTS = ("image", "text", "negativeText", "negativeImage")


def mmca(i, o):
    if o.measure == "distance":
        d = euclidean
        matched = d(i.image, i.text)
        terms = (matched - d(i.image, i.negativeText), matched - d(i.negativeImage, i.text))
    else:
        matched = cosine(i.image, i.text)
        terms = (cosine(i.image, i.negativeText) - matched, cosine(i.negativeImage, i.text) - matched)
    return reduce(sum((term + o.margin).clamp_min(0) for term in terms), o.reduction)


def quadruples(*shape, fine=False):
    return lambda d: {name: (d.fine if fine else d.coarse)(*shape) for name in MMCA_INPUTS}


def quadruple(*rows):
    return {name: f32(row) for name, row in zip(MMCA_INPUTS, rows)}


mmca_triplet_loss = Loss(
    name="mmcaTripletLoss",
    source=formula("Wei et al. 2020 (MMCA), survey.zh.md"),
    defaults={"margin": 0.2, "measure": "distance"},
    reference=mmca,
    grids=(
        Grid({"4x3": quadruples(4, 3)}, variants=(
            {}, {"measure": "similarity"}, {"margin": 1}, {"margin": 1, "measure": "similarity"},
            {"margin": 0}, {"margin": -0.25, "measure": "similarity"})),
        Grid(
            {"3": quadruples(3), "1x5": quadruples(1, 5), "8x16": quadruples(8, 16),
             "full-3x4": quadruples(3, 4, fine=True)},
            variants=({"margin": 0.5, "measure": "distance"}, {"margin": 0.5, "measure": "similarity"}),
        ),
    ),
    edges=(
        Edge("boundary-distance", quadruple(ORIGIN, NEAR, FAR, [[9, 12]]), {"margin": 5}, REDUCTIONS,
             note="both terms exactly 0: clamp_min passes the whole gradient"),
        Edge("boundary-one-term", quadruple(ORIGIN, NEAR, FAR, [[3, 5]]), {"margin": 5}),
        Edge("boundary-similarity", quadruple([[1, 0]], [[2, 0]], [[0, 1]], [[0, 3]]),
             {"margin": 1, "measure": "similarity"}),
        *(Edge(f"all-equal-{m}", quadruple(*[[[3, 4]] * 2] * 4), {"measure": m}, REDUCTIONS)
          for m in ("distance", "similarity")),
        Edge("image-is-text", quadruple([[1, 2]], [[1, 2]], [[1.125, 2]], [[1, 2.125]]),
             note="the norm has gradient 0 at 0"),
        Edge("zero-vectors-similarity", quadruple([[0, 0]], [[1, 2]], [[2, 1]], [[1, 1]]), {"measure": "similarity"},
             note="torch's cosine_similarity: value 0, gradient 1e8 times"),
        Edge("short-vectors-similarity", quadruple(SHORT, [[1, 2]] * 3, [[2.0**-30, 0]] * 3, SHORT[::-1]),
             {"measure": "similarity"}),
        Edge("zero-vectors-distance", quadruple([[0, 0]], [[0, 0]], [[0, 0]], [[0, 0]]), reductions=REDUCTIONS),
        Edge("inactive", quadruple([[0, 0]], [[0, 1]], [[8, 8]], [[9, 9]]), reductions=REDUCTIONS),
        *(Edge(f"large-{m}", quadruple([[1e4, 0]], [[-1e4, 5e3]], [[1e4, 1e4]], [[0, 1e4]]), {"measure": m})
          for m in ("distance", "similarity")),
        *(Edge(f"empty-{m}", {n: empty(0, 3) for n in MMCA_INPUTS}, {"measure": m}, REDUCTIONS)
          for m in ("distance", "similarity")),
    ),
    refusals=(
        Refusal("rank-mismatch", "ShapeError", {"negativeText": f32([1, 2, 3])}),
        Refusal("batch-mismatch", "ShapeError", {"negativeImage": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
        *options_refused(MARGIN_NOT_FINITE, BATCHMEAN, {"measure-unknown": {"measure": "angle"}}),
    ),
)

LOSSES = [
    margin_ranking_loss,
    ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
    mmca_triplet_loss,
]
