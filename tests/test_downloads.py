"""What readers take away: chapters as plain notebooks, numbers as CSV, and where each number came from."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml

from made_up import made_up
from resilinet import figures, tables
from resilinet.book.address import Address
from resilinet.book.edition import Edition
from resilinet.book.errors import BookError
from resilinet.book.notebooks import clean_notebook
from resilinet.book.pages import Page, read_pages
from resilinet.book.plain import PlainMarkdown, leftovers
from resilinet.book.references import References
from resilinet.book.roles import Roles
from resilinet.book.settings import NOTEBOOKS, write_settings
from resilinet.cells import Cell, in_full, to_csv
from resilinet.experiments import ARTEFACTS
from resilinet.paper import Measured, verify
from resilinet.paper.page import show_ledger
from resilinet.store import Store

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
PAGES = read_pages(BOOK)
REFERENCES = References.gather(PAGES, BOOK)

each_chapter = pytest.mark.parametrize("page", [p for p in PAGES if p.is_chapter], ids=lambda page: page.name)
each_text = pytest.mark.parametrize(
    "page", [p for p in PAGES if not p.is_chapter], ids=lambda page: page.name
)


def notebook_of(page: Page) -> dict[str, Any]:
    """A chapter as a notebook that nobody has run."""
    text = jupytext.writes(jupytext.read(page.path, fmt="md:myst"), fmt="ipynb")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def plain(text: str, **glued: Any) -> str:
    return PlainMarkdown(Roles(REFERENCES, glued), BOOK).write_out(text)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Made-up results of Fig. 2a."""
    store = Store(tmp_path_factory.mktemp("results"))
    for trial in ARTEFACTS["figure-2a"].trials("published"):
        record = made_up(trial, lambda t, _: 90 + t.seed / 7, total=1000)
        made = {"commit": "0123456789+changes", "finished": f"2026-0{1 + trial.seed % 9}-02T00:00:00+00:00"}
        store.write(replace(record, provenance=made))
    return store


@each_chapter
def test_no_mark_of_myst_is_left_in_a_chapter(page: Page) -> None:
    clean = clean_notebook(notebook_of(page), REFERENCES, BOOK, "")
    nbformat.validate(nbformat.from_dict(clean))
    for cell in clean["cells"]:
        assert cell["cell_type"] == "code" or leftovers(cell["source"]) == []
    code = [cell for cell in clean["cells"] if cell["cell_type"] == "code"]
    assert code[0]["source"].startswith("# Set-up")
    assert code[1]["metadata"]["tags"] == ["parameters"]


@each_text
def test_no_mark_of_myst_is_left_in_a_text_page(page: Page) -> None:
    assert leftovers(plain(page.path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "mark",
    ["{doc}`x`", "```{note}\nx\n```", ":::{card} x", "(label)=", "`x`{.python}", "[a](b.md)", "> ```{tip}"],
)
def test_a_mark_that_is_left_is_found(mark: str) -> None:
    assert leftovers(f"Words.\n\n{mark}\n")


@pytest.mark.parametrize(
    "text", ["`{doc}` is a role.", "```\n{doc}`x`\n```", "$\\bar{x}_{1}$", "a (label) ="]
)
def test_code_and_formulas_are_no_marks(text: str) -> None:
    assert leftovers(text) == []
    assert plain(text) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("See {doc}`failout`.", "See [Failout](failout.ipynb)."),
        ("See {doc}`the rule <failout>`.", "See [the rule](failout.ipynb)."),
        ("{doc}`glossary`", "*Glossary*"),
        ("{term}`physical nodes <Physical node>`", "physical nodes"),
        ("{cite:t}`yousefpour2020resilinet`", "Yousefpour et al. (2020)"),
        ("{cite:p}`he2016resnet,ioffe2015batch`", "(He et al., 2016; Ioffe and Szegedy, 2015)"),
        ("{glue:text}`saving:.1f` %", "40.4 %"),
        ("[text](failout.md#top)", "[text](failout.ipynb)"),
        ("{unheard-of}`words`", "words"),
        ("(label)=\n# Title\n% a comment\ntext", "# Title\ntext"),
        ("```{math}\n:label: eq-x\na = b\n```", "$$\na = b\n$$"),
        ("```{note}\nMind this.\n```", "> **Note**\n>\n> Mind this."),
        (
            "```{admonition} Answer\n:class: dropdown\nIt is {doc}`failout`.\n```",
            "<details><summary>Answer</summary>\n\nIt is [Failout](failout.ipynb).\n\n</details>",
        ),
        ("::::{grid} 2\n:::{grid-item-card} Read\nWords.\n:::\n::::", "**Read**\n\nWords."),
        ("- item\n\n  ```{tip}\n  Twice.\n  ```", "- item\n\n  > **Tip**\n  >\n  > Twice."),
        (
            "```{exercise-start} Count\n:label: ex-1\n```\nHow many?\n```{exercise-end}\n```",
            "**Exercise: Count**\n\nHow many?",
        ),
        (
            "```{solution-start} short-recipe\n:class: dropdown\n```\nSeven.",
            "**Solution: A shorter recipe**\n\nSeven.",
        ),
        ("```{unheard-of} Title\nWords.\n```", "> **Title**\n>\n> Words."),
    ],
)
def test_marks_become_words(written: str, read: str) -> None:
    assert plain(written, saving=40.355) == read


