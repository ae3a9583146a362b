"""Classes along the last axis, where references want them along axis 1."""

from dataclasses import replace

import numpy as np
import torch


def last(draw):
    """The same inputs with the classes on the last axis."""
    def moved(d):
        inputs = draw(d)
        shape = inputs["input"].data.shape
        return {name: replace(array, data=np.ascontiguousarray(np.moveaxis(array.data, 1, -1)))
                if name != "weight" and array.data.shape == shape else array for name, array in inputs.items()}
    return moved


def classes_second(reference, is_elementwise=False):
    """A reference that takes them where the option classAxis says."""
    def value(i, o):
        if o.classAxis != -1 or i.input.dim() < 3:
            return reference(i, o)
        own = {name: x.movedim(-1, 1) if torch.is_tensor(x) and x.shape == i.input.shape else x for name, x in i.items()}
        values = reference(type(i)(own), o)
        return values.movedim(1, -1) if is_elementwise and values.dim() == i.input.dim() else values
    return value
