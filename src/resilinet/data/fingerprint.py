"""Fingerprints: one sha256 over everything that determines a data set's tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["content_sha256", "file_sha256", "fingerprint"]


def content_sha256(array: NDArray[Any]) -> str:
    """Hash type, shape and values; not a file, whose header varies with NumPy's version."""
    digest = hashlib.sha256(json.dumps([array.dtype.str, list(array.shape)]).encode())
    # As bytes in place: a copy of a large array would double the memory.
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Hash JSON-able facts in canonical form: sorted keys, no white space."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
