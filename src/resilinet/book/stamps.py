"""Tells by content whether a chapter must run again.

A stamp is written after a chapter has run. It holds a key for what is known beforehand (text, parameters,
package, lock, interpreter) and the digest of each file that the chapter was seen to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from resilinet.atomic_files import PARTIAL

# Left by programs that are still writing; they come and go without any result changing.
TRANSIENT_SUFFIXES = (".lock", ".tmp", ".part", PARTIAL)


def digest_bytes(*parts: bytes) -> str:
    """Returns the SHA-256 of the parts, each preceded by its length so that no two lists collide."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digest_file(path: Path) -> str | None:
    """Returns the SHA-256 of a file's content, or None where there is no file."""
    try:
        return digest_bytes(path.read_bytes())
    except OSError:
        return None


def digest_tree(root: Path) -> str:
    """Returns one digest for the names and contents of all files below a folder, caches left out."""
    parts = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
            parts += [path.relative_to(root).as_posix().encode(), path.read_bytes()]
    return digest_bytes(*parts)


def digest_names(root: Path) -> str:
    """Returns one digest for the names alone of the files below a folder: has one come, or gone?"""
    names = (
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix not in TRANSIENT_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    return digest_bytes(*(name.encode() for name in sorted(names)))


@dataclass(frozen=True)
class Stamp:
    """What a chapter's output was made from.

    Attributes:
        key: digest of all that is known before the chapter runs.
        reads: digest of each file that it read, by path; None for one that did not exist.
        results: digest of the names in the results folder, where the chapter looks into it.
    """

    key: str
    reads: Mapping[str, str | None]
    results: str | None

    @classmethod
    def of(cls, key: str, reads: Iterable[str], results: Path | None) -> Stamp:
        """Takes the stamp of a chapter that has just run."""
        digests = {read: digest_file(Path(read)) for read in sorted(reads)}
        return cls(key, digests, digest_names(results) if results is not None else None)

    @classmethod
    def load(cls, path: Path) -> Stamp | None:
        """Reads a stamp; a missing or damaged one is as good as none, as the chapter then runs again."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Writes the stamp."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    def holds(self, key: str, results: Path) -> bool:
        """Tells whether nothing that the chapter was made from has changed."""
        return (
            self.key == key
            and all(digest_file(Path(path)) == digest for path, digest in self.reads.items())
            and (self.results is None or self.results == digest_names(results))
        )
