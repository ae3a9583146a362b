"""Image-text matching over matrices of similarities: given ones, of embeddings, of fragments that attend to each other."""

import torch
import torch.nn.functional as F

from distances import SIMILARITIES
from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, boolean, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, MARGIN_NEGATIVE, MARGIN_NOT_FINITE, NAN, options_refused


# --- hinges over scores ------------------------------------------------------------------------

def matching_cost(scores, i, o):
    """For each caption: its image's score against those of other captions of that image, and of other images."""
    captions = torch.arange(scores.shape[1])
    images = captions if i.labels is None else i.labels
    own = scores[images, captions]
    excluded = torch.arange(scores.shape[0])[:, None] == images[None]
    if i.matches is not None:
        excluded = excluded | i.matches.bool()

    def cost(s, matched, out):
        violation = o.margin + s - matched
        if o.semiHard:
            out = out | (s >= matched)
        each = torch.logaddexp(violation, torch.zeros_like(violation)) if o.softMargin else violation.clamp_min(0)
        return each.masked_fill(out, 0)

    rows, columns = cost(scores[images], own[:, None], excluded[images]), cost(scores, own[None], excluded)
    if o.maxViolation and len(captions):
        return rows.max(dim=1).values + columns.max(dim=0).values
    return rows.sum(dim=1) + columns.sum(dim=0)


MATCHING = {"margin": 0.2, "maxViolation": False, "semiHard": False, "softMargin": False, "reduction": "sum"}
FORMS = ({"semiHard": True}, {"softMargin": True}, {"semiHard": True, "maxViolation": True},
         {"softMargin": True, "maxViolation": True, "margin": 0}, {"softMargin": True, "semiHard": True})
HARD_OR_ALL = ({"maxViolation": False}, {"maxViolation": True})
BAD_MATCHING = options_refused(MARGIN_NOT_FINITE, MARGIN_NEGATIVE, BATCHMEAN, {
    "max-violation-not-a-flag": {"maxViolation": "hard"},
    "semi-hard-not-a-flag": {"semiHard": 1},
    "soft-margin-not-a-flag": {"softMargin": "yes"},
})

# Two images with captions of their own, and one with two.
SCORES_3X4 = [[1, 0.5, 0.25, 0], [0.5, 0.75, 1, 0.5], [0.25, 0.5, 0, 1]]
MATCHES_3X4 = [[0, 0, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0]]


# --- vseLoss -----------------------------------------------------------------------------------

def order(image, text):
    return -torch.linalg.vector_norm((text - image).relu(), dim=-1)


def vse(i, o):
    scores = i.scores
    if scores is None:
        scores = (order if o.similarity == "order" else SIMILARITIES[o.similarity])(i.image[:, None], i.text[None])
    return reduce(matching_cost(scores, i, o), o.reduction)


def embeddings(*shape, fine=False):
    return lambda d: {name: (d.fine if fine else d.coarse)(*shape) for name in ("image", "text")}


def captioned(n, m, width, labels):
    return lambda d: {"image": d.coarse(n, width), "text": d.coarse(m, width), "labels": i64(labels)}


def absolute(*shape):
    return lambda d: {name: f32(abs(d.coarse(*shape).data)) for name in ("image", "text")}


def scores(data, **captions):
    return {"scores": f32(data), **captions}

