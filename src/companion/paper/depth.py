"""How often information still flows through a long chain, by how many nodes its longest skips lead around."""

from __future__ import annotations

from itertools import pairwise

from resilinet.expectation import Expected, expected
from resilinet.failures import FailureSetting
from resilinet.topology import is_count, vertical


def flow(depth: int, failure: float, around: int) -> float:
    """The probability, from 0 to 1, that information flows through a chain: exact, in time linear in its depth.

    Skips lead around every run of up to ``around`` neighbours, so that only a longer run of failed nodes cuts the
    chain: the reliability of a consecutive-k-out-of-n:F system with ``k = around + 1``. With ``p_r`` the probability
    that the chain is whole so far and ends in a run of ``r`` failed nodes, each node changes

    ``p_0 <- (1 - p) sum_r p_r`` and ``p_r <- p p_{r-1}``.

    >>> flow(2, 0.1, 0), flow(2, 0.1, 1)
    (0.81, 0.99)

    Args:
        depth: nodes that can fail, between a source and a cloud that cannot.
        failure: the probability ``p`` that each has failed.
        around: 0 for Vanilla, 1 for ResiliNet's skips around single nodes.

    Raises:
        ValueError: ``depth`` or ``around`` is no whole number from 0, or ``failure`` no probability.
    """
    if not is_count(depth) or not is_count(around):
        raise ValueError(
            f"a chain of {depth!r} nodes and skips around {around!r} cannot be; give whole numbers from 0."
        )
    FailureSetting("chain", {"each": failure})
    runs = [1.0] + [0.0] * around
    for _ in range(depth):
        runs = [(1 - failure) * sum(runs), *(failure * p for p in runs[:-1])]
    return round(sum(runs), 15)


def enumerated(depth: int, failure: float, around: int, bound: float) -> Expected:
    """The same by listing failure scenarios, the likeliest first, until those left out are at most ``bound``.

    Raises:
        ValueError: as for :func:`flow`, or ``bound`` is 0 and there are too many scenarios.
    """
    flow(0, failure, around)
    names = [f"n{k}" for k in range(depth + 2)]
    chain = vertical(dict.fromkeys(names, 0))
    places = {name: k for k, name in enumerate(names)}
    setting = FailureSetting("chain", dict.fromkeys(names[1:-1], failure))

    def flows(failed: frozenset[str]) -> float:
        alive = sorted(places[name] for name in places.keys() - failed) if failed else [0]
        return float(all(b - a <= around + 1 for a, b in pairwise(alive)))

    return expected(chain, setting, flows, bound)
