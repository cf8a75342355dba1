"""Published trials, run again: which ones, how long that takes, and whether they come out as stated."""

from companion.results.reproduction import Comparison, accuracies, compare, conclusion, identical
from companion.results.reruns import Rerun, chosen, machines, seconds

__all__ = [
    "Comparison",
    "Rerun",
    "accuracies",
    "chosen",
    "compare",
    "conclusion",
    "identical",
    "machines",
    "seconds",
]
