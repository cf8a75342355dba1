"""Statements on which skip hyperconnections matter (Fig. 4)."""

from __future__ import annotations

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, name_of
from companion.paper.own_numbers import Numbers
from companion.paper.samples import Sample
from companion.paper.verdicts import Check, check


def config_gain(measured: Numbers, artefact: str, number: int, setting: str, over: int = 1) -> Sample:
    """Fig. 4: how much more accurate a configuration of skips is than another."""
    better = measured.average(artefact, f"Config {number}", setting)
    return better - measured.average(artefact, f"Config {over}", setting)


def severity_of_skips(measured: Numbers, artefact: str) -> list[Check]:
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


def growing_configs(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4a: every configuration is better than the one before it."""
    return [
        config_over(measured, artefact, number, number - 1, setting)
        for setting in FAILURES
        for number in range(2, 1 + len(measured.rows(artefact)))
    ]


def config_over(measured: Numbers, artefact: str, better: int, other: int, setting: str) -> Check:
    """One set of skips against another."""
    return check(
        f"Config {better} minus Config {other} in {name_of(setting)}",
        config_gain(measured, artefact, better, setting, over=other),
    )


def input_skip_of_three(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4a: alone, and beside n2 to n4, the skip from the input does most."""
    return [
        config_over(measured, artefact, better, other, setting)
        for setting in FAILURES
        for better, other in ((4, 2), (4, 3), (6, 5))
    ]


def input_skip_of_two(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4b: the skip from the input does more than the other."""
    return [config_over(measured, artefact, 3, 2, setting) for setting in FAILURES]


def later_skip_of_two(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4c: the skip from the input does less than the other."""
    return [config_over(measured, artefact, 2, 3, setting) for setting in FAILURES]


def peak_with_all_skips(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4: with all skips the average accuracy is highest."""
    last = len(ARTEFACTS[artefact].experiment.configs)
    return [
        config_over(measured, artefact, last, other, setting)
        for setting in FAILURES
        for other in range(1, last)
    ]
