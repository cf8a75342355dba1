"""One trial, from its description to its record, or to the reason why there is none; and where it can be computed."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import os
import platform
import re
import subprocess
import time
import tomllib
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from companion.experiments.loading import differences
from companion.experiments.networks import build_network
from companion.experiments.table_2 import failure_probabilities
from companion.experiments.trial import Record, Trial
from companion.extensions.distillation import distil
from companion.extensions.joint_loss import EveryFailure
from companion.results.statistics_files import cost, flat
from resilinet.batch_statistics import Statistics, estimate_batch_statistics
from resilinet.checkpoints import save
from resilinet.data import DataError, Dataset
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout
from resilinet.messages import brief
from resilinet.network import DistributedNetwork
from resilinet.training import Progress, Watch, train
from resilinet.weights import survival_scaled

ROOT = Path(__file__).resolve().parents[3]
"""The checkout that this code runs from, if it runs from one."""
STATISTICS_IMAGES = 4096
"""Training images, without labels, that batch statistics per route are estimated from."""


def placed(network: DistributedNetwork, device: str, memory_format: str = "contiguous") -> DistributedNetwork:
    """The network on a device, computing on images in the order of numbers that a recipe names."""
    # Weights stay contiguous: PyTorch's Adam copies those that are not, in every step.
    network.channels_last = memory_format == "channels-last"
    return network.to(device)


def run(
    trial: Trial,
    data: Dataset,
    folder: Path,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Record:
    """Train and evaluate a trial.

    Args:
        trial: what to run.
        data: the data set its description names.
        folder: where its checkpoint and, in the end, its weights (``weights.pt``) and its batch statistics of each
            route (``statistics.pt``, where there are any) lie; not the results store.
        device: where it is computed, for example ``cuda``.
        stop: asked after every epoch.
        report: called after every epoch.

    Raises:
        DataError: ``data`` is not the data set that the trial describes, if only by split or preprocessing.
        Interrupted: ``stop`` asked for it; a later call goes on.
    """
    if dict(data.description) != dict(trial.data):
        raise DataError(differences(trial.data, data.description) + ".")
    began, code = time.perf_counter(), commit()
    network = placed(build_network(trial), device, trial.recipe.memory_format)
    resumed = (folder / "checkpoint.pt").exists()
    earlier: list[float] = []  # seconds that runs before an interruption took
    topology = network.topology
    failout = EveryFailure(topology, trial.joint) if trial.joint else Failout(topology, trial.failout)
    history, best_epoch = train(
        network,
        data,
        trial.recipe,
        failout,
        trial.seed,
        Watch(folder / "checkpoint.pt", stop, report, earlier.append),
    )
    if trial.recipe.distilled:
        distil(network, data.train.x.to(device), trial.recipe, trial.seed)
    save({name: value.cpu() for name, value in network.state_dict().items()}, folder / "weights.pt")
    trained = time.perf_counter()
    statistics = estimate_batch_statistics(network, data.train.x[:STATISTICS_IMAGES])
    estimated: dict[str, float] = {}
    if statistics:
        estimated["route_statistics_seconds"] = round(time.perf_counter() - trained, 2)
        save({name: value.cpu() for name, value in flat(statistics).items()}, folder / "statistics.pt")
    evaluated = all_counts(network, data, failure_probabilities(trial), statistics)
    seconds = sum(earlier) + time.perf_counter() - began
    return Record(
        trial=trial,
        total=len(data.test.y),
        labels={"train": data.label_counts("train"), "test": data.label_counts("test")},
        history=history,
        best_epoch=best_epoch,
        parameters=sum(p.numel() for p in network.parameters()),
        provenance=provenance(code, device, seconds, resumed) | estimated,
        **evaluated,
    )


def all_counts(
    network: DistributedNetwork,
    data: Dataset,
    survival: Mapping[str, Mapping[str, float]],
    statistics: Statistics | None = None,
) -> dict[str, Any]:
    """The counts of a record: as trained, with scaled weights, and with batch statistics of each route.

    Args:
        network: trained, on the device that is to compute; left as it was.
        data: what it is tested on.
        survival: how probably each node fails, for each reading of its survival (section 2.3).
        statistics: of each route; without any there are no counts by them.
    """
    topology = network.topology
    found: dict[str, Any] = {"counts": correct_counts(network, data.test.x, data.test.y), "survival": {}}
    fixed = dict(network.fixed_weights)
    for name, probability in survival.items() if fixed else ():
        network.fixed_weights = survival_scaled(fixed, topology, probability)
        found["survival"][name] = correct_counts(network, data.test.x, data.test.y)
    network.fixed_weights = fixed
    if statistics:
        network.route_statistics = statistics
        found["per_route"] = correct_counts(network, data.test.x, data.test.y)
        found["route_numbers"] = cost(statistics).total_numbers
        network.route_statistics = {}
    return found


def provenance(code: str, device: str, wall_seconds: float, resumed: bool) -> dict[str, Any]:
    """Where a number came from; none of this is part of a trial's identity."""
    return {
        "commit": code,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": described(device),
        "threads": torch.get_num_threads(),
        "wall_seconds": round(wall_seconds, 1),
        "resumed": resumed,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@cache
def commit(root: Path = ROOT) -> str:
    """The commit of the code that runs, with ``+changes`` where the code differs from it, or ``unknown``.

    It is unknown where this file lies in no checkout of the project: installed, or copied into another repository. What
    tells the project's own repository is the name in the ``pyproject.toml`` of that commit.
    """
    # A hook of another repository that runs this names that repository in the environment.
    here = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or "CONFIG" in name
    }

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=root, env=here, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        if (
            not (root / "src/companion").is_dir()
            or Path(git("rev-parse", "--show-toplevel")).resolve() != root
            or tomllib.loads(git("show", "HEAD:pyproject.toml")).get("project", {}).get("name") != "resilinet"
        ):
            return "unknown"
        return git("rev-parse", "HEAD") + (
            "+changes" if git("status", "--porcelain", "--", "src", "data_prep") else ""
        )
    except (OSError, ValueError, subprocess.CalledProcessError):
        return "unknown"


def usable(device: str) -> str:
    """The name of a device, as PyTorch knows it, after a first sum was computed there and read back.

    Raises:
        ValueError: there is no such device here, or it cannot compute what a training does.
    """
    try:
        # In float64, in which a training adds up its losses; read back, as the device "meta" holds no numbers.
        torch.ones(2, dtype=torch.float64, device=device).sum().item()
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        raise ValueError(f"device {device!r} cannot be used here ({brief(error)}); cpu always can.") from None
    return device


def has_bfloat16(device: str) -> bool:
    """Whether a device computes in bfloat16 itself; known of processors, assumed of others."""
    return torch.device(device).type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def described(device: str) -> str:
    """What a device is, for the provenance of what was computed on it."""
    kind = torch.device(device).type
    if kind == "cpu":
        return f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}"
    if kind == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{kind}, {platform.machine()}"


_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # names of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep memory that it frees, for its next tensors, and say whether it will.

    By default the C library of Linux gives every large tensor back and asks for it anew in the next step, zeroed page
    by page: a fifth of the time of a small convolutional network. Elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # no such library or function
        mallopt = ctypes.CDLL(None).mallopt
        wanted = {_MMAP_MAX: 0, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 2**28}
        return all(mallopt(option, value) for option, value in wanted.items())
    return False


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
