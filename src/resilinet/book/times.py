"""How long the chapters take: kept in a small file beside them, and said at the head of their pages."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path

from resilinet.atomic_files import whole_file
from resilinet.book.draft import Draft

FILE = "_times.json"
"""Beside the chapters."""
REVIEWING = "reviewing"
"""The page that says more of times, and on which machine they were measured."""
HEADING = re.compile(r"(?<=#</a></h1>)")
"""Where the title of a page ends that leads to itself; the one in the head for printers does not."""


@dataclass(frozen=True)
class ChapterTime:
    """What one run of a chapter took.

    Attributes:
        chapter: its name in the table of contents.
        profile: under which it was run.
        wall: seconds on the clock, starting Python and its kernel included.
        cpu: seconds that all its processes computed; what else ran on the machine matters little to them.
        memory: the most that one of its processes held at a time, in MiB.
        cores: processors of the machine.
        load: how many processes wanted one when it began, this one not counted.
        machine: architecture and operating system.
        date: day, in universal time.
    """

    chapter: str
    profile: str
    wall: float
    cpu: float
    memory: float
    cores: int
    load: float
    machine: str
    date: str


def read_times(source: Path) -> dict[tuple[str, str], ChapterTime]:
    """The measured times, by chapter and profile; empty where nothing was measured.

    Raises:
        ValueError: the file is damaged.
    """
    path = source / FILE
    if not path.exists():
        return {}
    try:
        found = [ChapterTime(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a file of chapters' times ({error}).") from error
    return {(each.chapter, each.profile): each for each in found}


def keep_time(taken: ChapterTime, source: Path) -> None:
    """Put a time into the file, in the place of an earlier one."""
    known = read_times(source) | {(taken.chapter, taken.profile): taken}
    ordered = [known[key] for key in sorted(known)]
    lines = ",\n".join(json.dumps(dataclasses.asdict(each)) for each in ordered)
    with whole_file(source / FILE) as partial:
        partial.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def state_times(draft: Draft) -> None:
    """Says below the title of each chapter what it takes under each profile, where that has been measured."""
    known = read_times(draft.source)
    for page in draft.pages:
        times = {profile: known.get((page.name, profile)) for profile in ("published", "smoke")}
        taken = [f"{each.cpu:.0f} s under {profile}" for profile, each in times.items() if each is not None]
        if not page.is_chapter or not taken:
            continue
        path, full = draft.page(page.name), "trains what is missing"
        if draft.page(REVIEWING).is_file():
            full = f'<a href="{"../" * page.name.count("/")}{REVIEWING}.html">{full}</a>'
        line = f'\n<p class="run-time">Runs in {" and ".join(taken)}; full {full}.</p>'
        parts = HEADING.split(path.read_text(encoding="utf-8"), maxsplit=1)
        path.write_text(line.join(parts), encoding="utf-8")
