"""Sweeps: the trials that have no result yet are run, on this machine or on a cluster.

``worker`` runs one after the other that nobody else runs, ``local`` has workers in processes, ``ray`` runs trials on
the nodes of a Ray cluster, ``watch`` shows either to whoever waits; ``setup`` says where and how, ``events`` what is
told.
"""

from companion.sweeps.events import STOPPING, Event
from companion.sweeps.local import sweep
from companion.sweeps.settings import Setup, missing

__all__ = ["STOPPING", "Event", "Setup", "missing", "sweep"]
