"""The command line: one function per command, one file per group of commands."""

from __future__ import annotations

import io
import os
import sys


def main() -> None:
    """What the command ``resilinet`` runs; the method alone is installed without what its commands need."""
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # not every encoding has each sign, nor can say each file's name
        sys.stdout.reconfigure(errors="backslashreplace")
    if not sys.stdout.isatty():
        os.environ.setdefault("TERMINAL_WIDTH", "120")  # of Typer's help, which a narrow one would cut
    try:
        from companion.cli.commands import app
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("resilinet", "companion", "data_prep"):
            raise
        sys.exit(
            f"resilinet: {error.name} is missing, which the commands need beside the method; "
            'pip install "resilinet[companion]" brings it.'
        )
    app()
