"""Sweeps: the trials that have no result yet are run, on this machine or on a cluster.

``run`` runs one trial, ``local`` many in processes of this machine, ``ray`` many on the nodes of a cluster; ``shared``
has what the two have in common. ``progress`` shows a sweep to a terminal or to a chapter, and loads no PyTorch as long
as nothing is run.
"""
