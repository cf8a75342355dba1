"""What the page for reviewers counts: parameters, times of chapters, times of trainings."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest

from companion.experiments import EXPERIMENTS
from companion.results.store import Store
from companion.tables.training_times import ratio, training_times, trials_of_experiment
from made_up import made_up
from resilinet.book.address import Address
from resilinet.book.draft import Draft
from resilinet.book.pages import read_pages
from resilinet.book.times import ChapterTime, keep_time, read_times, state_times
from resilinet.chapter_parameters import parameters
from resilinet.chapter_times import measured

ROOT = Path(__file__).parents[1]
TIME = ChapterTime("one", "published", 3.0, 2.0, 300.0, 2, 0.5, "x86_64, Linux", "2026-01-01")
CHAPTER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# One

```{code-cell} python
:tags: [parameters]
profile = "published"
share = 0.5  # of the cake
```
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "_config.yml").write_text("title: One\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "_toc.yml").write_text("format: jb-book\nroot: one\n")
    (tmp_path / "book" / "one.md").write_text(CHAPTER)
    return tmp_path / "book"


def test_every_parameter_of_every_chapter_has_a_meaning() -> None:
    found = list(parameters(read_pages(ROOT / "book")))
    assert [one for one in found if not one.meaning] == []
    assert {one.chapter for one in found} == {
        page.name for page in read_pages(ROOT / "book") if page.is_chapter
    }


def test_every_chapter_has_been_timed() -> None:
    chapters = {page.name for page in read_pages(ROOT / "book") if page.is_chapter}
    assert set(read_times(ROOT / "book")) == {
        (name, which) for name in chapters for which in ("published", "smoke")
    }


def test_a_comment_tells_what_a_parameter_means(book: Path) -> None:
    first, second = parameters(read_pages(book))
    assert (first.name, first.default) == ("profile", '"published"')
    assert (second.name, second.default, second.meaning) == ("share", "0.5", "of the cake")


def test_times_are_kept_in_place_of_earlier_ones(tmp_path: Path) -> None:
    assert read_times(tmp_path) == {}
    other, later = replace(TIME, profile="smoke"), replace(TIME, cpu=9.0)
    for taken in (TIME, other, later):
        keep_time(taken, tmp_path)
    assert read_times(tmp_path) == {("one", "published"): later, ("one", "smoke"): other}
    (tmp_path / "_times.json").write_text('[{"chapter": "one"}]')
    with pytest.raises(ValueError, match="not a file of chapters' times"):
        read_times(tmp_path)


def test_each_chapter_says_what_it_takes_where_that_was_measured(book: Path, tmp_path: Path) -> None:
    (chapter,) = read_pages(book)
    text = replace(chapter, name="part/two", is_chapter=False)
    draft = Draft(tmp_path, tmp_path, book, tmp_path, (chapter, text), {}, (), Address())
    title = '<h1>One<a class="headerlink" href="#one">#</a></h1>'
    for page in draft.pages:
        draft.page(page.name).parent.mkdir(exist_ok=True)
        draft.page(page.name).write_text(f"<h1>One</h1>{title}<p>Text</p>")
        keep_time(replace(TIME, chapter=page.name), book)
    keep_time(replace(TIME, profile="smoke", cpu=33.4), book)
    state_times(draft)
    said = "Runs in 2 s under published and 33 s under smoke; full trains what is missing."
    expected = f'<h1>One</h1>{title}\n<p class="run-time">{said}</p><p>Text</p>'
    assert draft.page("one").read_text() == expected
    assert "run-time" not in draft.page(text.name).read_text()


def test_a_chapter_is_timed_by_running_it(book: Path) -> None:
    (taken,) = measured(book, "published")
    assert (taken.chapter, taken.profile) == ("one", "published")
    # A kernel starts: that takes a tenth of a second and some memory on any machine.
    assert 0.1 < taken.cpu < 60
    assert taken.wall > 0.1
    assert 10 < taken.memory < 2000
    with pytest.raises(ValueError, match="is no chapter"):
        next(measured(book, "published", ["two"]))
    with pytest.raises(ValueError, match="cannot be timed"):
        next(measured(book, "full"))


def test_training_times_leave_out_what_was_resumed(tmp_path: Path) -> None:
    store, trials = Store(tmp_path), trials_of_experiment(EXPERIMENTS["health"], "published")
    for trial, wall, resumed in zip(trials, (3600.0, 7200.0, 1.0), (False, False, True), strict=False):
        made = {"wall_seconds": wall, "resumed": resumed}
        store.write(replace(made_up(trial, lambda *_: 90.0), provenance=made))
    health, mobilenet, *_ = training_times(store)
    assert (health.done, health.planned) == (3, len(trials))
    assert health.minutes == pytest.approx(90)
    assert health.hours == pytest.approx((3600 + 7200 + 1) / 3600)
    assert health.left == pytest.approx(1.5 * (len(trials) - 3))
    # Published is the paper's size here.
    assert health.full == pytest.approx(1.5 * len(trials))
    assert dataclasses.astuple(mobilenet)[1:] == (0, mobilenet.planned, None, 0.0, None, None)


def test_full_size_takes_more_operations_and_epochs() -> None:
    times = {key: ratio(experiment) for key, experiment in EXPERIMENTS.items()}
    assert times["health"] == pytest.approx(1)
    # Twice the width is nearly four times the operations of the inner convolutions; 75 epochs are 7.5 times 10.
    assert times["resnet"] is not None
    assert 2 * 7.5 < times["resnet"] < 4 * 7.5
    assert times["imagenet"] is None
