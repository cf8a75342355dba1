"""The explorer as HTML: markup, style, script and data in one piece."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from companion.explorer.colours import variables

if TYPE_CHECKING:
    from IPython.display import HTML

SCRIPTS = ("arithmetic.js", "elements.js", "chain.js", "panels.js", "explorer.js")
"""In the order in which they need each other; they share one closed scope."""
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
    # A "<" could end the script element early.
    data = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    tables = "".join(_table(payload, experiment) for experiment in payload["experiments"])
    return HTML(
        f'<div class="{_ROOT}"{" data-small" * small}>'
        f"<style>{_style()}</style>"
        f'<script type="application/json">{data}</script>'
        "<noscript><p>The interactive part needs JavaScript; its numbers stand below.</p></noscript>"
        '<div class="rx-stage" hidden></div>'
        f'<details class="rx-numbers" open><summary>All accuracies as a table</summary>{tables}</details>'
        f"</div>\n<script>{_script()}</script>"
    )


def _script() -> str:
    parts = "\n".join(_asset(name) for name in SCRIPTS)
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
