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
        "companion.tables",
        "companion.figures",
    ],
)
def test_what_needs_no_pytorch_loads_none(name: str) -> None:
    code = f"import sys, {name}; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


def test_without_the_companions_libraries_the_command_says_how_to_get_them() -> None:
    code = "import sys; sys.modules['typer'] = None; from companion.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "resilinet: typer is missing, which the commands need beside the method; "
        'pip install "resilinet[companion]" brings it.\n'
    )
