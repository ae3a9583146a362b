"""Losses over lists of items that are to be put into order."""

import torch

from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, boolean, constant, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, INF, options_refused


def per_list(values, valid, o):
    """Lists without a valid item leave the mean; over no list it is 0."""
    kept = valid.any(1)
    values = torch.where(kept, values, torch.zeros_like(values))
    if o.reduction != "mean":
        return reduce(values, o.reduction)
    if o.empty == "nan":
        return values.sum() / kept.sum()
    return values.sum() / kept.sum().clamp_min(1)


def validity(i):
    return torch.ones_like(i.scores, dtype=torch.bool) if i.where is None else i.where.bool()


def lists(*shape, ints=None, where=None, weights=False, fine=False, grad=True):
    def draw(d):
        relevance = d.indices(4, *shape).data
        labels = ints(relevance) if ints else f32(relevance, grad=grad)
        extra = {"weights": d.positive(*shape)} if weights else {}
        return {"scores": (d.fine if fine else d.coarse)(*shape, scale=2), "labels": labels, **extra,
                **({} if where is None else {"where": boolean(where)})}
    return draw


HALF = [[True, False, True, True], [False, True, True, False], [False] * 4]
REFUSED = (
    Refusal("labels-of-other-shape", "ShapeError", {"labels": constant([[1, 2]] * 3)}),
    Refusal("where-too-short", "ShapeError", {"where": boolean([[True] * 3] * 3)}),
    Refusal("one-list-without-a-batch", "ShapeError", {"scores": f32([1, 2]), "labels": constant([1, 0])}),
    Refusal("boolean-labels", "DTypeError", {"labels": boolean([[True] * 4] * 3)}),
    *options_refused(BATCHMEAN),
)


# --- rankingSoftmaxLoss ------------------------------------------------------------------------

def ranking_softmax(i, o):
    valid = validity(i)
    gains = i.labels.to(i.scores.dtype) * (1 if i.weights is None else i.weights)
    # Far below all scores, and finite: a list without a valid item has no logarithm otherwise.
    logs = torch.where(valid, i.scores, torch.full_like(i.scores, -1e30)).log_softmax(1)
    return per_list(-torch.where(valid, gains * logs, torch.zeros_like(logs)).sum(1), valid, o)


ranking_softmax_loss = Loss(
    name="rankingSoftmaxLoss",
    source=formula("Cao et al. 2007; optax 0.2.8, ranking_softmax_loss; rax 0.4.0, softmax_loss"),
    reference=ranking_softmax,
    infinite=("scores",),
    grids=(Grid({
        "3x4": lists(3, 4), "1x1": lists(1, 1), "full-2x5": lists(2, 5, fine=True), "int64-3x4": lists(3, 4, ints=i64),
        "int32-3x4": lists(3, 4, ints=i32), "where-3x4": lists(3, 4, where=HALF), "weights-3x4": lists(3, 4, weights=True),
        "both-3x4": lists(3, 4, where=HALF, weights=True)}),),
    edges=(
        Edge("no-relevance", {"scores": f32([[1, 2, 3]]), "labels": f32([[0, 0, 0]])}, {}, REDUCTIONS),
        Edge("large", {"scores": f32([[1e4, -1e4, 0]]), "labels": f32([[1, 0, 2]])}, {}, REDUCTIONS),
        Edge("equal-scores", {"scores": f32([[2, 2, 2]]), "labels": f32([[1, 0, 2]])}, {}, REDUCTIONS),
        Edge("nothing-valid", {"scores": f32([[1, 2]]), "labels": f32([[1, 0]]), "where": boolean([[False, False]])}, {},
             REDUCTIONS, note="the mean over no list is 0"),
        Edge("infinite-but-not-valid", {"scores": f32([[1, INF, 2]]), "labels": f32([[1, 0, 2]]),
                                        "where": boolean([[True, False, True]])}, {}, REDUCTIONS),
        Edge("empty", {"scores": empty(0, 3), "labels": empty(0, 3)}, {"empty": "zero"}, REDUCTIONS),
    ),
    refusals=(*REFUSED, Refusal("weights-of-lists", "ShapeError", {"weights": f32([1, 2, 3])})),
    wide=(Grid({"1x1025": lists(1, 1025), "129x2": lists(129, 2)}, reductions=("mean",)),),
)


# --- listMleLoss -------------------------------------------------------------------------------

def list_mle(i, o):
    valid = validity(i)
    labels = torch.where(valid, i.labels.to(i.scores.dtype), torch.full_like(i.scores, -INF))
    order = torch.sort(labels, dim=1, descending=True, stable=True).indices
    scores = torch.where(valid, i.scores, torch.full_like(i.scores, -1e30)).gather(1, order)
    rest = scores.flip(1).logcumsumexp(1).flip(1)
    costs = torch.where(valid.gather(1, order), rest - scores, torch.zeros_like(scores))
    return per_list(costs.sum(1), valid, o)


def fixed_lists(*shape, **kind):
    return lists(*shape, grad=False, **kind)


list_mle_loss = Loss(
    name="listMleLoss",
    source=formula("Xia et al. 2008; rax 0.4.0, listmle_loss"),
    reference=list_mle,
    grids=(Grid({
        "3x4": fixed_lists(3, 4), "1x1": fixed_lists(1, 1), "full-2x5": fixed_lists(2, 5, fine=True),
        "int64-3x4": fixed_lists(3, 4, ints=i64), "int32-3x4": fixed_lists(3, 4, ints=i32),
        "where-3x4": fixed_lists(3, 4, where=HALF)}),),
    edges=(
        Edge("equal-labels", {"scores": f32([[1, 2, 0.5]]), "labels": constant([[1, 1, 1]])}, {}, REDUCTIONS,
             note="they keep the order of the input"),
        Edge("large", {"scores": f32([[1e4, -1e4, 0], [512, -512, 256]]), "labels": constant([[0, 1, 2], [2, 0, 1]])}, {},
             REDUCTIONS),
        Edge("right-order", {"scores": f32([[100, 0, -100]]), "labels": constant([[2, 1, 0]])}, {}, REDUCTIONS),
        Edge("nothing-valid", {"scores": f32([[1, 2]]), "labels": constant([[1, 0]]),
                               "where": boolean([[False, False]])}, {}, REDUCTIONS, note="the mean over no list is 0"),
        Edge("infinite-but-not-valid", {"scores": f32([[1, INF, 2]]), "labels": constant([[1, 0, 2]]),
                                        "where": boolean([[True, False, True]])}, {}, REDUCTIONS),
        Edge("minus-infinite-but-not-valid", {"scores": f32([[1, -INF, 2]]), "labels": constant([[1, 0, 2]]),
                                              "where": boolean([[True, False, True]])}, {}, REDUCTIONS),
        Edge("empty", {"scores": empty(0, 3), "labels": constant(empty(0, 3).data)}, {"empty": "zero"}, REDUCTIONS),
    ),
    refusals=REFUSED,
    wide=(Grid({"1x1025": fixed_lists(1, 1025), "129x2": fixed_lists(129, 2)}, reductions=("mean",)),),
)

LOSSES = [ranking_softmax_loss, list_mle_loss]
