"""Statements on how fast a network learns (Section 6 and FAQ 8.14)."""

from __future__ import annotations

from statistics import fmean
from typing import Final

from companion.experiments.trial import Record
from companion.paper.own_numbers import Numbers
from companion.paper.samples import Sample
from companion.paper.verdicts import Check, check
from resilinet.schemes import SCHEMES

TARGET: Final = 0.97
"""Validation accuracy on Health at which a training counts as converged."""


def learns_faster(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.14: with skips an epoch teaches more; DFG has Vanilla's seeds and batches, and skips besides."""

    def learning(row: str) -> Sample:
        return measured.sample(
            artefact,
            row,
            lambda record: 100 * fmean(epoch["validation_accuracy"] for epoch in record.history),
        )

    return [check("validation accuracy, DFG minus Vanilla", learning("dfg") - learning("vanilla"))]


def epochs_to_target(measured: Numbers, artefact: str, row: str) -> Sample:
    """How many epochs a training takes to a validation accuracy of 97 %; one more than all where it never does."""

    def epochs(record: Record) -> float:
        reached = (k for k, epoch in enumerate(record.history, 1) if epoch["validation_accuracy"] >= TARGET)
        return float(next(reached, len(record.history) + 1))

    return measured.sample(artefact, row, epochs)


def fewer_epochs(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.14: with skips and without failout a training takes fewer epochs."""
    plain, skips = (epochs_to_target(measured, artefact, row) for row in ("vanilla", "dfg"))
    return [check("epochs to 97 %, Vanilla minus DFG", plain - skips)]


def more_epochs(measured: Numbers, artefact: str) -> list[Check]:
    """Section 6: with failout a training takes more epochs than the same network without."""
    return [
        check(
            f"epochs to 97 %, {SCHEMES[row].name} minus {SCHEMES[plain].name}",
            epochs_to_target(measured, artefact, row) - epochs_to_target(measured, artefact, plain),
        )
        for row, plain in (("resilinet", "vanilla"), ("resilinet-plus", "dfg"))
    ]
