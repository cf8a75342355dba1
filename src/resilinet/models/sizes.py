"""The sizes of a network that are counts: of features, units, layers or classes."""

from __future__ import annotations

from resilinet.topology import is_count


def check_counts(**sizes: int) -> None:
    """Refuse a size of a network that is no count.

    Raises:
        ValueError: it is no whole number from 1.
    """
    for name, size in sizes.items():
        if not is_count(size, 1):
            raise ValueError(f"a network cannot have {name}={size!r}; give a whole number from 1.")
