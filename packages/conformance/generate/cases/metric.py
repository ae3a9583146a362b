"""Metric learning: losses over the pairs and triplets of a batch."""

import torch
from pytorch_metric_learning import losses

from metric_learning import (
    BATCH_REDUCTIONS, DISTANCE_REFUSED, GENERAL, MINER_REFUSED, MINERS, PML, RAW_DOT, RAW_LP, REFUSALS, class_loss, classified,
    distance, edges, further, given, labelled, mined, named_distances, over, pair_loss, reduced, reducer, wide,
)
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, empty, f32, formula, i64
from refusals import NAN, options_refused

EVERY_DISTANCE = ({"distance": "manhattan"}, {"distance": "squaredEuclidean"}, {"distance": "cosine"}, {"distance": "dot"},
                  {"distance": "snr"}, {"distance": RAW_DOT}, {"distance": RAW_LP})
TWO_DISTANCES = ({"distance": "euclidean"}, {"distance": RAW_DOT})


def margins(o):
    return {"pos_margin": o.posMargin, "neg_margin": o.negMargin}


CONTRASTIVE = ({"posMargin": 0.25, "negMargin": 0.75},)
metric_contrastive_loss = pair_loss(
    "metricContrastiveLoss", lambda o: (losses.ContrastiveLoss, {**margins(o), "distance": distance(o.distance)}),
    {"posMargin": 0, "negMargin": 1, "distance": "euclidean"},
    (*CONTRASTIVE, *EVERY_DISTANCE, {"posMargin": 1, "negMargin": 0, "distance": "cosine"}), default="avgNonZero",
    more_edges=(
        Edge("boundary", given([[0, 0], [3, 4], [0, 0], [3, 4]], [0, 0, 1, 1]),
             {"posMargin": 5, "negMargin": 5, "distance": {"kind": "lp", "p": 2, "power": 1, "normalize": False}}, BATCH_REDUCTIONS,
             note="relu: gradient 0 at the margin; of equal rows the distance has gradient 0"),
        Edge("zero-vectors", given([[0, 0], [3, 4], [4, 3]], [0, 0, 1]), {"distance": "cosine"}, ("none",),
             note="no norm counts as less than 1e-12"),
        Edge("short-vectors", given([[2.0**-41, 0], [3, 4], [4, 3]], [0, 0, 1]), {}, ("none",)),
    ),
    refused={"margin-nan": {"posMargin": NAN}, "margin-text": {"negMargin": "wide"}, **DISTANCE_REFUSED})

signal_to_noise_contrastive_loss = pair_loss(
    "signalToNoiseContrastiveLoss", lambda o: (losses.SignalToNoiseRatioContrastiveLoss, margins(o)),
    {"posMargin": 0, "negMargin": 1}, CONTRASTIVE, default="avgNonZero", refused={"margin-nan": {"posMargin": NAN}})

circle_loss = pair_loss(
    "circleLoss", lambda o: (losses.CircleLoss, {"m": o.margin, "gamma": o.gamma}), {"margin": 0.4, "gamma": 80},
    ({"margin": 0.25}, {"gamma": 4}), per="anchor", default="avgNonZero",
    refused={"margin-nan": {"margin": NAN}, "gamma-zero": {"gamma": 0}})

multi_similarity_loss = pair_loss(
    "multiSimilarityLoss",
    lambda o: (losses.MultiSimilarityLoss, {"alpha": o.alpha, "beta": o.beta, "base": o.base, "distance": distance(o.distance)}),
    {"alpha": 2, "beta": 50, "base": 0.5, "distance": "cosine"},
    ({"alpha": 4}, {"beta": 10}, {"base": 0.25}, *TWO_DISTANCES), per="anchor",
    refused={"alpha-zero": {"alpha": 0}, "beta-negative": {"beta": -1}, "base-nan": {"base": NAN}, **DISTANCE_REFUSED})


def lifted(made):
    return lambda o: (made, {**margins(o), "distance": distance(o.distance)})


