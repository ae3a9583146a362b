"""Losses over lists: scores of several scales, features of several layers, images of several domains."""

import torch.nn.functional as F

from cases.adversarial import LARGE, cross_entropy, squared
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, empty, f32, formula
from refusals import BATCHMEAN, INF, NAN, options_refused

ACL_GAN = formula("Zhao et al. 2020 (ACL-GAN), github.com/hyperplane-lab/ACL-GAN cc0d5b7")


def elements(i, name):
    """The tensors of a list, which are inputs of their own: `fake.0`, `fake.1` …"""
    found = []
    while f"{name}.{len(found)}" in i:
        found.append(i[f"{name}.{len(found)}"])
    return found


def listed(**lists):
    return {f"{name}.{place}": array for name, arrays in lists.items() for place, array in enumerate(arrays)}


def scales(names, *shapes, fine=False, scale=2):
    """The same shapes in each list."""
    def draw(d):
        one = d.fine if fine else d.coarse
        return listed(**{name: [one(*shape, scale=scale) for shape in shapes] for name in names})
    return draw


def grids_over(names, variants, shapes=((4, 1), (2, 3), (5,))):
    """Several scales where each is reduced on its own; one where none is."""
    return (
        Grid({"6": scales(names, (6,))}, variants=({}, *variants)),
        Grid({"three": scales(names, *shapes), "full": scales(names, (3, 4), (2, 2), fine=True)}, variants=variants,
             reductions=("mean", "sum")),
    )


def edges_over(names, variants, large=LARGE):
    """Scores far out, zeros and nothing, in each list the other way round."""
    turned = [large, [-x for x in reversed(large)]]
    return tuple(edge for suffix, options in variants for edge in (
        Edge(f"large{suffix}", listed(**{name: [f32(turned[k % 2])] for k, name in enumerate(names)}), options, REDUCTIONS),
        Edge(f"zeros{suffix}", listed(**{name: [f32([0, 0])] for name in names}), options, REDUCTIONS),
        Edge(f"empty{suffix}", listed(**{name: [empty(0)] for name in names}), options, REDUCTIONS),
        Edge(f"empty-scale{suffix}", listed(**{name: [f32([1, 2]), empty(0, 1)] for name in names}), options,
             ("mean", "sum"), note="one empty mean makes the whole NaN, but the other scale keeps its gradient"),
    ))


def wide_over(names, variants=({},)):
    return (Grid({"129x3-1025": scales(names, (129, 3), (1025,))}, variants=variants, reductions=("mean",)),)


def refusals_over(names, rows=([1, 2], [1, 2, 3])):
    first, *others = names
    whole = Refusal("not-a-list", "InputError", {f"{first}.0": None, first: f32([1, 2])})
    hole = Refusal("hole", "InputError", {f"{first}.2": f32([1, 2])})
    longer = tuple(Refusal("lengths-differ", "InputError", {f"{first}.1": f32([1, 2])}) for _ in others[:1])
    several = Refusal("none-of-several", "ShapeError",
                      listed(**{name: [f32(row) for row in rows] for name in names}), {"reduction": "none"})
    return (whole, hole, *longer, several, *options_refused(BATCHMEAN))


# --- ACL-GAN -----------------------------------------------------------------------------------

def label_cost(o):
    return squared if o.mode == "lsgan" else cross_entropy


LABEL_MODES = ({"mode": "lsgan"}, {"mode": "vanilla"})
NAMED_MODES = tuple((f"-{m['mode']}", m) for m in LABEL_MODES)
BAD_LABEL_MODE = options_refused({"mode-unknown": {"mode": "hinge"}, "mode-not-a-name": {"mode": 1}})
BOTH, PAIRS, IMAGES = ("real", "fake"), ("reconstructed", "identity"), ("input", "target")


def acl_scores(name, names, cost, variants=LABEL_MODES, defaults=None, more=()):
    """A sum over scales of costs of scores."""
    return Loss(
        name=name,
        source=ACL_GAN,
        defaults={"mode": "lsgan", **(defaults or {})},
        reference=lambda i, o: sum(cost(o, *scale) for scale in zip(*(elements(i, one) for one in names))),
        infinite=tuple(f"{one}.0" for one in names),
        grids=grids_over(names, variants),
        edges=(*edges_over(names, NAMED_MODES),
               Edge("at-the-labels", listed(**{one: [f32([0, 1]), f32([1])] for one in names}), {}, ("mean", "sum"))),
        refusals=(*refusals_over(names), *BAD_LABEL_MODE, *more),
        wide=wide_over(names),
    )


