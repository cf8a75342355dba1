"""Statements that hold one scheme against another, by setting and by scenario (Sections 3.2, 3.3 and 7.2)."""

from __future__ import annotations

from itertools import product
from typing import Final

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.paper.comparisons.quantities import quantity
from companion.paper.own_numbers import Numbers, reaches_cloud
from companion.paper.samples import Sample
from companion.paper.verdicts import TOLERANCE, Check, check
from companion.results.intervals import Interval
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.schemes import SCHEMES

SUBSTANTIAL: Final = 10.0
"""Points by which one accuracy is to greatly surpass another."""


def better_schemes(measured: Numbers, artefact: str) -> list[Check]:
    """Key result 1: ResiliNet above the others in each setting, and further above the severer it is."""

    def margin(other: str, setting: str) -> Sample:
        ours = measured.average(artefact, "resilinet", setting)
        return ours - measured.average(artefact, other, setting)

    others = (("dfg", "DFG"), ("vanilla", "Vanilla"))
    checks = [
        check(f"ResiliNet minus {name} in {name_of(setting)}", margin(other, setting))
        for other, name in others
        for setting in FAILURES
    ]
    for milder, severer in (("normal", "poor"), ("poor", "hazardous")):
        for other, name in others:
            growth = margin(other, severer) - margin(other, milder)
            checks.append(check(f"margin over {name}, {name_of(severer)} minus {name_of(milder)}", growth))
    return checks


def plus(measured: Numbers, artefact: str) -> list[Check]:
    """ResiliNet+ is better, negligibly."""
    difference = measured.average(artefact, "resilinet-plus", "normal") - measured.average(
        artefact, "resilinet", "normal"
    )
    return [check("ResiliNet+ minus ResiliNet in Normal", difference, below=TOLERANCE)]


def informed(artefact: str) -> list[str]:
    """The scenarios of failed nodes in which ResiliNet's skips still lead information to the cloud."""
    topology = ARTEFACTS[artefact].experiment.topology()
    return [
        scenario_key(topology, failed)
        for failed in scenarios(topology)
        if failed and reaches_cloud(topology, failed)
    ]


def over(
    measured: Numbers, artefact: str, better: str, other: str, scenario: str, above: float = 0.0
) -> Check:
    """One scheme against another in one scenario, or in Table 1's average."""
    difference = quantity(measured, artefact, better, scenario) - quantity(
        measured, artefact, other, scenario
    )
    where = {"none": "without a failure", "average": "on average in Normal"}.get(
        scenario, f"with {scenario.replace('+', ', ')} failed"
    )
    return check(f"{SCHEMES[better].name} minus {SCHEMES[other].name} {where}", difference, above=above)


def ahead_in_failures(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3a: ResiliNet and ResiliNet+ are better than DFG in every failure that leaves a way."""
    return [
        over(measured, artefact, better, "dfg", scenario)
        for scenario in informed(artefact)
        for better in ("resilinet", "resilinet-plus")
    ]


def far_ahead(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3a: they surpass DFG and Vanilla greatly with n1, n2, or n1 and n3 failed."""
    return [
        over(measured, artefact, better, other, scenario, SUBSTANTIAL)
        for scenario in ("n1", "n2", "n1+n3")
        for better in ("resilinet", "resilinet-plus")
        for other in ("dfg", "vanilla")
    ]


def vanilla_behind(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: Vanilla is outperformed in every failure that leaves the others a way."""
    return [
        over(measured, artefact, better, "vanilla", scenario)
        for scenario in informed(artefact)
        for better in ("dfg", "resilinet", "resilinet-plus")
    ]


def dfg_ahead_without_m2(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: DFG is better than ResiliNet with m2 failed."""
    return [over(measured, artefact, "dfg", "resilinet", "m2")]


def plus_ahead(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: ResiliNet+ is the most accurate, with failures and without."""
    return [
        over(measured, artefact, "resilinet-plus", other, scenario)
        for scenario in ("none", *informed(artefact), "average")
        for other in ("resilinet", "dfg", "vanilla")
    ]


def ahead_on_average(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: ResiliNet's average in Normal is above DFG's and Vanilla's."""
    return [over(measured, artefact, "resilinet", other, "average") for other in ("dfg", "vanilla")]


def ahead_between_settings(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.2: ResiliNet is ahead under all settings between Normal and Hazardous.

    An average is linear in each node's probability, so that over all probabilities between two values it is least at
    one of the corners: what holds at all of them holds in between.
    """
    settings = ARTEFACTS[artefact].experiment.settings
    nodes = list(settings["normal"].probability)
    ranges = [(settings["normal"].probability[n], settings["hazardous"].probability[n]) for n in nodes]
    checks = []
    for corner in product(*ranges):
        setting = FailureSetting("corner", dict(zip(nodes, corner, strict=True)))
        where = ", ".join(f"{node} {100 * p:g} %" for node, p in setting.probability.items())
        for other in ("dfg", "vanilla"):
            difference = measured.average(artefact, "resilinet", setting) - measured.average(
                artefact, other, setting
            )
            checks.append(check(f"ResiliNet minus {SCHEMES[other].name} where {where} fail", difference))
    return checks


def narrow_intervals(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3: the confidence intervals of Fig. 2 are negligible."""
    checks = []
    for row in measured.rows(artefact):
        for setting in SETTINGS:
            sample = measured.average(artefact, row, setting)
            found = sample.interval
            half = found.high - found.mean if found is not None and found.n > 1 else None
            whole = None if half is None else Interval(half, half, half, len(sample.values))
            values = {} if half is None else dict.fromkeys(sample.values, half)
            checks.append(
                check(
                    f"half the interval of {SCHEMES[row].name} in {name_of(setting)}",
                    Sample(values, sample.wanted, sample.trials, whole),
                    above=None,
                    below=TOLERANCE / 2,
                )
            )
    return checks
