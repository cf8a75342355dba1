"""A data set is found in the folder that is named or in one within it, and nothing is guessed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from data_prep.source_folders import entry, folder_holding
from resilinet.data import DataError


def make(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def test_the_nearest_folder_that_holds_everything_counts(tmp_path: Path) -> None:
    make(tmp_path, "a", "one/a", "one/deep/a", "one/deep/b", "one/deep/er/a", "one/deep/er/b")
    assert folder_holding(tmp_path, ("a",)) == tmp_path
    assert folder_holding(tmp_path, ("a", "b")) == tmp_path / "one" / "deep"
    assert folder_holding(tmp_path, ("b",), ("a",)) == tmp_path


def test_else_the_nearest_that_holds_something_or_the_one_that_was_named(tmp_path: Path) -> None:
    make(tmp_path, "one/a", "one/deep/er/c")
    assert folder_holding(tmp_path, ("a", "b")) == tmp_path / "one"
    assert folder_holding(tmp_path, ("b", "d")) == tmp_path
    assert folder_holding(tmp_path, ("c",)) == tmp_path, "three folders down is too deep"


def test_what_others_keep_to_themselves_is_passed_over_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "one/a", "private/a")
    real = os.scandir

    def look(folder: Path) -> object:
        if folder.name == "private":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        return real(folder)

    monkeypatch.setattr(os, "scandir", look)
    assert folder_holding(tmp_path, ("a",)) == tmp_path / "one"
    with pytest.raises(PermissionError, match="private"):
        folder_holding(tmp_path / "private", ("a",))


def test_an_entry_is_found_in_any_case_and_first_as_it_is_written(tmp_path: Path) -> None:
    make(tmp_path, "LOG.TXT", "other.txt", "OTHER.TXT")
    assert entry(tmp_path, "log.txt").name == "LOG.TXT"
    assert entry(tmp_path, "other.txt").name == "other.txt"
    assert entry(tmp_path, "none.txt") == tmp_path / "none.txt"


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    make(tmp_path, "file")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, message in (
        ("file", "a file, not a folder; unpack it first"),
        ("link", "the link leads nowhere"),
        ("absent", "there is no such file or folder"),
    ):
        with pytest.raises(DataError, match=f"{name}: {message}$"):
            folder_holding(tmp_path / name, ("a",))
