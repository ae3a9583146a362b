"""What an entry is made of: arrays, the random draws behind them, and the cases they expand into."""

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from typing import Callable

import numpy as np

from evaluate import evaluate
from sampled import SAMPLED

REDUCTIONS = ("none", "mean", "sum")
TORCH = "torch 2.13.0 (float64)"


def formula(reference):
    """The source of a loss that torch does not ship: its paper or code, differentiated by torch."""
    return f"{reference}; {TORCH}"


@dataclass(frozen=True)
class Array:
    dtype: str
    data: np.ndarray
    grad: bool = False


def f32(data, grad=True):
    """A differentiable float32 input. Refuses what float32 would round, as every reader must see the same number."""
    exact = np.asarray(data, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32).astype(np.float64)
    if not np.array_equal(exact, rounded, equal_nan=True):
        raise ValueError(f"not representable in float32: {exact[exact != rounded]}")
    return Array("float32", exact, grad)


def rounded(data, grad=True):
    """A float32 input from decimal numbers: each becomes its nearest float32."""
    return f32(np.asarray(data, dtype=np.float32), grad)


def constant(data):
    """A float32 input without a gradient."""
    return f32(data, grad=False)


def i64(data):
    return Array("int64", np.asarray(data, dtype=np.int64))


def i32(data):
    return Array("int32", np.asarray(data, dtype=np.int32))


def boolean(data):
    return Array("bool", np.asarray(data, dtype=bool))


def empty(*shape):
    return f32(np.zeros(shape))


class Draw:
    """Random inputs that stay the same on every machine and version: raw PCG64 bits and exact arithmetic only."""

    def __init__(self, seed):
        digest = hashlib.sha256(seed.encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "little"))

    def _uniform(self, shape):
        count = int(np.prod(shape, dtype=np.int64))
        return ((self._bits.random_raw(count) >> np.uint64(11)) * 2.0**-53).reshape(shape)

    def _bell(self, shape):
        """Mean 0, variance 1: a sum of uniforms, because log and cos differ between C libraries."""
        total = sum(self._uniform(shape) for _ in range(12))
        return total - 6.0

    def coarse(self, *shape, scale=1.0, step=64):
        """Multiples of 1/step: short to print, and sums of a few are exact in float32."""
        return f32(np.round(self._bell(shape) * scale * step) / step)

    def fine(self, *shape, scale=1.0):
        """All 24 bits of the float32 mantissa in use."""
        return rounded(self._bell(shape) * scale)

    def positive(self, *shape, grad=True):
        """Between 1/4 and 2, in steps of 1/16."""
        return f32((np.floor(self._uniform(shape) * 28) + 4) / 16, grad)

    def signs(self, *shape):
        return f32(np.where(self._uniform(shape) < 0.5, -1.0, 1.0))

    def bits(self, *shape):
        return f32(np.where(self._uniform(shape) < 0.5, 0.0, 1.0))

    def indices(self, count, *shape, dtype=i64):
        return dtype(np.floor(self._uniform(shape) * count))

    def probabilities(self, *shape, axis=-1):
        """Multiples of 1/256 (of many, 1/65536), none of them 0, that sum to exactly 1 along the axis."""
        weights = np.moveaxis(self._uniform(shape) + 0.1, axis, -1)
        whole = 256 if weights.shape[-1] <= 64 else 65536
        parts = np.maximum(np.floor(whole * weights / weights.sum(-1, keepdims=True)), 1)
        parts[..., -1] += whole - parts.sum(-1)
        return f32(np.moveaxis(parts, -1, axis) / whole)

    def log_probabilities(self, *shape, axis=-1):
        """Logarithms of such probabilities, in steps of 1/1024."""
        return f32(np.round(np.log(self.probabilities(*shape, axis=axis).data) * 1024) / 1024)


@dataclass(frozen=True)
class Grid:
    """Every variant × every reduction × every recipe."""

    recipes: dict
    variants: tuple = ({},)
    reductions: tuple = REDUCTIONS


@dataclass(frozen=True)
class Edge:
    """One hand-made input, run under each of the reductions. `beyond_float32`: torch itself needs float64 for it."""

    name: str
    inputs: dict
    options: dict = field(default_factory=dict)
    reductions: tuple = ("none",)
    note: str = ""
    beyond_float32: bool = False