acl_gan_discriminator_loss = acl_scores(
    "aclGanDiscriminatorLoss", BOTH,
    lambda o, real, fake: label_cost(o)(real, 1.0, o.reduction) + label_cost(o)(fake, 0.0, o.reduction))

acl_gan_generator_loss = acl_scores("aclGanGeneratorLoss", ("fake",),
                                    lambda o, fake: label_cost(o)(fake, 1.0, o.reduction))


def consistency(o, reconstructed, identity):
    label = 1.0 if o.side == "discriminator" else 0.0
    return label_cost(o)(identity, 1 - label, o.reduction) + label_cost(o)(reconstructed, label, o.reduction)


acl_gan_consistency_loss = acl_scores(
    "aclGanConsistencyLoss", PAIRS, consistency, defaults={"side": "generator"},
    variants=tuple({"side": side, **mode} for side in ("generator", "discriminator") for mode in LABEL_MODES),
    more=options_refused({"side-unknown": {"side": "both"}}))

acl_gan_identity_loss = Loss(
    name="aclGanIdentityLoss",
    source=ACL_GAN,
    reference=lambda i, o: sum(F.l1_loss(x, y, reduction=o.reduction)
                               for x, y in zip(elements(i, "input"), elements(i, "target"))),
    grids=(
        Grid({"2x3x2": scales(IMAGES, (2, 3, 2))}),
        Grid({"two-domains": scales(IMAGES, (2, 3, 2, 2), (1, 3, 3, 3)), "full": scales(IMAGES, (3, 4), (2,), fine=True)},
             reductions=("mean", "sum")),
    ),
    edges=(*edges_over(IMAGES, (("", {}),)),
           Edge("same", listed(input=[f32([1, 2, -3])], target=[f32([1, 2.5, -3])]), {}, REDUCTIONS,
                note="the absolute value has gradient 0 at 0")),
    refusals=(*refusals_over(IMAGES), Refusal("shapes-differ", "ShapeError", listed(target=[f32([1, 2])])),
              *options_refused({"mode-is-no-option": {"mode": "lsgan"}})),
    wide=wide_over(IMAGES),
)


def focus(i, o):
    def cost(mask):
        m = mask.flatten(1)
        size = F.relu((m - o.upper).sum(dim=1)) ** 2 + F.relu((o.lower - m).sum(dim=1)) ** 2
        return (o.delta * size + (1 / ((m - 0.5).abs() + o.eps)).sum(dim=1)) / m.shape[1]

    masks = elements(i, "focus")
    return sum(reduce(cost(mask), o.reduction) for mask in masks) / len(masks)


def masks(*shapes):
    """Multiples of 1/64 in [0, 1]."""
    def draw(d):
        return listed(focus=[f32(abs(d.coarse(*shape, scale=0.5).data).clip(0, 1)) for shape in shapes])
    return draw


acl_gan_focus_loss = Loss(
    name="aclGanFocusLoss",
    source=ACL_GAN,
    defaults={"delta": 0.001, "upper": 0.5, "lower": 0.3, "eps": 0.01},
    reference=focus,
    grids=(
        Grid({"3x1x2x2": masks((3, 1, 2, 2))}, variants=({}, {"delta": 1}, {"delta": 0}, {"upper": 0.25, "delta": 1},
                                                        {"lower": 0.75, "delta": 1}, {"eps": 0.25})),
        Grid({"three-masks": masks((2, 1, 2, 3), (2, 1, 2, 3), (1, 4)), "2x1": masks((2, 1), (3, 1))},
             variants=({"delta": 1},), reductions=("mean", "sum")),
    ),
    edges=(
        Edge("undecided", listed(focus=[f32([[0.5, 0.5], [0.25, 0.75]])]), {}, REDUCTIONS,
             note="the absolute value has gradient 0 at 0"),
        Edge("on-the-bounds", listed(focus=[f32([[0.5, 0.75], [0.25, 0.5]])]),
             {"upper": 0.625, "lower": 0.375, "delta": 1}, REDUCTIONS, note="relu has gradient 0 at 0"),
        Edge("all-on", listed(focus=[f32([[1, 1, 1]])]), {"delta": 1}, REDUCTIONS),
        Edge("all-off", listed(focus=[f32([[0, 0, 0]])]), {"delta": 1}, REDUCTIONS),
        Edge("large", listed(focus=[f32([[1e4, -1e4], [512, 0]])]), {}, REDUCTIONS),
        Edge("empty", listed(focus=[empty(0, 3)]), {}, REDUCTIONS),
        Edge("no-pixels", listed(focus=[empty(2, 0)]), {}, REDUCTIONS, note="0/0"),
    ),
    refusals=(*refusals_over(("focus",)), Refusal("one-dimensional", "ShapeError", listed(focus=[f32([1, 2])])),
              *options_refused({
                  "delta-negative": {"delta": -1}, "upper-nan": {"upper": NAN}, "lower-infinite": {"lower": INF},
                  "eps-zero": {"eps": 0}, "eps-negative": {"eps": -0.01}})),
    wide=(Grid({"129x3-1x1025": masks((129, 3), (1, 1025))}, reductions=("mean",)),),
)


