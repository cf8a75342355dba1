"""What is stored, as one table; and published trials, run again: which, how long, whether they come out as stated."""

# At once, though it is small: loaded later, the module of that name would take the place of the function.
from companion.results.frame import frame
from companion.results.reproduction import Comparison, accuracies, compare, conclusion, identical
from companion.results.reruns import Rerun, chosen, machines, seconds

__all__ = [
    "Comparison",
    "Rerun",
    "accuracies",
    "chosen",
    "compare",
    "conclusion",
    "frame",
    "identical",
    "machines",
    "seconds",
]
