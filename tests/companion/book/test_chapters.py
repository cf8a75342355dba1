"""Facts about the chapters as they are written: what a reader, a screen reader and the build rely on."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import jupytext
import pytest
import torch
import yaml
from typer.main import get_command

from companion.book.pages import Page, read_pages
from companion.cli.commands import app

ROOT = Path(__file__).parents[3]
PAGES = read_pages(ROOT / "book")
CHAPTERS = [page for page in PAGES if page.is_chapter]
PARTS = {
    "I The idea": ["distributed-networks", "settings", "failout", "resilinet-from-scratch", "explorer"],
    "II The evidence": [
        "health-data",
        "health-results",
        "health-ablations",
        "health-skips",
        "mobilenet",
        "resnet",
        "batch-normalisation",
        "imagenet",
        "camera",
        "bandwidth",
        "verdicts",
    ],
    "III Beyond the paper": ["live", "beyond", "choosing", "since-2020"],
    "IV Running and teaching": ["reviewing", "environment", "teaching", "decisions"],
    "Back matter": ["glossary", "references", "api"],
}
"""The order of the story; further pages may stand among these."""
STATED = {
    "settings": {"99.999 %"},
    "health-data": {"8 %"},
    "health-results": {"8 %", "95 %", "0.001", "1,024"},
    "camera": {"10 %", "35 %", "95 %"},
    "health-ablations": {"10 %", "30 %", "50 %", "95 %", "0.5"},
    "health-skips": {"95 %"},
    "health-people": {"95 %"},
    "beyond": {"95 %"},
    "batch-normalisation": {"10 %", "30 %"},
    "resnet": {"5 %", "10 %", "50 %"},
    # The paper's own numbers, each asserted beside the sentence that names it.
    "verdicts": {
        "10.02",
        "10.07",
        "10.11",
        "40.36",
        "40.61",
        "44.44",
        "49.28",
        "86.66",
        "87.75",
        "0.08",
        "0.96",
        "0.99",
        "10 %",
        "12.0",
        "30 %",
        "7.01",
        "7.60",
        "9.71",
        "95 %",
        "6.5",
    },
    "decisions": {"0.75", "0.01", "0.006", "0.001"},
}
"""What is no result of ours: a version, what the paper says in words, rates of failout, values of recipes."""

WORDS = {
    r"dead": "failed",
    r"dies?|dying": "fails",
    r"hears?|heard|hearing": "receives",
    r"nobody|everybody": "no node, no failure; every node",
    r"is told|are told": "receives, is given",
    r"says? of it(?:self)?": "sends, shows",
    r"Decided by": "the finding, then its number in a sentence",
    r"artefacts?": "exhibit",
    r"told apart": "distinguished",
}
"""Patterns of words that this book does not use of machines and results, each with its better word."""
WIDEST = 76
"""Characters of a line of code that a page of 1300 pixels shows without cutting it."""
EXHIBITS = (
    *(
        "Table 1",
        "Table 2",
        "Table 3",
        "Table 4",
        "Fig. 1",
        "Fig. 2a",
        "Fig. 2b",
        "Fig. 2c",
        "Fig. 3",
        "Fig. 4a",
    ),
    *("Fig. 4b", "Fig. 4c", "Fig. 5a", "Fig. 5b", "Fig. 5c", "Fig. 6", "section 2.3"),
)

each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)


def cells(page: Page) -> list[Any]:
    cells: list[Any] = jupytext.read(page.path, fmt="md:myst").cells
    return cells


def code(page: Page) -> list[Any]:
    return [cell for cell in cells(page) if cell.cell_type == "code"]


def prose(page: Page) -> str:
    """The text of a chapter without code, code blocks, mathematics and what directives take as options."""
    text = "\n\n".join(cell.source for cell in cells(page) if cell.cell_type == "markdown")
    text = re.sub(r"^(```+|:::+).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`", "", text)
    return re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.DOTALL)


def figures(page: Page) -> dict[str, dict[str, Any]]:
    """The options of each cell that shows a figure, by the figure's name."""
    found = [(cell.metadata.get("mystnb", {}), cell.source) for cell in code(page)]
    return {one["figure"]["name"]: {**one, "source": source} for one, source in found if "figure" in one}