vse_loss = Loss(
    name="vseLoss",
    source=formula("Faghri et al. 2018 (VSE++), github.com/fartashf/vsepp abe382f"),
    defaults={**MATCHING, "similarity": "cosine"},
    reference=vse,
    grids=(
        Grid({"4x3": embeddings(4, 3)}, variants=(
            {}, {"maxViolation": True}, {"similarity": "dot"}, {"similarity": "dot", "maxViolation": True},
            {"margin": 0, "similarity": "cosine"}, {"margin": 1, "similarity": "cosine", "maxViolation": True},
            *FORMS)),
        Grid({"order-4x3": absolute(4, 3)},
             variants=({"similarity": "order"}, {"similarity": "order", "maxViolation": True}), reductions=("none", "sum")),
        Grid({"captions-3x5": captioned(3, 5, 4, [1, 0, 0, 2, 1])},
             variants=(*HARD_OR_ALL, *FORMS[:2], {"similarity": "order"}), reductions=("none", "mean")),
        Grid({"1x3": embeddings(1, 3), "8x16": embeddings(8, 16), "full-5x4": embeddings(5, 4, fine=True)},
             variants=HARD_OR_ALL, reductions=("none", "sum")),
        Grid({"scores-4": lambda d: {"scores": d.coarse(4, 4)}}, variants=(
            {}, {"maxViolation": True}, {"margin": 0}, {"margin": 1, "maxViolation": True})),
        Grid({"scores-4": lambda d: {"scores": d.coarse(4, 4)}}, variants=FORMS, reductions=("none",)),
        Grid({"scores-labels-3x5": lambda d: {"scores": d.coarse(3, 5), "labels": i32([2, 0, 1, 1, 2])},
              "scores-matches-4": lambda d: {"scores": d.coarse(4, 4), "matches": boolean(torch.eye(4).flip(0))},
              "scores-both-3x4": lambda d: {"scores": d.coarse(3, 4), "labels": i64([0, 1, 1, 2]),
                                            "matches": boolean(MATCHES_3X4)}},
             variants=(*HARD_OR_ALL, *FORMS[:3]), reductions=("none",)),
        Grid({"scores-1": lambda d: {"scores": d.coarse(1, 1)}, "scores-full-6": lambda d: {"scores": d.fine(6, 6)}},
             variants=HARD_OR_ALL, reductions=("none", "sum")),
    ),
    edges=(
        *(Edge(f"boundary-{name}", scores([[0.5, 0.25], [0.25, 0.5]]), {"margin": 0.25, "maxViolation": hard},
               REDUCTIONS,
               note="all costs exactly 0; the first index takes the gradient, unless it is the masked diagonal"
               if hard else "all costs exactly 0: clamp_min passes the whole gradient")
          for name, hard in (("sum", False), ("max", True))),
        Edge("ties-max", scores([[1, 0.5, 1, 1], [1, 0.5, 1, 0.25], [0.5, 0.5, 0.5, 0.5], [1, 1, 1, 0.5]]),
             {"margin": 0.25,
              "maxViolation": True}, REDUCTIONS, note="equal violations: the first one takes the gradient"),
        Edge("all-equal-max", scores([[0.5] * 3] * 3), {"margin": 0.25, "maxViolation": True}, REDUCTIONS),
        Edge("all-equal-sum", scores([[0.5] * 3] * 3), {"margin": 0, "maxViolation": False}, REDUCTIONS),
        *(Edge(f"inactive-{name}", scores([[4, 0, 1], [1, 5, 0], [0, 1, 6]]), {"margin": 0.5, "maxViolation": hard},
               REDUCTIONS) for name, hard in (("sum", False), ("max", True))),
        *(Edge(f"large-{name}", scores([[1e4, -1e4], [5e3, -1e4]]), {"maxViolation": hard}, REDUCTIONS)
          for name, hard in (("sum", False), ("max", True))),
        Edge("zero-vectors", {"image": f32([[0, 0], [1, 2]]), "text": f32([[2, 1], [0, 0]])},
             {"margin": 0.25}, REDUCTIONS, note="no norm counts as less than 1e-8; the original divides 0 by 0"),
        *(Edge(f"short-vectors-{name}",
               {"image": f32([[2.0**-28, 2.0**-30], [1, 2]]), "text": f32([[2, 1], [2.0**-40, 0]])},
               {"margin": 0.25, "maxViolation": hard}) for name, hard in (("sum", False), ("max", True))),
        Edge("zero-vectors-dot", {"image": f32([[0, 0], [1, 2]]), "text": f32([[2, 1], [0, 0]])},
             {"margin": 0.25, "similarity": "dot", "maxViolation": True}, REDUCTIONS),
        Edge("duplicates-dot", {"image": f32([[1, 2]] * 3), "text": f32([[2, 1]] * 3)},
             {"margin": 0.25, "similarity": "dot", "maxViolation": True}, REDUCTIONS),
        *(Edge(f"{name}-{kind}", scores(SCORES_3X4, labels=i64([0, 1, 1, 2]), **more), {"margin": 0.25, **options},
               REDUCTIONS, note="captions of one image are no negatives")
          for kind, options in (("sum", {}), ("max", {"maxViolation": True}), ("semi-hard", {"semiHard": True}))
          for name, more in (("captions", {}), ("captions-matches", {"matches": boolean(MATCHES_3X4)}))),
        Edge("semi-hard-ties", scores([[0.5, 0.5, 0.25], [0.5, 0.25, 0.25], [0, 0.5, 0.5]]),
             {"margin": 0.25, "semiHard": True}, REDUCTIONS, note="as similar as the match is no semi-hard negative"),
        Edge("nothing-semi-hard", scores([[0, 1], [1, 0]]), {"semiHard": True, "maxViolation": True}, REDUCTIONS),
        Edge("large-soft", scores([[1e4, -1e4], [5e3, -1e4]]), {"softMargin": True}, REDUCTIONS),
        Edge("all-match", scores([[1, 2], [3, 4]], matches=boolean([[1, 1], [1, 1]])), {"softMargin": True}, REDUCTIONS),
        Edge("one-image", scores([[1, 2, 3]], labels=i64([0, 0, 0])), {"maxViolation": True}, REDUCTIONS),
        Edge("image-without-caption", scores([[1, 2], [3, 1.5], [1.25, 2.5]], labels=i64([2, 2])), {}, REDUCTIONS),
        Edge("ordered", {"image": f32([[1, 2], [2, 2]]), "text": f32([[0, 1], [1, 2]])}, {"similarity": "order"},
             REDUCTIONS, note="where the order holds the score is 0, and so is its gradient"),
        Edge("order-same", {"image": f32([[1, 2], [0, 0]]), "text": f32([[1, 2], [3, 4]])},
             {"similarity": "order", "margin": 5}, REDUCTIONS, note="the authors' code gives NaN gradients here"),
        Edge("empty-captions", {"image": empty(2, 3), "text": empty(0, 3), "labels": i64([])}, {}, REDUCTIONS),
        *(Edge(f"empty-{name}", {"image": empty(0, 3), "text": empty(0, 3)}, {"maxViolation": hard}, REDUCTIONS)
          for name, hard in (("sum", False), ("max", True))),
        *(Edge(f"empty-scores-{name}", scores(empty(0, 0).data), {"maxViolation": hard}, REDUCTIONS)
          for name, hard in (("sum", False), ("max", True))),
    ),
    refusals=(
        Refusal("batch-mismatch", "ShapeError", {"text": f32([[1, 2, 3]] * 3)}),
        Refusal("width-mismatch", "ShapeError", {"text": f32([[1, 2]] * 4)}),
        Refusal("one-dimensional", "ShapeError", {"image": f32([1, 2, 3]), "text": f32([1, 2, 3])}),
        Refusal("scores-not-square", "ShapeError", {"image": None, "text": None, **scores([[1, 2, 3], [4, 5, 6]])}),
        Refusal("scores-one-dimensional", "ShapeError", {"image": None, "text": None, **scores([1, 2, 3])}),
        Refusal("scores-and-embeddings", "InputError", scores([[1, 0], [0, 1]])),
        Refusal("image-without-text", "InputError", {"text": None}),
        Refusal("nothing", "InputError", {"image": None, "text": None}),
        Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
        Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 4, 2])}),
        Refusal("label-negative", "InputError", {"labels": i64([0, 1, -1, 2])}),
        Refusal("labels-float", "DTypeError", {"labels": f32([0, 1, 2, 3], grad=False)}),
        Refusal("matches-not-square", "ShapeError", {"matches": boolean([[0, 1, 0, 0]] * 3)}),
        *BAD_MATCHING,
        *options_refused({
            "similarity-unknown": {"similarity": "angle"}}),
    ),
    wide=(
        Grid({"129x3": embeddings(129, 3)}, variants=HARD_OR_ALL, reductions=("mean",)),
        Grid({"2x1025": embeddings(2, 1025)}, variants=({"margin": 1, "similarity": "cosine"},),
             reductions=("sum",)),
        Grid({"captions-2x129": lambda d: {"scores": d.coarse(2, 129), "labels": d.indices(2, 129)}},
             variants=FORMS[:3], reductions=("sum",)),
    ),
)



