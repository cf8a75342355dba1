"""Trained networks as small files: float16 weights beside the trial that made them."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from resilinet.network import DistributedNetwork
from resilinet.reasons import brief
from resilinet.route_statistics import flat, from_flat
from resilinet.runner import build_network
from resilinet.training import save as save_whole
from resilinet.trials import Trial


class NetworkError(ValueError):
    """A file that holds no trained network of this package."""


def save(network: DistributedNetwork, trial: Trial, path: Path) -> None:
    """Write a network's weights, rounded to float16, with its batch statistics and the values of its trial.

    Statistics keep their precision: a variance may be larger than float16 can say.
    """
    parameters = {name for name, _ in network.named_parameters()}
    weights = {
        name: tensor.half() if name in parameters else tensor for name, tensor in network.state_dict().items()
    }
    content = {
        "trial": json.dumps(trial.values),
        "weights": weights,
        "statistics": flat(network.route_statistics),
    }
    save_whole(content, path)


def load(path: Path | str) -> tuple[DistributedNetwork, Trial]:
    """The network in a file, in float32 and eval mode, and the trial that made it.

    Batch statistics of each route, where the file has any, are in force; empty ``route_statistics`` for the running
    ones. The file is read as weights only: nothing in it can run.

    Raises:
        NetworkError: the file is missing, damaged, or not of this package.
    """
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
        trial = Trial.from_values(json.loads(content["trial"]))
        network = build_network(trial)
        weights = content["weights"]
        network.load_state_dict(
            {name: each.float() if each.dtype == torch.half else each for name, each in weights.items()}
        )
        network.route_statistics = from_flat(content.get("statistics", {}))
    except FileNotFoundError:
        raise NetworkError(f"{path}: there is no such file.") from None
    except Exception as error:  # torch.load raises whatever the damage leads to
        raise NetworkError(f"{path}: not a trained network of this package ({brief(error)}).") from error
    return network.eval(), trial


def load_run(trial: Trial, runs: Path) -> DistributedNetwork:
    """The full-precision network of a trial that was run here, with its batch statistics, from the folder of runs.

    Raises:
        NetworkError: its weights are not there.
    """
    folder = runs / trial.id[:16]
    if not (folder / "weights.pt").exists():
        raise NetworkError(
            f"{folder / 'weights.pt'}: the weights of trial {trial.id[:16]} are not here; run the trial first."
        )
    network = build_network(trial)
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True, map_location="cpu"))
    if (folder / "statistics.pt").exists():
        kept = torch.load(folder / "statistics.pt", weights_only=True, map_location="cpu")
        network.route_statistics = from_flat(kept)
    return network.eval()
