"""Writes MyST Markdown as plain Markdown, which reads well wherever notebooks are opened.

Jupyter, Colab and GitHub know no directives. Admonitions become block quotes, what unfolds becomes
``<details>``, equations stand between ``$$``, cards become paragraphs; an unknown directive becomes a block
quote, so that none is left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from resilinet.book.roles import ATTRIBUTES, INLINE, PAGE_LINK, ROLE, Roles

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}|:{3,}) *(?P<info>.*?) *$")
DIRECTIVE = re.compile(r"^\{(?P<name>[\w:+.-]+)\} *(?P<argument>.*)$", re.DOTALL)
DROPPED = frozenset(["toctree", "tableofcontents", "contents", "index", "solution-end", "exercise-end"])
OPEN = frozenset(["grid", "div", "tab-set", "margin", "sidebar", "aside", "epigraph"])
CARDS = frozenset(["card", "grid-item-card", "tab-item", "grid-item"])
CODE = frozenset(["code", "code-block", "sourcecode", "code-cell", "literalinclude"])
TITLES = {"seealso": "See also", "admonition": "", "dropdown": ""}


class PlainMarkdown:
    """Writes the text of one page in plain Markdown.

    Args:
        roles: how inline marks are written out.
        folder: the book's folder, for files that a page includes.
    """

    def __init__(self, roles: Roles, folder: Path) -> None:
        self.roles, self.folder = roles, folder

    def write_out(self, text: str) -> str:
        """Returns the text without directives, roles, labels and comments."""
        blocks, prose = list[str](), list[str]()
        lines = text.split("\n")
        number = 0
        while number < len(lines):
            opening = FENCE.match(lines[number])
            # A colon fence without a directive closes one; code may begin with any word.
            if opening is None or (opening["fence"][0] == ":" and not DIRECTIVE.match(opening["info"])):
                if not _is_mark(lines[number]):
                    prose.append(lines[number])
                number += 1
                continue
            blocks.append(self.roles.write_out("\n".join(prose)))
            prose = []
            end = _end(lines, number, opening["fence"])
            body = [line.removeprefix(opening["indent"]) for line in lines[number + 1 : end]]
            directive = DIRECTIVE.match(opening["info"])
            if directive is None:
                blocks.append("\n".join(lines[number : end + 1]))
            else:
                inner = self._directive(directive["name"], directive["argument"], body)
                indented = "\n".join((opening["indent"] + line).rstrip() for line in inner.split("\n"))
                blocks.append(f"\n{indented}\n")
            number = end + 1
        blocks.append(self.roles.write_out("\n".join(prose)))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip("\n")

    def _directive(self, name: str, argument: str, lines: list[str]) -> str:
        options, body = _options(lines)
        title = self.roles.write_out(argument)
        text = "\n".join(body).strip("\n")
        if name in DROPPED:
            return ""
        if name == "math":
            label = options.get("label", "")
            tag = (
                rf" \tag{{{self.roles.references.numbers[label]}}}"
                if label in self.roles.references.numbers
                else ""
            )
            return f"$$\n{text or argument}{tag}\n$$"
        if name in CODE:
            code = self._included(argument, options) if name == "literalinclude" else text
            return f"```{options.get('language', '') if name == 'literalinclude' else argument}\n{code}\n```"
        if name in ("figure", "image"):
            return _paragraphs(f"*{options.get('alt', argument)}*", self.write_out(text))
        if name == "bibliography":
            known = self.roles.references.literature.values()
            return "\n".join(f"- {source.full}" for source in sorted(known, key=lambda source: source.full))
        if name == "glossary":
            return self.write_out(_definitions(body))
        inner = self.write_out(text)
        if name.startswith(("exercise", "solution")):
            # Between its start and its end an exercise has cells, which no quotation could hold.
            kind, told = (
                name.partition("-")[0].capitalize(),
                self.roles.references.labels.get(argument, title),
            )
            return _paragraphs(f"**{kind}: {told}**" if told else f"**{kind}**", inner)
        if name in OPEN:
            return inner
        if name in CARDS:
            return _paragraphs(f"**{title}**" if title else "", inner)
        heading = title or TITLES.get(name, name.replace("-", " ").capitalize())
        if name == "dropdown" or "dropdown" in options.get("class", "").split():
            return f"<details><summary>{heading}</summary>\n\n{inner}\n\n</details>"
        quoted = _paragraphs(f"**{heading}**" if heading else "", inner)
        return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))

    def _included(self, name: str, options: Mapping[str, str]) -> str:
        text = (self.folder / name).read_text(encoding="utf-8")
        if "start-after" in options:
            text = text.split(options["start-after"], 1)[-1]
        if "end-before" in options:
            text = text.split(options["end-before"], 1)[0]
        return text.strip("\n")


def leftovers(text: str) -> list[str]:
    """Returns the marks of MyST that a plain page must not have, outside code."""
    text = re.sub(r"^ *(```+|~~~+)(?!\{).*?^ *\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(
        r"^ *(?:>\s*)*(?:`{3,}|~{3,}|:{3,}) *\{[^\n]*|^:{3,}.*$|^\([\w-]+\)=$", text, re.MULTILINE
    )
    text = INLINE.sub(lambda match: "`" if match["code"] else match[0], text)
    found += [match[0] for pattern in (re.compile(ROLE), ATTRIBUTES) for match in pattern.finditer(text)]
    return found + [match[0] for match in PAGE_LINK.finditer(text) if ".md" in match[0]]


def _is_mark(line: str) -> bool:
    """Tells whether a line is a label, a comment or a division, which only MyST reads."""
    return bool(re.match(r"^\([\w-]+\)=\s*$|^%(?:\s|$)|^\+\+\+", line))


def _end(lines: list[str], begin: int, fence: str) -> int:
    """Returns the number of the line that closes a fence; one that nobody closes ends with the text."""
    closing = re.compile(rf"^ *{re.escape(fence[0])}{{{len(fence)},}} *$")
    return next((n for n in range(begin + 1, len(lines)) if closing.match(lines[n])), len(lines))


def _options(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Splits the options of a directive from its content."""
    if lines and lines[0].strip() == "---":
        end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
        given = yaml.safe_load("\n".join(lines[1:end])) or {}
        return {key: str(value) for key, value in given.items()}, lines[end + 1 :]
    options = {}
    number = 0
    for number, line in enumerate(lines):  # noqa: B007
        option = re.match(r"^:([\w-]+):\s*(.*)$", line)
        if option is None:
            break
        options[option[1]] = option[2].strip().strip('"')
    else:
        number = len(lines)
    return options, lines[number:]


def _definitions(lines: list[str]) -> str:
    """Returns the terms of a glossary with their definitions, a paragraph each."""
    text = []
    for line in lines:
        text.append(f"\n**{line.strip()}**:" if line.strip() and not line.startswith(" ") else line.strip())
    return re.sub(r":\n(?=\S)", ": ", "\n".join(text))


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
