"""What several test files share: a data set of a few hundred rows and trials of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from companion.experiments.synthetic import synthetic_health
from companion.experiments.trial import Trial
from resilinet.data import Dataset
from resilinet.models import mlp
from resilinet.recipe import Recipe

if TYPE_CHECKING:
    from companion.live.processes import Processes
    from live_network import Live


@pytest.fixture(scope="session")
def data() -> Dataset:
    """480 rows to train on, 60 each to validate and to test."""
    return synthetic_health(rows=600)


@pytest.fixture(scope="session")
def tiny(data: Dataset) -> Trial:
    """A trial of ten hidden layers of 16 that trains in a moment."""
    return Trial(
        network={"model": "mlp", "features": 23, "width": 16, "hidden": 10, "classes": 13},
        partition=(1, 2, 3, 4),
        skips=mlp.SKIPS,
        scheme="resilinet",
        failout={"n1": 0.1, "n2": 0.1, "n3": 0.1},
        weights={"rule": "one", "probability": {}, "high": 1.0},
        recipe=Recipe(epochs=3, batch_size=64, precision="float32"),
        data=dict(data.description),
        seed=0,
    )


@pytest.fixture(scope="session")
def tiny_trials(tiny: Trial) -> Callable[[int], list[Trial]]:
    """That many tiny trials, which differ by seed alone."""
    return lambda count: [replace(tiny, seed=seed) for seed in range(count)]


@pytest.fixture
def _one_thread() -> object:
    """Sums in one order: bit-for-bit equality holds for equal thread counts only."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """What starts the nodes of live networks; PyTorch is loaded once for all of them."""
    from companion.live.processes import Processes

    with Processes() as found:
        yield found


@pytest.fixture
def live(processes: Processes, _one_thread: object) -> Iterator[Callable[..., Live]]:
    """Starts a network, whose nodes end with the test."""
    from live_network import starting

    with starting(processes) as start:
        yield start
