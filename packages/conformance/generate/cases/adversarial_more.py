"""Adversarial losses beyond the first game: relativistic, energy-based, penalties, and lists over scales."""

import torch
import torch.nn.functional as F

from cases.adversarial import (LARGE, NO_OPTIONS, one_scored_edges, one_scored_grids, one_scored_wide,
                               two_scored_edges, two_scored_grids, two_scored_refusals, two_scored_wide)
from distances import direction
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, constant, empty, f32, formula
from refusals import BATCHMEAN, INF, MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, NAN, options_refused


# --- relativistic ------------------------------------------------------------------------------

MARGIN_COSTS = {
    "vanilla": lambda d: torch.logaddexp(-d, torch.zeros_like(d)),
    "lsgan": lambda d: (d - 1) ** 2,
    "hinge": lambda d: F.relu(1 - d),
}
MODES = tuple({"mode": mode} for mode in MARGIN_COSTS)
BAD_MODE = options_refused({"mode-unknown": {"mode": "wgan"}, "mode-not-a-name": {"mode": 1}})
RELATIVISTIC = formula("Jolicoeur-Martineau 2019 (relativistic GAN)")


def average(i, o, preferred, other):
    cost = MARGIN_COSTS[o.mode]
    return reduce(cost(preferred - other.mean()), o.reduction) + reduce(cost(preferred.mean() - other), o.reduction)


def relativistic_average(name, turn):
    return Loss(
        name=name,
        source=RELATIVISTIC,
        defaults={"mode": "vanilla"},
        reference=lambda i, o: average(i, o, *turn(i.real, i.fake)),
        infinite=("real", "fake"),
        grids=(*two_scored_grids(MODES), *(grid for mode in MODES[1:] for grid in two_scored_grids((mode,))[1:2])),
        edges=(
            *two_scored_edges(large=LARGE, options=tuple((f"-{m['mode']}", m) for m in MODES)),
            Edge("boundary", {"real": f32([0.5, 0.5, 0.5]), "fake": f32([-0.5, -0.5, -0.5])}, {"mode": "hinge"}, REDUCTIONS,
                 note="relu has gradient 0 at 0"),
            Edge("boundary-turned", {"real": f32([-0.5, -0.5]), "fake": f32([0.5, 0.5])}, {"mode": "hinge"}, REDUCTIONS,
                 note="relu has gradient 0 at 0"),
        ),
        refusals=(*two_scored_refusals(), *BAD_MODE),
        wide=two_scored_wide(({"mode": "vanilla"},)),
    )


def paired(*shape, fine=False):
    return lambda d: {name: (d.fine if fine else d.coarse)(*shape, scale=2) for name in ("real", "fake")}


def relativistic_paired(name, sign):
    return Loss(
        name=name,
        source=RELATIVISTIC,
        defaults={"mode": "vanilla"},
        reference=lambda i, o: reduce(MARGIN_COSTS[o.mode](sign * (i.real - i.fake)), o.reduction),
        infinite=("real", "fake"),
        grids=(
            Grid({"6": paired(6)}, variants=({}, *MODES)),
            Grid({"scalar": paired(), "1": paired(1), "4x1": paired(4, 1), "2x1x3x3": paired(2, 1, 3, 3),
                  "full-3x4": paired(3, 4, fine=True)}, variants=MODES[1:]),
        ),
        edges=(
            *(edge for mode in MODES for edge in two_scored_edges(large=LARGE, options=((f"-{mode['mode']}", mode),))
              if not edge.name.startswith("empty-real")),
            Edge("boundary", {"real": f32([0.5, 1, -2]), "fake": f32([-0.5, 2, -1])}, {"mode": "hinge"}, REDUCTIONS,
                 note="relu has gradient 0 at 0"),
        ),
        refusals=(*options_refused(BATCHMEAN), Refusal("sizes-differ", "ShapeError", {"fake": f32([1, 2])}),
                  Refusal("ranks-differ", "ShapeError", {"fake": f32([[1], [2], [3], [4], [5], [6]])}), *BAD_MODE),
        wide=(Grid({"129x3": paired(129, 3), "1025": paired(1025)}, reductions=("mean",)),),
    )


