"""What batch statistics of each route change, as tables and in words."""

from __future__ import annotations

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS, name_of
from companion.paper.comparisons.failout_rates import FIXED_RATES, rate_sample
from companion.paper.measured import Measured
from companion.paper.verdicts import Check, check
from companion.tables.cells import show_check, show_rate, show_sample
from resilinet.failures import scenario_key, scenarios
from resilinet.schemes import SCHEMES

KINDS = ("running", "per route")
RIVALS = ("vanilla", "dfg")


def by_statistics(measured: Measured, artefact: str) -> pd.DataFrame:
    """Accuracy with both kinds of batch statistics, in percent, a row for each scheme and scenario with data flow."""
    topology = ARTEFACTS[artefact].experiment.topology()
    rows = {}
    for row in measured.rows(artefact):
        for key in (scenario_key(topology, failed) for failed in scenarios(topology)):
            if not measured.is_guess(artefact, row, key):
                samples = {
                    kind: which.scenario(artefact, row, key) for kind, which in _both(measured).items()
                }
                failed = "no failure" if key == "none" else key.replace("+", ", ")
                rows[SCHEMES[row].name, failed] = {kind: show_sample(one) for kind, one in samples.items()}
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


def margins_in_words(measured: Measured, artefact: str, setting: str = "hazardous") -> str:
    """What the table of margins says of one setting, or that there are too few seeds to say it."""
    parts = []
    for rival in RIVALS:
        found = [margin(which, artefact, rival, setting) for which in (measured, measured.per_route())]
        if any(one.low is None for one in found):
            return "There are too few seeds yet to say what statistics per route change for the schemes."
        parts.append(f"over {SCHEMES[rival].name} from " + " to ".join(in_points(one) for one in found))
    seeds = margin(measured, artefact, RIVALS[0], setting).seeds
    return (
        f"In {name_of(setting)}, statistics per route take ResiliNet's margin {' and '.join(parts)} points "
        f"(95 % intervals, {seeds} seeds)."
    )


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


def in_points(one: Check) -> str:
    """A difference that has an interval, with one decimal; nothing is below zero that is shown as zero."""
    mean, low, high = (round(value or 0.0, 1) + 0.0 for value in (one.difference, one.low, one.high))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"
