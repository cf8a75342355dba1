"""Writes MyST's inline marks out in plain Markdown: roles, attributes, links to pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from resilinet.book.references import References

ROLE = r"\{(?P<role>[\w:+.-]+)\}(?P<ticks>`+)(?P<body>.+?)(?P=ticks)(?!`)"
CODE = r"(?P<code>`+)(?!`)(?P<inside>.+?)(?<!`)(?P=code)(?!`)"
INLINE = re.compile(f"{ROLE}|{CODE}", re.DOTALL)
ATTRIBUTES = re.compile(r"(?<=[\])`])\{(?:[.#][^}\n]*|[\w-]+=[^}\n]*)\}")
PAGE_LINK = re.compile(
    r"\[(?P<text>[^\]]*)\]\((?P<up>(?:\.\./)*)(?P<page>[\w/-]+)\.(?:md|ipynb)(?:#(?P<anchor>[\w-]+))?\)"
)


@dataclass(frozen=True)
class Roles:
    """Turns the roles of a chapter into words and links.

    Attributes:
        references: what the roles refer to.
        glued: the values that the chapter has computed for its sentences, by name.
        up: what leads from the folder of the page to that of the book.
    """

    references: References
    glued: Mapping[str, Any] = field(default_factory=dict)
    up: str = ""

    def write_out(self, text: str) -> str:
        """Returns text in plain Markdown; code stays as it is."""
        text = INLINE.sub(lambda m: m[0] if m["code"] else self._role(m["role"], m["body"]), text)
        text = PAGE_LINK.sub(
            lambda m: self.references.link(m["page"], m["text"], m["anchor"] or "", m["up"]), text
        )
        return ATTRIBUTES.sub("", text)

    def _role(self, role: str, body: str) -> str:
        if role.startswith("bdg"):
            return f"**{body}**"
        if role.startswith("cite"):
            return self._cite(body, in_words=role.removeprefix("cite:") in ("t", "ts", "cite:t"))
        kinds: Mapping[str, Callable[[str], str]] = {
            "doc": self._doc,
            "ref": self._ref,
            "numref": self._numref,
            "eq": lambda name: f"({self._number(name)})",
            "glue": self._glue,
            "glue:text": self._glue,
            "math": lambda formula: f"${formula}$",
            "code": lambda text: f"`{text}`",
            "kbd": lambda text: f"`{text}`",
        }
        return kinds.get(role, lambda text: _split(text)[0])(body)

    def _doc(self, body: str) -> str:
        title, page = _split(body)
        page = page.strip("/")
        return self.references.link(page, title if title != body else "", up=self.up)

    def _ref(self, body: str) -> str:
        title, label = _split(body)
        return title if title != body else f"*{self.references.labels.get(label, label)}*"

    def _numref(self, body: str) -> str:
        title, name = _split(body)
        number = self._number(name)
        return title.replace("%s", number).replace("{number}", number) if title != body else f"Fig. {number}"

    def _number(self, name: str) -> str:
        return self.references.numbers.get(name, "?")

    def _cite(self, body: str, in_words: bool) -> str:
        known = self.references.literature
        found = [known[key.strip()] for key in body.split(",") if key.strip() in known]
        if in_words:
            return ", ".join(f"{source.authors} ({source.year})" for source in found)
        return "(" + "; ".join(f"{source.authors}, {source.year}" for source in found) + ")"

    def _glue(self, body: str) -> str:
        name, _, spec = body.partition(":")
        value = self.glued.get(name, f"({name})")
        return f"{value:{spec}}" if spec and isinstance(value, int | float) else str(value)


def glued_values(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the cells of an executed notebook have glued, by name."""
    found = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if name is not None:
                texts = (text for mime, text in output["data"].items() if mime.endswith("text/plain"))
                found[name] = _value("".join(next(texts, "")))
    return found


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _split(body: str) -> tuple[str, str]:
    """Returns the title and the target of ``title <target>``, which are one where there is no title."""
    parts = re.fullmatch(r"(.+?)\s*<([^<>]+)>", body, re.DOTALL)
    return (parts[1], parts[2]) if parts else (body, body)
