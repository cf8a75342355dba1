"""Puts the glossary's definitions into the pages that use its terms, where ``definitions.js`` finds them.

They stand there hidden, each as the description of the links to its term, so that a page needs no other
file to show them and readers of the screen hear them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from pathlib import Path

# As Sphinx writes them: one or more terms, each with its anchor, and then what they mean.
ENTRY = re.compile(r"((?:<dt id=\"term-[^>]*>.*?</dt>\s*)+)<dd>(.*?)</dd>", re.DOTALL)
ANCHOR = re.compile(r'<dt id="(term-[^"]+)"')
USE = re.compile(
    r'<a class="reference internal" href="[^"#]*#(term-[^"]+)"(?=[^>]*><span class="xref std std-term)'
)


def read_definitions(glossary: Path) -> dict[str, str]:
    """Returns the meaning of each term, as plain text, by its anchor in the glossary's page."""
    found = {}
    for anchors, meaning in ENTRY.findall(glossary.read_text(encoding="utf-8")):
        text = " ".join(unescape(re.sub(r"<[^>]*>", "", meaning)).split())
        found.update(dict.fromkeys(ANCHOR.findall(anchors), text))
    return found


def explain(page: str, meanings: Mapping[str, str]) -> str:
    """Returns a page in which each link to a term is described by what the term means."""
    used = [anchor for anchor in dict.fromkeys(USE.findall(page)) if anchor in meanings]
    if not used:
        return page
    page = USE.sub(
        lambda link: link[0] + f' aria-describedby="{_name(link[1])}"' * (link[1] in meanings), page
    )
    hidden = "".join(
        f'<div hidden id="{_name(anchor)}">{escape(meanings[anchor])}</div>\n' for anchor in used
    )
    head, body, tail = page.rpartition("</body>")
    return head + hidden + body + tail


def define_terms(html: Path) -> None:
    """Explains the terms of the glossary on all pages below a folder; a book without a glossary is left alone."""
    glossary = html / "glossary.html"
    if not glossary.is_file():
        return
    meanings = read_definitions(glossary)
    for path in html.rglob("*.html"):
        before = path.read_text(encoding="utf-8")
        after = explain(before, meanings)
        if after != before:
            path.write_text(after, encoding="utf-8")


def _name(anchor: str) -> str:
    return anchor.replace("term-", "definition-", 1)
