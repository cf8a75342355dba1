"""Statements on how often nodes fail in training (Table 3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.paper.own_numbers import Numbers
from companion.paper.printed import printed_value
from companion.paper.samples import Sample, mean
from companion.paper.verdicts import Check, check

FIXED_RATES: Final = ("5%", "10%", "30%", "50%")
RATES: Final = ("failure", *FIXED_RATES)
"""Table 3's columns; "failure" sets each node's rate to its probability of failure."""


def rate_sample(measured: Numbers, artefact: str, rate: str, setting: str) -> Sample:
    """Table 3: the average accuracy with a failout rate; "failure" was trained for the setting."""
    return measured.average(artefact, f"failure:{setting}" if rate == "failure" else rate, setting)


def rate_over(measured: Numbers, artefact: str, better: str, other: str, setting: str) -> Check:
    """One failout rate against another."""
    difference = rate_sample(measured, artefact, better, setting) - rate_sample(
        measured, artefact, other, setting
    )
    return check(f"{_rate(better)} minus {_rate(other)} in {name_of(setting)}", difference)


def _rate(rate: str) -> str:
    return "failout rate Failure" if rate == "failure" else rate.replace("%", " %")


def best_rate(rate: str) -> Callable[[Numbers, str], list[Check]]:
    """Key result 3: that one failout rate is the best on average over the settings in which nodes fail."""

    def checks(measured: Numbers, artefact: str) -> list[Check]:
        means = {
            other: mean(rate_sample(measured, artefact, other, setting) for setting in FAILURES)
            for other in RATES
        }
        return [
            check(
                f"{_rate(rate)} minus {_rate(other)}, mean of Normal, Poor and Hazardous",
                means[rate] - means[other],
            )
            for other in RATES
            if other != rate
        ]

    return checks


def no_rate_for_all(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 4: for each fixed rate there is a setting with a better one, the one that the paper prints.

    Which comparison is made is decided by the printed numbers alone, so that ours are not searched for the largest.
    """
    checks = []
    for rate in FIXED_RATES:
        other, setting = max(
            (
                (o, s)
                for o in RATES
                for s in SETTINGS
                if o != rate and not (o == "failure" and s == "no_failure")
            ),
            key=lambda pair: (
                printed_value(artefact, f"{pair[0]}/{pair[1]}") - printed_value(artefact, f"{rate}/{pair[1]}")
            ),
        )
        checks.append(rate_over(measured, artefact, other, rate, setting))
    return checks


def higher_rates(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 3: each higher rate is worse, in every setting."""
    return [
        rate_over(measured, artefact, lower, higher, setting)
        for setting in SETTINGS
        for lower, higher in pairwise(FIXED_RATES)
    ]


def below_half(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.10: a rate of one half is too much."""
    return [rate_over(measured, artefact, "30%", "50%", setting) for setting in SETTINGS]
