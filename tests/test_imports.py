"""Whoever asks for routes, probabilities or results waits for no framework."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["topology", "routing", "failures", "expectation", "store", "paper"])
def test_what_needs_no_pytorch_loads_none(name: str) -> None:
    code = f"import sys, resilinet.{name}; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