LIFTED = {"negMargin": 1, "posMargin": 0, "distance": "euclidean"}
lifted_structure_loss = pair_loss("liftedStructureLoss", lifted(losses.LiftedStructureLoss), LIFTED,
                                  (*CONTRASTIVE, {"distance": "cosine"}, {"distance": RAW_LP}),
                                  refused={"margin-nan": {"negMargin": NAN}, **DISTANCE_REFUSED})
generalized_lifted_structure_loss = pair_loss(
    "generalizedLiftedStructureLoss", lifted(losses.GeneralizedLiftedStructureLoss), LIFTED,
    (*CONTRASTIVE, {"distance": "cosine"}), per="anchor", refused={"margin-nan": {"negMargin": NAN}, **DISTANCE_REFUSED})

nca_loss = pair_loss(
    "ncaLoss", lambda o: (losses.NCALoss, {"softmax_scale": o.scale, "distance": distance(o.distance)}),
    {"scale": 1, "distance": "squaredEuclidean"}, ({"scale": 4}, *TWO_DISTANCES), per="anchor",
    refused={"scale-zero": {"scale": 0}, **DISTANCE_REFUSED})

n_pairs_loss = pair_loss("nPairsLoss", lambda o: (losses.NPairsLoss, {"distance": distance(o.distance)}), {"distance": "dot"},
                         TWO_DISTANCES, per="anchor", refused=DISTANCE_REFUSED)

angular_loss = pair_loss(
    "angularLoss", lambda o: (losses.AngularLoss, {"alpha": o.alpha}), {"alpha": 40, "normalizeNegatives": False}, ({"alpha": 30},),
    refused={"alpha-nan": {"alpha": NAN}, "flag": {"normalizeNegatives": 1}}, cubic=True)


def angular(i, o):
    # Of unit vectors both forms are the same.
    x = torch.nn.functional.normalize(i.embeddings, dim=1) if o.normalizeNegatives else i.embeddings
    return over(lambda o: (losses.AngularLoss, {"alpha": o.alpha}))(type(i)({**i, "embeddings": x}), o)


angular_loss = Loss(**{**angular_loss.__dict__, "reference": angular, "grids": (
    *angular_loss.grids, Grid({"unit-6x3": labelled(6, 3)}, variants=({"normalizeNegatives": True},), reductions=("none", "mean")))})

fast_ap_loss = pair_loss("fastApLoss", lambda o: (losses.FastAPLoss, {"num_bins": o.numBins}), {"numBins": 10},
                         ({"numBins": 4}, {"numBins": 1}), per="anchor",
                         refused={"bins-zero": {"numBins": 0}, "bins-not-whole": {"numBins": 2.5}}, large=False, squares=False,
                         more_edges=(Edge("large", given([[3e4, 4e4], [4, 3], [-1e4, 2.4e4], [8, -15]], [0, 1, 0, 1]), {}, ("mean",),
                                          note="no distance between two bins"),))

tuplet_margin_loss = pair_loss(
    "tupletMarginLoss", lambda o: (losses.TupletMarginLoss, {"margin": o.margin, "scale": o.scale}), {"margin": 5.73, "scale": 64},
    ({"margin": 20, "scale": 4},), refused={"margin-nan": {"margin": NAN}, "scale-zero": {"scale": 0}}, duplicates=False, reductions=REDUCTIONS,
    more_edges=(Edge("zero-vector", given([[0, 0], [3, 4], [4, 3]], [0, 0, 1]), {"scale": 4}, REDUCTIONS),))


# --- triplets ----------------------------------------------------------------------------------

def triplet(o):
    return losses.TripletMarginLoss, {"margin": o.margin, "swap": o.swap, "smooth_loss": o.smoothLoss, "distance": distance(o.distance)}


def by_margin(triplets, margin, distance="euclidean"):
    return {"miner": {"kind": "tripletMargin", "margin": margin, "triplets": triplets, "distance": distance}}


