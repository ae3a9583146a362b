"""Losses over classes."""

import math

import torch.nn.functional as F

from channels import last
from recipe import REDUCTIONS, TORCH, Edge, Grid, Loss, Refusal, boolean, constant, empty, f32, i32, i64
from refusals import BATCHMEAN, NAN, options_refused

INF = math.inf


def shape_of_target(shape):
    return (shape[0], *shape[2:]) if len(shape) > 1 else ()


def class_axis(shape):
    return 1 if len(shape) > 1 else 0


def indexed(*shape, ignored=None, dtype=i64, weight=False, fine=False, log=False):
    """Logits (or log-probabilities) with class indices; every third index replaced where some are ignored."""
    axis = class_axis(shape)
    classes = shape[axis]

    def draw(d):
        target = d.indices(classes, *shape_of_target(shape), dtype=dtype)
        if ignored is not None:
            target.data.reshape(-1)[::3] = ignored
        scores = d.log_probabilities(*shape, axis=axis) if log else (d.fine if fine else d.coarse)(*shape)
        # torch does not differentiate the weight next to class indices.
        weights = {"weight": d.positive(classes, grad=False)} if weight else {}
        return {"input": scores, "target": target, **weights}
    return draw


def probable(*shape, weight=False, fine=False):
    axis = class_axis(shape)

    def draw(d):
        weights = {"weight": d.positive(shape[axis])} if weight else {}
        return {"input": (d.fine if fine else d.coarse)(*shape), "target": d.probabilities(*shape, axis=axis),
                **weights}
    return draw


def second(x, axis):
    """Where torch wants the classes: axis 1."""
    return x.movedim(-1, 1) if axis == -1 and x.dim() > 2 and x.is_floating_point() else x


def given(input, target, weight=None):
    inputs = {"input": f32(input), "target": target}
    return inputs if weight is None else {**inputs, "weight": weight}


IGNORED = ({"ignoreIndex": -100}, {"ignoreIndex": -100, "labelSmoothing": 0.2})
SMOOTHED = ({"labelSmoothing": 0}, {"labelSmoothing": 0.2})
LOGITS = [[1, -0.5, 2], [0.25, 3, -1], [0, 0.5, 0.5]]
ONE_INFINITE = [[1, -INF, 2], [0.25, 3, -1]]
UNIFORM = f32([[0.5, 0.25, 0.25]] * 3)
ONE_HOT = f32([[1, 0, 0], [0, 0, 1]])
NO_WEIGHT = constant([0, 0, 0])


# --- crossEntropy ------------------------------------------------------------------------------

