"""What the paper's statements compare, measured seed by seed; each function takes the artefact it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from statistics import fmean
from typing import Final

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.paper.measured import Measured, Sample, spread
from companion.paper.verdicts import TOLERANCE, Check, check

RULES: Final = ("one", "reliability", "relative-reliability", "U(0,1)")
FIXED_RATES: Final = ("5%", "10%", "30%", "50%")
RATES: Final = ("failure", *FIXED_RATES)
"""Table 3's columns; "failure" sets each node's rate to its probability of failure."""
Test = Callable[[Measured, str], list[Check]]
"""From the results and an artefact to the comparisons that decide a statement."""


def better_schemes(measured: Measured, artefact: str) -> list[Check]:
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


def plus(measured: Measured, artefact: str) -> list[Check]:
    """ResiliNet+ is better, negligibly."""
    difference = measured.average(artefact, "resilinet-plus", "normal") - measured.average(
        artefact, "resilinet", "normal"
    )
    return [check("ResiliNet+ minus ResiliNet in Normal", difference, below=TOLERANCE)]


def weight_samples(measured: Measured, artefact: str, setting: str) -> dict[str, Sample]:
    """Fig. 3: the average accuracy of each weight rule in a setting; the reliability rules were trained for it."""
    rows = measured.rows(artefact)
    return {
        rule: measured.average(
            artefact, next((r for r in (f"{rule}:{setting}", rule) if r in rows), "one"), setting
        )
        for rule in RULES
    }


def weight_spread(measured: Measured, artefact: str, setting: str) -> Sample:
    """Fig. 3: the standard deviation among the four weight rules in a setting, in points."""
    return spread(weight_samples(measured, artefact, setting).values())


def alike_weights(measured: Measured, artefact: str) -> list[Check]:
    """Key result 2: the standard deviation among four weight rules stays below a point."""
    return [
        check(
            f"standard deviation among weight rules in {name_of(setting)}",
            weight_spread(measured, artefact, setting),
            above=None,
            below=1.0,
        )
        for setting in SETTINGS
    ]


def wide_weights(measured: Measured, artefact: str) -> list[Check]:
    """Key observation 1: weights from U(0,10) do worse than weights of one."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def harmless_wide_weights(measured: Measured, artefact: str) -> list[Check]:
    """Key observation 2: weights from U(0,10) neither help nor harm."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=-TOLERANCE, below=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def _lost_by_wide_weights(measured: Measured, artefact: str) -> Iterable[tuple[str, Sample]]:
    for setting in SETTINGS:
        one, wide = (measured.average(artefact, row, setting) for row in ("one", "U(0,10)"))
        yield setting, one - wide


def rate_sample(measured: Measured, artefact: str, rate: str, setting: str) -> Sample:
    """Table 3: the average accuracy with a failout rate; "failure" was trained for the setting."""
    return measured.average(artefact, f"failure:{setting}" if rate == "failure" else rate, setting)


def rate_over(measured: Measured, artefact: str, better: str, other: str, setting: str) -> Check:
    """One failout rate against another."""
    difference = rate_sample(measured, artefact, better, setting) - rate_sample(
        measured, artefact, other, setting
    )
    return check(f"{_rate(better)} minus {_rate(other)} in {name_of(setting)}", difference)


def _rate(rate: str) -> str:
    return "failout rate Failure" if rate == "failure" else rate.replace("%", " %")


def best_rate(rate: str) -> Test:
    """Key result 3: that one failout rate is the best wherever nodes fail."""

    def checks(measured: Measured, artefact: str) -> list[Check]:
        return [
            rate_over(measured, artefact, rate, other, setting)
            for setting in FAILURES
            for other in RATES
            if other != rate
        ]

    return checks


def higher_rates(measured: Measured, artefact: str) -> list[Check]:
    """Key observation 3: each higher rate is worse, in every setting."""
    return [
        rate_over(measured, artefact, lower, higher, setting)
        for setting in SETTINGS
        for lower, higher in pairwise(FIXED_RATES)
    ]


def below_half(measured: Measured, artefact: str) -> list[Check]:
    """FAQ 8.10: a rate of one half is too much."""
    return [rate_over(measured, artefact, "30%", "50%", setting) for setting in SETTINGS]


def config_gain(measured: Measured, artefact: str, number: int, setting: str, over: int = 1) -> Sample:
    """Fig. 4: how much more accurate a configuration of skips is than another."""
    better = measured.average(artefact, f"Config {number}", setting)
    return better - measured.average(artefact, f"Config {over}", setting)


def severity_of_skips(measured: Measured, artefact: str) -> list[Check]:
    """Key result 4: each single skip gains more in Hazardous than in Normal."""
    rows = measured.rows(artefact)
    single = [number for number, row in enumerate(rows.values(), start=1) if len(row[0].skips) == 1]
    return [
        check(
            f"gain of Config {number}, Hazardous minus Normal",
            config_gain(measured, artefact, number, "hazardous")
            - config_gain(measured, artefact, number, "normal"),
        )
        for number in single
    ]


def growing_configs(measured: Measured, artefact: str) -> list[Check]:
    """Fig. 4a: every configuration is better than the one before it."""
    return [
        config_over(measured, artefact, number, number - 1, setting)
        for setting in FAILURES
        for number in range(2, 1 + len(measured.rows(artefact)))
    ]


def config_over(measured: Measured, artefact: str, better: int, other: int, setting: str) -> Check:
    """One set of skips against another."""
    return check(
        f"Config {better} minus Config {other} in {name_of(setting)}",
        config_gain(measured, artefact, better, setting, over=other),
    )


def input_skip_of_three(measured: Measured, artefact: str) -> list[Check]:
    """Fig. 4a: alone, and beside n2 to n4, the skip from the input does most."""
    return [
        config_over(measured, artefact, better, other, setting)
        for setting in FAILURES
        for better, other in ((4, 2), (4, 3), (6, 5))
    ]


def input_skip_of_two(measured: Measured, artefact: str) -> list[Check]:
    """Fig. 4b: the skip from the input does more than the other."""
    return [config_over(measured, artefact, 3, 2, setting) for setting in FAILURES]


def later_skip_of_two(measured: Measured, artefact: str) -> list[Check]:
    """Fig. 4c: the skip from the input does less than the other."""
    return [config_over(measured, artefact, 2, 3, setting) for setting in FAILURES]


def survival_loss(measured: Measured, artefact: str, scheme: str, setting: str, source: str) -> Sample:
    """Section 2.3: what scaling by survival probabilities costs on average, in points.

    Both sides have running batch statistics: scaled weights were evaluated with no others, and a difference of
    statistics is none of scaling.

    Args:
        measured: the results.
        artefact: whose trials.
        scheme: the row.
        setting: under which the average is expected.
        source: of the survival probabilities: ``failout``, or a failure setting.
    """
    measured = measured.running()
    plain = measured.average(artefact, scheme, setting)
    return plain - measured.average(artefact, scheme, setting, survival=source)


def survival(measured: Measured, artefact: str) -> list[Check]:
    """Section 2.3: scaling costs ResiliNet more than a point, whichever survival probabilities are meant."""
    return [
        check(
            f"unscaled minus scaled by the survival of {what} in {name_of(setting)}",
            survival_loss(measured, artefact, "resilinet", setting, source),
            above=TOLERANCE,
        )
        for setting in FAILURES
        for what, source in (("failout", "failout"), ("the setting", setting))
    ]


def learns_faster(measured: Measured, artefact: str) -> list[Check]:
    """FAQ 8.14: with skips an epoch teaches more; deepFogGuard has Vanilla's seeds and batches, and skips besides."""

    def learning(row: str) -> Sample:
        return measured.sample(
            artefact,
            row,
            lambda record: 100 * fmean(epoch["validation_accuracy"] for epoch in record.history),
        )

    return [check("validation accuracy, DFG minus Vanilla", learning("dfg") - learning("vanilla"))]


def quantity(measured: Measured, artefact: str, series: str, condition: str) -> Sample:
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
