"""Checks that a tag names the version of the project, and prints what CHANGELOG.md says about it.

``python tools/release.py v0.2.0`` needs nothing but Python, as it runs before the environment is made.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """Returns the section of the changelog on the version that a tag names.

    Raises:
        ValueError: pyproject.toml, CITATION.cff or CHANGELOG.md names another version, or none.
    """
    version = tag.removeprefix("v")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = re.search(
        r"^version: (\S+)$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE
    )
    for name, found in (("pyproject.toml", project), ("CITATION.cff", citation and citation[1])):
        if found != version:
            raise ValueError(f"the tag {tag} names version {version}, but {name} names {found}")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(
        rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        raise ValueError(f"CHANGELOG.md has no section on version {version}")
    return section[1].strip()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/release.py TAG")
    try:
        sys.stdout.write(notes(sys.argv[1]) + "\n")
    except ValueError as error:
        sys.exit(str(error))
