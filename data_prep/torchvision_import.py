"""Imports torchvision beside any build of PyTorch.

The registry's torchvision for Linux is compiled against CUDA. Beside a CPU build of torch its compiled
operators do not load, and the import then fails ("operator torchvision::nms does not exist"), though
nothing in this project calls them. Declaring the missing operators' schemas first lets the import pass;
calling one of them still raises an error, as it should.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import torch

# The operators that torchvision registers shapes for while it is imported.
SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

# A declaration lasts as long as its library object.
_declared: list[torch.library.Library] = []


def import_torchvision() -> ModuleType:
    """Returns the imported ``torchvision`` package, whichever build of torch is installed.

    After the first call, plain ``from torchvision import transforms`` works as well.

    Raises:
        ImportError: torchvision is not installed.
    """
    if "torchvision" not in sys.modules:
        _load_compiled_operators()
        _declare_missing_schemas()
    return importlib.import_module("torchvision")


def _load_compiled_operators() -> None:
    """Loads torchvision's own operators where they fit this torch, so that none is declared twice."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ImportError("torchvision is not installed; make env installs it")
    for library in sorted(Path(spec.origin).parent.glob("_C.*")):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            continue


def _declare_missing_schemas() -> None:
    """Declares those of ``SCHEMAS`` that no compiled library has brought."""
    missing = [name for name in SCHEMAS if not hasattr(torch.ops.torchvision, name)]
    if not missing:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in missing:
        library.define(SCHEMAS[name])
    _declared.append(library)
