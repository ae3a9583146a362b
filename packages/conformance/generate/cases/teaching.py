"""Losses against a teacher, or against a reference model."""

import math

import torch
import torch.nn.functional as F

from evaluate import reduce
from recipe import REDUCTIONS, Edge, Grid, Loss, Refusal, constant, empty, f32, formula, i32, i64
from refusals import BATCHMEAN, INF, NAN, options_refused


# --- knowledgeDistillationLoss -----------------------------------------------------------------

def distillation(i, o):
    t = o.temperature if o.teacherTemperature is None else o.teacherTemperature
    target = (i.teacher / t).softmax(-1)
    values = F.kl_div((i.student / o.temperature).log_softmax(-1), target, reduction="none").sum(-1)
    return reduce(values * (o.temperature**2 if o.scaleByTemperature else 1), o.reduction)


def taught(*shape, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        return {"student": one(*shape, scale=2), "teacher": constant(one(*shape, scale=2).data)}
    return draw


def logits(student, teacher):
    return {"student": f32(student), "teacher": constant(teacher)}


knowledge_distillation_loss = Loss(
    name="knowledgeDistillationLoss",
    source=formula("Hinton, Vinyals, Dean 2015; sentence-transformers 6.2.0, DistillKLDivLoss"),
    defaults={"temperature": 1.0, "scaleByTemperature": True},
    reference=distillation,
    grids=(
        Grid({"4x5": taught(4, 5)}, variants=(
            {}, {"temperature": 2}, {"temperature": 0.5}, {"temperature": 2, "scaleByTemperature": False},
            {"teacherTemperature": 2}, {"temperature": 2, "teacherTemperature": 1})),
        Grid({"5": taught(5), "2x3x4": taught(2, 3, 4), "full-3x4": taught(3, 4, fine=True), "3x1": taught(3, 1)},
             variants=({"temperature": 2},)),
    ),
    edges=(
        Edge("the-same", logits([[1, 2, 3]], [[1, 2, 3]])),
        Edge("certain-teacher", logits([[1, 2, 3]], [[1e4, 0, -1e4]]), {}, REDUCTIONS,
             note="classes without probability contribute 0"),
        Edge("infinite-teacher", logits([[1, 2, 3]], [[1, -INF, 2]]), {}, REDUCTIONS),
        Edge("large", logits([[1e4, -1e4, 0]], [[1, 0, 2]]), {}, REDUCTIONS),
        Edge("empty", {"student": empty(0, 3), "teacher": constant(empty(0, 3).data)}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("teacher-of-other-shape", "ShapeError", {"teacher": constant([[1, 2, 3]] * 4)}),
        Refusal("scalar", "ShapeError", logits(1, 1)),
        *options_refused(BATCHMEAN, {
            "temperature-zero": {"temperature": 0}, "temperature-nan": {"temperature": NAN},
            "teacher-temperature-zero": {"teacherTemperature": 0}, "teacher-temperature-text": {"teacherTemperature": "t"},
            "scale-a-number": {"scaleByTemperature": 1}}),
    ),
    wide=(Grid({"1x1025": taught(1, 1025), "129x3": taught(129, 3)}, variants=({"temperature": 2},),
               reductions=("mean",)),),
)


# --- dpoLoss -----------------------------------------------------------------------------------

def reward(ratio, o):
    return {
        "reverseKl": lambda: ratio,
        "forwardKl": lambda: 1 - torch.exp(-ratio),
        "jsDivergence": lambda: math.log(2) + F.logsigmoid(ratio),
        "alphaDivergence": lambda: (torch.exp((o.divergenceAlpha - 1) * ratio) - 1) / (o.divergenceAlpha - 1),
    }[o.divergence]()


def dpo(i, o):
    ls = F.logsigmoid
    dc, dr = i.chosen - i.referenceChosen, i.rejected - i.referenceRejected
    c, r = reward(dc, o), reward(dr, o)
    beta, eps = o.beta, o.labelSmoothing
    z = beta * (c - r)
    counted = i.chosenLengths is not None
    lc, lr = (i.chosenLengths, i.rejectedLengths) if counted else (1, 1)

    def smoothed(x):
        return -(1 - eps) * ls(x) - eps * ls(-x)

    def ordered(x):
        return x.sort(stable=True).values
    values = {
        "sigmoid": lambda: -ls(z),
        "hinge": lambda: torch.relu(1 - z),
        "ipo": lambda: (c / lc - r / lr - 1 / (2 * beta)) ** 2,
        "sigmoidNorm": lambda: -ls(beta * (c / lc - r / lr)),
        "robust": lambda: (-(1 - eps) * ls(z) + eps * ls(-z)) / (1 - 2 * eps),
        "exoPair": lambda: (torch.sigmoid(z) * (ls(z) - math.log(1 - eps)) + torch.sigmoid(-z) * (ls(-z) - math.log(eps))),
        "ncaPair": lambda: -ls(beta * dc) - 0.5 * ls(-beta * dc) - 0.5 * ls(-beta * dr),
        "bcoPair": lambda: -ls(beta * dc) - ls(-beta * dr),
        "sppoHard": lambda: (dc - 0.5 / beta) ** 2 + (dr + 0.5 / beta) ** 2,
        "aot": lambda: smoothed(beta * (ordered(i.chosen - i.rejected) - ordered(i.referenceChosen
                                                                              - i.referenceRejected))),
        "aotUnpaired": lambda: smoothed(beta * (ordered(dc) - ordered(dr))),
        "apoZero": lambda: 1 - torch.sigmoid(beta * dc) + torch.sigmoid(beta * dr),
        "apoDown": lambda: torch.sigmoid(beta * dc) + 1 - torch.sigmoid(beta * (dc - dr)),
        "discopop": lambda: (-ls(z) * torch.sigmoid(-z / o.tau) + torch.exp(-z) * torch.sigmoid(z / o.tau)),
    }[o.lossType]()
    return reduce(values, o.reduction)


def answers(count, lengths=None, fine=False):
    def draw(d):
        one = d.fine if fine else d.coarse
        names = ("chosen", "rejected", "referenceChosen", "referenceRejected")
        scores = {name: one(count, scale=2) for name in names}
        given = {name: constant(x.data) if name.startswith("reference") else x for name, x in scores.items()}
        if lengths is None:
            return given
        return {**given, **{f"{name}Lengths": lengths(d.indices(9, count).data + 1) for name in ("chosen", "rejected")}}
    return draw


def four(chosen, rejected, reference_chosen=None, reference_rejected=None):
    zeros = [0.0] * len(chosen)
    return {"chosen": f32(chosen), "rejected": f32(rejected), "referenceChosen": constant(reference_chosen or zeros),
            "referenceRejected": constant(reference_rejected or zeros)}


PLAIN = ("sigmoid", "hinge", "ipo", "robust", "ncaPair", "bcoPair", "sppoHard", "aot", "aotUnpaired", "apoZero", "apoDown",
         "discopop")
DIVERGENCES = tuple({"divergence": name} for name in ("forwardKl", "jsDivergence", "alphaDivergence"))

dpo_loss = Loss(
    name="dpoLoss",
    source=formula("Rafailov et al. 2023; trl 1.16.0, DPOTrainer"),
    defaults={"beta": 0.1, "lossType": "sigmoid", "labelSmoothing": 0.0, "tau": 0.05, "divergence": "reverseKl",
              "divergenceAlpha": 0.5},
    reference=dpo,
    infinite=("chosen", "rejected", "referenceChosen", "referenceRejected"),
    grids=(
        Grid({"6": answers(6)}, variants=({}, {"beta": 0.5})),
        Grid({"6": answers(6)}, variants=tuple({"lossType": name} for name in PLAIN[1:]), reductions=("none", "mean")),
        Grid({"6": answers(6)}, variants=(
            *({"lossType": name, "labelSmoothing": 0.1} for name in ("robust", "exoPair", "aot", "aotUnpaired")),
            {"lossType": "discopop", "tau": 0.5}, {"lossType": "discopop", "beta": 1}, {"lossType": "hinge", "beta": 1},
            *DIVERGENCES, *({**one, "lossType": "ipo"} for one in DIVERGENCES),
            {"divergence": "alphaDivergence", "divergenceAlpha": 2}), reductions=("none",)),
        Grid({"lengths-6": answers(6, lengths=i64), "int32-lengths-4": answers(4, lengths=i32)},
             variants=({"lossType": "ipo"}, {"lossType": "sigmoidNorm"}), reductions=("none", "mean")),
        Grid({"1": answers(1), "full-5": answers(5, fine=True)}),
    ),
    edges=(
        *(Edge(f"the-same-{name}", four([1, -2], [1, -2]), {"lossType": name}) for name in ("sigmoid", "ipo", "discopop")),
        Edge("at-the-margin", four([4, 1], [0, 1]), {"lossType": "hinge", "beta": 0.25}, REDUCTIONS,
             note="relu: no gradient at the margin"),
        Edge("large", four([1e4, -1e4, 0], [-1e4, 1e4, 0]), {}, REDUCTIONS),
        Edge("empty", four([], []), {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("other-count", "ShapeError", {"rejected": f32([1, 2])}),
        Refusal("two-axes", "ShapeError", {"chosen": f32([[1] * 6])}),
        Refusal("lengths-missing", "InputError", options={"lossType": "sigmoidNorm"}),
        Refusal("one-length-missing", "InputError", {"chosenLengths": i64([1] * 6)}, {"lossType": "ipo"}),
        Refusal("lengths-that-nothing-needs", "InputError", {"chosenLengths": i64([1] * 6), "rejectedLengths": i64([1] * 6)}),
        Refusal("length-0", "InputError", {"chosenLengths": i64([1, 0, 1, 1, 1, 1]), "rejectedLengths": i64([1] * 6)},
                {"lossType": "ipo"}),
        *options_refused(BATCHMEAN, {
            "beta-zero": {"beta": 0}, "beta-nan": {"beta": NAN}, "type-unknown": {"lossType": "kto"},
            "label-smoothing-half": {"lossType": "robust", "labelSmoothing": 0.5},
            "label-smoothing-with-sigmoid": {"labelSmoothing": 0.1}, "exo-without-label-smoothing": {"lossType": "exoPair"},
            "tau-zero": {"tau": 0}, "divergence-unknown": {"divergence": "kl"}, "divergence-alpha-1": {"divergenceAlpha": 1}}),
    ),
    wide=(Grid({"1025": answers(1025), "129": answers(129)}, reductions=("mean",)),),
)

LOSSES = [knowledge_distillation_loss, dpo_loss]
