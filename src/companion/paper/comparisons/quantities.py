"""What a cell of a table or a point of a figure shows, from our results or the paper's own numbers."""

from __future__ import annotations

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS
from companion.paper.comparisons.failout_rates import rate_sample
from companion.paper.comparisons.weight_rules import weight_spread
from companion.paper.own_numbers import Numbers
from companion.paper.samples import Sample


def quantity(measured: Numbers, artefact: str, series: str, condition: str) -> Sample:
    """What a table or a figure shows for a series (a scheme, a rate, a set of skips) under a condition.

    Args:
        measured: the results.
        artefact: which one.
        series: its row, or empty where there is one series alone (Fig. 3).
        condition: a failure setting, a scenario, or ``average``, which is Table 1's name for Normal.
    """
    match ARTEFACTS[artefact].exhibit:
        case "figure-3":
            return weight_spread(measured, artefact, condition)
        case "table-3":
            return rate_sample(measured, artefact, series, condition)
    if condition in (*SETTINGS, "average"):
        return measured.average(artefact, series, "normal" if condition == "average" else condition)
    return measured.scenario(artefact, series, condition)
