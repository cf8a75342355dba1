"""What the commands share: their options, how they refuse, and how they print."""

from __future__ import annotations

import inspect
import json
import math
import os
import tempfile
from collections.abc import Callable
from errno import ENOSPC
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console, ConsoleDimensions
from rich.table import Table


class WholeConsole(Console):
    """A console that shows text as it is, brackets in paths included, and cuts nothing for a file or a program."""

    def __init__(self, stderr: bool = False) -> None:
        """Print to standard output, or to standard error."""
        super().__init__(stderr=stderr, markup=False, emoji=False)

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        """That of the terminal; elsewhere as wide as any table."""
        size = super().size
        return size if self.file.isatty() else ConsoleDimensions(100_000, size.height)


out, err = WholeConsole(), WholeConsole(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Results = Annotated[Path, typer.Option(help="The results store.")]
Runs = Annotated[Path, typer.Option(help="Checkpoints and weights of trials run here.")]
Data = Annotated[Path, typer.Option(help="The folder of prepared data sets.")]
Profile = Annotated[
    str,
    typer.Option(
        help="published: Health at the paper's size, image networks at a laptop's; full: all at the paper's; "
        "smoke: tiny, on synthetic data."
    ),
]
Processes = Annotated[int, typer.Option(min=1, help="Trials run side by side.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of each process.")]
Device = Annotated[str, typer.Option(help="cpu, or an accelerator as PyTorch names it, for example cuda.")]
P = ParamSpec("P")
R = TypeVar("R")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a refusal into one sentence and exit code 2, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BrokenPipeError:
            raise  # whoever reads has enough, `head` for example; Typer ends quietly then
        except (ValueError, OSError) as error:
            err.print(f"resilinet: {told(error)}", style="red", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from None
        except (MemoryError, RuntimeError) as error:
            from companion.sweeps.run import explain, out_of_memory

            if not out_of_memory(error):
                raise
            err.print(f"resilinet: {explain(error)}.", style="red", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None

    return run


def told(error: Exception) -> str:
    """What an error says, in the form of every other refusal where it is the system's: the path, then the reason."""
    # Files name themselves (resilinet.atomic_files); what is full and has no name is where the output goes.
    place = getattr(error, "filename", None) or (
        "the output" if getattr(error, "errno", 0) == ENOSPC else None
    )
    return (
        f"{place}: {error.strerror}."
        if isinstance(error, OSError) and error.strerror and place
        else str(error)
    )


def check_writable(folder: Path, what: str, option: str) -> None:
    """Refuse a folder that nothing can be written to, or that cannot be made; nothing is left behind.

    Args:
        folder: which.
        what: is to be written there, in the plural.
        option: by which another folder is given.

    Raises:
        ValueError: the system does not let anything be written there; the message says why.
    """
    places = (folder, *folder.absolute().parents)
    there = next(
        place for place in places if os.path.lexists(place)
    )  # a link that leads nowhere is there, too
    try:
        # Tried rather than asked: permissions do not tell of a file system that is read-only or full.
        with tempfile.NamedTemporaryFile(dir=there, prefix=".writable-") as file:
            file.write(b"yes")
    except OSError as error:
        reason = f"{'it' if there == folder else there} is a file" if there.is_file() else error.strerror
        raise ValueError(
            f"{folder}: {what} cannot be written there ({reason}); give another folder with {option}."
        ) from None


def show(table: Table) -> None:
    """Print a table, its title whole on a line of its own; in a narrow terminal long words go on in the next line."""
    out.print(table.title, highlight=False, soft_wrap=True)
    table.title = None
    for column in table.columns:
        column.overflow = "fold"
    out.print(table)


def say_json(content: Any) -> None:
    """Print JSON that any reader accepts: what is not a number becomes null."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    typer.echo(json.dumps(clean(content), indent=1, ensure_ascii=False))


def flowing(command: Callable[..., object]) -> str:
    """The docstring of a command without the line breaks of the source, which Typer would keep and wrap again."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
