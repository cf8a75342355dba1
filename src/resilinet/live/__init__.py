"""A network that runs as a process a physical node and fails for real; it needs ``pip install "resilinet[live]"``."""

from resilinet.live.client import Answer, Client
from resilinet.live.node import Node
from resilinet.live.plan import Plan, PlanError

__all__ = ["Answer", "Client", "Node", "Plan", "PlanError"]
