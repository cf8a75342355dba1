"""What the paper prints, by address."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

RUNS: Final = 10
"""Runs that the paper averages, as it says of Figs. 2a, 3 and 4; of the rest it says nothing, and we take as many."""
RUNS_ON_IMAGENET: Final = 2


@dataclass(frozen=True)
class Printed:
    """One number of the paper.

    Attributes:
        artefact: the table, figure or passage, for example ``table-1-health``.
        key: its place there, for example ``resilinet/n1``.
        value: the number.
        digits: decimals that are printed.
        unit: ``percent``, ``points`` (of percent), ``probability`` or ``hours``.
        source: where it stands in the paper, for the reader.
    """

    artefact: str
    key: str
    value: float
    digits: int
    unit: str
    source: str

    @property
    def brief(self) -> str:
        """The number with two decimals at most, as chart data have up to twelve."""
        return f"{self.value:.{min(self.digits, 2)}f}"

    def __str__(self) -> str:
        """The number as printed, trailing zeros included."""
        return f"{self.value:.{self.digits}f}"


@cache
def _content() -> Mapping[str, Any]:
    text = files("companion.paper").joinpath("published_values.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)  # a Decimal keeps the zeros that are printed


@cache
def printed_values() -> Mapping[tuple[str, str], Printed]:
    """Every number of the paper by (artefact, key), in the paper's order."""
    found: dict[tuple[str, str], Printed] = {}
    for block in _content()["block"]:
        columns = block.get("columns")
        for row, numbers in block["rows"].items():
            cells = {row: numbers}
            if columns:
                cells = {f"{name}/{row}": number for name, number in zip(columns, numbers, strict=True)}
            for key, number in cells.items():
                address = (block["artefact"], key)
                if address in found:
                    raise ValueError(f"{address[0]}, {key}: printed twice under one address.")
                exponent = Decimal(number).as_tuple().exponent
                found[address] = Printed(
                    *address,
                    value=float(number),
                    digits=-exponent if isinstance(exponent, int) else 0,
                    unit=block.get("unit", "percent"),
                    source=block["source"],
                )
    return found


def printed_value(artefact: str, key: str) -> float:
    """One printed number.

    Raises:
        KeyError: the paper prints nothing there.
    """
    return printed_values()[artefact, key].value


def series_of(artefact: str, condition: str) -> dict[str, Printed]:
    """What an artefact prints for one condition: the numbers by series, probabilities left out."""
    return {
        number.key.split("/")[0]: number
        for (name, key), number in printed_values().items()
        if name == artefact and key.endswith(f"/{condition}") and not key.startswith("probability/")
    }


def runs_behind(artefact: str) -> int:
    """How many runs the paper averages for an artefact's numbers."""
    return RUNS_ON_IMAGENET if artefact.startswith("figure-2b") else RUNS


def statements() -> Mapping[str, str]:
    """The paper's statements that a table or a figure must bear out, in our words, by name."""
    found: Mapping[str, str] = _content()["statements"]
    return found
