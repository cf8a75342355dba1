"""A network that really runs: one process a physical node, sockets between them, failures detected by heartbeat.

It needs the extra ``live``: ``pip install "resilinet[live]"``.
"""

from resilinet.live.client import Answer, Client
from resilinet.live.node import Node
from resilinet.live.plan import Plan, PlanError

__all__ = ["Answer", "Client", "Node", "Plan", "PlanError"]
