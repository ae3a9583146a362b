"""Adversarial losses over a discriminator's scores."""

import torch
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import BATCHMEAN, INF, MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE, NAN, options_refused


def cross_entropy(logits, label, reduction):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


def squared(scores, label, reduction):
    return reduce((scores - label) ** 2, reduction)


# --- inputs ------------------------------------------------------------------------------------

def two(first, second, *shape, fine=False, second_shape=None):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {first: one(*shape, scale=2), second: one(*(second_shape or shape), scale=2)}
    return draw


def one(*shape, fine=False):
    return lambda d: {"fake": (d.fine if fine else d.coarse)(*shape, scale=2)}


def two_scored_grids(variants, names=("real", "fake")):
    """Equal shapes under every reduction; different ones where each term is reduced on its own."""
    same = {
        "1": two(*names, 1),
        "4x1": two(*names, 4, 1),
        "2x1x3x3": two(*names, 2, 1, 3, 3),
        "scalar": two(*names),
        "full-3x4": two(*names, 3, 4, fine=True),
    }
    different = {
        "5-3": two(*names, 5, second_shape=(3,)),
        "2x1x3x3-4x1": two(*names, 2, 1, 3, 3, second_shape=(4, 1)),
        "1x3-4x3": two(*names, 1, 3, second_shape=(4, 3)),
    }
    return (
        Grid({"6": two(*names, 6)}, variants=({}, *variants)),
        Grid(same, variants=variants[:1]),
        Grid(different, variants=variants[:1], reductions=("mean", "sum")),
    )


def one_scored_grids(variants):
    shapes = {"1": one(1), "4x1": one(4, 1), "2x1x3x3": one(2, 1, 3, 3), "scalar": one(), "64": one(64),
              "full-3x4": one(3, 4, fine=True)}
    return (Grid({"6": one(6)}, variants=({}, *variants)), Grid(shapes, variants=variants[:1]))


def two_scored_wide(variants, names=("real", "fake")):
    return (
        Grid({"129x3": two(*names, 129, 3), "1025-129": two(*names, 1025, second_shape=(129,))},
             variants=variants, reductions=("mean",)),
    )


def one_scored_wide(variants):
    return (Grid({"129x3": one(129, 3), "1025": one(1025)}, variants=variants, reductions=("mean",)),)


EXTREMES = [1e4, -1e4, 0, 2.0**100, -(2.0**100)]
LARGE = [1e4, -1e4, 0, 512, -512]
# Nothing cancels, so that the sum is the same in every order.
LARGE_TO_ADD = [1e4, -1e4, 0, 2.0**100]


def two_scored_edges(names=("real", "fake"), large=EXTREMES, options=()):
    first, second = names
    return tuple(
        edge
        for suffix, chosen in (options or (("", {}),))
        for edge in (
            Edge(f"large{suffix}", {first: f32(large), second: f32([-x for x in reversed(large)])}, chosen,
                 REDUCTIONS),
            Edge(f"zeros{suffix}", {first: f32([0, 0]), second: f32([0, 0])}, chosen, REDUCTIONS),
            Edge(f"empty{suffix}", {first: empty(0), second: empty(0)}, chosen, REDUCTIONS),
            Edge(f"empty-{first}{suffix}", {first: empty(0, 1), second: f32([[1], [0.5]])}, chosen, ("mean", "sum"),
                 note="one empty mean makes the whole NaN, but the other term keeps its gradient"),
        )
    )


def one_scored_edges(large=EXTREMES, options=()):
    return tuple(
        edge
        for suffix, chosen in (options or (("", {}),))
        for edge in (
            Edge(f"large{suffix}", {"fake": f32(large)}, chosen, REDUCTIONS),
            Edge(f"zeros{suffix}", {"fake": f32([0, 0, 0])}, chosen, REDUCTIONS),
            Edge(f"empty{suffix}", {"fake": empty(0)}, chosen, REDUCTIONS),
            Edge(f"empty-0x1{suffix}", {"fake": empty(0, 1)}, chosen, REDUCTIONS),
        )
    )


def two_scored_refusals(names=("real", "fake")):
    first, second = names
    return (
        Refusal("none-of-different-lengths", "ShapeError", {second: f32([1, 2, 3])}, {"reduction": "none"}),
        Refusal("none-never-broadcasts", "ShapeError", {first: f32([[1, 2, 3]]), second: f32([[1, 2, 3]] * 4)},
                {"reduction": "none"}),
        Refusal(f"missing-{second}", "InputError", {second: None}),
        *options_refused(BATCHMEAN),
    )


