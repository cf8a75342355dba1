"""Fingerprints: one sha256 over everything that determines a data set's tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["content_sha256", "fingerprint"]


def content_sha256(array: NDArray[Any]) -> str:
    """Hash type, shape and values; not a file, whose header varies with NumPy's version."""
    head = json.dumps([array.dtype.str, list(array.shape)]).encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Hash JSON-able facts in canonical form: sorted keys, no white space."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
