"""Turns the exercises of a chapter into the one notebook from which Otter-Grader makes all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import yaml

from companion.teaching.exercises import Exercise
from companion.teaching.prompts import prompt

if TYPE_CHECKING:
    from nbformat import NotebookNode

PARAMETERS = 'profile = "published"\nresults = "results"'
"""What exercises may take from their chapter; the results that they read lie beside the notebook."""


def master(
    title: str, exercises: Sequence[Exercise], files: Sequence[str] = (), requirements: Sequence[str] = ()
) -> NotebookNode:
    """The notebook with answers and checks, marked up for ``otter assign``.

    Args:
        title: of the chapter.
        exercises: those that are graded; others are left out.
        files: what student and grader need beside the notebook, relative to it.
        requirements: what the grader's machine installs, as pip takes it.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

    make = {"raw": new_raw_cell, "markdown": new_markdown_cell, "code": new_code_cell}
    config = {"export_cell": False, "check_all_cell": True, "files": list(files)}
    if requirements:
        config["requirements"] = list(requirements)
    cells = [
        make["raw"](f"# ASSIGNMENT CONFIG\n{yaml.safe_dump(config)}"),
        make["markdown"](f"# {title}\n\n{_opening(exercises)}"),
        make["code"](PARAMETERS),
    ]
    for exercise in exercises:
        if exercise.points:
            cells += [make[kind](text) for kind, text in _question(exercise)]
    language = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = new_notebook(cells=cells, metadata=language)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same from one call to the next
    return notebook


def _opening(exercises: Sequence[Exercise]) -> str:
    graded = [exercise for exercise in exercises if exercise.points]
    points = sum(exercise.points for exercise in graded)
    return (
        f"{len(graded)} exercises, {points} points. Replace each `...`; the cell behind it tells whether the form is "
        "right and, for some exercises, more. Further checks are run when this notebook is graded."
    )


def _question(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """The cells of an exercise by kind."""
    yield "raw", f"# BEGIN QUESTION\nname: {exercise.name}\npoints: {[1] * exercise.points}"
    yield "markdown", f"## {exercise.title}\n\n{exercise.statement}"
    if exercise.given:
        yield "code", exercise.given
    yield "raw", "# BEGIN SOLUTION"
    # The prompt is code that the answer overrides: Otter strips the lines between the marks and keeps the rest.
    yield "code", f"{prompt(exercise.answer)}\n# BEGIN SOLUTION NO PROMPT\n{exercise.answer}\n# END SOLUTION"
    yield "raw", "# END SOLUTION"
    yield "raw", "# BEGIN TESTS"
    for number, check in enumerate(exercise.checks):
        yield "code", f"# HIDDEN\n{check}" if number else check
    yield "raw", "# END TESTS"
    yield "raw", "# END QUESTION"
