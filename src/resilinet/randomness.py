"""Randomness of a training: independent streams for each purpose, and modules that draw from them."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from resilinet.topology import is_count, shown


def generator(seed: int, purpose: str) -> torch.Generator:
    """An independent stream of randomness for each seed and purpose.

    Schemes with the same seed share their initial weights and their batch order, and so are compared in pairs.

    Raises:
        ValueError: the seed is no whole number.
    """
    return torch.Generator().manual_seed(_number(seed, purpose))


def _number(seed: int, purpose: str) -> int:
    if not is_count(seed, -math.inf):
        raise ValueError(f"{shown(seed)} is no seed; give a whole number.")
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(network: nn.Module, seed: int, purpose: str) -> Iterator[None]:
    """Within, what the modules of a network draw from PyTorch, Python or NumPy depends on seed and purpose alone.

    These go on afterwards as if nothing had been drawn. Seeded anew for each epoch, they need no place in a checkpoint.
    A generator of a module's own is left to the module.
    """
    devices = {p.device for p in network.parameters() if p.device.type == "cuda"}
    python, numpy, number = random.getstate(), np.random.get_state(), _number(seed, purpose)  # noqa: NPY002
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number % 2**32)  # noqa: NPY002 - modules may draw from it
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
