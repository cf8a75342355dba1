"""One page made of all pages of the built book, in reading order, for printing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from importlib.resources import files
from pathlib import Path

from resilinet.book.errors import BookError

ATTRIBUTE = re.compile(r'\s(id|name|for|(?:xlink:)?href|src|aria-describedby|aria-labelledby)="([^"]*)"')
HEADING = re.compile(
    r'<section[^>]*\sid="([^"]*)"[^>]*>(?:\s*<span id="[^"]*"></span>)*\s*<h([12])[^>]*>(.*?)</h\2>',
    re.DOTALL,
)
SCRIPT = re.compile(r"<script.*?</script>|<noscript>.*?</noscript>|<dialog.*?</dialog>", re.DOTALL)
MATH = "mathjax/tex-svg.js"


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents.

    Attributes:
        anchor: its place in the assembled page.
        level: 1 for a chapter, 2 for a section of one.
        title: as plain text.
    """

    anchor: str
    level: int
    title: str


@dataclass(frozen=True)
class Assembly:
    """All pages of a book as one.

    Attributes:
        title: of the book.
        about: lines below the title: authors, version.
        head: style sheets and scripts of the pages, as HTML.
        body: the pages, as HTML.
        headings: what the table of contents lists.
    """

    title: str
    about: tuple[str, ...]
    head: str
    body: str
    headings: tuple[Heading, ...]

    def page(self, numbers: Mapping[str, int]) -> str:
        """Returns the page to print, with the page number of each heading's anchor in the contents."""
        lines = "\n".join(
            f'<li class="level-{one.level}"><a href="#{one.anchor}"><span>{escape(one.title)}</span>'
            f"<b>{numbers.get(one.anchor, '')}</b></a></li>"
            for one in self.headings
        )
        about = "".join(f"<p>{escape(line)}</p>" for line in self.about)
        style, script = (
            (files(__package__) / f"pdf.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
        )
        return (
            f'<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
            f"<title>{escape(self.title)}</title>{self.head}<style>{style}</style></head>\n<body>"
            f'<header class="cover"><p class="title">{escape(self.title)}</p>{about}</header>\n'
            f'<nav class="book-contents"><p class="title">Contents</p><ol>{lines}</ol></nav>\n'
            f'<main class="bd-main"><div class="bd-content"><div class="bd-article-container">\n'
            f"{self.body}\n</div></div></main><script>{script}</script></body></html>\n"
        )


def assemble(html: Path, names: Sequence[str], about: Sequence[str] = ()) -> Assembly:
    """Makes one page of several.

    Args:
        html: the built pages.
        names: which, in reading order; the first also says which style sheets there are.
        about: lines for the cover.

    Raises:
        BookError: a page is missing or has no article.
    """
    articles, headings, scripts = [], [], ""
    for name in names:
        path = html / f"{name}.html"
        if not path.is_file():
            raise BookError(f"{path} is missing; build the book before printing it")
        page = path.read_text(encoding="utf-8")
        article = _article(page, path)
        if MATH in page and not scripts:
            scripts = "".join(re.findall(r"<script>window\.MathJax.*?</script>", page))
            scripts += f'<script src="_static/{MATH}"></script>'
        for anchor, level, title in HEADING.findall(article):
            text = re.sub(r'<a class="headerlink".*?</a>|<[^>]*>', "", title)
            headings.append(Heading(f"{name}--{anchor}", int(level), " ".join(unescape(text).split())))
        articles.append(f'<article class="bd-article" id="{name}">{_gather(article, name, names)}</article>')
    first = (html / f"{names[0]}.html").read_text(encoding="utf-8")
    sheets = "".join(
        link for link in re.findall(r"<link[^>]*>", first) if "stylesheet" in link and "_static" in link
    )
    title = re.search(r"<title>(.*?)</title>", first, re.DOTALL)
    book = unescape(title[1] if title else "").split(" — ")[-1].strip()
    return Assembly(book, tuple(about), sheets + scripts, "\n".join(articles), tuple(headings))


def _article(page: str, path: Path) -> str:
    begin, end = page.find('<article class="bd-article"'), page.rfind("</article>")
    if begin < 0 or end < begin:
        raise BookError(f"{path} has no article to print")
    return SCRIPT.sub("", page[page.index(">", begin) + 1 : end])


def _gather(article: str, name: str, names: Sequence[str]) -> str:
    """Returns an article whose anchors are its own, and whose links lead to the others within the one page."""
    folder = posixpath.dirname(name)

    def move(match: re.Match[str]) -> str:
        attribute, value = match.groups()
        if attribute in ("id", "name", "for", "aria-describedby", "aria-labelledby"):
            return f' {attribute}="{name}--{value}"'
        if value.startswith("#"):
            return f' {attribute}="#{name}--{value[1:]}"' if value != "#" else ""
        if re.match(r"[a-z]+:|//", value):
            return match[0]
        target, _, fragment = value.partition("#")
        target = posixpath.normpath(posixpath.join(folder, target))
        if attribute == "src":
            return f' src="{target}"'
        page = target.removesuffix(".html")
        if page not in names:
            return ""  # a file beside the book, which paper does not bring
        return f' href="#{page}--{fragment}"' if fragment else f' href="#{page}"'

    # Drawings within the page have anchors of their own, which their styles name.
    return ATTRIBUTE.sub(move, article).replace("url(#", f"url(#{name}--")
