"""Section 3.2: under which failure probabilities ResiliNet falls behind DFG, exactly, from accuracies by scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
from scipy.optimize import brentq

from companion.experiments import ARTEFACTS
from companion.paper.comparisons.between_schemes import informed
from companion.paper.own_numbers import Numbers
from resilinet.failures import FailureSetting

LEAST: Final = 1e-9
"""Share of Normal's probabilities below which nothing is looked for."""


def lead(numbers: Numbers, artefact: str, probability: Mapping[str, float]) -> float | None:
    """ResiliNet's expected accuracy minus DFG's, in points; None where there are no numbers."""
    setting = FailureSetting("asked for", dict(probability))
    one, other = (numbers.average(artefact, row, setting) for row in ("resilinet", "dfg"))
    found = (one - other).interval
    return None if found is None else found.mean


def leads(numbers: Numbers, artefact: str) -> pd.Series[float]:
    """ResiliNet's accuracy minus DFG's by scenario, in points; an average mixes them by their probabilities."""
    rows = {}
    for scenario in ("none", *informed(artefact)):
        one, other = (numbers.scenario(artefact, row, scenario) for row in ("resilinet", "dfg"))
        found = (one - other).interval
        if found is not None:
            rows[scenario] = found.mean
    return pd.Series(rows, dtype=float)


def break_even(numbers: Numbers, artefact: str) -> float | None:
    """The factor on Normal's probabilities at which ResiliNet draws level with DFG; None where it never does.

    Failures rarer than that leave DFG ahead, which is the better of the two without any.
    """
    normal = ARTEFACTS[artefact].experiment.settings["normal"].probability

    def scaled(factor: float) -> float:
        found = lead(numbers, artefact, {node: factor * p for node, p in normal.items()})
        assert found is not None
        return found

    if lead(numbers, artefact, normal) is None or scaled(LEAST) * scaled(1.0) > 0:
        return None
    return float(brentq(scaled, LEAST, 1.0))
