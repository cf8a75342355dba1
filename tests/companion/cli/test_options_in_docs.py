"""What the documents say of commands is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from companion.cli.commands import app

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "book").glob("*.md"))]
OTHERS = re.compile(r"jupytext|papermill|SBATCH|srun|ray start|--num-cpus|`--help`")
"""Lines with commands of other programs."""


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for part in getattr(command, "commands", {}).values():
        yield from options(part)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_option_that_is_named_exists(document: Path) -> None:
    known = set(options(typer.main.get_command(app)))
    lines = [line for line in document.read_text(encoding="utf-8").splitlines() if not OTHERS.search(line)]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(lines))) <= known