relativistic = (
    relativistic_average("relativisticAverageDiscriminatorLoss", lambda real, fake: (real, fake)),
    relativistic_average("relativisticAverageGeneratorLoss", lambda real, fake: (fake, real)),
    relativistic_paired("relativisticPairedDiscriminatorLoss", 1),
    relativistic_paired("relativisticPairedGeneratorLoss", -1),
)


# --- energy-based and boundary equilibrium -----------------------------------------------------

ebgan_discriminator_loss = Loss(
    name="ebganDiscriminatorLoss",
    source=formula("Zhao et al. 2017 (EBGAN), torchgan"),
    defaults={"margin": 80.0},
    reference=lambda i, o: reduce(i.real, o.reduction) + reduce(F.relu(o.margin - i.fake), o.reduction),
    grids=two_scored_grids(({"margin": 0.5}, {"margin": 10})),
    edges=(
        *two_scored_edges(large=LARGE),
        Edge("boundary", {"real": f32([1, 2, 3]), "fake": f32([0.5, 0.25, 1])}, {"margin": 0.5}, REDUCTIONS,
             note="relu has gradient 0 at 0"),
    ),
    refusals=(*two_scored_refusals(), *options_refused(MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE)),
    wide=two_scored_wide(({"margin": 1},)),
)


def energy(name, source):
    return Loss(name=name, source=source, reference=lambda i, o: reduce(i.fake, o.reduction),
                grids=one_scored_grids(({},))[1:], edges=one_scored_edges(large=LARGE),
                refusals=(Refusal("real-is-no-input", "InputError", {"real": f32([1])}), *NO_OPTIONS),
                wide=one_scored_wide(({},)))


def pulling_away(i, o):
    cosines = direction(i.features) @ direction(i.features).T
    each = (cosines ** 2).masked_fill(torch.eye(len(cosines), dtype=torch.bool), 0).sum(dim=1)
    return reduce(each / (len(cosines) - 1), o.reduction)


def features(*shape, fine=False):
    return lambda d: {"features": (d.fine if fine else d.coarse)(*shape)}


pulling_away_loss = Loss(
    name="pullingAwayLoss",
    source=formula("Zhao et al. 2017 (EBGAN)"),
    reference=pulling_away,
    grids=(Grid({"4x3": features(4, 3), "2x5": features(2, 5), "full-5x4": features(5, 4, fine=True),
                 "8x16": features(8, 16)}),),
    edges=(
        Edge("one", {"features": f32([[1, 2]])}, {}, REDUCTIONS, note="0/0"),
        Edge("orthogonal", {"features": f32([[3, 4], [-4, 3]])}, {}, REDUCTIONS),
        Edge("duplicates", {"features": f32([[3, 4]] * 3)}, {}, REDUCTIONS),
        Edge("zero-vector", {"features": f32([[0, 0], [3, 4], [1, 0]])}, {}, REDUCTIONS,
             note="no norm counts as less than 1e-8: value 0"),
        Edge("large", {"features": f32([[1e4, 0], [1e4, 1e4]])}, {}, REDUCTIONS),
        Edge("empty", {"features": empty(0, 3)}, {}, REDUCTIONS),
    ),
    refusals=(Refusal("one-dimensional", "ShapeError", {"features": f32([1, 2, 3])}), *NO_OPTIONS,
              *options_refused(BATCHMEAN)),
    wide=(Grid({"129x3": features(129, 3), "2x1025": features(2, 1025)}, reductions=("mean",)),),
)


def balanced(draw):
    return lambda d: {**draw(d), "k": constant(0.375)}


def balanced_grid(grid):
    return Grid({name: balanced(draw) for name, draw in grid.recipes.items()}, ({},), grid.reductions)


began_discriminator_loss = Loss(
    name="beganDiscriminatorLoss",
    source=formula("Berthelot et al. 2017 (BEGAN), torchgan"),
    reference=lambda i, o: reduce(i.real, o.reduction) - i.k * reduce(i.fake, o.reduction),
    grids=tuple(balanced_grid(grid) for grid in two_scored_grids(({},))),
    edges=tuple(Edge(edge.name, {**edge.inputs, "k": constant(k)}, {}, edge.reductions, edge.note)
                for edge, k in zip(two_scored_edges(large=LARGE), (0.5, 0, 1, 1))),
    refusals=(*two_scored_refusals(), *NO_OPTIONS, Refusal("no-k", "InputError", {"k": None}),
              Refusal("k-not-a-scalar", "ShapeError", {"k": constant([0.5, 0.5])})),
    wide=tuple(balanced_grid(grid) for grid in two_scored_wide(({},))),
)


