"""Losses of other libraries that can be had without the models around them."""

import importlib.util
import sys
from pathlib import Path


def _module(package, file):
    """One file of an installed package, without the package's own imports (torchvision, transformers)."""
    name = f"{package}_{Path(file).stem}"
    if name not in sys.modules:
        folder = Path(importlib.util.find_spec(package).submodule_search_locations[0])
        spec = importlib.util.spec_from_file_location(name, folder / file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def open_clip():
    return _module("open_clip", "loss.py")
