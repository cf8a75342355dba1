"""What readers take away: chapters as plain notebooks, numbers as CSV, and where each number came from."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jupytext
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml

from companion import figures, tables
from companion.experiments import ARTEFACTS
from companion.paper import Measured, verify
from companion.results.store import Store
from companion.tables.ledger_page import show_ledger
from companion.tables.numbers import Cell, in_full, to_csv
from made_up import made_up
from resilinet.book.address import Address
from resilinet.book.colophon import MARK, Origin, fill_colophon
from resilinet.book.edition import Edition
from resilinet.book.errors import BookError
from resilinet.book.notebooks import clean_notebook
from resilinet.book.pages import Page, read_pages
from resilinet.book.placement import Placed, place
from resilinet.book.plain import PlainMarkdown, leftovers
from resilinet.book.plots import read_numbers
from resilinet.book.references import References
from resilinet.book.roles import Roles
from resilinet.book.settings import NOTEBOOKS, write_settings
from resilinet.exhibits import MIME, Exhibit

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
    shown["data"] |= Exhibit("a\n1\n").bundle
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
    assert MIME in notebook["cells"][1]["outputs"][0]["data"], "what was run is left alone"


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


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_keeps_what_a_table_rounds(store: Store) -> None:
    shown = tables.show(tables.averages(verify(store), "figure-2a"), "Fig. 2a: average accuracy in %")
    normal = next(row for row in rows(shown.exhibit.csv) if row["Setting"] == "Normal")
    ours = Measured(store).average("figure-2a", "dfg", "normal")
    assert float(normal["DFG, ours (%)"]) == np.mean(list(ours.values.values()))
    assert f"{float(normal['DFG, ours (%)']):.2f}" in shown.data
    assert float(normal["DFG, ours, 95 % low (%)"]) == ours.interval.low  # type: ignore[union-attr]
    assert normal["DFG, ours, seeds"] == str(len(ours.values))
    assert set(shown.exhibit.trials) == {trial.id for trial in ARTEFACTS["figure-2a"].trials("published")}


def test_a_file_keeps_every_seed_of_a_figure(store: Store) -> None:
    exhibit = figures.averages(Measured(store), "figure-2a").exhibit
    assert exhibit is not None
    row = next(r for r in rows(exhibit.csv) if (r["series"], r["setting"]) == ("ResiliNet", "Poor"))
    values = Measured(store).average("figure-2a", "resilinet", "poor").values
    assert {seed: float(row[f"seed {seed} (%)"]) for seed in values} == values
    assert float(row["paper (%)"]) > 0
    assert len(exhibit.trials) == len(ARTEFACTS["figure-2a"].trials("published"))


def test_the_ledger_can_be_taken_away_whole(store: Store) -> None:
    entries = [entry for entry in verify(store) if entry.artefact != "claims"]
    exhibit = show_ledger(entries).exhibit
    found = rows(exhibit.csv)
    assert [(row["artefact"], row["key"], row["verdict"]) for row in found] == [
        (entry.artefact, entry.key, str(entry.verdict)) for entry in entries
    ]
    assert [float(row["paper"]) for row in found] == [entry.paper for entry in entries]
    assert set(exhibit.trials) == {name for entry in entries for name in entry.trials}


def test_what_is_missing_is_empty_in_a_file(tmp_path: Path) -> None:
    exhibit = figures.averages(Measured(Store(tmp_path)), "figure-2a").exhibit
    assert exhibit is not None
    assert {row["ours (%)"] for row in rows(exhibit.csv)} == {""}
    assert exhibit.trials == ()


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


def test_numbers_of_a_plot_are_those_it_was_drawn_from() -> None:
    figure, axes = plt.subplots()
    axes.bar(["none", "n1"], [0.1, 0.25], label="expected")
    axes.plot(["none", "n1"], [0.125, np.nan], label="drawn")
    axes.axhline(0.5)
    axes.set(xlabel="dead", ylabel="share")
    found = [(row["series"], row["dead"], row["share"]) for row in rows(read_numbers(figure))]
    expected = [("expected", "none", "0.1"), ("expected", "n1", "0.25"), ("drawn", "none", "0.125")]
    assert found == [*expected, ("drawn", "n1", "")]
    plt.close(figure)


def test_each_panel_names_its_own_numbers_whichever_panels_have_none() -> None:
    figure, axes = plt.subplots(1, 3)
    for ax, title in zip(axes, ("off", "empty", "full"), strict=True):
        ax.set_title(title)
    axes[0].plot([1], [2])
    axes[0].set_axis_off()
    axes[2].plot([3], [4])
    assert [(row["panel"], row["y"]) for row in rows(read_numbers(figure))] == [("full", "4.0")]
    plt.close(figure)


def test_the_caps_of_intervals_are_no_points() -> None:
    figure, axes = plt.subplots()
    axes.errorbar([1.5, 2.5], [3, 5], yerr=1, capsize=3, label="ours")
    found = [(row["series"], row["x"], row["y"]) for row in rows(read_numbers(figure))]
    assert found == [
        ("ours", "1.5", "3.0"),
        ("ours", "2.5", "5.0"),
        *(
            (f"interval, {end}", x, y)
            for x, *ys in (("1.5", "2.0", "4.0"), ("2.5", "4.0", "6.0"))
            for end, y in zip(("low", "high"), ys, strict=True)
        ),
    ]
    plt.close(figure)


def test_only_what_stands_at_a_tick_has_its_name() -> None:
    figure, axes = plt.subplots()
    axes.plot([0, 0.3, 0.6, 1], [1, 2, 3, 4])
    axes.set_xticks([0, 1], ["none", "n1"])
    assert [row["x"] for row in rows(read_numbers(figure))] == ["none", "0.3", "0.6", "n1"]
    plt.close(figure)


def test_bars_side_by_side_and_what_is_drawn_on_them_have_the_name_of_their_tick() -> None:
    figure, axes = plt.subplots()
    for offset in (-0.3, 0.0, 0.3):
        axes.bar([offset, 1 + offset], [1, 2], 0.25)
    axes.plot([0.3, 0.5, 0.7], [1, 2, 3])
    axes.set_xticks([0, 1], ["none", "n1"])
    found = [row["x"] for row in rows(read_numbers(figure))]
    assert found == [*["none", "n1"] * 3, "none", "0.5", "n1"]
    plt.close(figure)


def test_a_drawing_has_no_numbers() -> None:
    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4])
    axes.set_axis_off()
    assert read_numbers(figure) == ""
    plt.close(figure)


def test_each_exhibit_gets_an_anchor_a_file_and_a_mark_with_a_name() -> None:
    table = output(text_html="<table></table>")
    tables_with_captions = []
    for caption in ("Table 1: all", "Table 1: all", ""):
        one = json.loads(json.dumps(table))
        one["data"] |= Exhibit("a\n1\n", ("t",), caption).bundle
        tables_with_captions.append(one)
    notebook = executed(*tables_with_captions)
    found = place("part/x", notebook, with_colophon=True)
    assert [one.anchor for one in found] == ["table-1-all", "table-1-all-2", "table-under-t"]
    html = notebook["cells"][1]["outputs"][0]["data"]["text/html"]
    assert 'id="table-1-all"' in html
    assert (
        '<a href="../data/part/x/table-1-all.csv" download aria-label="Numbers of this table as CSV">' in html
    )
    assert '<a href="../colophon.html#of-part-x-table-1-all" aria-label="Provenance of this table">' in html
    assert MIME not in json.dumps(notebook)


def test_a_figure_is_marked_in_its_caption_and_a_hidden_cell_not_at_all() -> None:
    drawn = output(**{"image_svg+xml": "<svg/>"})
    drawn["data"] |= Exhibit("").bundle
    options = {"figure": {"name": "fig-x", "caption": "What it shows."}}
    notebook = executed(drawn, mystnb=options)
    (one,) = place("x", notebook, with_colophon=True)
    assert (one.anchor, one.caption) == ("fig-x", "What it shows.")
    assert 'href="colophon.html#of-x-fig-x"' in options["figure"]["caption"]
    assert ".csv" not in options["figure"]["caption"], "a drawing has no numbers to offer"
    hidden = output(text_html="<table></table>")
    hidden["data"] |= Exhibit("a\n").bundle
    assert place("x", executed(hidden, tags=["remove-cell"]), with_colophon=True) == []


def test_the_colophon_says_of_each_exhibit_what_its_trials_say(store: Store, tmp_path: Path) -> None:
    trials = ARTEFACTS["figure-2a"].trials("published")
    (tmp_path / "colophon.md").write_text(f"# Colophon\n\n{MARK}\n", encoding="utf-8")
    placed = [
        Placed(
            "x", "fig-x", False, "The paper's Fig. 2a. All of it.", "", tuple(trial.id for trial in trials)
        ),
        Placed("x", "table-y", True, "All | of it", "", ()),
    ]
    fill_colophon(tmp_path, placed, {"x": "The chapter"}, {"x": Origin(store.folder, 3)}, Address())
    lines = (tmp_path / "colophon.md").read_text(encoding="utf-8").splitlines()
    first, second = lines[-5], lines[-1]
    assert (
        lines[-3]
        == "Computed with the page, which reads 3 stored results, and tied to no training by itself:"
    )
    assert all(trial.id[:16] in first for trial in trials)
    seeds = sorted({trial.seed for trial in trials})
    assert f"| {seeds[0]} to {seeds[-1]} |" in first
    assert str(trials[0].data["fingerprint"])[:16] in first
    assert f"{trials[0].recipe.epochs} epochs" in first
    assert "{numref}`fig-x` The paper's Fig. 2a |" in first
    assert "<code>0123456+</code>" in first
    assert first.endswith("| 2026-01-02 to 2026-09-02 |")
    assert 'id="of-x-table-y"' in second
    assert "All &#124; of it" in second


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
