"""``resilinet book | times``: runs chapters, builds the book, and measures what chapters take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resilinet.cli.common import Profile, err, out, plain_errors


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
    from resilinet.book import BookError, BookRequestError, build

    try:
        index = build(profile=profile, source=source, out=to, chapters=chapter, jobs=jobs)
    except BookRequestError:
        raise
    except BookError as error:
        err.print(f"resilinet: {error}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    out.print(f"The book is at {index}", soft_wrap=True)


@plain_errors
def times(
    profile: Profile = "published",
    chapter: Annotated[list[str] | None, typer.Option(help="Only this chapter (repeatable).")] = None,
    source: Annotated[Path, typer.Option(help="The folder of chapters.")] = Path("book"),
) -> None:
    """Measure what each chapter takes on this machine, time and memory, and note it where the book reads it.

    Chapters run one after the other, each from nothing: published reads the stored results, smoke trains every trial
    tiny. The processor time is told beside the time on the clock, which depends on what else the machine does. The page
    for reviewers shows both.

    Example: resilinet times --profile smoke
    """
    from resilinet.book import BookError, BookRequestError
    from resilinet.book.times import keep_time
    from resilinet.chapter_times import measured

    try:
        for taken in measured(source, profile, chapter or ()):
            keep_time(taken, source)
            out.print(
                f"{taken.chapter}: {taken.wall} s on the clock, {taken.cpu} s of processors, {taken.memory:.0f} MiB",
                highlight=False,
                soft_wrap=True,
            )
    except BookRequestError:
        raise
    except BookError as error:
        err.print(f"resilinet: {error}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
