"""Runs losses of pytorch-metric-learning, and shapes what they give as ours: a place for each anchor, pair or proxy."""

import math

import numpy as np
import torch
from pytorch_metric_learning import distances, losses, miners, reducers

from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, empty, f32, i32, i64
from refusals import options_refused

PML = "pytorch-metric-learning 2.9.0, torch 2.13.0 (float64)"
BATCH_REDUCTIONS = (*REDUCTIONS, "avgNonZero")


def distance(option):
    if isinstance(option, str):
        return {
            "euclidean": distances.LpDistance, "squaredEuclidean": lambda: distances.LpDistance(power=2),
            "manhattan": lambda: distances.LpDistance(p=1), "cosine": distances.CosineSimilarity,
            "dot": distances.DotProductSimilarity, "snr": distances.SNRDistance,
        }[option]()
    made = {"lp": distances.LpDistance, "dot": distances.DotProductSimilarity, "snr": distances.SNRDistance}[option["kind"]]
    numbers = {name: option[name] for name in ("p", "power") if name in option}
    return made(normalize_embeddings=option["normalize"], **numbers)


RAW_DOT = {"kind": "dot", "normalize": False}
RAW_LP = {"kind": "lp", "p": 3, "power": 2, "normalize": False}


# Some losses give their reducer a column, (P, 1): the library's per-anchor reducer fails on it, and its class-weighted one multiplies
# every cost with every weight.


class ClassWeighted(reducers.ClassWeightedReducer):
    def element_reduction_helper(self, found, indices, labels):
        return super().element_reduction_helper(found.reshape(-1), indices, labels)


class PerAnchor(reducers.PerAnchorReducer):
    """Also of triplets, which the library refuses: the mean over each anchor's."""

    def tuple_reduction_helper(self, found, indices, embeddings, labels):
        # Of a pair that is there several times, the value counts once and torch's gradient of the assignment as often.
        anchors, others = indices
        _, places = np.unique((anchors * len(embeddings) + others).numpy(), return_index=True)
        once = torch.tensor(places)
        return super().tuple_reduction_helper(found.reshape(-1)[once], (anchors[once], others[once]), embeddings, labels)

    def triplet_reduction(self, found, indices, embeddings, labels):
        nothing = torch.zeros(len(embeddings), dtype=found.dtype)
        several = nothing.index_add(0, indices[0], torch.ones_like(found)).clamp(min=1)
        return self.element_reduction(nothing.index_add(0, indices[0], found) / several, torch.arange(len(embeddings)), embeddings, labels)


def reducer(o):
    plain = {"mean": reducers.MeanReducer, "sum": reducers.SumReducer, "avgNonZero": reducers.AvgNonZeroReducer,
             "none": reducers.DoNothingReducer}[o.reduction]()
    if o.reducer in (None, "none"):
        return plain
    if o.reducer["kind"] == "perAnchor":
        return PerAnchor(reducer=plain)
    if o.reduction != "mean":
        raise ValueError(f"{o.reducer} has the mean alone")
    if o.reducer["kind"] == "threshold":
        return reducers.ThresholdReducer(low=o.reducer["low"], high=o.reducer["high"])
    return ClassWeighted(torch.tensor(o.reducer["weights"]))


def mined(option, embeddings, labels):
    """What a miner finds, None if there is none."""
    if option in (None, "none") or len(embeddings) == 0:
        return None
    made = {"kind": option} if isinstance(option, str) else option
    d = {"distance": distance(made["distance"])} if "distance" in made else {}
    numbers = {"margin": "margin", "epsilon": "epsilon", "posMargin": "pos_margin", "negMargin": "neg_margin",
               "triplets": "type_of_triplets", "positives": "pos_strategy", "negatives": "neg_strategy"}
    given_numbers = {numbers[name]: value for name, value in made.items() if name in numbers}
    of = {"tripletMargin": miners.TripletMarginMiner, "batchHard": miners.BatchHardMiner,
          "batchEasyHard": miners.BatchEasyHardMiner, "multiSimilarity": miners.MultiSimilarityMiner,
          "pairMargin": miners.PairMarginMiner}[made["kind"]]
    return of(**given_numbers, **d)(embeddings, labels)