def easy_hard(positives, negatives, distance="euclidean"):
    return {"miner": {"kind": "batchEasyHard", "positives": positives, "negatives": negatives, "distance": distance}}


RAW = {"kind": "lp", "p": 2, "power": 1, "normalize": False}
HARD_COSINE = {"miner": {"kind": "batchHard", "distance": "cosine"}}
ONE_OF_EACH = [easy_hard(p, n, d) for p, n, d in (
    ("hard", "easy", "euclidean"), ("easy", "hard", "cosine"), ("hard", "semihard", "euclidean"), ("semihard", "hard", "euclidean"),
    ("semihard", "easy", "cosine"), ("all", "hard", "euclidean"), ("easy", "all", "euclidean"), ("all", "all", "euclidean"))]
metric_triplet_margin_loss = pair_loss(
    "metricTripletMarginLoss", triplet, {"margin": 0.05, "swap": False, "smoothLoss": False, "distance": "euclidean"},
    ({"margin": 0.5, "swap": True}, {"smoothLoss": True}, {"margin": 0.5, "miner": "batchHard"},
     {"margin": 0.5, "miner": "batchHard", "swap": True, "smoothLoss": True},
     {"margin": 0.5, "swap": True, **by_margin("all", 0.5)}, {"margin": 0.5, **by_margin("hard", 0.25)},
     {"margin": 0.5, "smoothLoss": True, **by_margin("semihard", 1)}, {"margin": 0.5, **by_margin("easy", 0)},
     {"margin": 0.25, "distance": "cosine", **HARD_COSINE}, {"margin": 0.25, **HARD_COSINE},
     {"margin": 0.25, "distance": "cosine", "swap": True}, {"margin": 0.25, "distance": "cosine", **by_margin("semihard", 0.5, "cosine")},
     {"margin": 0.25, "distance": RAW_LP}, *({"margin": 0.5, **miner} for miner in ONE_OF_EACH)),
    per="anchor", default="avgNonZero", cubic=True,
    more_edges=tuple(
        Edge(f"boundary-{name}", given([[0, 0], [3, 4], [0, 0], [-3, 4]], [0, 0, 1, 1]), {"margin": 0, "distance": RAW, **miner},
             BATCH_REDUCTIONS, note="ties: triplets exactly at the margin, and distances that are equal")
        for name, miner in (("all", {}), ("batch-hard", {"miner": {"kind": "batchHard", "distance": RAW}}),
                            ("violating", by_margin("all", 0, RAW)),
                            *((kind, by_margin(kind, 0, RAW)) for kind in ("hard", "semihard", "easy")))),
    refused={"margin-nan": {"margin": NAN}, "miner-margin": by_margin("all", "wide"), "miner-triplets": by_margin("every", 0),
             "swap": {"swap": 1}, **DISTANCE_REFUSED})


def margin_loss_of(i, o):
    count = len(i.beta) if i.beta.ndim else None
    model = losses.MarginLoss(margin=o.margin, nu=o.nu, beta=1, learn_beta=True, num_classes=count, distance=distance(o.distance),
                              **({} if o.reduction == "mean" else {"reducer": reducer(o)}))
    del model.beta
    model.beta = i.beta.reshape(-1)
    chosen = mined(o.miner, i.embeddings, i.labels)
    value = reduced(model, i.embeddings, i.labels, o, (len(i.embeddings),), chosen) if o.reduction != "none" else None
    if value is None:
        given_parts = model(i.embeddings, i.labels, chosen)
        n = len(i.embeddings)
        whole = i.embeddings.sum() * 0 + torch.zeros(n, dtype=i.embeddings.dtype)
        for info in given_parts.values():
            if torch.is_tensor(info["losses"]) and info["indices"] is not None:
                at = info["indices"][0] if isinstance(info["indices"], tuple) else info["indices"]
                whole = whole.index_add(0, at, info["losses"])
        return whole
    return value.sum()


