"""The explorer as HTML: markup, style, script and data in one piece."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from companion.explorer.colours import variables

if TYPE_CHECKING:
    from IPython.display import HTML

SCRIPTS = ("arithmetic.js", "elements.js", "chain.js", "panels.js", "explorer.js")
"""In the order in which they need each other; they share one closed scope."""
REPLAY = ("elements.js", "chain.js", "replay.js")
"""Likewise, of a recording."""
_ROOT = "resilinet-explorer"


def explorer(payload: Mapping[str, Any], *, small: bool = False) -> HTML:
    """The explorer, for a notebook cell; it works from a file and asks no host for anything.

    Any number of them can stand on a page. Without JavaScript a reader sees the accuracies as a table.

    Args:
        payload: from :func:`companion.explorer.payload`.
        small: nodes, schemes and accuracies alone, with a link to the page ``explorer.html`` beside; without the
            sliders, and leaving the page's address alone.
    """
    from IPython.display import HTML

    if not payload["experiments"]:
        return HTML(
            f'<p class="{_ROOT}-none">There is no result yet that the failure explorer could show.</p>'
        )
    tables = "".join(_table(payload, experiment) for experiment in payload["experiments"])
    return HTML(
        f'<div class="{_ROOT}"{" data-small" * small}>'
        f"<style>{_style()}</style>"
        f'<script type="application/json">{_embedded(payload)}</script>'
        "<noscript><p>The interactive part needs JavaScript; its numbers stand below.</p></noscript>"
        '<div class="rx-stage" hidden></div>'
        f'<details class="rx-numbers" open><summary>All accuracies as a table</summary>{tables}</details>'
        f"</div>\n<script>{_script(SCRIPTS)}</script>"
    )


def replay(moments: Mapping[str, Any]) -> HTML:
    """A recorded live run with a play button, for a notebook cell; it works from a file and asks no host for anything.

    Args:
        moments: from :func:`companion.explorer.moments`.
    """
    from IPython.display import HTML

    return HTML(
        f'<div class="{_ROOT}" data-replay><style>{_style()}</style>'
        f'<script type="application/json">{_embedded(moments)}</script>'
        "<noscript><p>Playing the recording needs JavaScript.</p></noscript>"
        f'<div class="rx-stage" hidden></div></div>\n<script>{_script(REPLAY)}</script>'
    )


def _embedded(content: Mapping[str, Any]) -> str:
    """JSON that stands in a script element, which a "<" could end early."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _script(names: Sequence[str]) -> str:
    parts = "\n".join(_asset(name) for name in names)
    return f'(() => {{\n"use strict";\n{parts}}})();'


def _style() -> str:
    return (
        _asset("explorer.css")
        .replace("/* light */", variables("light"))
        .replace("/* dark */", variables("dark"))
    )


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _table(payload: Mapping[str, Any], experiment: Mapping[str, Any]) -> str:
    """The accuracy of every scheme in every scenario; what is a guess is said to be one."""
    schemes = [scheme for scheme in payload["schemes"] if scheme["key"] in experiment["outcomes"]]
    heads = "".join(f'<th scope="col">{escape(scheme["name"])}</th>' for scheme in schemes)
    rows = "".join(
        f'<tr><th scope="row">{escape(", ".join(scenario["failed"]) or "none")}</th>'
        + "".join(f"<td>{_cell(experiment['outcomes'][s['key']][scenario['key']])}</td>" for s in schemes)
        + "</tr>"
        for scenario in experiment["scenarios"]
    )
    caption = (
        f"{experiment['title']}: accuracy in %. {experiment['about']} ∅: no information flow, a random guess."
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f'<thead><tr><th scope="col">failed</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _cell(outcome: Mapping[str, Any]) -> str:
    if outcome["accuracy"] is None:
        return "n/a"
    return f"{outcome['accuracy']:.2f}" + " ∅" * outcome["guess"]
