"""From the description of a data set, as a trial holds it, to the data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resilinet.datasets import DataError, Dataset
from resilinet.datasets.health import load_health
from resilinet.datasets.synthetic import synthetic_health


def load(description: Mapping[str, Any], root: Path) -> Dataset:
    """The data set that has this description, fingerprint included.

    Raises:
        DataError: the data set is unknown, not prepared under ``root``, or not the one described.
    """
    if description["name"] == "health":
        data = load_health(
            root, description["preprocessing"], description["split"], description["split_seed"]
        )
    elif description["name"] == "synthetic-health":
        data = synthetic_health(rows=description["rows"], seed=description["seed"])
    else:
        raise DataError(f"{description['name']!r} is no data set; there are health and synthetic-health.")
    if dict(data.description) != dict(description):
        raise DataError(
            f"the trial wants {dict(description)}, but the data at hand are {dict(data.description)}."
        )
    return data
