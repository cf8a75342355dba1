"""Failures are told in one sentence."""

import pytest
import torch

from resilinet.reasons import brief, explain, out_of_memory


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
        f"ValueError: {error} (test_reasons.py, line {error.__traceback__.tb_next.tb_lineno})"  # type: ignore[union-attr]
    )
