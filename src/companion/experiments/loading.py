"""From the description of a data set, as a trial holds it, to the data set."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from companion.experiments.synthetic import synthetic_health, synthetic_images
from data_prep.camera_arrays import load_camera
from data_prep.cifar10_arrays import load_cifar10
from data_prep.health_arrays import load_health
from data_prep.photograph_arrays import COLLECTIONS, load_imagenet
from data_prep.prepared_arrays import PreparedDataError
from resilinet.data import DataError, Dataset

__all__ = ["NAMES", "differences", "load"]

Description = Mapping[str, Any]

_LOADERS: dict[str, Callable[[Description, Path], Dataset]] = {
    "health": lambda it, root: load_health(
        root, it["preprocessing"], it["split"], it["split_seed"], it.get("fold", 0)
    ),
    "synthetic-health": lambda it, root: synthetic_health(rows=it["rows"], seed=it["seed"]),
    "synthetic-images": lambda it, root: synthetic_images(
        it["images"], it["side"], it["classes"], it["seed"], it["augmentation"], it.get("views", 1)
    ),
    "camera": lambda it, root: load_camera(root),
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
        DataError: the data set is unknown, not prepared under ``root``, unreadable, or not the one described.
    """
    name = description.get("name")
    if name not in NAMES:
        raise DataError(f"{name!r} is no data set; there are {', '.join(NAMES[:-1])} and {NAMES[-1]}.")
    try:
        data = _LOADERS[name](description, root)
    except KeyError as missing:
        raise DataError(f"the description of {name} lacks {missing}.") from None
    except PreparedDataError as error:
        raise DataError(f"{error}; prepare the data with `{_command(description, root)}`") from None
    except OSError as error:
        raise DataError(
            f"{error.filename or root}: cannot be read ({error.strerror}); "
            "give the folder of prepared data with --data."
        ) from None
    if dict(data.description) != dict(description):
        way_out = (
            "this version of the package or of its libraries draws others"
            if name.startswith("synthetic-")
            else f"{root} holds others, so prepare the trial's, or give the folder that holds them with --data"
        )
        raise DataError(f"{differences(description, data.description)}; {way_out}.")
    return data


def differences(wanted: Description, found: Description) -> str:
    """What a trial's description of its data says otherwise than that of the data at hand, entry by entry.

    Hashes are cut to the first digits that tell them apart, 8 at least.
    """
    names = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]

    def said(by: Description, other: Description) -> str:
        return ", ".join(f"{name} {_short(by.get(name), other.get(name))}" for name in names)

    return (
        f"the trial describes data with {said(wanted, found)}, but the data at hand are those with "
        f"{said(found, wanted)}"
    )


def _short(value: object, other: object) -> str:
    if not (isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)):
        return "no value" if value is None else str(value)
    digits = 8
    while value[:digits] == str(other)[:digits] and value != other:
        digits += 8
    return f"{value[:digits]}..." if digits < len(value) else value


def _command(description: Description, root: Path) -> str:
    """The command that prepares a data set under ``root``."""
    name = description["name"]
    words = ["resilinet", "data", name]
    if name not in ("health", "cifar10"):  # which can be downloaded
        words += ["SOURCE"]
    if name == "health" and description["preprocessing"] != "released-code":
        words += ["--preprocessing", description["preprocessing"]]
    if name in COLLECTIONS:
        words += ["--split-seed", str(description["split_seed"])]
    return shlex.join(words if Path(root) == Path("data") else [*words, "--data", str(root)])