REAL_IS_NO_INPUT = (Refusal("real-is-no-input", "InputError", {"real": f32([1, 2])}), *options_refused(BATCHMEAN))


def labels_refused(*names):
    return options_refused(*({f"{n}-nan": {n: NAN}, f"{n}-infinite": {n: INF},
                              f"{n}-not-a-number": {n: "one"}} for n in names))


# --- minimax -----------------------------------------------------------------------------------

gan_discriminator_loss = Loss(
    name="ganDiscriminatorLoss",
    source=TORCH,
    defaults={"labelSmoothing": 0.0},
    reference=lambda i, o: cross_entropy(i.real, 1 - o.labelSmoothing, o.reduction) + cross_entropy(i.fake, 0.0,
                                                                                                    o.reduction),
    grids=two_scored_grids(({"labelSmoothing": 0.25}, {"labelSmoothing": 0.1}, {"labelSmoothing": 0.9})),
    edges=two_scored_edges(options=(("", {}), ("-smoothed", {"labelSmoothing": 0.25}))),
    refusals=(*two_scored_refusals(), *options_refused({
        "label-smoothing-1": {"labelSmoothing": 1},
        "label-smoothing-negative": {"labelSmoothing": -0.1},
        "label-smoothing-nan": {"labelSmoothing": NAN},
    })),
    wide=two_scored_wide(({"labelSmoothing": 0.25},)),
)

gan_generator_loss = Loss(
    name="ganGeneratorLoss",
    source=TORCH,
    defaults={"saturating": False},
    reference=lambda i, o: (
        -cross_entropy(i.fake, 0.0, o.reduction) if o.saturating else cross_entropy(i.fake, 1.0, o.reduction)
    ),
    grids=one_scored_grids(({"saturating": True}, {"saturating": False})),
    edges=one_scored_edges(options=(("", {}), ("-saturating", {"saturating": True}))),
    refusals=(*REAL_IS_NO_INPUT, *options_refused({"saturating-not-a-flag": {"saturating": "no"},
                                                   "saturating-a-number": {"saturating": 1}})),
    wide=one_scored_wide(({"saturating": True}, {"saturating": False})),
)


# --- least squares -----------------------------------------------------------------------------

lsgan_discriminator_loss = Loss(
    name="lsganDiscriminatorLoss",
    source=formula("Mao et al. 2017 (LSGAN), torchgan"),
    defaults={"realLabel": 1.0, "fakeLabel": 0.0},
    reference=lambda i, o: (squared(i.real, o.realLabel, o.reduction) + squared(i.fake, o.fakeLabel,
                                                                                o.reduction)) / 2,
    infinite=("real", "fake"),
    grids=two_scored_grids(({"realLabel": 0.9, "fakeLabel": -1}, {"realLabel": 0}, {"fakeLabel": 0.5})),
    edges=(
        *two_scored_edges(large=LARGE),
        Edge("at-the-labels", {"real": f32([1, 1]), "fake": f32([0, 0])}, {}, REDUCTIONS),
    ),
    refusals=(*two_scored_refusals(), *labels_refused("realLabel", "fakeLabel")),
    wide=two_scored_wide(({"realLabel": 0.5},)),
)

lsgan_generator_loss = Loss(
    name="lsganGeneratorLoss",
    source=formula("Mao et al. 2017 (LSGAN), torchgan"),
    defaults={"targetLabel": 1.0},
    reference=lambda i, o: squared(i.fake, o.targetLabel, o.reduction) / 2,
    infinite=("fake",),
    grids=one_scored_grids(({"targetLabel": 0.9}, {"targetLabel": 0}, {"targetLabel": -1})),
    edges=(*one_scored_edges(large=LARGE), Edge("at-the-label", {"fake": f32([1, 1])}, {}, REDUCTIONS)),
    refusals=(*REAL_IS_NO_INPUT, *labels_refused("targetLabel")),
    wide=one_scored_wide(({"targetLabel": 0.5},)),
)


# --- Wasserstein and hinge ---------------------------------------------------------------------

def negated(i, o):
    return reduce(-i.fake, o.reduction)


NO_OPTIONS = options_refused({"margin-is-no-option": {"margin": 1}})

wgan_discriminator_loss = Loss(
    name="wganDiscriminatorLoss",
    source=formula("Arjovsky et al. 2017 (WGAN), torchgan"),
    reference=lambda i, o: reduce(i.fake, o.reduction) - reduce(i.real, o.reduction),
    infinite=("real", "fake"),
    grids=two_scored_grids(({},))[1:],
    edges=two_scored_edges(large=LARGE_TO_ADD),
    refusals=(*two_scored_refusals(), *NO_OPTIONS),
    wide=two_scored_wide(({},)),
)

