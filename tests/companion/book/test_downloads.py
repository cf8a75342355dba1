"""What readers take away: numbers as CSV with the trials behind them, and where the book itself came from."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import yaml

from companion import figures, tables
from companion.book.edition import Edition
from companion.book.typeset import NOTEBOOKS, settings
from companion.experiments import ARTEFACTS
from companion.paper import Measured, verify
from companion.results.store import Store
from companion.tables.ledger_page import offer_ledger
from companion.tables.numbers import Cell, in_full, to_csv
from made_up import made_up

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Made-up results of Fig. 2a."""
    store = Store(tmp_path_factory.mktemp("results"))
    for trial in ARTEFACTS["figure-2a"].trials("published"):
        record = made_up(trial, lambda t, _: 90 + t.seed / 7, total=1000)
        made = {"commit": "0123456789+changes", "finished": f"2026-0{1 + trial.seed % 9}-02T00:00:00+00:00"}
        store.write(replace(record, provenance=made))
    return store


def rows(shown: Any) -> list[dict[str, str]]:
    """The rows of the one file that HTML in a cell offers."""
    (text,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', str(shown.data))
    return list(csv.DictReader(io.StringIO(unquote(text))))


def trials_in(shown: Any) -> list[str]:
    """The first digits of the trials that HTML in a cell unfolds to."""
    return re.findall(r"<code>([0-9a-f]{16})</code>", str(shown.data))


def test_a_file_keeps_what_a_table_rounds_and_names_its_trials(store: Store) -> None:
    shown = tables.show(tables.averages(verify(store), "figure-2a"), "Fig. 2a: average accuracy in %")
    normal = next(row for row in rows(shown) if row["Setting"] == "Normal")
    ours = Measured(store).average("figure-2a", "dfg", "normal")
    assert float(normal["DFG, ours (%)"]) == np.mean(list(ours.values.values()))
    assert f"{float(normal['DFG, ours (%)']):.2f}" in str(shown.data)
    assert float(normal["DFG, ours, 95 % low (%)"]) == ours.interval.low  # type: ignore[union-attr]
    assert normal["DFG, ours, seeds"] == str(len(ours.values))
    assert set(trials_in(shown)) == {trial.id[:16] for trial in ARTEFACTS["figure-2a"].trials("published")}
    assert 'download="fig-2a-average-accuracy-in.csv"' in str(shown.data)


def test_a_file_keeps_every_seed_of_a_figure(store: Store) -> None:
    shown = figures.in_words(Measured(store), "figure-2a")
    row = next(r for r in rows(shown) if (r["series"], r["setting"]) == ("ResiliNet", "Poor"))
    values = Measured(store).average("figure-2a", "resilinet", "poor").values
    assert {seed: float(row[f"seed {seed} (%)"]) for seed in values} == values
    assert float(row["paper (%)"]) > 0
    assert len(trials_in(shown)) == len(ARTEFACTS["figure-2a"].trials("published"))


def test_the_ledger_can_be_taken_away_whole(store: Store) -> None:
    entries = verify(store)
    found = rows(offer_ledger(entries))
    assert [(row["artefact"], row["key"], row["verdict"]) for row in found] == [
        (entry.artefact, entry.key, str(entry.verdict)) for entry in entries
    ]
    assert [row["paper"] and float(row["paper"]) for row in found] == [
        "" if entry.paper is None else entry.paper for entry in entries
    ]


def test_what_is_missing_is_empty_in_a_file(tmp_path: Path) -> None:
    shown = figures.in_words(Measured(Store(tmp_path)), "figure-2a")
    assert {row["ours (%)"] for row in rows(shown)} == {""}
    assert trials_in(shown) == []


def test_any_text_comes_out_of_a_link_as_it_went_in() -> None:
    text = 'one "two" <b>, näher; 5 %#\n'
    shown = tables.offer(pd.DataFrame({"a": [text]}), 'What <is> "meant"')
    assert rows(shown)[0]["a"] == text
    assert 'aria-label="CSV: What &lt;is&gt; &quot;meant&quot;"' in str(shown.data)


@pytest.mark.parametrize(
    ("caption", "column", "header"),
    [
        ("Accuracy in %", "DFG", "DFG (%)"),
        ("Accuracy in percent", "DFG", "DFG (%)"),
        ("Accuracy in %", "share in %", "share in %"),
        ("Numbers sent", "DFG", "DFG"),
    ],
)
def test_a_header_names_the_unit_that_the_caption_says(caption: str, column: str, header: str) -> None:
    table = pd.DataFrame({column: ["1.5"], "why": ["words"]}, index=pd.Index(["x"], name="row"))
    assert list(in_full(table, caption)) == ["row", header, "why"]


def test_columns_of_one_name_are_kept_apart() -> None:
    table = pd.DataFrame([[Cell("1", 1.25), Cell("2", 2.5)]], columns=["a", "a"])
    assert to_csv(in_full(table)).splitlines() == ["row,a (%),a (%)", "0,1.25,2.5"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Outside any workflow that would know an address."""
    for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_buttons_lead_to_the_repository_or_are_left_out(
    tmp_path: Path, elsewhere: pytest.MonkeyPatch
) -> None:
    unknown = settings(ROOT / "_config.yml", Edition("7"))
    assert "launch_buttons" not in unknown
    assert "repository_url" not in unknown
    options = yaml.safe_load(unknown)["sphinx"]["config"]["html_theme_options"]
    assert options["extra_footer"] == "<p>Version 7</p>"
    (tmp_path / "CITATION.cff").write_text("repository-code: https://github.com/a/b/\n", encoding="utf-8")
    known = Edition.of(tmp_path)
    assert (known.repository, known.site) == ("https://github.com/a/b", "")
    text = settings(ROOT / "_config.yml", known)
    assert f"repository_branch: {NOTEBOOKS}\n" in text
    assert "binderhub_url: https://mybinder.org\n" in text
    assert "colab_url: https://colab.research.google.com\n" in text
    assert "https://github.com/a/b/edit/main/book/" in text


def test_the_branch_that_buttons_open_is_written_by_the_workflow() -> None:
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    assert f"git push --force origin {NOTEBOOKS}\n" in workflow
    assert "git add --force book/*.ipynb\n" in workflow


def test_a_workflow_knows_where_it_runs(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    assert Edition.of(tmp_path).site == ""
    elsewhere.setenv("GITHUB_REPOSITORY", "a/b")
    edition = Edition.of(tmp_path)
    assert (edition.repository, edition.site) == ("https://github.com/a/b", "https://a.github.io/b/")
    said = yaml.safe_load(settings(ROOT / "_config.yml", edition))["sphinx"]["config"]
    assert (said["ogp_site_url"], said["notfound_urls_prefix"]) == (edition.site, "/b/")


def test_the_foot_names_version_commit_and_its_day(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "a.md"
    page.write_text("a", encoding="utf-8")
    elsewhere.setenv("GIT_COMMITTER_DATE", "2026-02-03T10:00:00+00:00")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], check=True)
    first = Edition.of(tmp_path)
    assert (first.date, first.changed) == (date(2026, 2, 3), False)
    assert f"of 3 February 2026 (commit <code>{first.commit}</code>)" in first.footer
    elsewhere.setenv("GIT_COMMITTER_DATE", "2026-05-06T10:00:00+00:00")
    (tmp_path / "notes.txt").write_text("not of the book", encoding="utf-8")
    for words in (["add", "."], ["commit", "-qm", "b"]):
        subprocess.run([*git, *words], check=True)
    assert Edition.of(tmp_path) == first, "a commit that changes nothing of the book changes no page"
    copied = tmp_path / "copied"
    (copied / "book").mkdir(parents=True)
    (copied / "book" / "a.md").write_text("a", encoding="utf-8")
    for words in (["add", "."], ["commit", "-qm", "c"]):
        subprocess.run([*git, *words], check=True)
    assert Edition.of(copied).commit == "", "a copy within another repository"
    page.write_text("b", encoding="utf-8")
    assert "with later changes" in Edition.of(tmp_path).footer
    elsewhere.setenv("SOURCE_DATE_EPOCH", "0")
    assert Edition.of(tmp_path).date == date(1970, 1, 1)


def test_the_version_is_the_project_s() -> None:
    assert f"\nversion: {Edition.of(ROOT).version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
