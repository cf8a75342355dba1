"""What the paper prints, by address."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from companion.experiments import ARTEFACTS, EXPERIMENTS, PLANNED

RUNS: Final = 10
"""Runs that the paper averages, as it says of Figs. 2a, 3 and 4; of the rest it says nothing, and we take as many."""
RUNS_ON_IMAGENET: Final = 2
FILE: Final = "published_values.toml"
KNOWN: Final = {"": {"statements", "block"}, "block": {"artefact", "source", "unit", "columns", "rows"}}
"""What the file may hold, and a block of it."""
NETWORKS: Final = {
    "health-mlp": "health",
    "imagenet-mobilenet": "imagenet",
    "cifar10-mobilenet": "mobilenet",
    "cifar10-resnet18": "resnet",
}
"""The experiment that each row of Table 4 is about."""


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
    def experiment(self) -> str:
        """Which experiment it is about (:data:`companion.experiments.EXPERIMENTS`); empty for none."""
        if self.artefact.startswith("figure-2b"):
            return "imagenet"
        if (known := ARTEFACTS.get(self.artefact, PLANNED.get(self.artefact))) is not None:
            return known.experiment.key
        if self.artefact == "table-4":
            return NETWORKS[self.key]
        return next((key for key in EXPERIMENTS if self.artefact.endswith(key)), "")

    @property
    def brief(self) -> str:
        """The number with two decimals at most, as chart data have up to twelve."""
        return f"{self.value:.{min(self.digits, 2)}f}"

    def __str__(self) -> str:
        """The number as printed, trailing zeros included."""
        return f"{self.value:.{self.digits}f}"


@cache
def _content() -> Mapping[str, Any]:
    return parsed(files("companion.paper").joinpath(FILE).read_text(encoding="utf-8"))


def parsed(text: str) -> Mapping[str, Any]:
    """The content of a file of printed values; numbers are decimals, which keep the zeros that are printed.

    Raises:
        ValueError: it holds a key that nothing reads, or a row that does not fit its columns.
    """
    content = tomllib.loads(text, parse_float=Decimal)
    for where, part in [("", content), *(("block", block) for block in content.get("block", []))]:
        if unread := sorted(part.keys() - KNOWN[where]):
            of = f" in the block {part.get('artefact')!r}" if where else ""
            raise ValueError(f"{FILE}: nothing reads the key {unread[0]!r}{of}.")
    for block in content.get("block", []):
        for row, numbers in block["rows"].items():
            if "columns" in block and len(numbers) != len(block["columns"]):
                raise ValueError(
                    f"{FILE}: the row {row!r} of {block['artefact']!r} has {len(numbers)} numbers for "
                    f"{len(block['columns'])} columns."
                )
    return content


@cache
def printed_values() -> Mapping[tuple[str, str], Printed]:
    """Every number of the paper by (artefact, key), in the paper's order."""
    return numbers_in(_content())


def numbers_in(content: Mapping[str, Any]) -> Mapping[tuple[str, str], Printed]:
    """The numbers of a parsed file by (artefact, key).

    Raises:
        ValueError: two numbers have one address.
    """
    found: dict[tuple[str, str], Printed] = {}
    for block in content["block"]:
        columns = block.get("columns")
        for row, numbers in block["rows"].items():
            cells = {row: numbers}
            if columns:
                cells = {f"{name}/{row}": number for name, number in zip(columns, numbers, strict=True)}
            for key, number in cells.items():
                address = (block["artefact"], key)
                if address in found:
                    raise ValueError(f"{FILE}: {address[0]}, {key} is printed twice.")
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