# --- sgrafLoss, mmcaLoss -----------------------------------------------------------------------

def score_cases(of):
    """Cases of hinges over scores, each matrix of scores made into inputs by `of`."""
    return {
        "grids": (
            Grid({"4": lambda d: of(d.coarse(4, 4).data)}, variants=(
                {}, {"maxViolation": False}, {"margin": 1}, {"margin": 0, "maxViolation": False}, *FORMS)),
            Grid({"labels-3x5": lambda d: {**of(d.coarse(3, 5).data), "labels": i64([2, 0, 1, 1, 2])},
                  "matches-4": lambda d: {**of(d.coarse(4, 4).data), "matches": boolean(torch.eye(4).flip(0))},
                  "1": lambda d: of(d.coarse(1, 1).data)},
                 variants=({"maxViolation": True}, {"maxViolation": False}), reductions=("none", "mean")),
        ),
        "edges": (
            Edge("boundary", of([[0.5, 0.25], [0.25, 0.5]]), {"margin": 0.25}, REDUCTIONS,
                 note="all costs exactly 0; the first index takes the gradient, unless it is the masked diagonal"),
            Edge("boundary-sum", of([[0.5, 0.25], [0.25, 0.5]]), {"margin": 0.25, "maxViolation": False}, REDUCTIONS,
                 note="all costs exactly 0: clamp_min passes the whole gradient"),
            Edge("ties", of([[1, 0.5, 1, 1], [1, 0.5, 1, 0.25], [0.5, 0.5, 0.5, 0.5], [1, 1, 1, 0.5]]),
                 {"margin": 0.25}, REDUCTIONS, note="equal violations: the first one takes the gradient"),
            Edge("all-equal", of([[0.5] * 3] * 3), {"margin": 0.25}, REDUCTIONS),
            Edge("inactive", of([[4, 0, 1], [1, 5, 0], [0, 1, 6]]), {"margin": 0.5}, REDUCTIONS),
            Edge("large", of([[4e4, -4e4], [2e4, -4e4]]), {}, REDUCTIONS),
            Edge("captions-matches", {**of(SCORES_3X4), "labels": i64([0, 1, 1, 2]), "matches": boolean(MATCHES_3X4)},
                 {"margin": 0.25}, REDUCTIONS, note="captions of one image are no negatives"),
            Edge("empty", of(empty(0, 0).data), {}, REDUCTIONS),
        ),
        "refusals": (
            Refusal("not-square", "ShapeError", of([[1, 2, 3], [4, 5, 6]])),
            Refusal("one-dimensional", "ShapeError", of([1, 2, 3])),
            Refusal("labels-too-short", "ShapeError", {"labels": i64([0, 1, 2])}),
            Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 4, 2])}),
            Refusal("label-negative", "InputError", {"labels": i64([0, 1, -1, 2])}),
            Refusal("matches-not-square", "ShapeError", {"matches": boolean([[0, 1, 0, 0]] * 3)}),
            *BAD_MATCHING,
            *options_refused({"similarity-is-no-option": {"similarity": "cosine"}}),
        ),
        "wide": (
            Grid({"2x129": lambda d: {**of(d.coarse(2, 129).data), "labels": d.indices(2, 129)},
                  "2x1025": lambda d: {**of(d.coarse(2, 1025).data), "labels": d.indices(2, 1025)}},
                 reductions=("mean",)),
        ),
    }


