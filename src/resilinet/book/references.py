"""What the pages of a book refer to: titles, labels, numbers of figures and equations, the literature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from resilinet.book.pages import Page, title_in

if TYPE_CHECKING:
    from pybtex.database import Entry, Person

LABEL = re.compile(r"^\(([\w-]+)\)=\n+#+ +(.+)$", re.MULTILINE)
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\} *(.*)\n:label: *([\w-]+)$", re.MULTILINE)
FIGURE = re.compile(r'<figure[^>]* id="([^"]+)">.*?caption-number">\w+\. ([\d.]+)', re.DOTALL)
EQUATION = re.compile(r'id="equation-([^"]+)">.*?class="eqno">\(([\d.]+)\)', re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A book, an article or a web page of the bibliography.

    Attributes:
        authors: as a sentence names them, for example *Yousefpour et al.*.
        year: of publication.
        full: the whole reference.
    """

    authors: str
    year: str
    full: str


@dataclass(frozen=True)
class References:
    """What roles such as ``{doc}`` and ``{cite:p}`` stand for.

    Attributes:
        titles: of each page, by name.
        chapters: names of the pages that are notebooks.
        labels: the heading that each label stands before, or the title of its exercise.
        numbers: of figures and labelled equations, by name.
        literature: by key of the bibliography.
        site: address of the published book, ending in a slash; empty where it is unknown.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    chapters: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    literature: Mapping[str, Source] = field(default_factory=dict)
    site: str = ""

    @classmethod
    def gather(
        cls, pages: Iterable[Page], source: Path, html: Path | None = None, site: str = ""
    ) -> References:
        """Reads them from the pages, the bibliography, and the numbers that Sphinx gave.

        Args:
            pages: of the book.
            source: its folder, with the ``.bib`` files.
            html: the set pages; without them nothing has a number.
            site: address of the published book.
        """
        from pybtex.database import parse_file  # here, as a book that is up to date needs no bibliography

        pages = list(pages)
        titles, labels, numbers = {}, dict[str, str](), dict[str, str]()
        for page in pages:
            text = page.path.read_text(encoding="utf-8")
            titles[page.name] = title_in(text) or page.name
            labels |= {label: title.strip() for label, title in LABEL.findall(text)}
            labels |= {label: title.strip() for title, label in EXERCISE.findall(text)}
            if html is not None:
                set_page = (html / f"{page.name}.html").read_text(encoding="utf-8")
                numbers |= dict(FIGURE.findall(set_page) + EQUATION.findall(set_page))
        literature = {
            key: _source(entry)
            for path in sorted(source.glob("*.bib"))
            for key, entry in parse_file(str(path)).entries.items()
        }
        chapters = frozenset(page.name for page in pages if page.is_chapter)
        return cls(titles, chapters, labels, numbers, literature, site)

    def link(self, page: str, text: str = "", anchor: str = "", up: str = "") -> str:
        """Returns a link to a page: to the notebook that lies beside, else to the site, else the mere title."""
        text, end = text or self.titles.get(page, page), f"#{anchor}" if anchor else ""
        if page in self.chapters:
            return f"[{text}]({up}{page}.ipynb)"
        return f"[{text}]({self.site}{page}.html{end})" if self.site else f"*{text}*"


def _source(entry: Entry) -> Source:
    people = entry.persons.get("author", [])
    title, year = _clean(entry.fields.get("title", "")), _clean(entry.fields.get("year", "n.d."))
    kinds = ("booktitle", "journal", "howpublished", "publisher", "school")
    where = next((_clean(entry.fields[kind]) for kind in kinds if kind in entry.fields), "")
    everybody = ", ".join(" ".join((*map(_clean, p.first_names), _family(p))) for p in people)
    parts = [part for part in (everybody, title, where, year) if part]
    return Source(_together(people), year, f"{'. '.join(parts)}.")


def _together(people: list[Person]) -> str:
    names = [_family(person) for person in people]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def _family(person: Person) -> str:
    return _clean(" ".join((*person.prelast_names, *person.last_names)))


def _clean(text: str) -> str:
    """Returns a field of the bibliography without TeX's braces and accents."""
    from pybtex.richtext import Text

    return " ".join(str(Text.from_latex(text)).split())