def test_numbers_of_figures_and_equations_are_those_of_the_set_pages(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n", encoding="utf-8")
    (tmp_path / "a.html").write_text(
        '<figure class="x" id="fig-one"><img/><figcaption><span class="caption-number">Fig. 12 </span></figcaption>'
        '<div class="math" id="equation-eq-two"><span class="eqno">(3)<a></a></span></div>',
        encoding="utf-8",
    )
    found = References.gather([Page("a", tmp_path / "a.md", True)], tmp_path, tmp_path)
    assert Roles(found).write_out("{numref}`fig-one`, {eq}`eq-two`") == "Fig. 12, (3)"


def executed(*outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A notebook of a title and one cell that has been run."""
    cell = {
        "cell_type": "code",
        "metadata": metadata,
        "source": "x",
        "execution_count": 1,
        "outputs": [*outputs],
    }
    return {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# T"}, cell], "metadata": {}}


def output(**data: Any) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {k.replace("_", "/"): v for k, v in data.items()},
    }


def test_a_notebook_keeps_outputs_and_captions_but_not_what_only_the_book_reads() -> None:
    shown = output(text_html="<table></table>", text_markdown="{doc}`failout`")
    glued = output() | {"data": {"application/papermill.record/text/plain": "7"}}
    notebook = executed(
        shown, glued, mystnb={"figure": {"name": "fig-x", "caption": "What {doc}`failout` does."}}
    )
    clean = clean_notebook(notebook, REFERENCES, BOOK, "https://example.org/x")
    (title, set_up, cell, caption) = clean["cells"]
    assert title["source"] == "# T"
    assert 'repository = "https://example.org/x"' in set_up["source"]
    assert [o["data"] for o in cell["outputs"]] == [
        {"text/html": "<table></table>", "text/markdown": "[Failout](failout.ipynb)"}
    ]
    assert caption["source"] == "What [Failout](failout.ipynb) does."


def test_a_notebook_with_a_mark_left_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainMarkdown, "write_out", lambda self, text: text)
    notebook = executed()
    notebook["cells"][0]["source"] = "{doc}`x`"
    with pytest.raises(BookError, match="marks of MyST"):
        clean_notebook(notebook, REFERENCES, BOOK, "")


def set_up(folder: Path, repository: str) -> subprocess.CompletedProcess[str]:
    """Runs the set-up cell in a folder and says where it ended."""
    source = clean_notebook(executed(), REFERENCES, BOOK, repository)["cells"][1]["source"]
    command = [sys.executable, "-c", f"{source}\nprint(os.getcwd())"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_set_up_cell_finds_the_project_around_it(tmp_path: Path) -> None:
    (tmp_path / "book" / "deep").mkdir(parents=True)
    (tmp_path / "book" / "_toc.yml").touch()
    assert set_up(tmp_path / "book" / "deep", "").stdout.strip() == os.path.realpath(tmp_path / "book")


def test_the_set_up_cell_fetches_the_project_or_says_that_it_cannot(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "book").mkdir(parents=True)
    (project / "book" / "_toc.yml").touch()
    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], check=True)
    alone = tmp_path / "alone"
    alone.mkdir()
    assert "Give `repository` the address" in set_up(alone, "").stderr
    fetched = set_up(alone, project.as_uri())
    assert fetched.stdout.strip() == os.path.realpath(alone / "resilinet-companion" / "book"), fetched.stderr


def rows(shown: Any) -> list[dict[str, str]]:
    """The rows of the one file that HTML in a cell offers."""
    (text,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', str(shown.data))
    return list(csv.DictReader(io.StringIO(unquote(text))))


def trials_in(shown: Any) -> list[str]:
    """The first digits of the trials that HTML in a cell unfolds to."""
    return re.findall(r'href="verdicts\.html#trial-(\w+)"', str(shown.data))


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
    entries = [entry for entry in verify(store) if entry.artefact != "claims"]
    found = rows(show_ledger(entries))
    assert [(row["artefact"], row["key"], row["verdict"]) for row in found] == [
        (entry.artefact, entry.key, str(entry.verdict)) for entry in entries
    ]
    assert [float(row["paper"]) for row in found] == [entry.paper for entry in entries]


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


def settings(tmp_path: Path, address: Address) -> str:
    write_settings(ROOT / "_config.yml", tmp_path / "_config.yml", "<p>Version 7</p>", address)
    return (tmp_path / "_config.yml").read_text(encoding="utf-8")


def test_buttons_lead_to_the_notebooks_or_are_left_out(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    assert Address.of(tmp_path) == Address()
    unknown = settings(tmp_path, Address())
    assert "launch_buttons" not in unknown
    assert "repository_url" not in unknown
    assert (
        yaml.safe_load(unknown)["sphinx"]["config"]["html_theme_options"]["extra_footer"]
        == "<p>Version 7</p>"
    )
    (tmp_path / "CITATION.cff").write_text("repository-code: https://github.com/a/b/\n", encoding="utf-8")
    known = Address.of(tmp_path)
    assert known == Address("https://github.com/a/b")
    text = settings(tmp_path, known)
    assert f"repository_branch: {NOTEBOOKS}\n" in text
    assert f"path_to_docs: {NOTEBOOKS}\n" in text
    assert "https://github.com/a/b/edit/main/book/" in text


def test_the_branch_that_buttons_open_is_written_by_the_workflow() -> None:
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    assert f"git push --force origin {NOTEBOOKS}\n" in workflow
    assert f"path: {NOTEBOOKS}\n" in workflow
    assert f"git add {NOTEBOOKS}\n" in workflow


def test_a_workflow_knows_where_it_runs(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    elsewhere.setenv("GITHUB_REPOSITORY", "a/b")
    assert Address.of(tmp_path) == Address("https://github.com/a/b", "https://a.github.io/b/")


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
    assert f"of 3 February 2026 (commit <code>{first.commit}</code>)" in first.footer(Address())
    elsewhere.setenv("GIT_COMMITTER_DATE", "2026-05-06T10:00:00+00:00")
    (tmp_path / "notes.txt").write_text("not of the book", encoding="utf-8")
    for words in (["add", "."], ["commit", "-qm", "b"]):
        subprocess.run([*git, *words], check=True)
    assert Edition.of(tmp_path) == first, "a commit that changes nothing of the book changes no page"
    page.write_text("b", encoding="utf-8")
    assert "with later changes" in Edition.of(tmp_path).footer(Address())
    elsewhere.setenv("SOURCE_DATE_EPOCH", "0")
    assert Edition.of(tmp_path).date == date(1970, 1, 1)


def test_the_version_is_the_project_s() -> None:
    assert f"\nversion: {Edition.of(ROOT).version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
