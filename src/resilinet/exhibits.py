"""Tables and figures that carry their numbers, and the trials behind them, into the notebook.

What is shown has, beside its picture, an entry of the type :data:`MIME`. A notebook viewer passes over it; the book's
build takes it out of the page, writes the numbers to a file and says in the colophon where they came from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

MIME: Final = "application/vnd.resilinet.exhibit+json"


@dataclass(frozen=True)
class Exhibit:
    """The numbers that a table or a figure shows.

    Attributes:
        csv: the numbers in full, as the text of a file with a header that gives units; empty where there are none.
        trials: identities of the trials behind them; empty for what is computed with the page.
        caption: of a table; a figure's stands in its cell.
    """

    csv: str
    trials: tuple[str, ...] = ()
    caption: str = ""

    @property
    def bundle(self) -> dict[str, Any]:
        """The entry of a notebook's output."""
        return {MIME: asdict(self)}


class Shown:
    """HTML for a notebook cell, with the numbers that it shows.

    Attributes:
        data: the HTML.
        exhibit: its numbers.
    """

    def __init__(self, data: str, exhibit: Exhibit) -> None:
        self.data, self.exhibit = data, exhibit

    def _repr_html_(self) -> str:
        return self.data

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": self.exhibit.caption or "table", **self.exhibit.bundle}