# --- penalties on gradients --------------------------------------------------------------------

def flat_norm(x):
    return torch.linalg.vector_norm(x.flatten(1), dim=1)


def gradient_penalty(i, o):
    excess = flat_norm(i.gradients) - o.target
    return reduce(o["lambda"] * (F.relu(excess) if o.oneSided else excess) ** 2, o.reduction)


def gradients(*shape, fine=False):
    return lambda d: {"gradients": (d.fine if fine else d.coarse)(*shape)}


GRADIENTS = {"1x1": gradients(1, 1), "2x3x2x2": gradients(2, 3, 2, 2), "full-3x4": gradients(3, 4, fine=True)}
WIDE_GRADIENTS = (Grid({"129x3": gradients(129, 3), "1x1025": gradients(1, 1025)}, reductions=("mean",)),)
BAD_GRADIENTS = (Refusal("one-dimensional", "ShapeError", {"gradients": f32([1, 2, 3])}),
                 Refusal("scalar", "ShapeError", {"gradients": f32(1)}), *options_refused(BATCHMEAN))


def gradient_edges(options):
    return tuple(edge for suffix, chosen in options for edge in (
        Edge(f"zero{suffix}", {"gradients": f32([[0, 0], [3, 4]])}, chosen, REDUCTIONS, note="the norm has gradient 0 at 0"),
        Edge(f"on-target{suffix}", {"gradients": f32([[1, 0], [0, -1]])}, chosen, REDUCTIONS),
        Edge(f"large{suffix}", {"gradients": f32([[1e4, 0], [3e4, 4e4]])}, chosen, REDUCTIONS),
        Edge(f"empty{suffix}", {"gradients": empty(0, 3)}, chosen, REDUCTIONS),
        Edge(f"no-features{suffix}", {"gradients": empty(2, 0)}, chosen, REDUCTIONS),
    ))


gradient_penalty_loss = Loss(
    name="gradientPenaltyLoss",
    source=formula("Gulrajani et al. 2017 (WGAN-GP), Petzka et al. 2018 (WGAN-LP)"),
    defaults={"lambda": 10.0, "target": 1.0, "oneSided": False},
    reference=gradient_penalty,
    grids=(Grid({"4x3": gradients(4, 3)}, variants=({}, {"lambda": 0.5}, {"target": 0}, {"target": 2, "oneSided": True},
                                                    {"oneSided": True})),
           Grid(GRADIENTS, variants=({"oneSided": False}, {"oneSided": True}))),
    edges=gradient_edges((("", {}), ("-one-sided", {"oneSided": True}))),
    refusals=(*BAD_GRADIENTS, *options_refused({
        "lambda-zero": {"lambda": 0}, "lambda-nan": {"lambda": NAN}, "target-negative": {"target": -1},
        "target-infinite": {"target": INF}, "one-sided-not-a-flag": {"oneSided": "yes"}})),
    wide=WIDE_GRADIENTS,
)


def zero_centred(name):
    return Loss(
        name=name,
        source=formula("Mescheder et al. 2018"),
        defaults={"gamma": 10.0},
        reference=lambda i, o: reduce(o.gamma / 2 * (i.gradients.flatten(1) ** 2).sum(dim=1), o.reduction),
        grids=(Grid({"4x3": gradients(4, 3)}, variants=({}, {"gamma": 0.5}, {"gamma": 1})),
               Grid(GRADIENTS, variants=({"gamma": 2},))),
        edges=gradient_edges((("", {}),)),
        refusals=(*BAD_GRADIENTS, *options_refused({"gamma-zero": {"gamma": 0}, "gamma-negative": {"gamma": -1},
                                                    "gamma-nan": {"gamma": NAN}})),
        wide=WIDE_GRADIENTS,
    )


LOSSES = [
    *relativistic,
    ebgan_discriminator_loss,
    energy("ebganGeneratorLoss", formula("Zhao et al. 2017 (EBGAN), torchgan")),
    pulling_away_loss,
    began_discriminator_loss,
    energy("beganGeneratorLoss", formula("Berthelot et al. 2017 (BEGAN), torchgan")),
    gradient_penalty_loss,
    zero_centred("r1Loss"),
    zero_centred("r2Loss"),
]
