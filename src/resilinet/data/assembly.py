"""From arrays and a split to a data set with a fingerprint: one sha256 over all that determines its tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from resilinet.data import DataError, Dataset, Examples
from resilinet.data.splits import Parts

__all__ = ["assembled", "content_sha256", "fingerprint", "fingerprinted"]


def assembled(
    description: Mapping[str, Any], x: NDArray[Any], y: NDArray[Any], parts: Parts, classes: int
) -> Dataset:
    """Divide inputs x `(N, *shape)` with labels y `(N,)` into training, validation and test parts.

    The data set is known by the fingerprint in the description, or that of :func:`fingerprinted`.

    Raises:
        DataError: the description has no name, there is not one label an input, a label is no class,
            or an input in memory is no finite number.
    """
    if "name" not in description:
        raise DataError(f"a description needs a name, and this one has {', '.join(description) or 'nothing'}")
    if not isinstance(classes, int | np.integer) or classes < 1:
        raise DataError(f"classes must be a whole number from 1, not {classes!r}")
    if y.ndim != 1 or len(x) != len(y):
        raise DataError(f"there must be one label an input, not inputs {x.shape} and labels {y.shape}")
    if y.dtype.kind not in "iu":
        raise DataError(f"labels must be whole numbers, not {y.dtype}")
    if len(y) and (y.min() < 0 or y.max() >= classes):
        raise DataError(f"labels must lie from 0 to {classes - 1}, not from {y.min()} to {y.max()}")
    # A mapped array may be larger than memory.
    if x.dtype.kind == "f" and not isinstance(x, np.memmap) and not np.isfinite(x).all():
        raise DataError("inputs must be finite numbers, and some are not")
    if "fingerprint" not in description:
        description = fingerprinted(description, (x, y), parts)
    train, validation, test = (
        Examples(torch.from_numpy(x[rows]), torch.from_numpy(y[rows].astype(np.int64))) for rows in parts
    )
    return Dataset(description["name"], description, train, validation, test, classes)


def fingerprinted(
    description: Mapping[str, Any],
    arrays: Sequence[NDArray[Any]],
    parts: Parts,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The description with a fingerprint over itself, further facts, the arrays, and the rows of each part."""
    evidence = {
        **(facts or {}),
        "arrays": [content_sha256(array) for array in arrays],
        "parts": [content_sha256(rows) for rows in parts],
    }
    return {**description, "fingerprint": fingerprint({**description, **evidence})}


def content_sha256(array: NDArray[Any]) -> str:
    """Hash type, shape and values; not a file, whose header varies with NumPy's version."""
    digest = hashlib.sha256(json.dumps([array.dtype.str, list(array.shape)]).encode())
    # As bytes in place: a copy of a large array would double the memory.
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Hash JSON-able facts in canonical form: sorted keys, no white space."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
