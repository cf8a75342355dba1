"""Where the project and its book lie on the web: one setting each, in ``CITATION.cff``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Address:
    """Addresses, each empty where it is unknown.

    Attributes:
        repository: of the project, without a slash at the end.
        site: of the published book, with a slash at the end.
    """

    repository: str = ""
    site: str = ""

    @classmethod
    def of(cls, root: Path) -> Address:
        """Reads ``repository-code`` and ``url`` of ``CITATION.cff``; in a GitHub workflow it knows them anyway."""
        path = root / "CITATION.cff"
        said = (yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None) or {}
        owner, _, name = os.environ.get("GITHUB_REPOSITORY", "").partition("/")
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        here = f"{server}/{owner}/{name}" if name else ""
        pages = f"https://{owner}.github.io/{name}/" if name else ""
        repository = str(said.get("repository-code") or here).rstrip("/").removesuffix(".git")
        site = str(said.get("url") or pages)
        return cls(repository, f"{site.rstrip('/')}/" if site else "")

    @property
    def is_on_github(self) -> bool:
        """Whether Binder can open notebooks of the repository."""
        return self.repository.startswith("https://github.com/")
