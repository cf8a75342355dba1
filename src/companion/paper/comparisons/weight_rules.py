"""Statements on what weights hyperconnections carry (Fig. 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from companion.experiments.names import SETTINGS, name_of
from companion.paper.own_numbers import Numbers, OwnNumbers
from companion.paper.samples import Sample, spread
from companion.paper.verdicts import TOLERANCE, Check, check

RULES: Final = ("one", "reliability", "relative-reliability", "U(0,1)")


def weight_samples(measured: Numbers, artefact: str, setting: str) -> dict[str, Sample]:
    """Fig. 3: the average accuracy of each weight rule in a setting; the reliability rules were trained for it."""
    rows = measured.rows(artefact)
    return {
        rule: measured.average(
            artefact, next((r for r in (f"{rule}:{setting}", rule) if r in rows), "one"), setting
        )
        for rule in RULES
    }


def weight_spread(measured: Numbers, artefact: str, setting: str) -> Sample:
    """Fig. 3: the standard deviation among the four weight rules in a setting, in points."""
    if isinstance(measured, OwnNumbers):
        return measured.printed(artefact, setting)
    return spread(weight_samples(measured, artefact, setting).values())


def alike_weights(measured: Numbers, artefact: str) -> list[Check]:
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


def wide_weights(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 1: weights from U(0,10) do worse than weights of one."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def harmless_wide_weights(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 2: weights from U(0,10) neither help nor harm."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=-TOLERANCE, below=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def _lost_by_wide_weights(measured: Numbers, artefact: str) -> Iterable[tuple[str, Sample]]:
    for setting in SETTINGS:
        one, wide = (measured.average(artefact, row, setting) for row in ("one", "U(0,10)"))
        yield setting, one - wide
