"""Sweeps: the trials that have no result yet are run, on this machine or on a cluster.

``worker`` runs one after the other, ``local`` has workers in processes, ``ray`` runs trials on the nodes of a Ray
cluster, ``watch`` shows either to whoever waits; ``claiming`` keeps two sweeps from running one trial.
"""

from resilinet.sweeps.events import STOPPING, Event
from resilinet.sweeps.local import sweep
from resilinet.sweeps.setup import Setup, missing

__all__ = ["STOPPING", "Event", "Setup", "missing", "sweep"]
