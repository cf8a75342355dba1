"""What a node receives while other nodes are failed, as its first batch normalisation sees it, in a histogram."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from resilinet.atomic_files import whole_file

EDGES: Final = tuple(round(0.1 * k, 1) for k in range(-50, 51))
"""Of the histogram's bins; what lies beyond counts in the outermost ones."""
ALL: Final = "none"
"""The scenario in which no node is failed."""


@dataclass(frozen=True)
class Received:
    """The values behind the first batch normalisation of a node, before its scale and shift.

    Attributes:
        trial: identity of the run whose network it is.
        node: whose.
        examples: test examples that went through the network.
        counts: values in each bin of :data:`EDGES`, by kind of batch statistics and by failed node.
        mean: of all values, likewise; 0 where the statistics fit what arrives.
        deviation: their standard deviation, likewise; 1 where they fit.
        provenance: commit and machine that measured it.
    """

    trial: str
    node: str
    examples: int
    counts: dict[str, dict[str, list[int]]]
    mean: dict[str, dict[str, float]]
    deviation: dict[str, dict[str, float]]
    provenance: dict[str, Any]


def write(received: Received, path: Path) -> None:
    """Write it as JSON; the file appears whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(asdict(received), allow_nan=False) + "\n", encoding="utf-8")


def read(path: Path) -> Received:
    """What :func:`write` wrote.

    Raises:
        ValueError: the file is missing, or not such a histogram.
    """
    try:
        received = Received(**json.loads(path.read_text(encoding="utf-8")))
        widths = {len(bins) for kind in received.counts.values() for bins in kind.values()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no histogram of what a node receives ({error}).") from None
    if widths != {len(EDGES) - 1}:
        raise ValueError(f"{path}: no histogram of what a node receives (its bins are others).")
    return received
