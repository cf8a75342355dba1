"""How much each failure scenario adds to the difference between our average and the printed one."""

from __future__ import annotations

from typing import Final

from companion.experiments import ARTEFACTS
from companion.paper.measured import Measured
from companion.paper.printed import Printed, printed_values
from resilinet.failures import scenario_key, scenarios

PARTS_OF: Final = {
    "table-1-health": "table-1-health",
    "figure-2a": "table-1-health",
    "table-1-mobilenet": "table-1-mobilenet",
}
"""Artefacts that print averages, and the table that prints their parts."""


def contributions(measured: Measured, number: Printed) -> dict[str, float]:
    """By scenario, its probability times our accuracy minus the printed one, in points; empty where none is printed."""
    table = PARTS_OF.get(number.artefact)
    series, _, condition = number.key.partition("/")
    experiment = ARTEFACTS[number.artefact].experiment
    setting = experiment.settings.get("normal" if condition == "average" else condition)
    if table is None or setting is None or condition == "no_failure":
        return {}
    topology = experiment.topology()
    found = {}
    for failed in scenarios(topology):
        key = scenario_key(topology, failed)
        ours = measured.scenario(table, series, key).interval
        printed = printed_values().get((table, f"{series}/{key}"))
        if ours is None or printed is None:
            return {}
        found[key] = setting.scenario_probability(topology, failed) * (ours.mean - printed.value)
    return found
