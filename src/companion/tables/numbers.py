"""Cells of a table that a reader sees rounded and a download keeps in full."""

from __future__ import annotations

import re
from typing import Final, Self

import pandas as pd

UNITS: Final = {"percent": "%", "points": "points", "hours": "h", "epochs": "epochs", "probability": ""}
"""How the ledger's units stand in the header of a file."""
NAMED_UNIT: Final = re.compile(r"\bin (%|percent|points|numbers)(?!\w)")


class Cell(str):
    """The text of a cell, and the number that it rounds.

    Attributes:
        value: in full; None where nothing has been measured.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end.
        seeds: behind the value; None where it does not come from seeds.
        unit: of the three, for example ``%``.
        trials: identities of the trials behind it.
    """

    value: float | None
    low: float | None
    high: float | None
    seeds: int | None
    unit: str
    trials: tuple[str, ...]

    def __new__(
        cls,
        text: str,
        value: float | None,
        *,
        interval: tuple[float | None, float | None] = (None, None),
        seeds: int | None = None,
        unit: str = "%",
        trials: tuple[str, ...] = (),
    ) -> Self:
        """A cell that reads as ``text``; ``interval`` is from ``low`` to ``high``."""
        cell = super().__new__(cls, text)
        cell.value, cell.seeds, cell.unit, cell.trials = value, seeds, unit, trials
        cell.low, cell.high = interval
        return cell


def trials_behind(table: pd.DataFrame) -> tuple[str, ...]:
    """The identities of all trials behind the cells of a table, each once."""
    cells = (cell for column in _columns(table) for cell in column if isinstance(cell, Cell))
    return tuple(dict.fromkeys(name for cell in cells for name in cell.trials))


def in_full(table: pd.DataFrame, caption: str = "") -> pd.DataFrame:
    """The table as a file keeps it: plain columns, numbers in full, units in the header.

    A column of cells becomes one of values and, where there are any, columns of the ends of the intervals and of
    the numbers of seeds. Other columns of numbers have the unit that the caption names ("in percent").

    Args:
        table: as it is shown; its rows' names become columns.
        caption: what stands above it.
    """
    named = NAMED_UNIT.search(caption)
    unit = UNITS.get(named[1], named[1]) if named else ""
    # Two columns may have one title, so that they are kept as a list until the end.
    found: list[tuple[str, list[object]]] = []
    for level in range(table.index.nlevels):
        name = table.index.names[level] or ("row" if table.index.nlevels == 1 else f"row {level + 1}")
        found.append((str(name), [_plain(text) for text in table.index.get_level_values(level)]))
    for title, column in zip(map(_title, table.columns), _columns(table), strict=True):
        cells = [cell for cell in column if isinstance(cell, Cell)]
        if not cells:
            values = [_plain(text) for text in column]
            found.append((_with_unit(title, unit if _is_numeric(values) else ""), values))
            continue
        units = list(dict.fromkeys(cell.unit for cell in cells))
        what = units[0] if len(units) == 1 else ""
        found.append((_with_unit(title, what), [_value(cell) for cell in column]))
        for name, kind in (("low", what), ("high", what), ("seeds", "")):
            parts = [getattr(cell, name, None) for cell in column]
            if any(one is not None for one in parts):
                part = name if name == "seeds" else f"95 % {name}"
                found.append((_with_unit(f"{title}, {part}", kind), parts))
    frame = pd.DataFrame({number: values for number, (_, values) in enumerate(found)}, dtype=object)
    frame.columns = pd.Index([name for name, _ in found])
    return frame


def to_csv(table: pd.DataFrame) -> str:
    """A table of plain columns as the text of a file: shortest decimals that give the same numbers back."""
    return table.to_csv(index=False, lineterminator="\n")


def _columns(table: pd.DataFrame) -> list[list[object]]:
    return [list(table.iloc[:, number]) for number in range(table.shape[1])]


def _title(column: object) -> str:
    parts = column if isinstance(column, tuple) else (column,)
    return ", ".join(str(part) for part in parts if str(part))


def _with_unit(title: str, unit: str) -> str:
    """The title with its unit, unless it says one already."""
    return title if not unit or title.endswith((unit, f"({unit})")) else f"{title} ({unit})"


def _value(cell: object) -> object:
    return cell.value if isinstance(cell, Cell) else _plain(cell)


def _plain(text: object) -> object:
    """Text without the spaces that only keep a line together."""
    return text.replace("\N{NO-BREAK SPACE}", " ") if isinstance(text, str) else text


def _is_numeric(values: list[object]) -> bool:
    said = [value for value in values if value != ""]
    return bool(said) and all(re.fullmatch(r"[+-]?[\d,]*\.?\d+(e[+-]?\d+)?", str(value)) for value in said)
