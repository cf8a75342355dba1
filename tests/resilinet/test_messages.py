"""Failures are described in one sentence."""

from pathlib import Path

import pytest
import torch

from resilinet.messages import brief, unreadable


def test_the_first_sentence_is_enough() -> None:
    assert brief(ValueError("Too wide. Make it narrower.")) == "Too wide"
    assert brief(ValueError("first line\nsecond line")) == "first line"
    assert brief(KeyboardInterrupt()) == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda whole: b"", "it is empty or cut off, or PyTorch has not written it"),
        (lambda whole: b"no tensors", "it is empty or cut off, or PyTorch has not written it"),
        (lambda whole: whole[:-100], "it is empty or cut off, or PyTorch has not written it"),
        (lambda whole: bytes(len(whole)), "it is empty or cut off, or PyTorch has not written it"),
    ],
    ids=["empty", "text", "cut", "zeros"],
)
def test_a_file_that_cannot_be_read_is_described_without_the_words_of_its_reader(
    tmp_path: Path, damage: object, reason: str
) -> None:
    path = tmp_path / "file.pt"
    torch.save({"numbers": torch.ones(100)}, path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what is raised is PyTorch's secret
        torch.load(path, weights_only=True)
    assert unreadable(path, raised.value) == reason


def test_what_is_missing_in_a_whole_file_is_named(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "file.pt")
    assert unreadable(tmp_path / "file.pt", KeyError("trial")) == "'trial' is missing"
    assert unreadable(tmp_path / "file.pt", ValueError("Odd. Very odd.")) == "Odd"
    assert unreadable(tmp_path, IsADirectoryError()) == "it is a folder"
