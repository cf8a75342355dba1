"""What an exception says, short enough for a sentence."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import torch

_NO_MEMORY = (
    "DefaultCPUAllocator",
    "CUDA error: out of memory",
    "STATUS_ALLOC_FAILED",
    "can't start new thread",
)
"""What a plain RuntimeError says, of PyTorch's or of Python's, where memory is short."""


def out_of_memory(error: BaseException) -> bool:
    """Whether a device, or this machine, had no memory left for a tensor or a thread."""
    said = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _NO_MEMORY)
    return said or isinstance(error, MemoryError | torch.OutOfMemoryError)


def explain(error: BaseException) -> str:
    """Why a trial failed, and where, in one sentence."""
    if out_of_memory(error):
        wanted = re.search(r"tried to allocate ([\d.]+ \w+)", str(error), re.IGNORECASE)
        for_what = f"another {wanted[1]}" if wanted else "it"
        return (
            f"there is too little memory for {for_what}; train fewer trials side by side, or on a machine or a device "
            "with more"
        )
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {said} ({Path(where.filename).name}, line {where.lineno})"
