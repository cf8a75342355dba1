"""Published trials, run again: which ones, how long that takes, and whether they come out as stated."""

from resilinet.reproduction.comparison import Comparison, accuracies, compare, conclusion, identical
from resilinet.reproduction.selection import Rerun, chosen, machines, seconds

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