def test_pages_come_in_numbered_parts_in_the_order_of_the_story() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    parts = {part["caption"]: [chapter["file"] for chapter in part["chapters"]] for part in toc["parts"]}
    assert PAGES[0].name == toc["root"] == "intro"
    assert [name for name in parts if name in PARTS] == list(PARTS)
    for caption, names in PARTS.items():
        assert [name for name in parts[caption] if name in names] == names
    chapters = [caption for caption in parts if caption != "Back matter"]
    assert [caption.partition(" ")[0] for caption in chapters] == sorted(
        caption.partition(" ")[0] for caption in chapters
    )


def test_the_first_page_shows_the_explorer_and_a_figure_and_no_long_table() -> None:
    code = [cell.source for cell in cells(PAGES[0]) if cell.cell_type == "code"]
    assert any("explorer(" in source for source in code)
    assert any("figures." in source for source in code)
    text = PAGES[0].path.read_text(encoding="utf-8")
    assert not re.search(r"(?:^\|.*\n){9}", text, re.M)  # six rows, head and rule
    assert not any("Markdown(" in source or "show(" in source for source in code)
    assert text.count(":link-type: doc") == 4


@each_chapter
def test_a_chapter_has_one_title_and_begins_with_it(page: Page) -> None:
    first = cells(page)[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# \S", first.source)
    text = "\n".join(cell.source for cell in cells(page) if cell.cell_type == "markdown")
    assert len(re.findall(r"^# ", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.M), re.M)) == 1


@each_chapter
def test_the_first_code_cell_declares_the_parameters_and_profile_first(page: Page) -> None:
    first = code(page)[0]
    assert "parameters" in first.metadata["tags"]
    assert first.source.startswith('profile = "published"')
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code(page)) == 1


@each_chapter
def test_every_parameter_is_explained(page: Page) -> None:
    shared = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "book" / "environment.md").read_text(encoding="utf-8"), re.M
    )
    assert "profile" in shared
    for line in code(page)[0].source.splitlines():
        assert line.partition(" = ")[0] in shared or "  # " in line, line


@each_chapter
def test_every_figure_has_a_name_a_caption_and_an_alternative_text(page: Page) -> None:
    for name, options in figures(page).items():
        assert name.startswith("fig-")
        assert options["figure"]["caption"].rstrip().endswith("."), name
        if ".picture(" not in options["source"]:  # a picture of a topology holds its own description
            assert len(options["image"]["alt"]) > 40, name


@each_chapter
def test_every_cell_that_plots_is_a_figure(page: Page) -> None:
    for cell in code(page):
        if re.search(r"plt\.(subplots|figure)\(", cell.source, re.M):
            assert "figure" in cell.metadata.get("mystnb", {}), cell.source[:60]


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.md")), ids=lambda path: path.stem)
def test_prose_uses_the_words_of_the_field(path: Path) -> None:
    page = Page(path.stem, path, is_chapter=True)
    text = prose(page)
    found = {word: better for word, better in WORDS.items() if re.search(rf"\b(?:{word})\b", text)}
    assert found == {}, "on this page write the word on the right"


@each_chapter
def test_no_visible_line_of_code_is_cut(page: Page) -> None:
    hidden = {"remove-cell", "remove-input", "hide-cell", "hide-input", "check"}
    shown = [cell.source for cell in code(page) if not hidden & set(cell.metadata.get("tags", []))]
    wide = [line for source in shown for line in source.splitlines() if len(line) > WIDEST]
    assert wide == []


@pytest.mark.parametrize("name", [*PARTS["I The idea"], *PARTS["II The evidence"], "beyond", "choosing"])
def test_a_chapter_opens_with_what_it_shows_and_ends_with_what_to_take_away(name: str) -> None:
    (page,) = (page for page in CHAPTERS if page.name == name)
    told = "\n\n".join(cell.source for cell in cells(page) if cell.cell_type == "markdown")
    opening = told.split("\n\n")[1]
    assert not opening.startswith(("#", "`"))
    assert 2 <= len(re.findall(r"[.?](?=\s|$)", opening)) <= 5, "the opening is a short paragraph"
    text = page.path.read_text(encoding="utf-8")
    taken = re.search(r"^## (?:What t|T)o take away\n\n((?:- .+\n(?:  .+\n)*)+)", text, re.M)
    assert taken is not None
    assert 3 <= len(re.findall(r"^- ", taken[1], re.M)) <= 4
    assert "## Exercises" not in text[: taken.start()]


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_of_the_paper_has_a_caption_that_begins_with_its_name(name: str) -> None:
    captions = [options["figure"]["caption"] for page in CHAPTERS for options in figures(page).values()]
    captions += [
        title for page in CHAPTERS for title in re.findall(r'"(Paper, [^"]*)"', page.path.read_text())
    ]
    assert any(re.match(rf"Paper, {re.escape(name)}\b", caption.strip()) for caption in captions)


