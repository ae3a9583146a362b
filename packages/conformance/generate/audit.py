"""Finds cases whose float32 result leaves the float64 one.

A draw that landed on a kink by accident, or an edge that is not exact, would fail every float32 backend.
"""

import torch

from evaluate import evaluate
from recipe import expand

TOLERANCE = 1e-3


def _leaves(exact, single):
    exact, single = exact.flatten(), single.double().flatten()
    same = (exact == single) | (exact.isnan() & single.isnan())
    finite = exact[exact.isfinite()].abs()
    scale = max(1.0, finite.max().item()) if finite.numel() else 1.0
    return bool((~(same | ((exact - single).abs() <= TOLERANCE * scale))).any())


def unstable(loss):
    found = []
    for case in expand(loss):
        if case.error or case.beyond_float32:
            continue
        value, grads = evaluate(loss, case)
        single_value, single_grads = evaluate(loss, case, torch.float32)
        parts = [name for name in grads if _leaves(grads[name], single_grads[name])]
        if _leaves(value, single_value):
            parts.insert(0, "value")
        if parts:
            found.append(f"{case.id}: {', '.join(parts)}")
    return found
