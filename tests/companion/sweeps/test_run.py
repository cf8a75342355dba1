"""Where a record says that its code came from."""

import subprocess
from pathlib import Path

import pytest

from companion.sweeps.run import commit


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=a@b")
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with code where the project has it."""
    root = tmp_path / "checkout"
    (root / "src" / "companion").mkdir(parents=True)
    (root / "src" / "companion" / "one.py").write_text("1")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "One")
    return root


def test_a_checkout_is_named_by_its_commit_and_told_from_changed_code(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "notes.txt").write_text("no code")
    assert commit.__wrapped__(checkout) == head
    (checkout / "src" / "companion" / "one.py").write_text("2")
    assert commit.__wrapped__(checkout) == f"{head}+changes"


def test_a_copy_within_another_repository_has_no_commit(checkout: Path) -> None:
    copy = checkout / "thesis" / "copy"
    (copy / "src" / "companion").mkdir(parents=True)
    assert commit.__wrapped__(copy) == "unknown"


def test_what_is_installed_has_no_commit(checkout: Path, tmp_path: Path) -> None:
    (checkout / "lib").mkdir()
    assert commit.__wrapped__(checkout / "lib") == "unknown"
    assert commit.__wrapped__(tmp_path) == "unknown"
