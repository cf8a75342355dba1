"""What batch statistics of each route change, as tables and in words."""

from __future__ import annotations

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS, name_of
from companion.paper.comparisons import FIXED_RATES, rate_sample
from companion.paper.measured import Measured, Sample
from companion.paper.verdicts import Check, check
from companion.tables.cells import show_check, show_rate, show_sample
from resilinet.failures import scenario_key, scenarios
from resilinet.schemes import SCHEMES

KINDS = ("running", "per route")
RIVALS = ("vanilla", "dfg")
UNMIXED = {"resilinet": "vanilla", "resilinet-plus": "dfg"}
"""For each scheme with failout the one without that computes the same way while nobody is dead."""


def statistics(measured: Measured, artefact: str, row: str) -> pd.DataFrame:
    """The same trained networks with running batch statistics and with those of each route, in percent.

    Args:
        measured: the results.
        artefact: whose trials.
        row: of the artefact, one scheme.
    """
    routed = measured.per_route()
    topology = ARTEFACTS[artefact].experiment.topology()
    kinds = {scenario_key(topology, dead): "scenario" for dead in scenarios(topology)}
    kinds |= dict.fromkeys(SETTINGS, "average")
    rows = {}
    for key, kind in kinds.items():
        one, other = (
            which.scenario(artefact, row, key) if kind == "scenario" else which.average(artefact, row, key)
            for which in (measured, routed)
        )
        title = key.replace("+", ", ") if kind == "scenario" else f"average, {name_of(key)}"
        rows["none fails" if key == "none" else title] = {
            "running": show_sample(one),
            "per route": show_sample(other),
            "gain (points)": show_check(check("", other - one)),
        }
    return pd.DataFrame(rows).T.rename_axis("Failing nodes")


def gain(measured: Measured, artefact: str, row: str, dead: str) -> Sample:
    """What statistics per route gain a row of an artefact in a scenario, seed by seed."""
    return measured.per_route().scenario(artefact, row, dead) - measured.scenario(artefact, row, dead)


def gains_in_words(measured: Measured, artefact: str) -> str:
    """What ResiliNet gains while its first node that can fail is dead, and while nobody is."""
    experiment = ARTEFACTS[artefact].experiment
    node = experiment.topology().failable[0]
    dead, alive = (check("", gain(measured, artefact, "resilinet", key)) for key in (node, "none"))
    if dead.low is None or alive.low is None:
        return f"Of {experiment.name} there are too few seeds yet to say what statistics per route gain."
    return (
        f"In {experiment.name}, statistics per route gain {in_points(dead)} points while `{node}` is dead "
        f"and {in_points(alive)} points while nobody is (95 % intervals, {dead.seeds} seeds)."
    )


def anew_in_words(measured: Measured, artefact: str) -> str:
    """What Vanilla, which has one route, gains: so much is due to estimating the statistics anew."""
    experiment = ARTEFACTS[artefact].experiment
    found = check("", gain(measured, artefact, "vanilla", "none"))
    if found.low is None:
        return f"Of {experiment.name} there are too few seeds yet."
    return f"In {experiment.name} that is {in_points(found)} points (95 % interval, {found.seeds} seeds)."


def sources_in_words(measured: Measured, artefact: str) -> str:
    """How much of the gain is due to the mixing of routes by failout, and how much to the other route alone."""
    experiment = ARTEFACTS[artefact].experiment
    node = experiment.topology().failable[0]
    rows = measured.rows(artefact)
    told = []
    for mixed, plain in UNMIXED.items():
        if mixed not in rows:
            continue
        more = check("", gain(measured, artefact, mixed, "none") - gain(measured, artefact, plain, "none"))
        if more.low is None:
            return f"Of {experiment.name} there are too few seeds yet to tell."
        meaning = "so much is the mixing" if more.holds else "the seeds do not tell the mixing from nothing"
        told.append(
            f"{SCHEMES[mixed].name} gains {in_points(more)} points more than {SCHEMES[plain].name} while nobody is "
            f"dead: {meaning}."
        )
    alone = check("", gain(measured, artefact, "dfg", node) - gain(measured, artefact, "vanilla", "none"))
    meaning = "so much the route does alone" if alone.holds else "the seeds do not tell that from nothing"
    return (
        f"In {experiment.name} {' '.join(told)} DFG, which no failout ever touched, gains {in_points(alone)} points "
        f"more while `{node}` is dead than Vanilla while nobody is: {meaning}."
    )


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
    told = []
    for rival in RIVALS:
        found = [margin(which, artefact, rival, setting) for which in (measured, measured.per_route())]
        if any(one.low is None for one in found):
            return "There are too few seeds yet to say what statistics per route change for the schemes."
        told.append(f"over {SCHEMES[rival].name} from " + " to ".join(in_points(one) for one in found))
    seeds = margin(measured, artefact, RIVALS[0], setting).seeds
    return (
        f"In {name_of(setting)}, statistics per route take ResiliNet's margin {' and '.join(told)} points "
        f"(95 % intervals, {seeds} seeds)."
    )


def rates(measured: Measured, artefact: str) -> pd.DataFrame:
    """Table 3 with both kinds of batch statistics, where nobody fails and where nodes fail most, in percent."""
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


def price_in_words(measured: Measured, artefact: str, seldom: str = "5%", often: str = "30%") -> str:
    """What a higher failout rate costs where nobody fails, and how much of that is due to mixed batch statistics.

    Args:
        measured: the results.
        artefact: Table 3 of a network with batch normalisation.
        seldom: the lower rate.
        often: the higher one.
    """
    running, routed = (
        rate_sample(which, artefact, seldom, "no_failure") - rate_sample(which, artefact, often, "no_failure")
        for which in (measured, measured.per_route())
    )
    found = [check("", sample) for sample in (running, routed, running - routed)]
    if any(one.low is None for one in found):
        return "There are too few seeds yet to say what a higher failout rate costs."
    dear, cheap, less = (in_points(one) for one in found)
    owed = (
        "So much is owed to statistics in which routes are mixed, and not to the weights."
        if found[2].holds
        else "The seeds do not tell that from nothing."
    )
    return (
        f"Where nobody fails, a failout rate of {show_rate(often)} instead of {show_rate(seldom)} costs {dear} points "
        f"of accuracy with running statistics and {cheap} with those of each route, which is {less} less "
        f"(95 % intervals, {found[0].seeds} seeds). {owed}"
    )


def _both(measured: Measured) -> dict[str, Measured]:
    """The results with each kind of batch statistics."""
    return dict(zip(KINDS, (measured, measured.per_route()), strict=True))


def in_points(one: Check) -> str:
    """A difference that has an interval, with one decimal; nothing is below zero that is shown as zero."""
    mean, low, high = (round(value or 0.0, 1) + 0.0 for value in (one.difference, one.low, one.high))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"
