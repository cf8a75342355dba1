"""Failures are told in one sentence."""

import re
from pathlib import Path

import pytest
import torch

from companion.sweeps.worker import explain, out_of_memory
from resilinet.messages import brief, unreadable


def failure(wrong: object) -> Exception:
    """What is raised by calling ``wrong``, with its traceback."""
    with pytest.raises((RuntimeError, MemoryError, ValueError)) as raised:
        wrong()  # type: ignore[operator]
    return raised.value


def test_the_first_sentence_is_enough() -> None:
    assert brief(ValueError("Too wide. Make it narrower.")) == "Too wide"
    assert brief(ValueError("first line\nsecond line")) == "first line"
    assert brief(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_too_little_memory_is_said_plainly() -> None:
    # More bytes than any address space has.
    error = failure(lambda: torch.empty(2**60))
    assert out_of_memory(error)
    advice = "train fewer trials side by side, or on a machine or a device with more"
    assert explain(error) == f"there is too little memory for another {2**62} bytes; {advice}"
    on_device = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")
    assert explain(on_device) == f"there is too little memory for another 2.00 GiB; {advice}"
    assert explain(MemoryError()) == f"there is too little memory for it; {advice}"


def test_other_failures_say_what_and_where() -> None:
    error = failure(lambda: int("x"))
    assert not out_of_memory(error)
    assert explain(error) == (
        f"ValueError: {error} (test_worker.py, line {error.__traceback__.tb_next.tb_lineno})"  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda whole: b"", "it is empty"),
        (lambda whole: b"no tensors", "it has been cut off, or PyTorch has not written it"),
        (lambda whole: whole[:-100], "it has been cut off, or PyTorch has not written it"),
        (lambda whole: bytes(len(whole)), "it has been cut off, or PyTorch has not written it"),
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


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "can't start new thread",
    ],
)
def test_too_little_memory_has_many_names(said: str) -> None:
    assert out_of_memory(RuntimeError(said))
    assert explain(RuntimeError(said)).startswith("there is too little memory for ")


def test_the_reason_of_a_failure_is_one_line() -> None:
    try:
        raise RuntimeError(
            "CUDA error: an illegal instruction was encountered\nCompile with more lines\nof advice"
        )
    except RuntimeError as error:
        reason = explain(error)
    assert re.fullmatch(
        r"RuntimeError: CUDA error: an illegal instruction was encountered \(test_worker\.py, line \d+\)",
        reason,
    )
