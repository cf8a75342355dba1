"""Facts about the exercises as they are written, and what is refused as none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from companion.book.pages import read_pages
from companion.teaching import Exercise, TeachingError, read_exercises
from companion.teaching.prompts import prompt

ROOT = Path(__file__).parents[3]
TEACHING = (
    "distributed-networks",
    "resilinet-from-scratch",
    "failout",
    "settings",
    "health-data",
    "health-results",
    "explorer",
    "health-ablations",
    "health-skips",
    "mobilenet",
    "resnet",
    "batch-normalisation",
    "imagenet",
    "camera",
    "bandwidth",
    "verdicts",
)
HEAD = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n---\n\n# Title\n\n"
ASKED = "```{exercise-start} Half\n:label: ex-half\n```\n\nCall it `half`.\n\n```{exercise-end}\n```\n\n"
SOLVED = "```{solution-start} ex-half\n:class: dropdown\n```\n\n"
ANSWER = "```{code-cell} python\nhalf = 0.5\n```\n\n"
TESTED = "```{code-cell} python\n:tags: [check]\n\nassert half == 0.5\n```\n\n"
END = "```{solution-end}\n```\n"
EXERCISES = {name: read_exercises(ROOT / "book" / f"{name}.md") for name in TEACHING}
GRADED = [(name, exercise) for name in TEACHING for exercise in EXERCISES[name] if exercise.points]
each_exercise = pytest.mark.parametrize(
    ("page", "exercise"), GRADED, ids=lambda value: getattr(value, "label", value)
)


@pytest.mark.parametrize("page", TEACHING)
def test_a_teaching_chapter_has_two_to_four_graded_exercises(page: str) -> None:
    assert 2 <= sum(exercise.points > 0 for exercise in EXERCISES[page]) <= 4
    assert "\n## Exercises\n" in (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")


def test_labels_are_unique_in_the_book() -> None:
    labels = [one.label for page in read_pages(ROOT / "book") for one in read_exercises(page.path)]
    assert len(labels) == len(set(labels))


@each_exercise
def test_what_is_asked_can_be_read_in_any_notebook(page: str, exercise: Exercise) -> None:
    assert exercise.statement
    assert not re.search(r"\{[\w:-]+\}`|^(?:```|:::)\{", exercise.statement, re.MULTILINE)
    for name in re.findall(r"^def (\w+)|^(\w+) = \.\.\.", prompt(exercise.answer), re.MULTILINE):
        assert f"`{''.join(name)}" in exercise.statement, f"{exercise.label} does not ask for {''.join(name)}"


def read(tmp_path: Path, text: str) -> list[Exercise]:
    page = tmp_path / "page.md"
    page.write_text(HEAD + text, encoding="utf-8")
    return read_exercises(page)


def test_an_exercise_has_its_parts_from_where_they_stand(tmp_path: Path) -> None:
    text = ASKED.replace("Call it", "```{code-cell} python\nwhole = 1\n```\n\nCall it")
    (one,) = read(
        tmp_path, f"Prose.\n\n{text}Between.\n\n{SOLVED}Because.\n\n{ANSWER}{TESTED}{END}\nAfter.\n"
    )
    assert one == Exercise(
        "ex-half", "Half", "Call it `half`.", "whole = 1", "Because.", "half = 0.5", ("assert half == 0.5",)
    )
    assert (one.name, one.points) == ("half", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ASKED, "ex-half has no solution"),
        (ASKED + SOLVED + ANSWER + TESTED, "solution ex-half has no end"),
        (ASKED + SOLVED + ANSWER + END, "needs an answer and a check, or neither"),
        (ASKED + SOLVED + ANSWER + TESTED + ANSWER + END, "answers after it has been checked"),
        (ASKED + ASKED, "needs a label of its own"),
        (ASKED.replace("ex-half", "half"), "needs a label of its own that begins with ex-"),
        (SOLVED + END, "ex-half is solved twice or was never asked"),
        (END, "solution-end stands where no solution has begun"),
        (ASKED.replace("```{exercise-end}\n```", "") + SOLVED, "begins inside exercise ex-half"),
    ],
)
def test_what_is_no_exercise_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TeachingError, match=message) as found:
        read(tmp_path, text)
    assert str(found.value).startswith("page.md: ")


def test_a_prompt_keeps_what_is_asked_and_drops_what_answers() -> None:
    answer = (
        'import math\n\n\ndef half(x):\n    """Half of x."""\n    y = x / 2\n    return y\n\n\n'
        "a, b = half(1), half(2)\nprint(math.pi)\n"
    )
    assert prompt(answer) == 'import math\n\ndef half(x):\n    """Half of x."""\n    ...\n\na = ...\nb = ...'


def test_an_answer_that_cannot_be_left_open_is_refused() -> None:
    with pytest.raises(TeachingError, match=r"cannot be left open at: x\[0\] = 1"):
        prompt("x[0] = 1")
