"""A figure that carries its numbers into the notebook."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from resilinet.exhibits import Exhibit


class Plotted(Figure):
    """A figure that knows the numbers it shows.

    Attributes:
        exhibit: its numbers; None until they are given.
    """

    exhibit: Exhibit | None = None

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return self.exhibit.bundle if self.exhibit is not None else {}