def _placed(info, n):
    """The losses of one part at the places that they belong to."""
    found, indices = info["losses"], info["indices"]
    if not torch.is_tensor(found):
        return None
    if info["reduction_type"] == "element":
        return torch.zeros(n, dtype=found.dtype).index_add(0, indices, found.reshape(-1))
    if info["reduction_type"] == "triplet":
        return torch.zeros(n, dtype=found.dtype).index_add(0, indices[0], found)
    return torch.zeros(n, n, dtype=found.dtype).index_put(indices, found.reshape(-1), accumulate=True)


def reduced(model, embeddings, labels, o, shape, mined=None, rows=None):
    """The model's value under the reduction; `shape`: of the values, where there are none."""
    if o.reduction == "none":
        given = model(embeddings, labels, mined)
        parts = [_placed(info, rows or len(embeddings)) for info in given.values()]
        whole = sum(part for part in parts if part is not None)
        return whole if torch.is_tensor(whole) else (embeddings * 0).sum() + torch.zeros(shape, dtype=embeddings.dtype)
    value = model(embeddings, labels, mined)
    if o.empty == "nan" and o.reduction == "mean" and len(embeddings) == 0:
        return value * math.nan
    if o.empty != "nan" and o.reduction == "mean" and value.isnan() and not embeddings.isnan().any():
        return (embeddings * 0).sum()
    return value


def over(build, per="pair"):
    """The reference of a loss over the pairs (or anchors) of a batch. `build(o)`: the model's class and its arguments."""
    def reference(i, o):
        made, arguments = build(o)
        model = made(reducer=reducer(o), **arguments)
        if isinstance(model, losses.CircleLoss):
            # torch's softplus leaves out e⁻ˣ beyond 20.
            del model.soft_plus
            model.soft_plus = lambda x: torch.logaddexp(x, torch.zeros_like(x))
        n = len(i.embeddings)
        chosen = mined(o.miner, i.embeddings, i.labels)
        return reduced(model, i.embeddings, i.labels, o, (n, n) if per == "pair" else (n,), chosen)
    return reference


def classified(build, parameter="W", columns=True):
    """The reference of a loss with a learnt weight for each class."""
    def reference(i, o):
        weight = i.weight if parameter != "proxies" else i.proxies
        count = weight.shape[1] if columns else weight.shape[0]
        made, arguments = build(o, count)
        width = weight.shape[0] if columns else weight.shape[1]
        model = made(embedding_size=width, reducer=reducer(o), **arguments)
        delattr(model, parameter)
        setattr(model, parameter, weight)
        return reduced(model, i.embeddings, i.labels, o, (len(i.embeddings),))
    return reference


# --- inputs ------------------------------------------------------------------------------------

LABELS = (0, 1, 0, 2, 1, 0)


def labelled(*shape, labels=None, fine=False, dtype=i64):
    def draw(d):
        found = d.indices(labels, shape[0], dtype=dtype) if isinstance(labels, int) else dtype(LABELS if labels is None else labels)
        return {"embeddings": (d.fine if fine else d.coarse)(*shape), "labels": found}
    return draw


def given(embeddings, labels):
    return {"embeddings": f32(embeddings), "labels": i64(labels)}


SQUARE = [[3, 4], [4, 3], [-3, 4], [4, -3]]

GENERAL = {"6x3": labelled(6, 3)}


def further(reductions):
    """Other sizes and labels."""
    return Grid({
        "8x16": labelled(8, 16, labels=3),
        "full-6x4": labelled(6, 4, labels=(0, 1, 1, 0, 2, 2), fine=True),
        "int32-5x3": labelled(5, 3, labels=(-7, 1000000, -7, 1000000, 5), dtype=i32),
        "one-class-4x3": labelled(4, 3, labels=(7, 7, 7, 7)),
        "all-distinct-4x3": labelled(4, 3, labels=(3, 1, 0, 2)),
        "1x3": labelled(1, 3, labels=(0,)),
    }, reductions=reductions)


