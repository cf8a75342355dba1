"""What scaling weights by survival probabilities costs (Section 2.3)."""

from __future__ import annotations

from companion.experiments.names import FAILURES, name_of
from companion.paper.own_numbers import Numbers
from companion.paper.samples import Sample
from companion.paper.verdicts import TOLERANCE, Check, check


def survival_loss(measured: Numbers, artefact: str, scheme: str, setting: str, source: str) -> Sample:
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


def survival(measured: Numbers, artefact: str) -> list[Check]:
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
