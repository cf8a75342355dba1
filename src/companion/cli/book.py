"""``resilinet book``: runs chapters and builds the book."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from companion.cli.common import Profile, err, out, plain_errors


@plain_errors
def book(
    profile: Profile = "published",
    chapter: Annotated[
        list[str] | None, typer.Option(help="Only this chapter under the profile (repeatable).")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Chapters run side by side.")] = 1,
    source: Annotated[Path, typer.Option(help="The folder of chapters.")] = Path("book"),
    to: Annotated[Path, typer.Option("--out", help="The folder to build in.")] = Path("build"),
) -> None:
    """Run the chapters through papermill and build the book; only what changed is run again.

    Exit codes: 0, the book is there; 1, a chapter or a page failed, which is named; 2, refused.

    Example: resilinet book --chapter failout --profile smoke
    """
    from companion.book import BookError, BookRequestError, build_book

    try:
        with _ended_in_order():
            index = build_book(profile=profile, source=source, out=to, chapters=chapter, jobs=jobs)
    except BookRequestError:
        raise
    except BookError as error:
        err.print(
            f"resilinet: {error}", style="red", highlight=False, soft_wrap=True, markup=False, emoji=False
        )
        raise typer.Exit(1) from None
    out.print(f"The book is at {index}", soft_wrap=True, markup=False, emoji=False)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let the signals by which batch systems and terminals end a program end what it has started first."""
    names = (signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.getsignal(name) for name in names if signal.getsignal(name) is signal.SIG_DFL}
    for name in before:  # one that is ignored, as under nohup, stays so
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for name, action in before.items():
            signal.signal(name, action)