def halves(data):
    """One matrix as the sum of two, exactly."""
    whole = torch.tensor(data, dtype=torch.float64)
    first = (whole * 4).floor() / 8
    return {"selfScores": f32(first.numpy()), "crossScores": f32((whole - first).numpy())}


sgraf_loss = Loss(
    name="sgrafLoss",
    source=formula("Diao et al. 2021 (SGRAF), github.com/Paranioar/SGRAF 44dc4bb"),
    defaults={**MATCHING, "maxViolation": True},
    reference=lambda i, o: reduce(matching_cost(i.scores, i, o), o.reduction),
    infinite=("scores",),
    **score_cases(lambda data: {"scores": f32(data)}),
)

mmca_loss = Loss(
    name="mmcaLoss",
    source=formula("Wei et al. 2020 (MMCA)"),
    defaults={**MATCHING, "maxViolation": True},
    reference=lambda i, o: reduce(matching_cost(i.selfScores + i.crossScores, i, o), o.reduction),
    infinite=("selfScores", "crossScores"),
    **score_cases(halves),
)


# --- scanLoss ----------------------------------------------------------------------------------

def leaky(x):
    return F.leaky_relu(x, 0.1)


def by_norm(x, p):
    return x / (torch.linalg.vector_norm(x, p, dim=-1, keepdim=True) + 1e-8)


