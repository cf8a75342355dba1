"""Randomness of a training: independent streams for each purpose, and modules that draw from them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


def generator(seed: int, purpose: str) -> torch.Generator:
    """An independent stream of randomness for each seed and purpose.

    Schemes with the same seed share their initial weights and their batch order, and so are compared in pairs.
    """
    return torch.Generator().manual_seed(_number(seed, purpose))


def _number(seed: int, purpose: str) -> int:
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(network: nn.Module, seed: int, purpose: str) -> Iterator[None]:
    """Within, whatever the modules of a network draw depends on seed and purpose alone.

    That is from PyTorch, Python and NumPy, whose own generators then go on as if nothing had been drawn, or from a
    generator that a module holds. Seeded anew for each epoch, they need no place in a checkpoint.
    """
    devices = {p.device for p in network.parameters() if p.device.type == "cuda"}
    python, numpy, number = random.getstate(), np.random.get_state(), _number(seed, purpose)  # noqa: NPY002
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number % 2**32)  # noqa: NPY002 - modules may draw from it
        held = [value for module in network.modules() for value in vars(module).values()]
        kinds = torch.Generator | random.Random | np.random.Generator
        for k, own in enumerate(value for value in held if isinstance(value, kinds)):
            number = _number(seed, f"{purpose}, {k}")
            if isinstance(own, torch.Generator):
                own.manual_seed(number)
            elif isinstance(own, random.Random):
                own.seed(number)
            else:
                own.bit_generator.state = type(own.bit_generator)(number).state
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
