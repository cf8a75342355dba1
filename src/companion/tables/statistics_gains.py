"""What batch statistics of each route change, as tables."""

from __future__ import annotations

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS, name_of
from companion.paper.comparisons.failout_rates import FIXED_RATES, rate_sample
from companion.paper.measured import Measured
from companion.paper.printed import printed_values
from companion.paper.verdicts import Check, check
from companion.tables.cells import show_check, show_rate, show_sample
from resilinet.failures import scenario_key, scenarios
from resilinet.schemes import SCHEMES

KINDS = ("running", "per route")
RIVALS = ("vanilla", "dfg")


def by_statistics(measured: Measured, artefact: str) -> pd.DataFrame:
    """Accuracy with both kinds of batch statistics, in percent, a row for each scheme and scenario with data flow.

    What the paper prints for a scenario, if it prints any, stands before them.
    """
    topology = ARTEFACTS[artefact].experiment.topology()
    rows = {}
    for row in measured.rows(artefact):
        for key in (scenario_key(topology, failed) for failed in scenarios(topology)):
            if not measured.is_guess(artefact, row, key):
                samples = {
                    kind: which.scenario(artefact, row, key) for kind, which in _both(measured).items()
                }
                failed = "no failure" if key == "none" else key.replace("+", ", ")
                number = printed_values().get((artefact, f"{row}/{key}"))
                paper = {} if number is None else {"paper": str(number)}
                ours = {kind: show_sample(one) for kind, one in samples.items()}
                rows[SCHEMES[row].name, failed] = paper | ours
    return pd.DataFrame(rows).T.rename_axis(["scheme", "failed"])


def margin(measured: Measured, artefact: str, rival: str, setting: str) -> Check:
    """ResiliNet's average accuracy minus a rival's in a failure setting, paired by seed, in points."""
    ours, theirs = (measured.average(artefact, row, setting) for row in ("resilinet", rival))
    return check("", ours - theirs)


def margins(measured: Measured, artefact: str) -> pd.DataFrame:
    """How far ResiliNet is above its rivals in each failure setting, with both kinds of batch statistics."""
    both = _both(measured)
    rows = {
        name_of(setting): {
            f"over {SCHEMES[rival].name}, {kind}": show_check(margin(which, artefact, rival, setting))
            for rival in RIVALS
            for kind, which in both.items()
        }
        for setting in SETTINGS
    }
    return pd.DataFrame(rows).T.rename_axis("Setting")


def rates(measured: Measured, artefact: str) -> pd.DataFrame:
    """Table 3 with both kinds of batch statistics, where no node fails and where nodes fail most, in percent."""
    both = _both(measured)
    rows = {
        show_rate(rate): {
            f"{name_of(setting)}, {kind}": show_sample(rate_sample(which, artefact, rate, setting))
            for setting in ("no_failure", "hazardous")
            for kind, which in both.items()
        }
        for rate in FIXED_RATES
    }
    return pd.DataFrame(rows).T.rename_axis("Failout rate")


def _both(measured: Measured) -> dict[str, Measured]:
    """The results with each kind of batch statistics."""
    return dict(zip(KINDS, (measured, measured.per_route()), strict=True))