def edges(default, reductions, duplicates=True, large=True, squares=True):
    found = [Edge("empty", {"embeddings": empty(0, 3), "labels": i64([])}, {}, reductions)]
    if squares:
        found.append(Edge("squares", given(SQUARE, [0, 0, 1, 1]), {}, reductions))
    if duplicates:
        found.append(Edge("duplicates", given([[3, 4]] * 4, [0, 0, 1, 1]), {}, (default,)))
    if large:
        found.append(Edge("large", given([[3e4, 4e4], [4, 3], [-4e4, 3e4], [3, -4]], [0, 1, 0, 1]), {}, (default,)))
    return tuple(found)


REFUSALS = (
    Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1])}),
    Refusal("one-dimensional", "ShapeError", {"embeddings": f32([1, 2, 3])}),
    Refusal("float-labels", "DTypeError", {"labels": f32(LABELS)}),
    Refusal("missing-labels", "InputError", {"labels": None}),
)
DISTANCE_REFUSED = {
    "distance-unknown": {"distance": "l7"},
    "distance-unfinished": {"distance": {"kind": "lp", "p": 2}},
    "distance-order": {"distance": {"kind": "lp", "p": 0, "power": 1, "normalize": True}},
}


def wide(reduction="mean", labels=17):
    return (Grid({"129x3": labelled(129, 3, labels=labels), "4x1025": labelled(4, 1025, labels=(0, 1, 0, 1))},
                 reductions=(reduction,)),)


# Of a loss that grows as N³, no more samples than it takes.
CUBIC = (Grid({"4x1025": labelled(4, 1025, labels=(0, 1, 0, 1))}, reductions=("mean",)),)


DISTANCES = ("euclidean", "squaredEuclidean", "manhattan", "cosine", "dot", "snr")


def named_distances(defaults, recipe, reductions):
    """A loss that takes a distance takes each of them."""
    return (Grid(recipe, variants=tuple({"distance": name} for name in DISTANCES), reductions=reductions),) if "distance" in defaults else ()


MINERS = ("tripletMargin", "batchHard", "batchEasyHard", "multiSimilarity", "pairMargin")
MINER_REFUSED = {
    "miner-unknown": {"miner": "random"},
    "miner-unfinished": {"miner": {"kind": "tripletMargin"}},
    "miner-distance": {"miner": {"kind": "batchHard", "distance": "l7"}},
    "miner-both-semihard": {"miner": {"kind": "batchEasyHard", "positives": "semihard", "negatives": "semihard", "distance": "euclidean"}},
}
REDUCER_REFUSED = {
    "reducer-unknown": {"reducer": "median"},
    "reducer-no-range": {"reducer": {"kind": "threshold", "low": 1, "high": 1}},
    "reducer-no-weights": {"reducer": {"kind": "classWeighted", "weights": []}},
}
NINE = {"9x4": labelled(9, 4, labels=(0, 1, 0, 2, 1, 0, 2, 3, 1))}


def mining(default):
    """Every miner, by name."""
    return Grid(NINE, variants=tuple({"miner": name} for name in MINERS), reductions=(default, "none"))


def batch_grids(default):
    """Miners and reducers, which all losses over a batch have in common."""
    bounds = {"kind": "threshold", "low": 0.0625, "high": 0.75}
    weights = {"kind": "classWeighted", "weights": [0.5, 2, 3, 4]}
    return (
        mining(default),
        Grid(NINE, variants=({"reducer": bounds}, {"reducer": weights}), reductions=("mean",)),
        Grid(NINE, variants=({"reducer": {"kind": "perAnchor"}},
                             {"reducer": {"kind": "perAnchor"}, "miner": "tripletMargin"}), reductions=("mean", "sum")),
    )


def pair_loss(name, build, defaults, variants, per="pair", refused=None, more_edges=(), default="mean", cubic=False, reductions=BATCH_REDUCTIONS, **how):
    """An entry: the variants, then sizes, edges and refusals that all of them share."""
    return Loss(
        name=name, source=PML, defaults={**defaults, "reduction": default, "miner": "none", "reducer": "none"}, reference=over(build, per),
        grids=(Grid(GENERAL, variants=({}, *variants), reductions=(default, "none")),
               Grid({"again-6x3": labelled(6, 3)}, reductions=reductions), further(("none", default)), *batch_grids(default),
               *named_distances(defaults, {"named-6x3": labelled(6, 3)}, (default,))),
        edges=(*edges(default, reductions, **how), *more_edges),
        refusals=(*REFUSALS, *options_refused({"batchmean": {"reduction": "batchmean"}}, MINER_REFUSED, REDUCER_REFUSED, refused or {})),
        wide=wide(default) if cubic is False else CUBIC,
        keeps_nan=False,
    )


