"""From the description of a data set, as a trial holds it, to the data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from resilinet.datasets import DataError, Dataset
from resilinet.datasets.cifar10 import load_cifar10
from resilinet.datasets.health import load_health
from resilinet.datasets.imagenet import load_imagenet
from resilinet.datasets.imagenet_sources import COLLECTIONS
from resilinet.datasets.synthetic import synthetic_health, synthetic_images

__all__ = ["NAMES", "load"]

Description = Mapping[str, Any]

_LOADERS: dict[str, Callable[[Description, Path], Dataset]] = {
    "health": lambda it, root: load_health(root, it["preprocessing"], it["split"], it["split_seed"]),
    "synthetic-health": lambda it, root: synthetic_health(rows=it["rows"], seed=it["seed"]),
    "synthetic-images": lambda it, root: synthetic_images(
        it["images"], it["side"], it["classes"], it["seed"], it["augmentation"]
    ),
    "cifar10": lambda it, root: load_cifar10(root, it["split_seed"], it["augmentation"]),
    **{
        name: lambda it, root: load_imagenet(
            root, COLLECTIONS[it["name"]], it["split_seed"], it["augmentation"]
        )
        for name in COLLECTIONS
    },
}

NAMES = tuple(_LOADERS)
"""The data sets there are."""


def load(description: Description, root: Path) -> Dataset:
    """The data set that has this description, fingerprint included.

    Raises:
        DataError: the data set is unknown, not prepared under ``root``, or not the one described.
    """
    name = description.get("name")
    if name not in NAMES:
        raise DataError(f"{name!r} is no data set; there are {', '.join(NAMES[:-1])} and {NAMES[-1]}.")
    try:
        data = _LOADERS[name](description, root)
    except KeyError as missing:
        raise DataError(f"the description of {name} lacks {missing}.") from None
    if dict(data.description) != dict(description):
        raise DataError(
            f"the trial wants {dict(description)}, but the data at hand are {dict(data.description)}."
        )
    return data
