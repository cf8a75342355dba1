"""Sweeps: the trials that have no result yet are run, on this machine or on a cluster.

``local`` runs them in processes, ``cluster`` on the nodes of a Ray cluster, ``watch`` shows either to whoever waits;
``claiming`` keeps two sweeps from running one trial.
"""

from resilinet.sweeps.local import Event, Setup, missing, sweep

__all__ = ["Event", "Setup", "missing", "sweep"]
