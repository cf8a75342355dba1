"""Where trials can be computed is known before the first of them starts."""

import ctypes
import platform
import subprocess
import sys

import pytest
import torch

from companion.experiments import EXPERIMENTS
from companion.experiments.networks import build_network
from companion.sweeps.devices import described, keep_freed_memory, usable
from companion.sweeps.run import placed
from resilinet.schemes import RESILINET


def test_the_processor_can_always_be_used() -> None:
    assert usable("cpu") == "cpu"


@pytest.mark.parametrize("device", ["cuda:99", "abacus", "meta"])
def test_what_is_not_there_is_refused_in_one_sentence(device: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^device '{device}' cannot be used here \([^\n]*\); cpu always can\.$"
    ):
        usable(device)


def test_a_device_is_described_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}"
    assert described("cpu") == described(usable("cpu:3")) == processor
    assert [described(device) for device in ("mps", "xpu:1")] == [
        f"{kind}, {platform.machine()}" for kind in ("mps", "xpu")
    ]
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the one called {device}")
    assert described("cuda:1") == "the one called cuda:1"


@pytest.mark.parametrize("key", ["mobilenet", "resnet"])
def test_images_lie_as_the_recipe_says_and_weights_stay_contiguous(key: str) -> None:
    experiment = EXPERIMENTS[key]
    trial = experiment.trial(experiment.size("smoke"), RESILINET, 0)
    found = []
    for order in ("contiguous", "channels-last"):
        network = placed(build_network(trial), "cpu", order)
        assert all(parameter.is_contiguous() for parameter in network.parameters())
        network.nodes[network.topology.order[1]].register_forward_pre_hook(
            lambda node, given, order=order: found.append(
                given[0].is_contiguous(memory_format=torch.channels_last)
            )
        )
        network(torch.rand(2, *network.input_shape))
    assert found == [False, True]


_LARGE_TENSOR = """
import ctypes
import torch
from companion.sweeps.devices import keep_freed_memory
kept = {keep} and keep_freed_memory()
class Report(ctypes.Structure):
    names = ("arena", "ordblks", "smblks", "hblks", "hblkhd")
    _fields_ = [*((name, ctypes.c_size_t) for name in names), ("others", ctypes.c_size_t * 5)]
report = ctypes.CDLL(None).mallinfo2
report.restype = Report
before = report().hblkhd
tensor = torch.ones(2**24)
print(int(kept), report().hblkhd - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="this C library does not report")
def test_large_tensors_lie_in_memory_that_is_kept() -> None:
    def bytes_to_give_back(keep: bool) -> list[int]:
        code = [sys.executable, "-c", _LARGE_TENSOR.format(keep=keep)]
        done = subprocess.run(code, capture_output=True, check=True, text=True)
        return [int(word) for word in done.stdout.split()]

    assert bytes_to_give_back(keep=True) == [1, 0]
    kept, usual = bytes_to_give_back(keep=False)
    assert (kept, usual >= 4 * 2**24) == (0, True)


def test_where_nothing_can_be_kept_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not keep_freed_memory()
