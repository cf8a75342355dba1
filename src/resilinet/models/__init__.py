"""Networks of the paper, each as a flat list of blocks that a partition can cut anywhere.

Each module offers ``topology(...)``, ``blocks(...)`` and ``adapters(topology, ...)``, all that
:class:`resilinet.network.DistributedNetwork` needs.
"""