@dataclass(frozen=True)
class Refusal:
    """A call that must fail: changes to a valid one. An input of None is left out."""

    name: str
    error: str
    inputs: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Loss:
    name: str
    source: str
    reference: Callable
    grids: tuple
    defaults: dict = field(default_factory=dict)
    edges: tuple = ()
    refusals: tuple = ()
    # Grids with odd axes beyond 128 and beyond 1,024: they end inside a vector, a tile and a block.
    wide: tuple = ()
    # Inputs in which NaN is refused.
    nan_refused: tuple = ()
    # Inputs whose NaN the library's own mean turns into 0: there is nothing to hold the loss to.
    nan_lost: tuple = ()
    # Logits, scores and log-probabilities: inputs in which the library gives -Infinity a meaning.
    infinite: tuple = ()
    # A loss that is one number by nature has "none" alone.
    reductions: tuple = REDUCTIONS
    # False: the library drops NaN in some of its steps and keeps it in others.
    keeps_nan: bool = True


@dataclass(frozen=True)
class Case:
    id: str
    options: dict
    inputs: dict
    note: str = ""
    error: str | None = None
    beyond_float32: bool = False
    # Options that the reference is called with in the place of the case's own.
    reference_options: dict | None = None


def _word(key, value):
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return key if value else f"{key}False"
    if isinstance(value, (list, tuple)):
        return "-".join(str(item) for item in value)
    if isinstance(value, dict):
        return "-".join(_word(*pair) for pair in value.items())
    if isinstance(value, float) and np.isinf(value):
        return f"{key}{'-' if value < 0 else ''}Infinity"
    return f"{key}{value:g}"


def _grid_cases(loss):
    for grid in (*loss.grids, *loss.wide):
        for variant, (recipe, draw) in itertools.product(grid.variants, grid.recipes.items()):
            for reduction in grid.reductions:
                words = [_word(*option) for option in variant.items()] + [reduction, recipe]
                case_id = f"{loss.name}/{'-'.join(words)}"
                yield Case(case_id, {**variant, "reduction": reduction}, draw(Draw(case_id)))


def _edge_cases(loss):
    for edge in loss.edges:
        for reduction in edge.reductions:
            suffix = f"-{reduction}" if len(edge.reductions) > 1 else ""
            options = {**edge.options, "reduction": reduction}
            case_id = f"{loss.name}/{edge.name}{suffix}"
            yield Case(case_id, options, edge.inputs, edge.note, beyond_float32=edge.beyond_float32)


def _policy_cases(loss):
    """What becomes of a mean over nothing where PyTorch's NaN is not wanted, and that nothing becomes of any other."""
    if "mean" in loss.reductions:
        yield from _mean_of_nothing(loss)
    draw = next(iter(loss.grids[0].recipes.values()))
    for policy in ("zero", "error"):
        case_id = f"{loss.name}/mean-of-something-is-no-{policy}"
        reduction = "mean" if "mean" in loss.reductions else loss.reductions[0]
        yield Case(case_id, {"reduction": reduction, "empty": policy}, draw(Draw(case_id)))


def _mean_of_nothing(loss):
    nothing = next(edge for edge in loss.edges if edge.name.startswith("empty") and "mean" in edge.reductions)
    options = {**nothing.options, "reduction": "mean"}
    yield Case(f"{loss.name}/mean-of-nothing-is-zero", {**options, "empty": "zero"}, nothing.inputs,
               note="the mean over nothing is the sum over nothing",
               reference_options={**options, "reduction": "sum"})
    yield Case(f"{loss.name}/mean-of-nothing-is-nan", {**options, "empty": "nan"}, nothing.inputs)
    yield Case(f"{loss.name}/error-mean-of-nothing", {**options, "empty": "error"}, nothing.inputs, error="InputError")


def _with_nan(array):
    data = array.data.copy()
    data.flat[0] = np.nan
    return Array(array.dtype, data, array.grad)


def _nan_cases(loss):
    """One NaN in each floating input in turn, under each variant: where it has to come out, and in which gradients."""
    for grid in loss.grids if loss.keeps_nan else ():
        draw = next(iter(grid.recipes.values()))
        for variant in grid.variants:
            for name, array in draw(Draw("shape only")).items():
                if array.dtype != "float32" or (grid.reductions[0] == "mean" and name in loss.nan_lost):
                    continue
                words = [_word(*option) for option in variant.items()]
                case_id = f"{loss.name}/{'-'.join([*words, 'nan', 'in', name])}"
                inputs = draw(Draw(case_id))
                error = "InputError" if name in loss.nan_refused else None
                yield Case(case_id, {**variant, "reduction": grid.reductions[0]},
                           {**inputs, name: _with_nan(inputs[name])}, error=error)


