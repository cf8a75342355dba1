"""Randomness of a training: independent streams for each purpose, and modules that draw from them."""

from __future__ import annotations

import hashlib
import inspect
import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from resilinet.topology import is_count, shown

GENERATORS: Mapping[
    type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any], Callable[[Any, int], Any]]
] = {
    torch.Generator: (torch.Generator.get_state, torch.Generator.set_state, torch.Generator.manual_seed),
    random.Random: (random.Random.getstate, random.Random.setstate, random.Random.seed),
    np.random.RandomState: (
        np.random.RandomState.get_state,
        np.random.RandomState.set_state,
        lambda own, number: own.seed(number % 2**32),
    ),
    np.random.BitGenerator: (
        lambda own: own.state,
        lambda own, state: setattr(own, "state", state),
        lambda own, number: setattr(own, "state", type(own)(number).state),
    ),
}
"""For each kind of generator how its state is read and set, and how it is seeded."""


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
    """Within, whatever the modules of a network draw depends on seed and purpose alone.

    That is from PyTorch, Python and NumPy, or from a generator within the modules' reach (:func:`generators_of`). All
    of them then go on as if nothing had been drawn. Seeded anew for each epoch, they need no place in a checkpoint.
    """
    devices = {p.device for p in network.parameters() if p.device.type == "cuda"}
    python, numpy, number = random.getstate(), np.random.get_state(), _number(seed, purpose)  # noqa: NPY002
    found = [
        (own, *next(how for kind, how in GENERATORS.items() if isinstance(own, kind)))
        for own in generators_of(network)
    ]
    before = [read(own) for own, read, _, _ in found]
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number % 2**32)  # noqa: NPY002 - modules may draw from it
        for k, (own, _, _, seed_it) in enumerate(found):
            seed_it(own, _number(seed, f"{purpose}, {k}"))
        try:
            yield
        finally:
            for (own, _, write, _), state in zip(found, before, strict=True):
                write(own, state)
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def generators_of(network: nn.Module) -> list[Any]:
    """The generators that modules hold, in whatever they hold, or that their own code names, always in one order."""
    found, seen = list[Any](), dict[int, Any]()  # what was seen is kept, so that no other gets its number
    waiting: list[Any] = [network]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type | ModuleType | torch.Tensor | random.SystemRandom):
            continue
        seen[id(thing)] = thing
        if isinstance(thing, tuple(GENERATORS)):
            found.append(thing)
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif isinstance(thing, list | tuple):
            waiting += thing
        elif isinstance(thing, FunctionType):
            if thing.__module__.partition(".")[0] not in ("torch", "numpy"):
                named = inspect.getclosurevars(thing)
                waiting += [named.nonlocals, named.globals]
        elif isinstance(thing, MethodType):
            waiting += [thing.__func__, thing.__self__]
        elif isinstance(thing, partial):
            waiting += [thing.func, thing.args, thing.keywords]
        elif isinstance(thing, np.random.Generator):
            waiting.append(thing.bit_generator)
        else:
            classes = [
                kind for kind in type(thing).__mro__ if not kind.__module__.startswith(("torch.", "builtins"))
            ]
            waiting += [getattr(thing, "__dict__", {}), *(dict(vars(kind)) for kind in classes)]
    return found