@each_chapter
def test_a_caption_that_names_an_exhibit_of_the_paper_says_so_first(page: Page) -> None:
    captions = [options["figure"]["caption"] for options in figures(page).values()]
    captions += re.findall(
        r'^ +"([^"]+)",?$|^show\(.*, "([^"]+)"\)$', page.path.read_text(encoding="utf-8"), re.M
    )
    said = ["".join(one) for one in captions]
    assert [one for one in said if re.match(r"(?:The paper's )?(?:Fig\.|Table) \d", one.strip())] == []


def test_figure_names_are_unique_in_the_book() -> None:
    names = [name for page in CHAPTERS for name in figures(page)]
    assert len(names) == len(set(names))


@each_chapter
def test_no_result_is_typed_into_the_prose(page: Page) -> None:
    # A result is a number with a fraction, a percentage, or one of five digits and more.
    allowed = STATED.get(page.name, set())
    # The exercises name values to try.
    text = prose(page).split("## Exercises")[0]
    text = re.sub(r"\b(?:[Ss]ections?|FAQ|CC BY|version) \d+\.\d+", "", text)
    for value in allowed:
        text = text.replace(value, "")
    assert re.findall(r"\b\d+\.\d+\b|\b\d+ ?%|\b\d{5,}\b|\b\d+,\d{3}\b", text) == []


@each_chapter
def test_every_figure_is_spoken_of_or_explains_itself(page: Page) -> None:
    for reference in re.findall(r"\{numref\}`(?:[^`<]*<)?([\w-]+)>?`", page.path.read_text(encoding="utf-8")):
        assert any(reference in figures(other) for other in CHAPTERS), reference


@pytest.mark.parametrize("path", [*(p.path for p in PAGES), *ROOT.glob("*.md")], ids=lambda path: path.name)
def test_pages_name_no_place_on_a_machine(path: Path) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|tmp|home|root|Users)\b", path.read_text(encoding="utf-8"))


def own_network(text: str) -> str:
    """The code block that distributes a small network, less its imports."""
    (block,) = (b for b in re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.M) if "without_fog =" in b)
    return block[block.index("import torch") :].strip()


def test_readme_and_chapter_show_the_same_five_lines() -> None:
    readme, chapter = (
        own_network((ROOT / path).read_text(encoding="utf-8"))
        for path in ("README.md", "book/distributed-networks.md")
    )
    assert readme == chapter
    assert len(ast.parse(readme.split("\n\n")[-1]).body) == 5


def test_the_five_lines_do_what_the_readme_says() -> None:
    scope: dict[str, Any] = {}
    exec(own_network((ROOT / "README.md").read_text(encoding="utf-8")), scope)
    assert torch.equal(scope["answer"], scope["model"](torch.ones(4, 8)))
    assert scope["without_fog"].shape == (4, 3)
    assert scope["network"](torch.ones(4, 8), alive={"cloud"}) is None


def test_readme_names_every_command_and_make_target_that_exists() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`resilinet (\w+)", readme)) == commands
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.M))
    assert {"book", "test"} <= named <= targets


TEXTS = [
    *sorted((ROOT / "book").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data_prep/README.md")),
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_commands_in_the_text_have_the_options_that_they_are_given(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    shown = re.findall(r"`resilinet ([^`\n]+)`", text) + re.findall(
        r"^resilinet ([^#\n]+)", text, re.MULTILINE
    )
    for words in (line.split() for line in shown):
        command = get_command(app)
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands") or words == ["--help"], words
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, (
            command.name,
            words,
        )


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_scripts_in_the_text_are_scripts(path: Path) -> None:
    for script in re.findall(
        r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        read = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (read.returncode, read.stderr) == (0, ""), script


def test_citation_is_the_one_that_the_book_cites() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["preferred-citation"]
    entry = (ROOT / "book" / "references.bib").read_text(encoding="utf-8").split("@inproceedings")[1]
    assert citation["title"] == re.search(r"title\s*= \{(.*)\},", entry)[1].replace("{", "").replace("}", "")  # type: ignore[index]
    assert f"{{{citation['year']}}}" in entry
    for author in citation["authors"]:
        assert author["family-names"] in entry
