"""ResiliNet: neural networks cut over physical nodes that answer while nodes are failed.

>>> import resilinet as rn
>>> chain = rn.with_skips(rn.vertical({"sensor": 0, "edge": 1, "cloud": 1}))
>>> [skip.key for skip in chain.skips]
['sensor->cloud']

Every name below is loaded when it is first used, so that importing the package takes no time and no PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# ruff: noqa: F401 - for type checkers; at run time names are found by _NAMES
if TYPE_CHECKING:
    from resilinet import data, models
    from resilinet.bandwidth import bandwidth_saving
    from resilinet.batch_statistics import estimate_batch_statistics
    from resilinet.evaluation import accuracy, correct_counts, expected_accuracy
    from resilinet.failout import Failout, uniform_rates
    from resilinet.failures import FailureSetting, scenarios
    from resilinet.network import DistributedNetwork
    from resilinet.recipe import Recipe
    from resilinet.routing import Skips, routes
    from resilinet.schemes import DFG, RESILINET, RESILINET_PLUS, SCHEMES, VANILLA, Scheme
    from resilinet.topology import (
        Hyperconnection,
        Node,
        Topology,
        TopologyError,
        vertical,
        with_skips,
    )
    from resilinet.training import Watch, train
    from resilinet.weights import WeightRule

_NAMES = {
    "bandwidth": ("bandwidth_saving",),
    "batch_statistics": ("estimate_batch_statistics",),
    "evaluation": ("accuracy", "correct_counts", "expected_accuracy"),
    "failout": ("Failout", "uniform_rates"),
    "failures": ("FailureSetting", "scenarios"),
    "network": ("DistributedNetwork",),
    "recipe": ("Recipe",),
    "routing": ("Skips", "routes"),
    "schemes": ("DFG", "RESILINET", "RESILINET_PLUS", "SCHEMES", "VANILLA", "Scheme"),
    "topology": ("Hyperconnection", "Node", "Topology", "TopologyError", "vertical", "with_skips"),
    "training": ("Watch", "train"),
    "weights": ("WeightRule",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = ["__version__", "data", "models", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    """Load a public name."""
    if name == "__version__":
        from importlib.metadata import version  # slower to load than all of this

        value: Any = version("resilinet")
    elif name in ("data", "models"):
        value = import_module(f"resilinet.{name}")
    elif name in _MODULE_OF:
        value = getattr(import_module(f"resilinet.{_MODULE_OF[name]}"), name)
    else:
        raise AttributeError(f"module 'resilinet' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return __all__