# --- margin softmax ----------------------------------------------------------------------------

def with_classes(n, width, classes, centers=1, fine=False, dtype=i64, name="weight"):
    def draw(d):
        one = d.fine if fine else d.coarse
        shape = (classes, width) if name == "proxies" else (width, classes * centers)
        return {"embeddings": one(n, width), "labels": d.indices(classes, n, dtype=dtype), name: one(*shape)}
    return draw


def class_loss(name, build, defaults, variants, parameter="W", centers=None, input_name="weight", none="none", **how):
    """An entry of a loss with a weight for each class. `centers`: the option that tells how many columns a class has."""
    count = 1 if centers is None else defaults[centers]
    few = {} if centers is None else {centers: 2}
    reference = how.get("reference") or classified(build, parameter, columns=input_name == "weight")

    def recipe(*sizes, many=count, **more):
        return with_classes(*sizes, centers=many, name=input_name, **more)

    def inputs(embeddings, labels, weight):
        given = weight if input_name == "weight" else list(map(list, zip(*weight)))
        return {"embeddings": f32(embeddings), "labels": i64(labels), input_name: f32(given)}

    base = [[1, 0.5, -1], [0, 1, 2]]

    def columns(many):
        """So many columns for each class, that differ by a quarter."""
        return [[x + k * 0.25 for x in row for k in range(many)] for row in base]

    one = columns(count)
    return Loss(
        name=name, source=PML, defaults={"empty": how.get("nothing", "nan"), **defaults}, reference=reference,
        nan_lost=how.get("nan_lost", ()),
        grids=(Grid({"4x3x5": recipe(4, 3, 5)}, variants=({}, *variants)),
               *(() if centers is None else (Grid({"few-4x3x5": recipe(4, 3, 5, many=2)}, variants=(few,), reductions=("none", "mean")),)),
               Grid({"1x3x4": recipe(1, 3, 4), "3x2x1": recipe(3, 2, 1), "int32-3x4x4": recipe(3, 4, 4, dtype=i32),
                     "8x16x6": recipe(8, 16, 6), "full-4x3x3": recipe(4, 3, 3, fine=True)}, reductions=("none", "mean")),
               *named_distances(defaults, {"named-4x3x5": recipe(4, 3, 5)}, ("mean",))),
        edges=(
            Edge("large", inputs([[3e4, 4e4], [-4e4, 3e4]], [0, 1], one), {}, REDUCTIONS),
            Edge("repeated", inputs([[3, 4]] * 3, [0, 2, 2], one), {}, REDUCTIONS),
            Edge("empty", {**inputs([[1, 2]], [0], one), "embeddings": empty(0, 2), "labels": i64([])}, {}, REDUCTIONS),
            *(() if centers is None else (
                Edge("large-few", inputs([[3e4, 4e4], [-4e4, 3e4]], [0, 1], columns(2)), few, ("mean",)),
                Edge("empty-few", {**inputs([[1, 2]], [0], columns(2)), "embeddings": empty(0, 2), "labels": i64([])}, few, ("sum",)),
            )),
            *how.get("more_edges", ()),
        ),
        refusals=(
            Refusal("width-mismatch", "ShapeError", {"embeddings": f32([[1, 2]] * 4)}),
            Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1])}),
            Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 5, 2])}),
            Refusal("label-negative", "InputError", {"labels": i64([0, 1, -1, 2])}),
            Refusal("float-labels", "DTypeError", {"labels": f32([0, 1, 0, 2])}),
            Refusal("missing-classes", "InputError", {input_name: None}),
            *options_refused({"batchmean": {"reduction": "batchmean"}}, how.get("refused", {})),
        ),
        wide=(Grid({"129x3x3": recipe(129, 3, 3, many=2 if centers else 1), "1x1025x2": recipe(1, 1025, 2, many=2 if centers else 1)},
                   variants=(few,), reductions=("mean",)),),
    )
