"""The parameters of every chapter, as papermill sees them, and what they mean."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jupytext
import papermill

from resilinet.book.pages import Page

MEANINGS: Final[Mapping[str, str]] = {
    "profile": "published: show the stored results; smoke: train every trial tiny, on synthetic data; full: train what "
    "is missing at the paper's size",
    "results": "folder of the stored results",
    "guess": "how one guesses where no information reaches the cloud: train-frequency or released-code",
    "seed": "of whatever the chapter draws itself",
    "probability": "your own probabilities of failure",
}
"""Of parameters that mean the same wherever they stand; a comment behind a parameter goes before."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a chapter.

    Attributes:
        chapter: its name in the table of contents.
        name: of the parameter.
        default: as the chapter spells it.
        meaning: in words; empty where nobody has said.
    """

    chapter: str
    name: str
    default: str
    meaning: str


def parameters(pages: Iterable[Page]) -> Iterator[Parameter]:
    """Every parameter of every chapter, in the order of the book."""
    with tempfile.TemporaryDirectory(prefix="resilinet-parameters-") as folder:
        notebook = Path(folder) / "chapter.ipynb"  # papermill looks into notebooks only
        for page in pages:
            if page.is_chapter:
                jupytext.write(jupytext.read(page.path, fmt="md:myst"), notebook)
                for name, found in papermill.inspect_notebook(str(notebook)).items():
                    meaning = found["help"] or MEANINGS.get(name, "")
                    yield Parameter(page.name, name, found["default"], meaning)
