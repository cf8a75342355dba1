"""Rules for the weights of hyperconnections (section 3.4, question 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from resilinet.failures import FailureSetting
from resilinet.topology import Topology, is_number, shown

RULES = ("one", "reliability", "relative-reliability", "uniform", "learned")


@dataclass(frozen=True)
class WeightRule:
    """How the weight of each hyperconnection is chosen; the default multiplies by one.

    Attributes:
        rule: ``one``; ``reliability``, ``w_ij = r_i = 1 - p_i``; ``relative-reliability``,
            ``w_ij = r_i / sum_{k in H_j} r_k``, where ``H_j`` are the nodes from which j can receive; ``uniform``
            (drawn once, kept); ``learned`` (starts at one, trained).
        probability: ``p_i``, of failure for each node, needed by the two reliability rules.
        high: upper end of ``uniform``, whose lower end is 0.

    >>> from resilinet.topology import vertical, with_skips
    >>> chain = with_skips(vertical({"a": 0, "b": 1, "c": 1}))
    >>> WeightRule("relative-reliability", {"b": 0.5}).draw(chain, torch.Generator())
    {'a->b': 1.0, 'b->c': 0.3333333333333333, 'a->c': 0.6666666666666666}
    """

    rule: str = "one"
    probability: Mapping[str, float] = field(default_factory=dict)
    high: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist or a range that holds nothing."""
        if self.rule not in RULES:
            raise ValueError(f"{self.rule!r} is no weight rule; choose one of {', '.join(RULES)}.")
        if not is_number(self.high) or not 0 < self.high < float("inf"):
            raise ValueError(
                f"uniform weights up to {shown(self.high)} cannot be drawn; give a finite number above 0."
            )

    def draw(self, topology: Topology, generator: torch.Generator) -> dict[str, float]:
        """The weight of each hyperconnection, by its key; ``generator`` is used by ``uniform`` alone.

        Raises:
            ValueError: the probabilities do not fit the topology, or leave a node with no other that might be alive.
        """
        links = topology.links
        if self.rule in ("one", "learned"):
            return {link.key: 1.0 for link in links}
        if self.rule == "uniform":
            drawn = torch.rand(len(links), generator=generator, dtype=torch.float64) * self.high
            return {link.key: float(value) for link, value in zip(links, drawn, strict=True)}
        setting = FailureSetting(self.rule, self.probability)
        setting.check(topology)
        weights = {link.key: setting.reliability(link.source) for link in links}
        if self.rule == "relative-reliability":
            total = {
                name: sum(weights[link.key] for link in incoming)
                for name, incoming in topology.incoming.items()
            }
            if cut_off := [link.target for link in links if not total[link.target]]:
                raise ValueError(
                    f"{cut_off[0]!r} can receive only from nodes that fail for certain, so that there is no relative "
                    "reliability."
                )
            weights = {link.key: weights[link.key] / total[link.target] for link in links}
        return weights


def survival_scaled(
    weights: Mapping[str, float], topology: Topology, probability: Mapping[str, float]
) -> dict[str, float]:
    """Weights times the probability that their source survives, as dropout does at inference (section 2.3, end)."""
    return {
        link.key: weights[link.key] * (1.0 - probability.get(link.source, 0.0)) for link in topology.links
    }