cross_entropy = Loss(
    name="crossEntropy",
    source=TORCH,
    defaults={"ignoreIndex": -100, "labelSmoothing": 0.0, "classAxis": 1},
    reference=lambda i, o: F.cross_entropy(
        second(i.input, o.classAxis), second(i.target, o.classAxis), weight=i.weight,
        ignore_index=o.ignoreIndex, label_smoothing=o.labelSmoothing, reduction=o.reduction,
    ),
    grids=(
        Grid({"4x5": indexed(4, 5)}, variants=(
            {}, {"labelSmoothing": 0.1}, {"labelSmoothing": 1}, {"ignoreIndex": 2},
            {"ignoreIndex": 2, "labelSmoothing": 0.1})),
        Grid(
            {
                "ignored-7x4": indexed(7, 4, ignored=-100),
                "ignored-weight-7x4": indexed(7, 4, ignored=-100, weight=True),
                "ignored-2x3x4": indexed(2, 3, 4, ignored=-100),
                "ignored-weight-2x3x4": indexed(2, 3, 4, ignored=-100, weight=True),
            },
            variants=IGNORED,
        ),
        Grid({"ignored-7x4": indexed(7, 4, ignored=-1), "int32-ignored-6x3": indexed(6, 3, ignored=-1, dtype=i32)},
             variants=({"ignoreIndex": -1},)),
        Grid({"out-of-range-7x4": indexed(7, 4, ignored=255)}, variants=({"ignoreIndex": 255},)),
        Grid({"weight-4x5": indexed(4, 5, weight=True), "5": indexed(5), "weight-5": indexed(5, weight=True),
              "1x3": indexed(1, 3), "2x3x2x2": indexed(2, 3, 2, 2), "weight-2x3x4": indexed(2, 3, 4, weight=True)},
             variants=SMOOTHED),
        Grid({"int32-4x5": indexed(4, 5, dtype=i32), "3x1": indexed(3, 1), "8x32": indexed(8, 32),
              "full-4x6": indexed(4, 6, fine=True)},
             reductions=("none", "mean")),
        Grid({"probabilities-4x5": probable(4, 5), "probabilities-weight-4x5": probable(4, 5, weight=True),
              "probabilities-5": probable(5), "probabilities-weight-5": probable(5, weight=True),
              "probabilities-2x3x4": probable(2, 3, 4), "probabilities-weight-2x3x2x2": probable(2, 3, 2, 2,
                                                                                                 weight=True)},
             variants=(*SMOOTHED, {"labelSmoothing": 1})),
        Grid({"probabilities-1x3": probable(1, 3), "probabilities-8x16": probable(8, 16),
              "probabilities-full-3x4": probable(3, 4, fine=True)},
             reductions=("none", "mean")),
        Grid({"probabilities-4x5": probable(4, 5)}, variants=({"ignoreIndex": -1},), reductions=("mean",)),
        Grid({"last-5": indexed(5), "last-4x5": indexed(4, 5), "last-2x3x4": last(indexed(2, 4, 3, ignored=-100, weight=True)),
              "last-2x2x3x3": last(indexed(2, 3, 2, 3)), "probabilities-last-2x3x4": last(probable(2, 4, 3, weight=True))},
             variants=({"classAxis": -1}, {"classAxis": -1, "labelSmoothing": 0.1}), reductions=("none", "mean")),
    ),
    edges=(
        *(Edge(f"all-ignored{suffix}", given(LOGITS, i64([-100] * 3)), options, REDUCTIONS,
               note="mean is NaN, its gradient 0")
          for suffix, options in (("", {}), ("-smoothed", {"labelSmoothing": 0.2}))),
        Edge("all-ignored-scalar", given([1, 2, 3], i64(-100)), {}, REDUCTIONS),
        Edge("all-ignored-weight", given(LOGITS, i64([-100] * 3), constant([1, 2, 0.5])), {}, REDUCTIONS),
        *(Edge(f"zero-weights{suffix}", given(LOGITS, i64([0, 1, 2]), NO_WEIGHT), options, REDUCTIONS,
               note="mean divides by the sum of the weights: NaN with NaN gradients")
          for suffix, options in (("", {}), ("-smoothed", {"labelSmoothing": 0.2}))),
        Edge("zero-weight-of-target-smoothed", given([[0, 0]], i64([0]), constant([0, 1])), {"labelSmoothing": 0.5},
             REDUCTIONS, note="mean is 0 / 0 plus a number / 0: NaN"),
        *(Edge(f"cancelling-weights{suffix}", given(logits, i64([0, 1]), constant([1, -1])), options, ("mean",))
          for logits, name in (([[0, 0]] * 2, ""), ([[0, 1], [0, 0]], "-unequal"))
          for suffix, options in ((name, {}), (f"{name}-smoothed", {"labelSmoothing": 0.5}))),
        Edge("zero-weights-probabilities", given(LOGITS, UNIFORM, f32([0, 0, 0])), {}, REDUCTIONS,
             note="mean divides by the batch: 0"),
        Edge("one-zero-weight", given(LOGITS, i64([0, 1, 2]), constant([1, 0, 2])), {}, REDUCTIONS),
        Edge("one-class", given([[3], [-2]], i64([0, 0])), {"labelSmoothing": 0.5}, REDUCTIONS),
        Edge("equal-logits", given([[2] * 4] * 2, i64([0, 3])), {}, REDUCTIONS),
        Edge("logits-1e4", given([[1e4, -1e4, 0], [1e4, -1e4, 0]], i64([0, 1])), {}, REDUCTIONS),
        Edge("logits-1e4-smoothed", given([[1e4, -1e4, 0], [1e4, -1e4, 0]], i64([0, 1])), {"labelSmoothing": 0.25},
             REDUCTIONS),
        Edge("logits-1e4-probabilities", given([[1e4, -1e4, 0], [1e4, -1e4, 0]],
                                               f32([[1, 0, 0], [0.25, 0.25, 0.5]])), {}, REDUCTIONS),
        Edge("minus-infinite-other", given(ONE_INFINITE, i64([0, 1])), {}, REDUCTIONS),
        Edge("minus-infinite-target", given(ONE_INFINITE, i64([1, 1])), {}, REDUCTIONS),
        Edge("minus-infinite-smoothed", given(ONE_INFINITE, i64([0, 1])), {"labelSmoothing": 0.25}),
        Edge("minus-infinite-one-hot", given(ONE_INFINITE, ONE_HOT), note="0 times infinity: NaN, as torch"),
        Edge("minus-infinite-row", given([[-INF] * 3, [1, 2, 3]], i64([0, 1]))),
        Edge("minus-infinite-ignored", given(ONE_INFINITE, i64([1, 1])), {"ignoreIndex": 1}, REDUCTIONS),
        Edge("infinite-logit", given([[INF, 1, 2], [1, 2, 3]], i64([0, 1]))),
        Edge("nan-logit", given([[NAN, 1, 2], [1, 2, 3]], i64([1, 1]))),
        Edge("one-hot-probabilities", given(LOGITS, f32([[1, 0, 0], [0, 1, 0], [0, 0, 1]])), {}, REDUCTIONS),
        Edge("unnormalised-probabilities", given(LOGITS, f32([[1, 2, 0], [0, 0, 0], [-1, 0.5, 3]])),
             {"labelSmoothing": 0.25}, REDUCTIONS),
        Edge("ignore-index-is-the-count", given(LOGITS, i64([0, 3, 2])), {"ignoreIndex": 3}, REDUCTIONS),
        Edge("empty", {"input": empty(0, 3), "target": i64([])}, {}, REDUCTIONS),
        Edge("empty-smoothed", {"input": empty(0, 3), "target": i64([])}, {"labelSmoothing": 0.25}, REDUCTIONS),
        Edge("empty-weight", {"input": empty(0, 3), "target": i64([]), "weight": constant([1, 2, 3])}, {},
             REDUCTIONS),
        Edge("empty-probabilities", {"input": empty(0, 3), "target": empty(0, 3)}, {}, REDUCTIONS),
        Edge("empty-positions", {"input": empty(2, 3, 0), "target": i64([[], []])}, {}, REDUCTIONS),
        *(Edge(f"no-classes-probabilities-{len(shape)}d{suffix}", {"input": empty(*shape), "target": empty(*shape)},
               options, REDUCTIONS, note="mean divides by the elements per class: NaN")
          for shape in ((0,), (1, 0), (2, 0, 3))
          for suffix, options in (("", {}), ("-smoothed", {"labelSmoothing": 0.5}))),
        *(Edge(f"no-classes-ignored{suffix}", {"input": empty(2, 0), "target": i64([-100, -100])}, options, REDUCTIONS)
          for suffix, options in (("", {}), ("-smoothed", {"labelSmoothing": 0.5}))),
    ),
    refusals=(
        Refusal("boolean-target", "DTypeError", {"target": boolean([True] * 4)}),
        Refusal("target-of-columns", "ShapeError", {"target": i64([[0], [1], [2], [3]])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1, 2])}),
        Refusal("target-without-positions", "ShapeError",
                {"input": f32([[[1, 2], [3, 4]]] * 2), "target": i64([0, 1])}),
        Refusal("indices-of-input-shape", "ShapeError", {"target": i64([[0, 1, 0, 0, 0]] * 4)}),
        Refusal("probabilities-of-other-shape", "ShapeError", {"target": f32([[0.5, 0.5]] * 4)}),
        Refusal("scalar-input", "ShapeError", given(1, i64(0))),
        Refusal("classes-last-by-default", "ShapeError", {"input": f32([[[1, 2, 3]] * 2]), "target": i64([[0, 1]])}),
        Refusal("classes-second-where-last-is-said", "ShapeError",
                {"input": f32([[[1, 2]] * 3]), "target": i64([[0, 1]])}, {"classAxis": -1}),
        Refusal("index-too-large", "InputError", {"target": i64([0, 5, 1, 2])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2])}),
        Refusal("default-ignore-index-moved", "InputError", {"target": i64([0, -100, 1, 2])}, {"ignoreIndex": -1}),
        Refusal("missing-target", "InputError", {"target": None}),
        Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2, 3])}),
        Refusal("weight-two-dimensional", "ShapeError", {"weight": constant([[1, 2, 3, 4, 5]])}),
        Refusal("integer-weight", "DTypeError", {"weight": i64([1, 2, 3, 4, 5])}),
        Refusal("ignore-index-with-probabilities", "OptionError", {"target": f32([[0.5, 0.25, 0.25, 0, 0]] * 4)},
                {"ignoreIndex": 0}),
        *options_refused(BATCHMEAN, {
            "label-smoothing-above-1": {"labelSmoothing": 1.5},
            "label-smoothing-negative": {"labelSmoothing": -0.1},
            "label-smoothing-nan": {"labelSmoothing": NAN},
            "label-smoothing-not-a-number": {"labelSmoothing": "some"},
            "class-axis-2": {"classAxis": 2},
            "ignore-index-fraction": {"ignoreIndex": 1.5},
            "weight-is-no-option": {"weight": [1, 1, 1, 1, 1]},
        }),
    ),
    wide=(
        Grid({"3x129": indexed(3, 129), "129x3": indexed(129, 3, ignored=-100, weight=True)},
             variants=({"labelSmoothing": 0.1},), reductions=("mean",)),
        Grid({"1x1025": indexed(1, 1025, fine=True), "1025x1": indexed(1025, 1), "1x3x129": indexed(1, 3, 129),
              "probabilities-2x129": probable(2, 129), "probabilities-129x2": probable(129, 2, weight=True)},
             reductions=("mean",)),
    ),
)


