"""The chapter that writes ResiliNet in plain PyTorch: short, free of the package, and equal to it."""

from __future__ import annotations

import ast
import sys
from contextlib import redirect_stdout
from io import StringIO
from itertools import takewhile
from pathlib import Path
from typing import Any

import jupytext
import pytest

CHAPTER = Path(__file__).parents[3] / "book" / "resilinet-from-scratch.md"
LINES = 70
"""Of code from topology to expected accuracy, blank lines left out, as the chapter says."""


def cells() -> list[Any]:
    found: list[Any] = jupytext.read(CHAPTER, fmt="md:myst").cells
    return found


def before(heading: str) -> list[str]:
    """The code that stands before a heading."""
    above = takewhile(lambda cell: heading not in cell.source, cells())
    return [cell.source for cell in above if cell.cell_type == "code"]


def run(**parameters: Any) -> dict[str, Any]:
    """What the names of the chapter mean once all cells before its exercises have run with these parameters."""
    scope: dict[str, Any] = {}
    with redirect_stdout(StringIO()):
        for number, code in enumerate(before("## Change this")):
            exec(code, scope)
            if number == 0:
                scope |= parameters
    return scope


def test_the_notebook_needs_no_checkout() -> None:
    """It runs wherever PyTorch is, so no cell imports what only a checkout has."""
    code = "\n".join(cell.source for cell in cells() if cell.cell_type == "code")
    assert "companion" not in code


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"rate": 0.4, "p": {"n1": 0.5, "n2": 0.0, "n3": 1.0}, "seed": 3},
        {"skips": {"n2": "i", "n4": "n2"}},
        {"layers": {"n1": 2, "n2": 1, "n3": 1, "n4": 1}},
    ],
    ids=["as printed", "rate and probabilities", "a skip less", "another depth"],
)
def test_from_scratch_equals_the_package(parameters: dict[str, Any]) -> None:
    # One epoch has batches with and without failures, and some without information flow.
    scope = run(**parameters, epochs=1)
    for name, scheme in zip(
        ("Vanilla", "DFG", "ResiliNet", "ResiliNet+"), scope["rn"].SCHEMES.values(), strict=True
    ):
        _, rate = scope["schemes"][name]
        network = scope["trained"](scheme, rate)
        counted = scope["rn"].correct_counts(network, scope["x_test"], scope["y_test"])
        assert list(counted.values()) == scope["counts"][name], name
    assert 100 * scope["mean"].value == pytest.approx(
        scope["expected"](scope["counts"]["ResiliNet"]), abs=1e-9
    )
    assert len({tuple(found) for found in scope["counts"].values()}) == 4, "the four schemes differ"


def test_the_part_from_scratch_needs_torch_alone() -> None:
    modules = set()
    for node in ast.walk(ast.parse("\n".join(before("(concise)=")))):
        if isinstance(node, ast.Import):
            modules |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).partition(".")[0])
    assert modules - sys.stdlib_module_names == {"torch"}


def test_the_method_is_as_short_as_the_chapter_says() -> None:
    method = "\n".join(before("## Train and compare")[2:])
    assert sum(bool(line.strip()) for line in method.splitlines()) <= LINES
    assert "in seventy lines of plain PyTorch" in CHAPTER.read_text(encoding="utf-8")
