"""Runs a reference in torch: the value, and the gradient of its sum."""

import warnings

import torch

from sampled import weighed

# klDiv's mean is what torch documents; its advice to use batchmean is not for us.
warnings.filterwarnings("ignore", message="reduction: 'mean' divides the total loss")
torch.set_num_threads(1)


class Fields(dict):
    """Attribute access; an absent optional input reads as None."""

    def __getattr__(self, name):
        return self.get(name)


def reduce(values, reduction):
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


def _tensor(array, dtype):
    if array.dtype == "float32":
        return torch.tensor(array.data, dtype=dtype).requires_grad_(array.grad)
    return torch.tensor(array.data, dtype=torch.long)


def evaluate(loss, case, dtype=torch.float64):
    inputs = Fields({name: _tensor(array, dtype) for name, array in case.inputs.items()})
    reduction = {"reduction": "mean"}
    options = case.options if case.reference_options is None else case.reference_options
    given = Fields({**reduction, **loss.defaults, **options})
    is_sampled = "sampleWeight" in inputs or "mask" in inputs
    value = weighed(loss, inputs, given) if is_sampled else loss.reference(inputs, given)
    wanted = [name for name, array in case.inputs.items() if array.grad]
    leaves = [inputs[name] for name in wanted]
    found = [None] * len(leaves)
    if value.requires_grad:
        found = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
    grads = {
        name: torch.zeros_like(leaf) if grad is None else grad
        for name, leaf, grad in zip(wanted, leaves, found)
    }
    return value.detach(), grads
