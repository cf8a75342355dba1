"""The command line: one function per command, one file per group of commands."""

from __future__ import annotations

import sys


def main() -> None:
    """What the command ``resilinet`` runs; the method alone is installed without what its commands need."""
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
