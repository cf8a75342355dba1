"""From correct counts to expected accuracies, and from seeds to intervals (section 3.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resilinet.failures import FailureSetting, covering, scenario_key
from resilinet.topology import Topology


@dataclass(frozen=True)
class Expected:
    """An expected accuracy, from 0 to 1.

    Attributes:
        value: the sum over the scenarios taken; a lower bound when some were left out.
        remainder: probability of the scenarios left out; the true value lies in [value, value + remainder].
    """

    value: float
    remainder: float = 0.0


def scenario_accuracies(counts: Mapping[str, int | None], total: int, guess: float) -> dict[str, float]:
    """Accuracy in every scenario, from 0 to 1; ``guess`` where no information reaches the cloud."""
    return {key: guess if count is None else count / total for key, count in counts.items()}


def expected(
    topology: Topology,
    setting: FailureSetting,
    accuracy: Callable[[frozenset[str]], float],
    bound: float = 0.0,
) -> Expected:
    """``E[accuracy] = sum_F P(F) accuracy(F)`` over the sets F of failed nodes (section 3.3).

    Nodes fail independently: ``P(F) = prod_{i in F} p_i prod_{i not in F} (1 - p_i)``. Exact with a bound of 0;
    otherwise the most probable scenarios, until those left out are at most ``bound``.

    >>> from resilinet.topology import vertical
    >>> chain, setting = vertical({"a": 0, "b": 1, "c": 1}), FailureSetting("worn", {"b": 0.25})
    >>> expected(chain, setting, lambda failed: 0.5 if failed else 1.0)
    Expected(value=0.875, remainder=0.0)
    """
    taken, remainder = covering(topology, setting, bound)
    return Expected(math.fsum(p * accuracy(failed) for failed, p in taken), remainder)


def expected_from_counts(
    counts: Mapping[str, int | None], total: int, topology: Topology, setting: FailureSetting, guess: float
) -> float:
    """The exact expected accuracy, from 0 to 1, of a network whose every scenario was counted.

    Raises:
        KeyError: a scenario that the setting makes possible was not counted.
    """
    by_scenario = scenario_accuracies(counts, total, guess)
    return expected(topology, setting, lambda failed: by_scenario[scenario_key(topology, failed)]).value