NORMALIZATIONS = {
    "softmax": lambda x: x.softmax(dim=-1),
    "l2norm": lambda x: by_norm(x, 2),
    "clippedL2norm": lambda x: by_norm(leaky(x), 2),
    "l1norm": lambda x: by_norm(x, 1),
    "clippedL1norm": lambda x: by_norm(leaky(x), 1),
    "clipped": leaky,
    "noNorm": lambda x: x,
}

AGGREGATIONS = {
    "logSumExp": lambda r, o: (o.lambdaLse * r).logsumexp(dim=0) / o.lambdaLse,
    "max": lambda r, o: r.max(dim=0).values,
    "sum": lambda r, o: r.sum(dim=0),
    "mean": lambda r, o: r.mean(dim=0),
}


def attended_score(query, context, o):
    """One query (a, D) against one context (b, D)."""
    weights = (NORMALIZATIONS[o.normalization](context @ query.T) * o.lambdaSoftmax).softmax(dim=0)
    found = weights.T @ context
    norms = torch.linalg.vector_norm(query, dim=-1) * torch.linalg.vector_norm(found, dim=-1)
    return AGGREGATIONS[o.aggregation]((query * found).sum(dim=-1) / norms.clamp(min=1e-8), o)


def scan(i, o):
    lengths = [i.words.shape[1]] * len(i.words) if i.wordLengths is None else i.wordLengths.tolist()
    sentences = [words[:length] for words, length in zip(i.words, lengths)]

    def score(regions, words):
        return attended_score(words, regions, o) if o.direction == "t2i" else attended_score(regions, words, o)

    rows = [torch.stack([score(regions, words) for words in sentences]) for regions in i.regions if sentences]
    scores = torch.stack(rows) if rows else i.regions.sum() + torch.zeros(len(i.regions), len(sentences))
    return reduce(matching_cost(scores, i, o), o.reduction)


def fragments(n, regions, m, words, width, fine=False, **more):
    def draw(d):
        one = d.fine if fine else d.coarse
        given = {name: make(d) for name, make in more.items()}
        return {"regions": one(n, regions, width), "words": one(m, words, width), **given}
    return draw


def ragged(*lengths):
    return lambda d: i64(lengths)


def unit(*rows):
    return {"regions": f32(rows[0]), "words": f32(rows[1])}


TIED = unit([[[1, 0], [1, 0]], [[0, 1], [0, 1]]], [[[1, 0], [1, 0]], [[0, 1], [1, 0]]])
RAGGED_2 = fragments(2, 3, 2, 4, 3, wordLengths=ragged(2, 4))