def bounded(*shape, labels=None, classes=None, fine=False):
    def draw(d):
        return {**labelled(*shape, labels=labels, fine=fine)(d), "beta": d.positive() if classes is None else d.positive(classes)}
    return draw


def bound(embeddings, labels, beta):
    return {**given(embeddings, labels), "beta": f32(beta)}


MARGIN = ({}, {"margin": 0.5}, {"distance": RAW_LP})
margin_loss = Loss(
    name="marginLoss", source=PML, keeps_nan=False, defaults={"margin": 0.2, "nu": 0, "distance": "euclidean", "miner": "none"},
    reference=margin_loss_of,
    grids=(
        Grid({"6x3": bounded(6, 3), "classes-6x3": bounded(6, 3, classes=3)}, variants=MARGIN),
        Grid({"nu-6x3": bounded(6, 3)}, variants=({"nu": 0.5},), reductions=("mean", "sum")),
        Grid({"nu-classes-6x3": bounded(6, 3, classes=3)}, variants=({"nu": 0.5},)),
        Grid({"8x16": bounded(8, 16, labels=3), "one-class-4x3": bounded(4, 3, labels=(1, 1, 1, 1)), "1x3": bounded(1, 3, labels=(0,)),
              "all-distinct-4x3": bounded(4, 3, labels=(3, 1, 0, 2)), "full-6x4": bounded(6, 4, labels=(0, 1, 1, 0, 2, 2), fine=True)},
             reductions=("none", "mean")),
        Grid({"9x4": bounded(9, 4, labels=(0, 1, 0, 2, 1, 0, 2, 3, 1))}, variants=tuple({"miner": name} for name in MINERS)),
        *named_distances({"distance": "euclidean"}, {"named-6x3": bounded(6, 3)}, ("mean",)),
        Grid({"nu-classes-9x4": bounded(9, 4, labels=(0, 1, 0, 2, 1, 0, 2, 3, 1), classes=4)},
             variants=({"nu": 0.5, "miner": "tripletMargin"}, {"nu": 0.5, "miner": "pairMargin"})),
    ),
    edges=(
        Edge("empty", {"embeddings": empty(0, 3), "labels": i64([]), "beta": f32(1)}, {}, REDUCTIONS),
        Edge("nu-without-triplets", bound([[1, 2], [2, 1]], [0, 0], 1), {"nu": 0.5}, ("mean", "sum")),
        Edge("duplicates", bound([[3, 4]] * 4, [0, 0, 1, 1], 1), {}, ("mean",)),
        Edge("large", bound([[3e4, 4e4], [4, 3], [-4e4, 3e4], [3, -4]], [0, 1, 0, 1], 1), {}, ("mean",)),
        Edge("boundary", bound([[0, 0], [3, 4], [0, 0], [3, 4]], [0, 0, 1, 1], 5),
             {"margin": 0, "distance": {"kind": "lp", "p": 2, "power": 1, "normalize": False}}, REDUCTIONS),
    ),
    refusals=(*REFUSALS, Refusal("missing-beta", "InputError", {"beta": None}), Refusal("beta-matrix", "ShapeError", {"beta": f32([[1]])}),
              *options_refused({"batchmean": {"reduction": "batchmean"}, "margin-nan": {"margin": NAN}, "nu-negative": {"nu": -1}},
                               MINER_REFUSED, DISTANCE_REFUSED)),
    wide=(Grid({"129x3": bounded(129, 3, labels=17), "4x1025": bounded(4, 1025, labels=(0, 1, 0, 1))}, reductions=("mean",)),),
)

LOSSES = [metric_contrastive_loss, signal_to_noise_contrastive_loss, circle_loss, multi_similarity_loss, lifted_structure_loss,
          generalized_lifted_structure_loss, nca_loss, n_pairs_loss, angular_loss, fast_ap_loss, tuplet_margin_loss,
          metric_triplet_margin_loss, margin_loss]
