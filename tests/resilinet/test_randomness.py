"""What a training draws depends on its seed alone, whatever its modules draw from."""

import random
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from resilinet.randomness import generator
from resilinet.training import Interrupted
from small_networks import RECIPE, small, train_small

pytestmark = pytest.mark.usefixtures("_one_thread")

PRECISIONS = ("float32", "bfloat16")


def test_streams_differ_by_seed_and_purpose() -> None:
    drawn = {
        (seed, purpose): torch.rand(4, generator=generator(seed, purpose)).tolist()
        for seed in (0, 1, 10)
        for purpose in ("batches", "failout", "initial weights")
    }
    assert len({tuple(numbers) for numbers in drawn.values()}) == 9
    assert drawn[1, "failout"] == torch.rand(4, generator=generator(1, "failout")).tolist()


class Noise(nn.Module):
    """Noise from PyTorch, Python and NumPy."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (random.random() + np.random.rand()) * torch.rand_like(x)  # noqa: NPY002


def outcome(module: type, precision: str = "float32", **options: Any) -> tuple[Any, list]:
    network = small(module(), nn.Dropout())
    history, _ = train_small(network, recipe=replace(RECIPE, precision=precision), **options)
    return history, [tensor.tolist() for tensor in network.state_dict().values()]


@pytest.mark.parametrize("precision", [*PRECISIONS, "autocast"])
@pytest.mark.parametrize("module", [Noise, nn.RReLU, nn.AlphaDropout])
def test_what_modules_draw_depends_on_the_seed_alone(module: type, precision: str, tmp_path: Path) -> None:
    once = outcome(module, precision)
    random.seed(8)
    np.random.seed(8)  # noqa: NPY002
    assert outcome(module, precision, report=lambda progress: torch.rand(1)) == once
    assert outcome(module, precision, seed=1) != once
    for _ in range(2):
        with pytest.raises(Interrupted):
            outcome(module, precision, checkpoint=tmp_path / "checkpoint.pt", stop=lambda: True)
    assert outcome(module, precision, checkpoint=tmp_path / "checkpoint.pt") == once


def test_epochs_and_batches_draw_different_numbers() -> None:
    drawn: list[float] = []

    class Notes(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.device.type != "meta":  # where it is tried out
                drawn.append(float(torch.rand(())))
            return x

    network = small(Notes())
    drawn.clear()
    train_small(network, failout={})
    assert len(set(drawn)) == len(drawn) == 3 * (3 + 1), "three batches and the validation, three epochs"


@pytest.mark.parametrize("stopped", [False, True])
def test_training_leaves_the_generators_of_others_alone(stopped: bool) -> None:
    def state() -> tuple[Any, ...]:
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002

    before = state()
    network = small(Noise(), nn.Dropout())
    with pytest.raises(ArithmeticError) if stopped else nullcontext():
        train_small(network, recipe=replace(RECIPE, learning_rate=1e30 if stopped else 1e-3))
    assert state() == before


@pytest.mark.parametrize("seed", [None, "0", 1.0, True, torch.Generator()])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(ValueError, match="is no seed; give a whole number"):
        generator(seed, "batches")
    assert torch.equal(generator(np.int64(1), "a").get_state(), generator(1, "a").get_state())
