"""One trial: its record, where its code came from, where it can be computed, and why it failed."""

import ctypes
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from companion.experiments import EXPERIMENTS
from companion.experiments.networks import build_network
from companion.experiments.table_2 import TABLE_2
from companion.experiments.trial import NUMERICS, Trial
from companion.sweeps import run as runner
from companion.sweeps.run import (
    commit,
    described,
    explain,
    keep_freed_memory,
    out_of_memory,
    placed,
    run,
    usable,
)
from resilinet.data import DataError, Dataset, Examples
from resilinet.data.assembly import content_sha256
from resilinet.failures import scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.recipe import Recipe
from resilinet.schemes import RESILINET
from resilinet.weights import survival_scaled

pytestmark = pytest.mark.usefixtures("_one_thread")


def brute_force(network: DistributedNetwork, test: Examples) -> dict[str, int | None]:
    found = {}
    for dead in scenarios(network.topology):
        logits = network(test.x, network.topology.everyone - dead)
        right = None if logits is None else int((logits.argmax(1) == test.y).sum())
        found[scenario_key(network.topology, dead)] = right
    return found


def test_a_record_holds_what_its_weights_give(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    record = run(tiny, data, tmp_path)
    network = build_network(tiny)
    network.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert record.counts == brute_force(network, data.test)
    assert record.total == len(data.test) == 60
    assert record.parameters == sum(p.numel() for p in network.parameters())
    assert record.labels == {"train": data.label_counts("train"), "test": data.label_counts("test")}
    assert len(record.history) == 3
    assert record.provenance["resumed"] is False
    assert set(record.survival) == {"failout", "normal", "poor", "hazardous"}
    ones = dict.fromkeys((link.key for link in network.topology.links), 1.0)
    for name, dies in {"failout": tiny.failout, "poor": TABLE_2["health"]["poor"].probability}.items():
        network.fixed_weights = survival_scaled(ones, network.topology, dies)
        assert record.survival[name] == brute_force(network, data.test)


def test_other_data_than_described_are_refused(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    described = dict(tiny.data) | {"fingerprint": "0" * 64}
    with pytest.raises(
        DataError,
        match=r"^the trial describes data with fingerprint 00000000\.\.\., but the data at hand are those with "
        rf"fingerprint {data.fingerprint[:8]}\.\.\.\.$",
    ):
        run(replace(tiny, data=described), data, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_exist_is_refused(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'transformer' is no model of this package; there are: mlp"):
        run(replace(tiny, network=dict(tiny.network) | {"model": "transformer"}), data, tmp_path)


def test_a_record_names_the_commit_that_training_began_with(
    tiny: Trial, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may commit while a trial trains; what runs is what was there before."""
    asked: list[str] = []
    monkeypatch.setattr(runner, "commit", lambda: asked.append("asked") or "abc")
    monkeypatch.setattr(runner, "train", lambda *a, **o: asked.append("trained") or ([], 1))
    assert run(tiny, data, tmp_path).provenance["commit"] == "abc"
    assert asked[0] == "asked"


# --- golden --------------------------------------------------------------------------------------


def raw(count: int, below: int) -> np.ndarray:
    """Whole numbers from 0 to ``below`` - 1 out of PCG64's raw bits, which NumPy promises never to change."""
    return (np.random.PCG64(count).random_raw(count) % np.uint64(below)).astype(np.int64)


def golden_data() -> Dataset:
    centres = raw(13 * 23, 21).reshape(13, 23) - 10
    y = raw(800, 12) + 1
    x = centres[y] + raw(800 * 23, 9).reshape(800, 23) - 4
    parts = (slice(0, 500), slice(500, 600), slice(600, 800))
    examples = [Examples(torch.tensor(x[part], dtype=torch.float32), torch.tensor(y[part])) for part in parts]
    description = {"name": "golden", "fingerprint": content_sha256(x)}
    return Dataset("golden", description, *examples, classes=13)


GOLDEN: Mapping[int, Mapping[str, Any]] = {
    1: {
        "loss": [2.4068417, 1.8587332, 1.5257368],
        "counts": {
            "none": 105,
            "n1": 64,
            "n2": 28,
            "n3": 46,
            "n1+n2": None,
            "n1+n3": 13,
            "n2+n3": None,
            "n1+n2+n3": None,
        },
    }
}


def test_golden_trial(tmp_path: Path, tiny: Trial) -> None:
    """Pins the numbers of a tiny trial; whoever changes them must raise NUMERICS and run every trial again.

    Other processors add up in another order: over these 48 steps that moved the loss by less than 1e-7 of itself
    (SSE and AVX2 kernels against AVX-512, one thread against two) and no count, so 1e-4 leaves them room. A count
    may differ by one, should an example lie right between two classes.
    """
    data = golden_data()
    trial = replace(
        tiny,
        network=dict(tiny.network) | {"width": 32},
        failout={"n1": 0.1, "n2": 0.1, "n3": 0.1},
        weights={"rule": "uniform", "probability": {}, "high": 2.0},
        recipe=Recipe(epochs=3, batch_size=32, learning_rate=3e-3, schedule="linear", precision="float32"),
        data=dict(data.description),
    )
    record = run(trial, data, tmp_path)
    assert NUMERICS in GOLDEN, "new numerics need new golden numbers"
    pinned = GOLDEN[NUMERICS]
    assert [epoch["loss"] for epoch in record.history] == pytest.approx(pinned["loss"], rel=1e-4)
    assert record.counts.keys() == pinned["counts"].keys()
    for key, count in pinned["counts"].items():
        found = record.counts[key]
        assert found is count if count is None else abs(found - count) <= 1, (key, found, count)


def test_time_spent_before_a_kill_after_the_last_epoch_counts(
    tiny: Trial, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(runner, "all_counts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tiny, data, tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert len(state["history"]) == tiny.recipe.epochs
    torch.save(state | {"seconds": 1000.0}, tmp_path / "checkpoint.pt")
    assert 1000 <= run(tiny, data, tmp_path).provenance["wall_seconds"] < 1100


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


# --- where its code came from ---------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=a@b")
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with code where the project has it."""
    root = tmp_path / "checkout"
    (root / "src" / "companion").mkdir(parents=True)
    (root / "src" / "companion" / "one.py").write_text("1")
    (root / "pyproject.toml").write_text('[project]\nname = "resilinet"\n')
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "One")
    return root


def test_a_checkout_is_named_by_its_commit_and_told_from_changed_code(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "notes.txt").write_text("no code")
    assert commit.__wrapped__(checkout) == head
    (checkout / "src" / "companion" / "one.py").write_text("2")
    assert commit.__wrapped__(checkout) == f"{head}+changes"


def test_a_copy_within_another_repository_has_no_commit(checkout: Path) -> None:
    copy = checkout / "thesis" / "copy"
    (copy / "src" / "companion").mkdir(parents=True)
    assert commit.__wrapped__(copy) == "unknown"


def test_a_copy_at_the_top_of_another_repository_has_no_commit(checkout: Path, tmp_path: Path) -> None:
    for content in ("", '[project]\nname = "thesis"\n', "no TOML = "):
        thesis = tmp_path / f"thesis{len(content)}"
        thesis.mkdir()
        git(thesis, "init", "-q")
        (thesis / ("pyproject.toml" if content else "notes.txt")).write_text(content)
        git(thesis, "add", ".")
        git(thesis, "commit", "-qm", "My thesis")
        shutil.copytree(checkout / "src", thesis / "src")
        shutil.copy(checkout / "pyproject.toml", thesis)  # copied, not committed
        assert commit.__wrapped__(thesis) == "unknown"


def test_a_hook_of_another_repository_does_not_lend_its_commit(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, copy = git(checkout, "rev-parse", "HEAD"), tmp_path / "copy"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    assert commit.__wrapped__(copy) == "unknown"
    assert commit.__wrapped__(checkout) == head


def test_a_checkout_of_its_own_within_another_repository_is_named(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(checkout, "worktree", "add", "-q", str(tmp_path / "beside"))
    for place in (checkout, tmp_path / "beside"):
        assert commit.__wrapped__(place) == git(checkout, "rev-parse", "HEAD")


def test_what_is_installed_has_no_commit(checkout: Path, tmp_path: Path) -> None:
    (checkout / "lib").mkdir()
    assert commit.__wrapped__(checkout / "lib") == "unknown"
    assert commit.__wrapped__(tmp_path) == "unknown"


# --- where it can be computed ---------------------------------------------------------------------


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
from companion.sweeps.run import keep_freed_memory
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


# --- why it failed --------------------------------------------------------------------------------


def failure(wrong: object) -> Exception:
    """What is raised by calling ``wrong``, with its traceback."""
    with pytest.raises((RuntimeError, MemoryError, ValueError)) as raised:
        wrong()  # type: ignore[operator]
    return raised.value


def test_too_little_memory_is_said_plainly() -> None:
    # More bytes than any address space has.
    error = failure(lambda: torch.empty(2**60))
    assert out_of_memory(error)
    advice = "train fewer trials side by side, or on a machine or a device with more"
    assert explain(error) == f"there is too little memory for another {2**62} bytes; {advice}"
    on_device = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")
    assert explain(on_device) == f"there is too little memory for another 2.00 GiB; {advice}"
    assert explain(MemoryError()) == f"there is too little memory for it; {advice}"


def test_other_failures_say_what_and_where() -> None:
    error = failure(lambda: int("x"))
    assert not out_of_memory(error)
    assert explain(error) == (
        f"ValueError: {error} (test_run.py, line {error.__traceback__.tb_next.tb_lineno})"  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "can't start new thread",
    ],
)
def test_too_little_memory_has_many_names(said: str) -> None:
    assert out_of_memory(RuntimeError(said))
    assert explain(RuntimeError(said)).startswith("there is too little memory for ")


def test_the_reason_of_a_failure_is_one_line() -> None:
    try:
        raise RuntimeError(
            "CUDA error: an illegal instruction was encountered\nCompile with more lines\nof advice"
        )
    except RuntimeError as error:
        reason = explain(error)
    assert re.fullmatch(
        r"RuntimeError: CUDA error: an illegal instruction was encountered \(test_run\.py, line \d+\)",
        reason,
    )
