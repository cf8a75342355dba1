"""How far the trials of a sweep have come."""

from __future__ import annotations

from dataclasses import dataclass, field

from resilinet.sweeps.events import Event


@dataclass
class Reached:
    """The farthest epoch of each trial, by its identity, so that every epoch counts once."""

    epochs: dict[str, int] = field(default_factory=dict)

    def hear(self, event: Event) -> int:
        """Take in that an epoch is over, and return how many more are done than before."""
        # A resumed trial begins in the middle: its earlier epochs are done, too. One that was lost with its node may
        # begin before what it had reached: those epochs are done already.
        before = self.epochs.get(event.trial, 0)
        self.epochs[event.trial] = max(event.epoch, before)
        return self.epochs[event.trial] - before
