"""The four schemes the paper compares, as four values of one type (sections 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

from resilinet.routing import Skips


@dataclass(frozen=True)
class Scheme:
    """How skip hyperconnections behave and how often failout shuts a node down in training.

    Attributes:
        name: as the paper prints it.
        skips: when skip hyperconnections are active, in training and in inference alike.
        failout: the default failout rate of every node that can fail, a probability.
    """

    name: str
    skips: Skips
    failout: float

    @property
    def key(self) -> str:
        """The scheme's name in commands and results, for example ``resilinet-plus``."""
        return self.name.lower().replace("+", "-plus")


VANILLA = Scheme("Vanilla", Skips.NEVER, 0.0)
DFG = Scheme("DFG", Skips.ALWAYS, 0.0)
RESILINET = Scheme("ResiliNet", Skips.ON_FAILURE, 0.1)
RESILINET_PLUS = Scheme("ResiliNet+", Skips.ALWAYS, 0.1)

SCHEMES = {scheme.key: scheme for scheme in (VANILLA, DFG, RESILINET, RESILINET_PLUS)}