scan_loss = Loss(
    name="scanLoss",
    source=formula("Lee et al. 2018 (SCAN), github.com/kuanghuei/SCAN 8063557"),
    defaults={**MATCHING, "direction": "t2i", "aggregation": "logSumExp", "normalization": "clippedL2norm",
              "lambdaSoftmax": 9, "lambdaLse": 6},
    reference=scan,
    grids=(
        Grid({"3x2x3x4": fragments(3, 2, 3, 4, 3, wordLengths=ragged(2, 4, 3))},
             variants=({}, {"direction": "i2t"}, {"maxViolation": True})),
        Grid({"2x3x4": RAGGED_2}, reductions=("none",), variants=tuple(
            {"direction": direction, "normalization": normalization}
            for direction in ("t2i", "i2t") for normalization in NORMALIZATIONS)),
        Grid({"2x3x4": RAGGED_2}, reductions=("none",), variants=tuple(
            {"direction": direction, "aggregation": aggregation}
            for direction in ("t2i", "i2t") for aggregation in AGGREGATIONS)),
        Grid({"2x3x4": RAGGED_2}, reductions=("sum",), variants=(
            {"lambdaSoftmax": 4, "lambdaLse": 2.5}, {"margin": 1, "maxViolation": True}, {"semiHard": True, "margin": 1},
            {"softMargin": True})),
        Grid({"2x3x2x4": fragments(2, 3, 2, 4, 4), "1x2": fragments(1, 2, 1, 2, 2),
              "full-2x2": fragments(2, 2, 2, 3, 3, fine=True),
              "captions-2x4": fragments(2, 2, 4, 3, 3, wordLengths=ragged(3, 1, 2, 3), labels=ragged(0, 1, 1, 0)),
              "matches-3": fragments(3, 2, 3, 2, 3, matches=lambda d: boolean(torch.eye(3).flip(0)))},
             variants=({"direction": "t2i"}, {"direction": "i2t"}), reductions=("none", "sum")),
    ),
    edges=(
        *(Edge(f"zero-fragments-{direction}", unit([[[0, 0], [1, 2]], [[2, 1], [1, 1]]], [[[1, 1], [0, 0]], [[0, 0]] * 2]),
               {"direction": direction, "normalization": "clipped"}, REDUCTIONS,
               note="similarity 0; the norm has gradient 0 at 0") for direction in ("t2i", "i2t")),
        *(Edge(f"zero-similarities-{name}", unit([[[1, 0]], [[2, 0]]], [[[0, 1]], [[0, 3]]]), {"normalization": name},
               ("none",), note="the authors' code gives NaN gradients here") for name in ("l2norm", "clippedL2norm")),
        Edge("ties-max", TIED, {"aggregation": "max", "normalization": "noNorm"}, REDUCTIONS,
             note="equal words: the first one takes the gradient"),
        *(Edge(f"padding-{direction}", {**unit([[[1, 2]], [[2, 1]]], [[[1, 0], [1e4, -1e4]], [[0, 1], [2, 1]]]),
                                        "wordLengths": i64([1, 2])}, {"direction": direction}, REDUCTIONS,
               note="padding counts nowhere") for direction in ("t2i", "i2t")),
        Edge("duplicates", unit([[[1, 2]] * 2] * 2, [[[2, 1]] * 2] * 2), {}, REDUCTIONS),
        Edge("large", unit([[[1e4, 0]], [[0, 1e4]]], [[[1e4, 1]], [[1, 1e4]]]), {"normalization": "noNorm"}, REDUCTIONS),
        Edge("empty", {"regions": empty(0, 2, 3), "words": empty(0, 2, 3)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("length-zero", "InputError", {"wordLengths": i64([2, 0, 1])}),
        Refusal("length-beyond", "InputError", {"wordLengths": i64([2, 5, 1])}),
        Refusal("lengths-float", "DTypeError", {"wordLengths": f32([2, 4, 1], grad=False)}),
        Refusal("lengths-too-short", "ShapeError", {"wordLengths": i64([2, 4])}),
        Refusal("widths-differ", "ShapeError", {"regions": f32([[[1, 2]] * 2] * 3)}),
        Refusal("more-captions", "ShapeError", {"words": f32([[[1, 2, 3]] * 4] * 4), "wordLengths": None}),
        Refusal("two-dimensional", "ShapeError", {"regions": f32([[1, 2, 3]] * 3)}),
        Refusal("label-too-large", "InputError", {"labels": i64([0, 1, 3])}),
        *BAD_MATCHING,
        *options_refused({
            "direction-unknown": {"direction": "both"}, "aggregation-unknown": {"aggregation": "median"},
            "normalization-unknown": {"normalization": "l3norm"}, "lambda-softmax-zero": {"lambdaSoftmax": 0},
            "lambda-lse-negative": {"lambdaLse": -6}, "lambda-softmax-nan": {"lambdaSoftmax": NAN},
        }),
    ),
    wide=(
        # A norm over one word would leave nothing but rounding of the gradient.
        Grid({"2x129x3x2": fragments(2, 129, 2, 3, 2), "2x1x1x1025": fragments(2, 1, 2, 1, 1025)}, reductions=("mean",),
             variants=({"direction": "t2i", "normalization": "clipped"}, {"direction": "i2t", "normalization": "clipped"})),
    ),
)

LOSSES = [vse_loss, sgraf_loss, mmca_loss, scan_loss]
