"""Losses between pictures."""

import torch
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, Draw, Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import BATCHMEAN, INF, NAN, options_refused


def ssim(i, o):
    """Wang et al. 2004 with a Gaussian window and biased moments."""
    places = torch.arange(o.windowSize, dtype=i.input.dtype) - (o.windowSize - 1) / 2
    bell = torch.exp(-(places**2) / (2 * o.sigma**2))
    window = torch.outer(bell, bell) / bell.sum() ** 2
    x, y = i.input, i.target
    border = (o.windowSize - 1) // 2
    if o.padding == "reflect":
        x, y = (F.pad(z, [border] * 4, mode="reflect") for z in (x, y))

    def blurred(z):
        if z.numel() == 0:
            size = [s - 2 * border for s in z.shape[2:]]
            return z.sum((2, 3), keepdim=True).expand(*z.shape[:2], *size)
        return F.conv2d(z.flatten(0, 1).unsqueeze(1), window[None, None]).unflatten(0, z.shape[:2]).squeeze(2)
    mx, my = blurred(x), blurred(y)
    c1, c2 = (o.k1 * o.dataRange) ** 2, (o.k2 * o.dataRange) ** 2
    variances = blurred(x * x) + blurred(y * y) - mx * mx - my * my
    covariance = blurred(x * y) - mx * my
    values = 1 - (2 * mx * my + c1) * (2 * covariance + c2) / ((mx * mx + my * my + c1) * (variances + c2) + o.eps)
    if o.halved:
        values = (values / 2).clamp(0, 1)
    return reduce(values.mean((1, 2, 3)) if o.padding == "valid" else values, o.reduction)


def pictures(*shape, fine=False):
    def draw(d):
        if fine:
            return {"input": d.fine(*shape, scale=0.25), "target": d.fine(*shape, scale=0.25)}
        return {name: f32(d.positive(*shape).data / 2) for name in ("input", "target")}
    return draw


SMALL = {"windowSize": 3}

ssim_loss = Loss(
    name="ssimLoss",
    source=formula("Wang et al. 2004; piq 0.8.0, SSIMLoss; kornia 0.9.0, ssim_loss"),
    defaults={"windowSize": 11, "sigma": 1.5, "k1": 0.01, "k2": 0.03, "dataRange": 1.0, "padding": "valid",
              "halved": False, "eps": 0.0},
    reference=ssim,
    grids=(
        Grid({"1x1x11x12": pictures(1, 1, 11, 12)}, variants=(
            {}, {"sigma": 0.75}, {"k1": 0.1}, {"k2": 0.1}, {"dataRange": 2}, {"halved": True}, {"eps": 0.5}),
             reductions=("mean",)),
        Grid({"2x2x4x3": pictures(2, 2, 4, 3), "full-2x1x4x5": pictures(2, 1, 4, 5, fine=True)},
             variants=(SMALL, {**SMALL, "padding": "reflect"})),
        Grid({"1x1x4x5": pictures(1, 1, 4, 5)},
             variants=({"windowSize": 5, "padding": "reflect", "halved": True, "eps": 1e-12},)),
        Grid({"1x1x2x3": pictures(1, 1, 2, 3)}, variants=({"windowSize": 1},), reductions=("none",)),
    ),
    edges=(
        Edge("the-same", {"input": f32([[[[0.5, 0.25, 1]] * 3]]), "target": f32([[[[0.5, 0.25, 1]] * 3]])}, SMALL),
        Edge("flat", {"input": f32([[[[0.5] * 3] * 3]]), "target": f32([[[[0.25] * 3] * 3]])}, SMALL),
        Edge("black", {"input": f32([[[[0] * 3] * 3]]), "target": f32([[[[0] * 3] * 3]])}, SMALL),
        Edge("negative", {"input": f32([[[[1, -1, 1], [-1, 1, -1], [1, -1, 1]]]]),
                          "target": f32([[[[-1, 1, -1], [1, -1, 1], [-1, 1, -1]]]])}, SMALL, REDUCTIONS),
        Edge("large", {"input": f32([[[[1e4, -1e4, 0], [5e3, 0, 1e4], [0, 512, -1e4]]]]),
                       "target": f32([[[[1e4, 0, -5e3], [5e3, 1e4, 0], [512, 0, 0]]]])}, SMALL, REDUCTIONS),
        Edge("empty", {"input": empty(0, 1, 3, 3), "target": empty(0, 1, 3, 3)}, SMALL, REDUCTIONS),
        Edge("empty-reflected", {"input": empty(0, 1, 3, 3), "target": empty(0, 1, 3, 3)},
             {**SMALL, "padding": "reflect"}, REDUCTIONS),
    ),
    refusals=(
        Refusal("smaller-than-the-window", "ShapeError", pictures(1, 1, 10, 12)(Draw("small"))),
        Refusal("too-small-to-reflect", "ShapeError", {"input": f32([[[[1, 2]] * 5]]), "target": f32([[[[1, 2]] * 5]])},
                {"windowSize": 5, "padding": "reflect"}),
        Refusal("other-shape", "ShapeError", {"target": f32([[[[1] * 11] * 11]])}),
        Refusal("without-channels", "ShapeError", {"input": f32([[[1] * 12] * 11]), "target": f32([[[1] * 12] * 11])}),
        *options_refused(BATCHMEAN, {
            "window-even": {"windowSize": 4}, "window-zero": {"windowSize": 0}, "window-negative": {"windowSize": -1},
            "sigma-zero": {"sigma": 0}, "k1-negative": {"k1": -1}, "k2-nan": {"k2": NAN}, "range-zero": {"dataRange": 0},
            "range-infinite": {"dataRange": INF}, "padding-unknown": {"padding": "same"}, "halved-a-number": {"halved": 1},
            "eps-negative": {"eps": -1}}),
    ),
    wide=(Grid({"1x1x3x1025": pictures(1, 1, 3, 1025)}, variants=(SMALL,),
               reductions=("mean",)),),
)

LOSSES = [ssim_loss]
