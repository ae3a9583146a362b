"""Losses between boxes."""

import math

import numpy as np
import torch

from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import BATCHMEAN, INF, NAN, options_refused


def meeting(i):
    """Intersection, union, the sides of the box around both, and the squared distance of the centres."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = i.boxes1.unbind(-1), i.boxes2.unbind(-1)
    width = torch.min(ax2, bx2) - torch.max(ax1, bx1)
    height = torch.min(ay2, by2) - torch.max(ay1, by1)
    meet = (width > 0) & (height > 0)
    inside = torch.where(meet, width * height, torch.zeros_like(width))
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inside
    sides = torch.max(ax2, bx2) - torch.min(ax1, bx1), torch.max(ay2, by2) - torch.min(ay1, by1)
    return inside, union, sides, ((ax1 + ax2 - bx1 - bx2) / 2) ** 2 + ((ay1 + ay2 - by1 - by2) / 2) ** 2


def reduced(values, o):
    return reduce(values, "sum" if values.numel() == 0 and o.reduction == "mean" and o.empty != "nan" else o.reduction)


def complete_iou(i, o):
    """Zheng et al. 2020 as torchvision 0.29 has it: 1e-7 in all divisors but the last."""
    inside, union, (width, height), distance = meeting(i)
    iou = inside / (union + 1e-7)
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = i.boxes1.unbind(-1), i.boxes2.unbind(-1)
    angle = torch.atan((bx2 - bx1) / (by2 - by1)) - torch.atan((ax2 - ax1) / (ay2 - ay1))
    v = 4 / math.pi**2 * angle**2
    alpha = (v / (1 - iou + v + o.eps)).detach()
    return reduced(1 - iou + distance / (width**2 + height**2 + 1e-7) + alpha * v, o)


def distance_iou(i, o):
    inside, union, (width, height), distance = meeting(i)
    return reduced(1 - inside / (union + o.eps) + distance / (width**2 + height**2 + o.eps), o)


def generalized_iou(i, o):
    inside, union, (width, height), _ = meeting(i)
    around = width * height
    return reduced(1 - inside / (union + o.eps) + (around - union) / (around + o.eps), o)


def boxes(*shape, apart=0.0):
    def draw(d):
        def one(shift):
            corner, size = d.coarse(*shape, 2).data, d.positive(*shape, 2).data
            return f32(np.concatenate([corner + shift, corner + shift + size], axis=-1))
        return {"boxes1": one(0), "boxes2": one(apart)}
    return draw


def pair(a, b):
    return {"boxes1": f32(a), "boxes2": f32(b)}


UNIT = [0, 0, 2, 2]


def box_loss(name, source, reference):
    return Loss(
        name=name,
        source=formula(source),
        defaults={"eps": 1e-7},
        reference=reference,
        grids=(
            Grid({"6x4": boxes(6)}, variants=({}, {"eps": 0.5}, {"eps": 0})),
            Grid({"4": boxes(), "2x3x4": boxes(2, 3), "apart-5x4": boxes(5, apart=8)}),
        ),
        edges=(
            Edge("the-same", pair([UNIT], [UNIT]), note="coordinates that coincide share the gradient"),
            Edge("touching", pair([UNIT, UNIT], [[2, 0, 4, 2], [2, 2, 3, 3]]), {}, REDUCTIONS,
                 note="no gradient through the intersection"),
            Edge("inside", pair([UNIT], [[0.5, 0.5, 1, 1.5]]), {}, REDUCTIONS),
            Edge("one-side-shared", pair([UNIT], [[0, 1, 2, 4]]), {}, REDUCTIONS),
            Edge("far", pair([UNIT], [[1024, 1024, 1026, 1025]]), {}, REDUCTIONS),
            Edge("large", pair([[-1e4, -1e4, 1e4, 2e4]], [[0, 5e3, 3e4, 1e4]]), {}, REDUCTIONS),
            Edge("empty", {"boxes1": empty(0, 4), "boxes2": empty(0, 4)}, {"empty": "zero"}, REDUCTIONS),
        ),
        refusals=(
            Refusal("boxes-of-three", "ShapeError", pair([[0, 0, 1]], [[0, 0, 1]])),
            Refusal("other-count", "ShapeError", {"boxes2": f32([UNIT] * 5)}),
            Refusal("scalar", "ShapeError", pair(1, 1)),
            *options_refused(BATCHMEAN, {"eps-negative": {"eps": -1e-7}, "eps-nan": {"eps": NAN},
                                         "eps-infinite": {"eps": INF}}),
        ),
        wide=(Grid({"1025x4": boxes(1025)}, reductions=("mean",)),),
    )


ciou_loss = box_loss("ciouLoss", "Zheng et al. 2020 (CIoU), torchvision 0.29.2, ops.complete_box_iou_loss", complete_iou)
diou_loss = box_loss("diouLoss", "Zheng et al. 2020 (DIoU), torchvision 0.29.2, ops.distance_box_iou_loss", distance_iou)
giou_loss = box_loss("giouLoss", "Rezatofighi et al. 2019 (GIoU), torchvision 0.29.2, ops.generalized_box_iou_loss", generalized_iou)

LOSSES = [ciou_loss, diou_loss, giou_loss]
