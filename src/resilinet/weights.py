"""Rules for the weights of hyperconnections (section 3.4, question 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from resilinet.failures import FailureSetting
from resilinet.topology import Topology

RULES = ("one", "reliability", "relative-reliability", "uniform", "learned")


@dataclass(frozen=True)
class WeightRule:
    """How the weight of each hyperconnection is chosen; the default multiplies by one.

    Attributes:
        rule: ``one``; ``reliability`` (w_ij = r_i); ``relative-reliability`` (w_ij = r_i / sum over the incoming
            hyperconnections of j); ``uniform`` (drawn once, kept); ``learned`` (starts at one, trained).
        probability: of failure for each node, needed by the two reliability rules.
        high: upper end of ``uniform``, whose lower end is 0.
    """

    rule: str = "one"
    probability: Mapping[str, float] = field(default_factory=dict)
    high: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist or a range that holds nothing."""
        if self.rule not in RULES:
            raise ValueError(f"{self.rule!r} is no weight rule; choose one of {', '.join(RULES)}.")
        if not 0 < self.high < float("inf"):
            raise ValueError(
                f"uniform weights up to {self.high} cannot be drawn; give a finite number above 0."
            )

    def draw(self, topology: Topology, generator: torch.Generator) -> dict[str, float]:
        """The weight of each hyperconnection, by its key; ``generator`` is used by ``uniform`` alone.

        Raises:
            ValueError: the probabilities do not fit the topology, or leave a node nobody to hear relatively to.
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
            if deaf := [link.target for link in links if not total[link.target]]:
                raise ValueError(
                    f"{deaf[0]!r} hears only nodes that are dead for certain, so that no relative reliability exists."
                )
            weights = {link.key: weights[link.key] / total[link.target] for link in links}
        return weights


def survival_scaled(
    weights: Mapping[str, float], topology: Topology, dies: Mapping[str, float]
) -> dict[str, float]:
    """Weights times the survival probability of their source, as dropout does at inference (section 2.3, end)."""
    return {link.key: weights[link.key] * (1.0 - dies.get(link.source, 0.0)) for link in topology.links}
