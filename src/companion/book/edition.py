"""Which version of the book this is, of which day, and where project and book lie on the web.

From the commit, so that an unchanged book stays unchanged, and from ``CITATION.cff``.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from companion.book.pages import read_text, read_yaml
from companion.book.surroundings import surroundings

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
        repository: address of the project, without a slash at the end; empty where it is unknown.
        site: address of the published book, with a slash at the end; empty where it is unknown.
    """

    version: str
    date: datetime.date | None = None
    commit: str = ""
    changed: bool = False
    repository: str = ""
    site: str = ""

    @classmethod
    def of(cls, root: Path) -> Edition:
        """Asks git and ``CITATION.cff``.

        ``SOURCE_DATE_EPOCH``, in seconds, takes the place of the commit's date. In a GitHub workflow the
        addresses are known even where ``CITATION.cff`` has no ``repository-code`` and no ``url``.
        """
        # A copy that lies within somebody else's repository is of none of its commits.
        own = Path(_git(root, "rev-parse", "--show-toplevel") or os.devnull).resolve() == root.resolve()
        said = _git(root, "log", "-1", "--format=%h %ct", "--", *MADE_FROM).split() if own else []
        commit, seconds = said if len(said) == 2 else ("", "")
        seconds = os.environ.get("SOURCE_DATE_EPOCH", seconds)
        date = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).date() if seconds else None
        changed = bool(commit and _git(root, "status", "--porcelain", "--", *MADE_FROM))
        citation = root / "CITATION.cff"
        cited = (read_yaml(citation) if citation.is_file() else None) or {}
        owner, _, name = os.environ.get("GITHUB_REPOSITORY", "").partition("/")
        here = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{owner}/{name}" if name else ""
        repository = str(cited.get("repository-code") or here).rstrip("/").removesuffix(".git")
        site = str(cited.get("url") or (f"https://{owner}.github.io/{name}" if name else ""))
        return cls(_version(root), date, commit, changed, repository, f"{site.rstrip('/')}/" if site else "")

    @property
    def footer(self) -> str:
        """The HTML that stands at the foot of every page."""
        parts = [f"Version {self.version}"]
        if self.date is not None:
            parts.append(f"of {self.date.day} {self.date:%B %Y}")
        if self.commit:
            code = f"<code>{self.commit}</code>"
            link = f'<a href="{self.repository}/commit/{self.commit}">{code}</a>' if self.repository else code
            parts.append(f"(commit {link}{', with later changes' * self.changed})")
        return f"<p>{' '.join(parts)}</p>"


def _version(root: Path) -> str:
    path = root / "pyproject.toml"
    if path.is_file():
        return str(tomllib.loads(read_text(path))["project"]["version"])
    return version("resilinet")


def _git(root: Path, *words: str) -> str:
    """Returns what git says, empty where there is no git or no repository."""
    command = ["git", "-C", str(root), *words]
    try:
        return subprocess.run(
            command, env=surroundings(), capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
