"""From arrays and a split to a data set with its description and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from resilinet.datasets import Dataset, Examples
from resilinet.datasets.fingerprint import content_sha256, fingerprint
from resilinet.datasets.splits import Parts

__all__ = ["assembled"]


def assembled(
    description: Mapping[str, Any],
    x: NDArray[Any],
    y: NDArray[Any],
    parts: Parts,
    classes: int,
    *,
    inputs: NDArray[Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    augmentation: str | None = None,
) -> Dataset:
    """Divide examples into training, validation and test parts, and give the whole a fingerprint.

    The fingerprint covers the description, `facts`, the stored arrays x `(N, *shape)` and y `(N,)`, and
    the rows of each part. `inputs`, of the length of x, are what a network is given where that is not x
    itself. `augmentation` is for the trainer and changes no tensor, so it is described and not
    fingerprinted.
    """
    evidence = {
        **(facts or {}),
        "arrays": [content_sha256(array) for array in (x, y)],
        "parts": [content_sha256(rows) for rows in parts],
    }
    described = {**description, "fingerprint": fingerprint({**description, **evidence})}
    if augmentation is not None:
        described["augmentation"] = augmentation
    given = x if inputs is None else inputs
    train, validation, test = (
        Examples(torch.from_numpy(given[rows]), torch.from_numpy(y[rows].astype(np.int64))) for rows in parts
    )
    return Dataset(description["name"], described, train, validation, test, classes)
