"""What a sweep tells of its trials while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Event:
    """What a worker tells about a trial: ``started``, ``epoch``, ``finished``, ``stopped`` or ``failed``.

    What a worker process says as ``warned`` is a warning in the sweep's process, and no event there. Of no trial are
    ``failed``, when a worker process is gone, and :data:`STOPPING`.
    """

    kind: str
    trial: str
    worker: int
    epoch: int = 0
    epochs: int = 0
    message: str = ""


STOPPING: Final = Event(
    "stopping", "", 0, message="stopping when the running epochs are over; interrupt again to stop at once"
)
"""Ctrl-C was heard: the sweep ends when its running epochs are over."""
