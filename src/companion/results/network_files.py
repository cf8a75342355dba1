"""Trained networks as small files: float16 weights beside the trial that made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.results.statistics_files import flat, from_flat
from resilinet import checkpoints
from resilinet.evaluation import plans
from resilinet.messages import refused, unreadable
from resilinet.network import DistributedNetwork


class NetworkError(ValueError):
    """A file that holds no trained network of this package, or cannot be written; the message names it."""


def save_network(network: DistributedNetwork, trial: Trial, path: Path) -> None:
    """Write a network's weights, rounded to float16, with its batch statistics and the values of its trial.

    Statistics keep their precision: a variance may be larger than float16 can say. A sha256 of all of it lies beside,
    for whoever alters a file by writing it anew.

    Raises:
        NetworkError: the file cannot be written, or a weight is not finite once it is rounded.
    """
    parameters = {name for name, _ in network.named_parameters()}
    weights = {
        name: tensor.half() if name in parameters else tensor for name, tensor in network.state_dict().items()
    }
    content: dict[str, Any] = {
        "trial": json.dumps(trial.values),
        "weights": weights,
        "statistics": flat(network.route_statistics),
    }
    _refuse_infinite(path, content)
    try:
        checkpoints.save(content | {"sha256": _sha256(content)}, path)
    except OSError as error:
        raise NetworkError(
            f"{path}: cannot be written ({error.strerror}); give a folder that has room and may be written to."
        ) from error


def load_network(path: Path | str) -> tuple[DistributedNetwork, Trial]:
    """The network in a file, in float32 and eval mode, and the trial that made it.

    Batch statistics of each route, where the file has any, are in force; empty ``route_statistics`` for the running
    ones. The file is read as weights only: nothing in it can run.

    Raises:
        NetworkError: the file is missing, damaged or altered, holds a number that is not finite, or is not of this
            package. Files of earlier versions have no sha256, so that one that was written anew is taken as it is.
    """
    try:
        content = checkpoints.load(path)
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}")
        trial = Trial.from_values(json.loads(content["trial"]))
        weights, statistics = content["weights"], content.get("statistics", {})
        promised, found = content.get("sha256"), _sha256(content)
        network = build_network(trial)
        if promised in (None, found):
            _fill(network, {name: t.float() if t.dtype == torch.half else t for name, t in weights.items()})
            _give_statistics(network, statistics)
    except FileNotFoundError:
        raise NetworkError(f"{path}: there is no such file.") from None
    except Exception as error:
        if refused(error):
            raise NetworkError(f"{path}: cannot be read ({error.strerror}).") from error
        raise NetworkError(
            f"{path}: not a trained network of this package ({unreadable(path, error)})."
        ) from error
    if promised not in (None, found):
        raise NetworkError(
            f"{path}: its content has sha256 {found} where it promises {promised}; it has been altered."
        )
    _refuse_infinite(path, content)
    return network.eval(), trial


def load_run(trial: Trial, runs: Path) -> DistributedNetwork:
    """The full-precision network of a trial that was run here, with its batch statistics, from the folder of runs.

    Raises:
        NetworkError: its weights or its statistics are not there, damaged, or another trial's.
    """
    network = build_network(trial)
    wanted: dict[str, Callable[[DistributedNetwork, Mapping[str, Tensor]], None]] = {"weights": _fill}
    if any(True for _ in network.buffers()):  # which batch normalisation alone has
        wanted["statistics"] = _give_statistics
    for what, take in wanted.items():
        path = runs / trial.id[:16] / f"{what}.pt"
        if not path.exists():
            raise NetworkError(
                f"{path}: the {what} of trial {trial.id[:16]} are not here; run the trial first."
            )
        try:
            kept = checkpoints.load(path)
            take(network, kept)
        except Exception as error:
            if refused(error):
                raise NetworkError(f"{path}: cannot be read ({error.strerror}).") from error
            raise NetworkError(
                f"{path}: not the whole {what} of trial {trial.id[:16]} ({unreadable(path, error)}); run it again."
            ) from error
        _refuse_infinite(path, {what: kept})
    return network.eval()


def _sha256(content: Mapping[str, Any]) -> str:
    """Of everything in a file that says what the network computes, whatever the order of its tensors."""
    digest = hashlib.sha256(content["trial"].encode())
    for kind in ("weights", "statistics"):
        for name, tensor in sorted(content.get(kind, {}).items()):
            digest.update(f"{kind}:{name}:{tensor.dtype}:{tuple(tensor.shape)}:".encode())
            digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _fill(network: DistributedNetwork, weights: Mapping[str, Tensor]) -> None:
    try:
        network.load_state_dict(weights)
    except RuntimeError:  # which lists every tensor
        raise ValueError("they are another network's") from None


def _give_statistics(network: DistributedNetwork, tensors: Mapping[str, Tensor]) -> None:
    """Put statistics in force that are of routes and of layers that the network has."""
    known = {pair for plan in plans(network).values() for pair in plan.items()}
    try:
        statistics = from_flat(tensors)
    except ValueError:  # a name that is none of a statistic
        raise ValueError("they are no batch statistics") from None
    for pair, buffers in statistics.items():
        own = dict(network.nodes[pair[0]].named_buffers()) if pair in known else {}
        if any(name not in own or own[name].shape != each.shape for name, each in buffers.items()):
            raise ValueError("they are another network's")
    network.route_statistics = statistics


def _refuse_infinite(path: Path | str, content: Mapping[str, Any]) -> None:
    for kind in ("weights", "statistics"):
        for name, tensor in content.get(kind, {}).items():
            if not torch.isfinite(tensor).all():
                raise NetworkError(
                    f"{path}: {name!r} among its {kind} is not finite; only finite numbers are allowed."
                )
