"""The sizes of a network: counts of features, units, layers, classes or pixels, and the factor on its channels."""

from __future__ import annotations

import math
from numbers import Real

from resilinet.topology import is_count


def check_width(width: object) -> None:
    """Refuse a factor on the channels of a network that is none.

    Raises:
        ValueError: it is no finite number above 0.
    """
    if isinstance(width, bool) or not isinstance(width, Real) or not 0 < float(width) < math.inf:
        raise ValueError(f"a network cannot have width={width!r}; give a finite number above 0.")


def check_counts(**sizes: int) -> None:
    """Refuse a size of a network that is no count.

    Raises:
        ValueError: it is no whole number from 1.
    """
    for name, size in sizes.items():
        if not is_count(size, 1):
            raise ValueError(f"a network cannot have {name}={size!r}; give a whole number from 1.")