# --- nllLoss -----------------------------------------------------------------------------------

LOGS = [[-0.5, -1, -2], [-1, -2, -0.25], [-3, -0.25, -2]]
LOGS_INFINITE = [[-0.5, -INF, -1], [-1, -2, -0.25]]

nll_loss = Loss(
    name="nllLoss",
    source=TORCH,
    defaults={"ignoreIndex": -100, "classAxis": 1},
    reference=lambda i, o: F.nll_loss(
        second(i.input, o.classAxis), i.target, weight=i.weight, ignore_index=o.ignoreIndex, reduction=o.reduction
    ),
    grids=(
        Grid({"4x5": indexed(4, 5, log=True)}, variants=({}, {"ignoreIndex": 2})),
        Grid(
            {
                "5": indexed(5, log=True),
                "1x3": indexed(1, 3, log=True),
                "3x1": indexed(3, 1),
                "2x3x4": indexed(2, 3, 4, log=True),
                "2x3x2x2": indexed(2, 3, 2, 2, log=True),
                "8x32": indexed(8, 32, log=True),
                "full-4x6": indexed(4, 6, fine=True),
                "int32-4x5": indexed(4, 5, log=True, dtype=i32),
                "weight-4x5": indexed(4, 5, log=True, weight=True),
                "weight-5": indexed(5, log=True, weight=True),
                "weight-2x3x4": indexed(2, 3, 4, log=True, weight=True),
                "ignored-7x4": indexed(7, 4, log=True, ignored=-100),
                "ignored-weight-7x4": indexed(7, 4, log=True, ignored=-100, weight=True),
                "ignored-weight-2x3x4": indexed(2, 3, 4, log=True, ignored=-100, weight=True),
            },
        ),
        Grid({"ignored-7x4": indexed(7, 4, log=True, ignored=-1),
              "int32-ignored-weight-2x3x4": indexed(2, 3, 4, log=True, ignored=-1, dtype=i32, weight=True)},
             variants=({"ignoreIndex": -1},)),
        Grid({"out-of-range-7x4": indexed(7, 4, log=True, ignored=255)}, variants=({"ignoreIndex": 255},)),
        Grid({"last-4x5": indexed(4, 5, log=True), "last-2x3x4": last(indexed(2, 4, 3, log=True, ignored=-100, weight=True))},
             variants=({"classAxis": -1},)),
    ),
    edges=(
        Edge("all-ignored", given(LOGS, i64([-100] * 3)), {}, REDUCTIONS, note="mean is NaN, its gradient 0"),
        Edge("all-ignored-scalar", given([-1, -2, -3], i64(-100)), {}, REDUCTIONS),
        Edge("all-ignored-weight", given(LOGS, i64([-100] * 3), constant([1, 2, 0.5])), {}, REDUCTIONS),
        Edge("all-ignored-positions", given([LOGS, LOGS], i64([[-100] * 3] * 2)), {}, REDUCTIONS),
        Edge("zero-weights", given(LOGS, i64([0, 1, 2]), NO_WEIGHT), {}, REDUCTIONS,
             note="mean divides by the sum of the weights: NaN where torch has a gradient"),
        Edge("one-zero-weight", given(LOGS, i64([0, 1, 2]), constant([1, 0, 2])), {}, REDUCTIONS),
        Edge("minus-infinite-target", given(LOGS_INFINITE, i64([1, 1])), {}, REDUCTIONS),
        Edge("minus-infinite-other", given(LOGS_INFINITE, i64([0, 1])), {}, REDUCTIONS),
        Edge("minus-infinite-zero-weight", given(LOGS_INFINITE, i64([1, 0]), constant([1, 0, 1])),
             note="0 times infinity: NaN, as torch"),
        Edge("minus-infinite-ignored", given(LOGS_INFINITE, i64([1, 0])), {"ignoreIndex": 1}, REDUCTIONS),
        Edge("nan-ignored", given([[NAN, -1], [-1, -2]], i64([0, 1])), {"ignoreIndex": 0}, REDUCTIONS),
        Edge("positive-input", given([[1e4, 0], [3, -1e4]], i64([0, 1])), {}, REDUCTIONS),
        Edge("ignore-index-is-the-count", given(LOGS, i64([0, 3, 2])), {"ignoreIndex": 3}, REDUCTIONS),
        Edge("empty", {"input": empty(0, 3), "target": i64([])}, {}, REDUCTIONS),
        Edge("empty-weight", {"input": empty(0, 3), "target": i64([]), "weight": constant([1, 2, 3])}, {},
             REDUCTIONS),
        Edge("empty-positions", {"input": empty(2, 3, 0), "target": i64([[], []])}, {}, REDUCTIONS),
    ),
    refusals=(
        Refusal("float-target", "DTypeError", {"target": f32([0, 1, 2, 3], grad=False)}),
        Refusal("boolean-target", "DTypeError", {"target": boolean([True] * 4)}),
        Refusal("target-of-columns", "ShapeError", {"target": i64([[0], [1], [2], [3]])}),
        Refusal("target-too-short", "ShapeError", {"target": i64([0, 1, 2])}),
        Refusal("target-without-positions", "ShapeError",
                {"input": f32([[[1, 2], [3, 4]]] * 2), "target": i64([0, 1])}),
        Refusal("scalar-input", "ShapeError", given(-1, i64(0))),
        Refusal("index-too-large", "InputError", {"target": i64([0, 5, 1, 2])}),
        Refusal("index-negative", "InputError", {"target": i64([0, -1, 1, 2])}),
        Refusal("missing-target", "InputError", {"target": None}),
        Refusal("weight-too-short", "ShapeError", {"weight": constant([1, 2, 3])}),
        Refusal("integer-weight", "DTypeError", {"weight": i64([1, 2, 3, 4, 5])}),
        *options_refused(BATCHMEAN, {
            "ignore-index-fraction": {"ignoreIndex": 1.5},
            "ignore-index-not-a-number": {"ignoreIndex": "none"},
            "label-smoothing-is-no-option": {"labelSmoothing": 0.1},
        }),
    ),
    wide=(
        Grid({"3x129": indexed(3, 129), "129x3": indexed(129, 3, ignored=-100, weight=True),
              "1x1025": indexed(1, 1025), "1025x1": indexed(1025, 1), "1x3x129": indexed(1, 3, 129)},
             reductions=("mean",)),
    ),
)

LOSSES = [cross_entropy, nll_loss]
