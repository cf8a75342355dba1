"""Reads exercises and their solutions from a chapter.

An exercise is written with the gated directives of sphinx-exercise, so that cells of code can stand inside::

    exercise-start Title     label        what is asked; code cells give what it starts from
    exercise-end
    solution-start label                  an explanation; code cells answer, those tagged ``check`` tell if rightly
    solution-end

The first check is shown to students, the others wait for the grader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from companion.book.pages import read_text
from companion.teaching.prompts import TeachingError

CHECK = "check"
"""The tag of a cell that tells whether the answer before it is right."""
GATE = re.compile(
    r"^```+ *\{(exercise|solution)-(start|end)\}[ ]*(.*)\n((?::\w+:.*\n)*)```+ *$", re.MULTILINE
)


@dataclass(frozen=True)
class Exercise:
    """An exercise of a chapter.

    Attributes:
        label: its name in the book and, with underscores, in a grader.
        title: a few words.
        statement: what is asked, as Markdown without roles or directives, so that any notebook can show it.
        given: code that the student starts from.
        explanation: of the solution, as Markdown; may be empty.
        answer: code that answers; empty where nothing is to be handed in.
        checks: code that raises unless the answer is right, the first one shown to students.
    """

    label: str
    title: str
    statement: str
    given: str = ""
    explanation: str = ""
    answer: str = ""
    checks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The label as a Python identifier without its prefix."""
        return self.label.removeprefix("ex-").replace("-", "_")

    @property
    def points(self) -> int:
        """What it is worth: a point a check; 0 where nothing is graded."""
        return len(self.checks)


@dataclass
class _Reader:
    """Goes through the cells of a page from top to bottom."""

    page: str
    found: dict[str, Exercise] = field(default_factory=dict)
    inside: str = ""
    label: str = ""
    solved: set[str] = field(default_factory=set)

    def markdown(self, text: str) -> None:
        end = 0
        for gate in GATE.finditer(text):
            self._prose(text[end : gate.start()])
            kind, side, argument, options = gate.groups()
            self._gate(kind, side, argument.strip(), options)
            end = gate.end()
        self._prose(text[end:])

    def code(self, source: str, tags: list[str]) -> None:
        if self.inside == "exercise":
            self._change(given=_joined(self.found[self.label].given, source))
        elif self.inside == "solution" and CHECK in tags:
            self._change(checks=(*self.found[self.label].checks, source))
        elif self.inside == "solution":
            if self.found[self.label].checks:
                raise TeachingError(f"{self.page}: {self.label} answers after it has been checked.")
            self._change(answer=_joined(self.found[self.label].answer, source))

    def end(self) -> list[Exercise]:
        if self.inside:
            raise TeachingError(f"{self.page}: the {self.inside} {self.label} has no end.")
        for label in self.found:
            if label not in self.solved:
                raise TeachingError(f"{self.page}: {label} has no solution.")
        for exercise in self.found.values():
            if bool(exercise.answer) != bool(exercise.checks):
                raise TeachingError(f"{self.page}: {exercise.label} needs an answer and a check, or neither.")
        return list(self.found.values())

    def _gate(self, kind: str, side: str, argument: str, options: str) -> None:
        if side == "end":
            if self.inside != kind:
                raise TeachingError(f"{self.page}: {kind}-end stands where no {kind} has begun.")
            self.inside = ""
            return
        if self.inside:
            raise TeachingError(f"{self.page}: {kind} {argument} begins inside {self.inside} {self.label}.")
        self.inside = kind
        if kind == "solution":
            if argument not in self.found or argument in self.solved:
                raise TeachingError(f"{self.page}: {argument} is solved twice or was never asked.")
            self.label = argument
            self.solved.add(argument)
            return
        named = re.search(r"^:label: *(ex-[a-z0-9-]+) *$", options, re.MULTILINE)
        if named is None or named[1] in self.found:
            raise TeachingError(f"{self.page}: {argument!r} needs a label of its own that begins with ex-.")
        self.label = named[1]
        self.found[self.label] = Exercise(self.label, argument, "")

    def _prose(self, text: str) -> None:
        if not text.strip():
            return
        if self.inside == "exercise":
            self._change(statement=_joined(self.found[self.label].statement, text.strip()))
        elif self.inside == "solution":
            self._change(explanation=_joined(self.found[self.label].explanation, text.strip()))

    def _change(self, **values: object) -> None:
        self.found[self.label] = replace(self.found[self.label], **values)  # type: ignore[arg-type]


def read_exercises(page: Path) -> list[Exercise]:
    """The exercises of a page in reading order; none where it has no such thing.

    Args:
        page: a chapter, MyST Markdown that Jupytext reads.

    Raises:
        TeachingError: an exercise has no label, no end, no solution, or an answer without a check.
    """
    import jupytext

    reader = _Reader(page.name)
    for cell in jupytext.reads(read_text(page), fmt="md:myst").cells:
        if cell.cell_type == "markdown":
            reader.markdown(cell.source)
        elif cell.cell_type == "code":
            reader.code(cell.source, cell.metadata.get("tags", []))
    return reader.end()


def _joined(before: str, after: str) -> str:
    return f"{before}\n\n{after}" if before else after