wgan_generator_loss = Loss(
    name="wganGeneratorLoss",
    source=formula("Arjovsky et al. 2017 (WGAN), torchgan"),
    reference=negated,
    infinite=("fake",),
    grids=one_scored_grids(({},))[1:],
    edges=one_scored_edges(large=LARGE_TO_ADD),
    refusals=(*REAL_IS_NO_INPUT, *NO_OPTIONS),
    wide=one_scored_wide(({},)),
)

hinge_gan_discriminator_loss = Loss(
    name="hingeGanDiscriminatorLoss",
    source=formula("Lim, Ye 2017; Miyato et al. 2018 (hinge GAN)"),
    defaults={"margin": 1.0},
    reference=lambda i, o: reduce(F.relu(o.margin - i.real), o.reduction) + reduce(F.relu(o.margin + i.fake),
                                                                                   o.reduction),
    infinite=("real", "fake"),
    grids=two_scored_grids(({"margin": 0.3}, {"margin": 4})),
    edges=(
        *two_scored_edges(),
        Edge("boundary", {"real": f32([1, 1.5, 0.5]), "fake": f32([-1, -1.5, -0.5])}, {}, REDUCTIONS,
             note="relu has gradient 0 at 0"),
        Edge("boundary-margin", {"real": f32([0.5, 2]), "fake": f32([-0.5, -2])}, {"margin": 0.5}, REDUCTIONS),
        Edge("inactive", {"real": f32([2, 3]), "fake": f32([-2, -3])}, {}, REDUCTIONS),
    ),
    refusals=(*two_scored_refusals(), *options_refused(MARGIN_NOT_FINITE, MARGIN_NOT_POSITIVE)),
    wide=two_scored_wide(({},)),
)

hinge_gan_generator_loss = Loss(
    name="hingeGanGeneratorLoss",
    source=formula("Lim, Ye 2017; Miyato et al. 2018 (hinge GAN)"),
    reference=negated,
    infinite=("fake",),
    grids=one_scored_grids(({},))[1:],
    edges=one_scored_edges(large=LARGE_TO_ADD),
    refusals=(*REAL_IS_NO_INPUT, *NO_OPTIONS),
    wide=one_scored_wide(({},)),
)


# --- adversarialConsistencyLoss ----------------------------------------------------------------

PAIRS = ("reconstructed", "identity")


def adversarial_consistency(i, o):
    score = squared if o.mode == "lsgan" else cross_entropy
    identity_label = 1.0 if o.side == "generator" else 0.0
    return score(i.identity, identity_label, o.reduction) + score(i.reconstructed, 1 - identity_label, o.reduction)


MODES = tuple({"side": side, "mode": mode} for side in ("generator", "discriminator") for mode in ("lsgan",
                                                                                                   "vanilla"))

adversarial_consistency_loss = Loss(
    name="adversarialConsistencyLoss",
    source=formula("Zhao et al. 2020 (ACL-GAN), github.com/hyperplane-lab/ACL-GAN 661a98b"),
    defaults={"side": "generator", "mode": "lsgan"},
    reference=adversarial_consistency,
    infinite=("reconstructed", "identity"),
    grids=(
        *two_scored_grids(MODES, PAIRS),
        *two_scored_grids(MODES[3:], PAIRS)[1:],
    ),
    edges=(
        *two_scored_edges(PAIRS, LARGE, options=(("-lsgan", {"mode": "lsgan"}),
                                                 ("-discriminator", {"side": "discriminator"}))),
        *two_scored_edges(PAIRS, EXTREMES, options=(("-vanilla", {"mode": "vanilla"}),)),
        Edge("at-the-labels", {"reconstructed": f32([0, 1]), "identity": f32([1, 0])}, {}, REDUCTIONS),
    ),
    refusals=(
        *two_scored_refusals(PAIRS),
        *options_refused({"side-unknown": {"side": "both"}, "mode-unknown": {"mode": "wgan"},
                          "mode-not-a-name": {"mode": True}}),
    ),
    wide=two_scored_wide(({"side": "generator", "mode": "vanilla"},), PAIRS),
)

LOSSES = [
    gan_discriminator_loss,
    gan_generator_loss,
    lsgan_discriminator_loss,
    lsgan_generator_loss,
    wgan_discriminator_loss,
    wgan_generator_loss,
    hinge_gan_discriminator_loss,
    hinge_gan_generator_loss,
    adversarial_consistency_loss,
]
