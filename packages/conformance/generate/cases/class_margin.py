"""Metric learning against a weight or proxy of each class, and contrastive losses over the labels of a batch."""

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses

from evaluate import reduce
from metric_learning import (
    BATCH_REDUCTIONS, DISTANCE_REFUSED, PML, RAW_DOT, REFUSALS, class_loss, distance, given, labelled, mined, pair_loss, reduced, reducer,
    with_classes,
)
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, empty, f32, formula, i64
from refusals import NAN, options_refused

BAD = {"margin-nan": {"margin": NAN}, "scale-zero": {"scale": 0}}


def build(made, **names):
    """The class, with our options under its names."""
    def arguments(o, classes):
        return made, {"num_classes": classes, **{theirs: o[ours] for theirs, ours in names.items()}}
    return arguments


def centred(made, centers, theirs, **names):
    def arguments(o, columns):
        return made, {"num_classes": columns // o[centers], theirs: o[centers], **{name: o[ours] for name, ours in names.items()}}
    return arguments


ARC = dict(margin="margin", scale="scale")
arc_face_loss = class_loss("arcFaceLoss", build(losses.ArcFaceLoss, **ARC), {"margin": 28.6, "scale": 64},
                           ({"scale": 4}, {"margin": 90, "scale": 2}), refused=BAD)
sub_center_arc_face_loss = class_loss(
    "subCenterArcFaceLoss", centred(losses.SubCenterArcFaceLoss, "subCenters", "sub_centers", **ARC),
    {"margin": 28.6, "scale": 64, "subCenters": 3}, ({"scale": 4}, {"margin": 90, "scale": 2}), centers="subCenters",
    refused={**BAD, "centers-zero": {"subCenters": 0}, "centers-not-whole": {"subCenters": 1.5}})
cos_face_loss = class_loss("cosFaceLoss", build(losses.CosFaceLoss, **ARC), {"margin": 0.35, "scale": 64},
                           ({"scale": 4}, {"margin": 0.5, "scale": 2}), refused=BAD)
sphere_face_loss = class_loss("sphereFaceLoss", build(losses.SphereFaceLoss, **ARC), {"margin": 4, "scale": 1},
                              ({"scale": 4}, {"margin": 3}, {"margin": 1}), refused={**BAD, "margin-not-whole": {"margin": 2.5}})
large_margin_softmax_loss = class_loss(
    "largeMarginSoftmaxLoss", build(losses.LargeMarginSoftmaxLoss, **ARC), {"margin": 4, "scale": 1},
    ({"scale": 4}, {"margin": 3}, {"margin": 1}), refused={**BAD, "margin-not-whole": {"margin": 2.5}})
normalized_softmax_loss = class_loss("normalizedSoftmaxLoss", build(losses.NormalizedSoftmaxLoss, temperature="temperature"),
                                     {"temperature": 0.05}, ({"temperature": 0.5},), refused={"temperature-zero": {"temperature": 0}})
soft_triple_loss = class_loss(
    "softTripleLoss", centred(losses.SoftTripleLoss, "centersPerClass", "centers_per_class", la="lambda", gamma="gamma", margin="margin"),
    {"centersPerClass": 10, "lambda": 20, "gamma": 0.1, "margin": 0.01}, ({"lambda": 4}, {"gamma": 0.5}, {"margin": 0.25}),
    parameter="fc", centers="centersPerClass", refused={"gamma-zero": {"gamma": 0}, "lambda-zero": {"lambda": 0}, "margin-nan": {"margin": NAN}})


def proxy_nca_arguments(o, classes):
    return losses.ProxyNCALoss, {"num_classes": classes, "softmax_scale": o.scale, "distance": distance(o.distance)}


proxy_nca_loss = class_loss("proxyNcaLoss", proxy_nca_arguments, {"scale": 1, "distance": "squaredEuclidean"},
                            ({"scale": 4}, {"distance": "cosine"}, {"distance": "euclidean"}), parameter="proxies", input_name="proxies",
                            refused={"scale-zero": {"scale": 0}, **DISTANCE_REFUSED})


def proxy_anchor(i, o):
    classes, width = i.proxies.shape
    chosen = {} if o.reduction == "mean" else {"reducer": reducer(o)}
    model = losses.ProxyAnchorLoss(num_classes=classes, embedding_size=width, margin=o.margin, alpha=o.alpha,
                                   distance=distance(o.distance), **chosen)
    del model.proxies
    model.proxies = i.proxies
    if o.empty == "nan" and o.reduction == "mean" and len(i.embeddings) == 0:
        return torch.tensor(torch.nan)
    return reduced(model, i.embeddings, i.labels, o, (classes,), rows=classes)


proxy_anchor_loss = class_loss("proxyAnchorLoss", None, {"margin": 0.1, "alpha": 32, "distance": "cosine"},
                               ({"margin": 0.5}, {"alpha": 4}, {"distance": "euclidean"}), parameter="proxies", input_name="proxies",
                               reference=proxy_anchor, nothing="zero", nan_lost=("proxies",), refused={"alpha-zero": {"alpha": 0}, "margin-nan": {"margin": NAN}, **DISTANCE_REFUSED})


# --- supConLoss, ntXentLoss --------------------------------------------------------------------

def sup_con(i, o):
    labels, x = i.labels, i.embeddings
    if x.ndim == 3:
        labels = labels.repeat_interleave(x.shape[1])
        x = x.flatten(0, 1)
    model = losses.SupConLoss(temperature=o.temperature, distance=distance(o.distance), reducer=reducer(o))
    return reduced(model, x, labels, o, (len(x),), mined(o.miner, x, labels)) * (o.temperature / o.baseTemperature)


TEMPERATURE = {"temperature-zero": {"temperature": 0}, "temperature-nan": {"temperature": NAN}}
base = pair_loss("supConLoss", None, {"temperature": 0.1, "baseTemperature": 0.1, "distance": "cosine"},
                 ({"temperature": 0.5, "baseTemperature": 0.5}, {"baseTemperature": 0.07}, {"temperature": 0.5, "baseTemperature": 0.5, "distance": RAW_DOT}),
                 per="anchor",
                 default="avgNonZero", refused={**TEMPERATURE, "base-zero": {"baseTemperature": 0}, **DISTANCE_REFUSED})
sup_con_loss = Loss(**{**base.__dict__, "reference": sup_con, "grids": (*base.grids, Grid(
    {"views-4x2x3": lambda d: {"embeddings": d.coarse(4, 2, 3), "labels": i64([0, 1, 0, 2])},
     "three-views-2x3x4": lambda d: {"embeddings": d.coarse(2, 3, 4), "labels": i64([0, 1])}}, reductions=BATCH_REDUCTIONS))})


def nt_xent(i, o):
    x, labels = i.embeddings, i.labels
    if x is None:
        x, labels = torch.cat([i.viewA, i.viewB]), torch.arange(len(i.viewA)).repeat(2)
    model = losses.NTXentLoss(temperature=o.temperature, distance=distance(o.distance), reducer=reducer(o))
    return reduced(model, x, labels, o, (len(x), len(x)), mined(o.miner, x, labels))


def views(*shape):
    return lambda d: {"viewA": d.coarse(*shape), "viewB": d.coarse(*shape)}


base = pair_loss("ntXentLoss", None, {"temperature": 0.07, "distance": "cosine"},
                 ({"temperature": 0.5}, {"temperature": 0.5, "distance": "euclidean"}),
                 refused={**TEMPERATURE, **DISTANCE_REFUSED})
nt_xent_loss = Loss(**{**base.__dict__, "reference": nt_xent, "grids": (
    *base.grids, Grid({"views-3x4": views(3, 4)}, variants=({}, {"temperature": 0.5}), reductions=BATCH_REDUCTIONS),
    Grid({"views-1x3": views(1, 3)}, reductions=("none", "mean"))),
    "refusals": (*base.refusals, Refusal("one-view", "InputError", {"embeddings": None, "labels": None, "viewA": f32([[1, 2]])}),
                 Refusal("both-forms", "InputError", {"viewA": f32([[1, 2, 3]] * 6), "viewB": f32([[1, 2, 3]] * 6)}))})

LOSSES = [arc_face_loss, sub_center_arc_face_loss, cos_face_loss, sphere_face_loss, large_margin_softmax_loss, normalized_softmax_loss, soft_triple_loss,
          proxy_nca_loss, proxy_anchor_loss, sup_con_loss, nt_xent_loss]