def _infinite_cases(loss):
    """-Infinity as the last number of each such input in turn."""
    grid = loss.grids[0]
    draw = next(iter(grid.recipes.values()))
    for name in loss.infinite:
        case_id = f"{loss.name}/minus-infinity-in-{name}"
        inputs = draw(Draw(case_id))
        array = inputs[name]
        data = array.data.copy()
        data.flat[-1] = -np.inf
        yield Case(case_id, {**grid.variants[0], "reduction": grid.reductions[0]},
                   {**inputs, name: Array(array.dtype, data, array.grad)})


def _shared_refusals(valid):
    """What every loss refuses."""
    first = next(name for name, array in valid.items() if array.grad)
    shape = valid[first].data.shape
    yield Refusal("unknown-option", "OptionError", options={"marginn": 1})
    yield Refusal("unknown-reduction", "OptionError", options={"reduction": "average"})
    yield Refusal("reduction-not-a-string", "OptionError", options={"reduction": 1})
    yield Refusal("missing-input", "InputError", inputs={first: None})
    yield Refusal("unknown-input", "InputError", inputs={"extra": f32([1.0])})
    yield Refusal("integer-input", "DTypeError", inputs={first: i32(np.ones(shape))})
    yield Refusal("boolean-input", "DTypeError", inputs={first: boolean(np.ones(shape))})


def _refusal_cases(loss):
    recipe = next(iter(loss.grids[0].recipes.values()))
    for refusal in (*_shared_refusals(recipe(Draw("shape only"))), *loss.refusals):
        case_id = f"{loss.name}/error-{refusal.name}"
        inputs = {**recipe(Draw(case_id)), **refusal.inputs}
        present = {name: array for name, array in inputs.items() if array is not None}
        yield Case(case_id, refusal.options, present, error=refusal.error)


def _sampled_cases(loss):
    """Weights of samples, and samples that are left out: at last all of them."""
    if loss.name not in SAMPLED:
        return
    named = {name: (grid.variants[0], draw) for grid in reversed(loss.grids) for name, draw in reversed(grid.recipes.items())}
    first = next(iter(loss.grids[0].recipes))
    for recipe in SAMPLED[loss.name].recipes or (first,):
        variant, draw = named[recipe]
        values, _ = evaluate(loss, Case("", {**variant, "reduction": "none"}, draw(Draw("shape only"))))
        shape = tuple(values.shape)

        def case(words, options, reference_options=None, nothing=False):
            case_id = f"{loss.name}/{'-'.join(['sampled', *words, *([] if recipe == first else [recipe])])}"
            drawing = Draw(case_id)
            inputs = draw(drawing)
            if "weight" in words:
                inputs = {**inputs, "sampleWeight": drawing.positive(*shape)}
            if "mask" in words:
                kept = np.zeros(shape, dtype=bool) if nothing else np.arange(values.numel()).reshape(shape) % 3 != 1
                inputs = {**inputs, "mask": boolean(kept)}
            return Case(case_id, {**variant, **options}, inputs, reference_options=reference_options)

        for reduction in loss.reductions:
            yield case(["weight", reduction], {"reduction": reduction})
            yield case(["weight", "mask", reduction], {"reduction": reduction})
        yield case(["mask", "mean"], {"reduction": "mean"})
        if recipe != first:
            continue
        yield case(["mask", "nothing-is-nan"], {"reduction": "mean", "empty": "nan"}, nothing=True)
        yield case(["mask", "nothing-is-zero"], {"reduction": "mean", "empty": "zero"},
                   reference_options={**variant, "reduction": "sum"}, nothing=True)
        yield replace(case(["error", "mask", "nothing"], {"reduction": "mean", "empty": "error"}, nothing=True), error="InputError")
        wrong = case(["error", "weight", "of-other-samples"], {})
        yield replace(wrong, inputs={**wrong.inputs, "sampleWeight": f32(np.ones((*shape, 2)))}, error="ShapeError")


def expand(loss):
    recipe = next(iter(loss.grids[0].recipes.values()))
    defaults = f"{loss.name}/defaults"
    expanded = [
        Case(defaults, {}, recipe(Draw(defaults))),
        *_grid_cases(loss),
        *_edge_cases(loss),
        *{case.id: case for case in _nan_cases(loss)}.values(),
        *_infinite_cases(loss),
        *_policy_cases(loss),
        *_sampled_cases(loss),
        *_refusal_cases(loss),
    ]
    ids = [case.id for case in expanded]
    repeated = {case_id for case_id in ids if ids.count(case_id) > 1}
    if repeated:
        raise ValueError(f"repeated case ids: {sorted(repeated)}")
    return expanded
