"""Losses between two views of the same samples."""

import torch

from recipe import Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import INF, NAN, options_refused

ONE = ("none",)


def views(*shape, fine=False):
    return lambda d: {name: (d.fine if fine else d.coarse)(*shape) for name in ("viewA", "viewB")}


def pair(a, b):
    return {"viewA": f32(a), "viewB": f32(b)}


def off_diagonal(matrix):
    return (matrix - torch.diag(matrix.diagonal())).pow(2).sum()


SHAPES_REFUSED = (
    Refusal("other-batch", "ShapeError", {"viewB": f32([[1, 2, 3]] * 5)}),
    Refusal("other-width", "ShapeError", {"viewB": f32([[1, 2]] * 6)}),
    Refusal("one-axis", "ShapeError", pair([1, 2], [1, 2])),
)


# --- barlowTwinsLoss ---------------------------------------------------------------------------

def barlow_twins(i, o):
    a, b = ((x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt() for x in (i.viewA, i.viewB))
    c = a.T @ b / len(a)
    return (1 - c.diagonal()).pow(2).sum() + o["lambda"] * off_diagonal(c)


barlow_twins_loss = Loss(
    name="barlowTwinsLoss",
    source=formula("Zbontar et al. 2021; lightly 1.6.0, BarlowTwinsLoss"),
    defaults={"lambda": 5e-3},
    reference=barlow_twins,
    grids=(
        Grid({"6x3": views(6, 3)}, variants=({}, {"lambda": 1}, {"lambda": 0}), reductions=ONE),
        Grid({"4x1": views(4, 1), "8x5": views(8, 5), "full-5x4": views(5, 4, fine=True)}, reductions=ONE),
    ),
    edges=(
        Edge("a-constant-feature", pair([[1, 2], [1, 4], [1, 0]], [[3, 1], [3, 2], [3, 5]]),
             note="its correlation is 0"),
        Edge("the-same", pair([[1, 2], [-1, 4], [2, 0], [-2, 0.5]], [[1, 2], [-1, 4], [2, 0], [-2, 0.5]])),
        Edge("opposite", pair([[1, 2], [-1, 4], [2, 0]], [[-1, -2], [1, -4], [-2, 0]])),
        Edge("one-sample", pair([[1, 2]], [[3, 4]])),
        Edge("large", pair([[1e4, 0], [-1e4, 5], [0, 3]], [[1e4, 1], [-1e4, 2], [5, 0]])),
    ),
    refusals=(*SHAPES_REFUSED, *options_refused({
        "mean": {"reduction": "mean"}, "lambda-negative": {"lambda": -1}, "lambda-nan": {"lambda": NAN},
        "lambda-infinite": {"lambda": INF}})),
    wide=(Grid({"129x3": views(129, 3), "1025x1": views(1025, 1)}, reductions=ONE),),
    reductions=ONE,
)


# --- vicRegLoss --------------------------------------------------------------------------------

def vic_reg(i, o):
    def spread(x):
        difference = x - x.mean(0)
        covariance = difference.T @ difference / (len(x) - 1)
        deviations = (x.var(0) + o.eps).sqrt()
        return torch.relu(1 - deviations).mean(), off_diagonal(covariance) / x.shape[1]
    (va, ca), (vb, cb) = spread(i.viewA), spread(i.viewB)
    return o["lambda"] * (i.viewA - i.viewB).pow(2).mean() + o.mu * (va + vb) / 2 + o.nu * (ca + cb)


vic_reg_loss = Loss(
    name="vicRegLoss",
    source=formula("Bardes, Ponce, LeCun 2022; lightly 1.6.0, VICRegLoss"),
    defaults={"lambda": 25.0, "mu": 25.0, "nu": 1.0, "eps": 1e-4},
    reference=vic_reg,
    grids=(
        Grid({"6x3": views(6, 3)}, variants=({}, {"lambda": 1}, {"mu": 0}, {"nu": 0}, {"eps": 0.25}, {"nu": 10, "mu": 1}),
             reductions=ONE),
        Grid({"2x4": views(2, 4), "8x1": views(8, 1), "full-5x4": views(5, 4, fine=True)}, reductions=ONE),
    ),
    edges=(
        Edge("constant", pair([[1, 2]] * 3, [[1, 2]] * 3)),
        Edge("deviation-1", pair([[1, 0], [-1, 0], [0, 0], [0, 0], [0, 0]], [[2, 0], [-2, 0], [0, 0], [0, 0], [0, 0]]),
             {"eps": 0.5}, note="from 1 on there is no gradient"),
        Edge("large", pair([[1e4, 0], [-1e4, 5], [0, 3]], [[1e4, 1], [-1e4, 2], [5, 0]])),
    ),
    refusals=(
        *SHAPES_REFUSED,
        Refusal("one-sample", "ShapeError", pair([[1, 2, 3]], [[1, 2, 3]])),
        Refusal("no-sample", "ShapeError", {"viewA": empty(0, 3), "viewB": empty(0, 3)}),
        *options_refused({"mean": {"reduction": "mean"}, "lambda-negative": {"lambda": -1}, "mu-nan": {"mu": NAN},
                          "nu-infinite": {"nu": INF}, "eps-negative": {"eps": -1}}),
    ),
    wide=(Grid({"129x3": views(129, 3), "1025x1": views(1025, 1)}, reductions=ONE),),
    reductions=ONE,
)

LOSSES = [barlow_twins_loss, vic_reg_loss]
