"""Whoever asks for routes, probabilities or results waits for no framework."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "resilinet.topology",
        "resilinet.routing",
        "resilinet.failures",
        "resilinet.expectation",
        "companion.results.store",
        "companion.paper",
    ],
)
def test_what_needs_no_pytorch_loads_none(name: str) -> None:
    code = f"import sys, {name}; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
