"""Which version of the book this is, and of which day: from the commit, so that an unchanged book stays unchanged."""

from __future__ import annotations

import datetime
import os
import subprocess
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from resilinet.book.address import Address

MADE_FROM = ("book", "src", "results", "_config.yml", "pyproject.toml", "requirements.lock")
"""What the pages are made from; a commit that changes nothing of it changes no page."""


@dataclass(frozen=True)
class Edition:
    """A version of the book.

    Attributes:
        version: of the package.
        date: of the last commit that changed the book or what it is made from; None without git.
        commit: its first digits, empty without git.
        changed: whether something differs from that commit.
    """

    version: str
    date: datetime.date | None = None
    commit: str = ""
    changed: bool = False

    @classmethod
    def of(cls, root: Path) -> Edition:
        """Asks git; ``SOURCE_DATE_EPOCH``, in seconds, takes the place of the commit's date."""
        named = _version(root)
        said = _git(root, "log", "-1", "--format=%h %ct", "--", *MADE_FROM).split()
        commit, seconds = said if len(said) == 2 else ("", "")
        seconds = os.environ.get("SOURCE_DATE_EPOCH", seconds)
        date = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).date() if seconds else None
        changed = bool(commit and _git(root, "status", "--porcelain", "--", *MADE_FROM))
        return cls(named, date, commit, changed)

    def footer(self, address: Address) -> str:
        """Returns the HTML that stands at the foot of every page."""
        parts = [f"Version {self.version}"]
        if self.date is not None:
            parts.append(f"of {self.date.day} {self.date:%B %Y}")
        if self.commit:
            code = f"<code>{self.commit}</code>"
            link = f'<a href="{address.repository}/commit/{self.commit}">{code}</a>'
            parts.append(
                f"(commit {link if address.repository else code}{', with later changes' * self.changed})"
            )
        return f"<p>{' '.join(parts)}</p>"


def _version(root: Path) -> str:
    path = root / "pyproject.toml"
    if path.is_file():
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    return version("resilinet")


def _git(root: Path, *words: str) -> str:
    """Returns what git says, empty where there is no git or no repository."""
    command = ["git", "-C", str(root), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