# --- featureMatchingLoss -----------------------------------------------------------------------

def feature_matching(i, o):
    def cost(real, fake):
        d = real.mean(dim=0) - fake.mean(dim=0) if o.statistic == "mean" else real - fake
        return reduce(d ** 2 if o.distance == "l2" else d.abs(), o.reduction)

    return sum(cost(*layer) for layer in zip(elements(i, "real"), elements(i, "fake")))


def layers(real, fake, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return listed(real=[one(*shape) for shape in real], fake=[one(*shape) for shape in fake])
    return draw


STATISTICS = tuple({"statistic": s, "distance": d} for s in ("mean", "sample") for d in ("l2", "l1"))

feature_matching_loss = Loss(
    name="featureMatchingLoss",
    source=formula("Salimans et al. 2016, Wang et al. 2018 (pix2pixHD)"),
    defaults={"statistic": "mean", "distance": "l2"},
    reference=feature_matching,
    grids=(
        Grid({"4x3": layers([(4, 3)], [(4, 3)])}, variants=({}, *STATISTICS)),
        Grid({"two-layers": layers([(2, 3), (2, 2, 2)], [(2, 3), (2, 2, 2)]),
              "full": layers([(3, 4), (3,)], [(3, 4), (3,)], fine=True)}, variants=STATISTICS,
             reductions=("mean", "sum")),
        Grid({"batches-4-3": layers([(4, 3), (4, 2)], [(3, 3), (5, 2)])}, variants=STATISTICS[:2],
             reductions=("mean", "sum")),
    ),
    edges=(
        *(Edge(f"same-{s['statistic']}-{s['distance']}", listed(real=[f32([[1, 2], [3, 4]])], fake=[f32([[1, 2], [3, 5]])]),
               s, REDUCTIONS, note="the absolute value has gradient 0 at 0") for s in STATISTICS),
        *(Edge(f"equal-{s['statistic']}-{s['distance']}", listed(real=[f32([[1, 2], [3, 4]])], fake=[f32([[1, 2], [3, 4]])]), s)
          for s in STATISTICS),
        Edge("large", listed(real=[f32([[1e4, -1e4]])], fake=[f32([[-1e4, 0]])]), {}, REDUCTIONS),
        Edge("empty", listed(real=[empty(2, 0)], fake=[empty(3, 0)]), {}, REDUCTIONS, note="nothing to compare"),
        Edge("no-samples", listed(real=[empty(0, 2)], fake=[f32([[1, 2]])]), {}, REDUCTIONS, note="a mean over nothing"),
        Edge("no-pairs", listed(real=[empty(0, 2)], fake=[empty(0, 2)]), {"statistic": "sample"}, REDUCTIONS),
    ),
    refusals=(
        *refusals_over(BOTH, ([[1, 2]], [[1, 2, 3]])),
        Refusal("features-differ", "ShapeError", listed(fake=[f32([[1, 2]] * 4)])),
        Refusal("samples-differ", "ShapeError", listed(fake=[f32([[1, 2, 3]] * 3)]), {"statistic": "sample"}),
        *options_refused({"statistic-unknown": {"statistic": "median"}, "distance-unknown": {"distance": "l3"}}),
    ),
    wide=(Grid({"129x3-2x1025": layers([(129, 3), (2, 1025)], [(129, 3), (2, 1025)])}, reductions=("mean",)),),
)

LOSSES = [
    acl_gan_discriminator_loss,
    acl_gan_generator_loss,
    acl_gan_consistency_loss,
    acl_gan_identity_loss,
    acl_gan_focus_loss,
    feature_matching_loss,
]
