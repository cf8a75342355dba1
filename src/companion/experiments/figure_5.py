"""The three configurations of hyperconnections of Fig. 5, as topologies."""

from __future__ import annotations

from collections.abc import Mapping

from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips

FIGURE_5: Mapping[str, Topology] = {
    "a": with_skips(vertical({"v1": 1, "v2": 1, "v3": 1})),
    "b": with_skips(
        Topology(
            (Node("v1", 0, 2), Node("v2", 0, 1), Node("v3", 1, 2), Node("v4", 2, 3)),
            (Hyperconnection("v1", "v4"), Hyperconnection("v2", "v3"), Hyperconnection("v3", "v4")),
        )
    ),
    "c": with_skips(
        Topology(
            (Node("v1", 0, 1), Node("v2", 0, 1), Node("v3", 1, 2), Node("v4", 2, 3)),
            (Hyperconnection("v1", "v3"), Hyperconnection("v2", "v3"), Hyperconnection("v3", "v4")),
        )
    ),
}
"""The three basic configurations of hyperconnections, by their letter in Fig. 5; larger ones combine them.

``a`` is a chain, with one way in and one way out of the node that may fail, ``v2``. In ``b`` the node after ``v3``
receives from a second one, ``v1``, whether ``v3`` has failed or not. In ``c`` two nodes feed ``v3``, each with a skip
around it.
"""

FAILING: Mapping[str, str] = {"a": "v2", "b": "v3", "c": "v3"}
"""The node that Fig. 5 shades in each configuration."""
