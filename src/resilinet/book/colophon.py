"""Writes into the colophon where each table and figure of the book came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from companion.experiments.trial import Record
from companion.results.store import Store
from resilinet.book.address import Address
from resilinet.book.placement import COLOPHON, Placed

MARK = "% exhibits"
"""The line of the page that the list takes the place of."""
SENTENCE_END = re.compile(r"(?<!\bFig)(?<!\bvs)\. +(?=[A-Z])")
HEADS = ("shown", "trainings", "seeds", "size", "data", "code", "finished")


@dataclass(frozen=True)
class Origin:
    """What a chapter was run with.

    Attributes:
        results: the folder of stored results.
        read: how many of them the chapter read.
    """

    results: Path
    read: int


def fill_colophon(
    sheet: Path,
    placed: Iterable[Placed],
    titles: Mapping[str, str],
    origins: Mapping[str, Origin],
    address: Address,
) -> None:
    """Puts the list of tables and figures into the page ``colophon.md`` where the book has one.

    Args:
        sheet: the pages that Sphinx is to read.
        placed: tables and figures in the order of the pages.
        titles: of the chapters, by name.
        origins: what each chapter was run with.
        address: of the repository, where commits can be seen.
    """
    page = sheet / f"{COLOPHON}.md"
    if not page.is_file():
        return
    parts = []
    for name, group in groupby(placed, key=lambda one: one.page):
        store = Store(origins[name].results)
        rows, live = [], []
        for one in group:
            found = [record for trial in one.trials if (record := store.get(trial)) is not None]
            if found:
                rows.append(f"| {' | '.join([_shown(one), *_facts(found, address)])} |")
            else:
                live.append(f"- {_shown(one)}")
        head = [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"] if rows else []
        text = [f"## {titles[name]}", "\n".join([*head, *rows])]
        text += [_live(origins[name].read), "\n".join(live)] if live else []
        parts.append("\n\n".join(text))
    text_of_page = page.read_text(encoding="utf-8")
    page.write_text(text_of_page.replace(MARK, "\n\n".join(parts)), encoding="utf-8")


def _shown(one: Placed) -> str:
    """What is shown, with the anchor that its mark leads to: a figure's number and the start of its caption."""
    anchor = f'<span id="{one.origin}"></span>'
    if one.is_table:
        text = escape(one.caption).replace("|", "&#124;")
        return f'{anchor}<a href="{one.page}.html#{one.anchor}">{text}</a>'
    sentence = SENTENCE_END.split(one.caption, maxsplit=1)[0].rstrip(".")
    return f"{anchor}{{numref}}`{one.anchor}` {sentence.replace('|', '&#124;')}"


def _live(read: int) -> str:
    """What stands above exhibits that no training is tied to."""
    return (
        f"Computed with the page, which reads {read} stored results, and tied to no training by itself:"
        if read
        else "Computed with the page, from no training:"
    )


def _facts(records: Sequence[Record], address: Address) -> list[str]:
    names = " ".join(f"<code>{record.id[:16]}</code>" for record in records)
    commits = _each(str(record.provenance.get("commit", "unknown")) for record in records)
    days = sorted(str(record.provenance.get("finished", ""))[:10] for record in records)
    return [
        f"<details><summary>{len(records)}</summary>{names}</details>",
        _span([record.trial.seed for record in records]),
        ", ".join(_each(_size(record) for record in records)),
        ", ".join(_each(_data(record) for record in records)),
        " ".join(_commit(commit, address) for commit in commits),
        days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}",
    ]


def _each(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _span(seeds: Iterable[int]) -> str:
    """The seeds, runs of neighbours written as their ends."""
    parts = []
    for _, group in groupby(enumerate(sorted(set(seeds))), key=lambda pair: pair[1] - pair[0]):
        run = [seed for _, seed in group]
        parts.append(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}")
    return ", ".join(parts)


def _size(record: Record) -> str:
    trial = record.trial
    width = f" of width {trial.network['width']:g}" if "width" in trial.network else ""
    epochs = trial.recipe.epochs
    return f"{trial.network['model']}{width}, {epochs} {'epoch' if epochs == 1 else 'epochs'}"


def _data(record: Record) -> str:
    data = record.trial.data
    return f"{data['name']} <code>{str(data.get('fingerprint', ''))[:16]}</code>"


def _commit(commit: str, address: Address) -> str:
    digits, _, more = commit.partition("+")
    code = f"<code>{digits[:7]}{'+' * bool(more)}</code>"
    linked = address.repository and digits != "unknown"
    return f'<a href="{address.repository}/commit/{digits}">{code}</a>' if linked else code
