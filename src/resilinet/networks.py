"""Trained networks as small files: float16 weights beside the trial that made them."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from resilinet.network import DistributedNetwork
from resilinet.runner import build_network
from resilinet.training import save as save_whole
from resilinet.trials import Trial


class NetworkError(ValueError):
    """A file that holds no trained network of this package."""


def save(network: DistributedNetwork, trial: Trial, path: Path) -> None:
    """Write a network's weights, rounded to float16, with the values of its trial."""
    weights = {name: tensor.half() for name, tensor in network.state_dict().items()}
    save_whole({"trial": json.dumps(trial.values), "weights": weights}, path)


def load(path: Path | str) -> tuple[DistributedNetwork, Trial]:
    """The network in a file, in float32 and eval mode, and the trial that made it.

    The file is read as weights only: nothing in it can run.

    Raises:
        NetworkError: the file is missing, damaged, or not of this package.
    """
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
        trial = Trial.from_values(json.loads(content["trial"]))
        network = build_network(trial)
        network.load_state_dict({name: tensor.float() for name, tensor in content["weights"].items()})
    except FileNotFoundError:
        raise NetworkError(f"{path}: there is no such file.") from None
    except Exception as error:  # torch.load raises whatever the damage leads to
        raise NetworkError(f"{path}: not a trained network of this package ({error}).") from error
    return network.eval(), trial


def load_run(trial: Trial, runs: Path) -> DistributedNetwork:
    """The full-precision network of a trial that was run here, from the folder of runs.

    Raises:
        NetworkError: its weights are not there.
    """
    path = runs / trial.id[:16] / "weights.pt"
    if not path.exists():
        raise NetworkError(f"{path}: the weights of trial {trial.id[:16]} are not here; run the trial first.")
    network = build_network(trial)
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network.eval()
