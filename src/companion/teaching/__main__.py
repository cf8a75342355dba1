"""``python -m companion.teaching`` writes the assignments; what ``make assignments`` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from companion.book.errors import BookError
from companion.teaching.assignments import assign, build_wheel
from companion.teaching.prompts import TeachingError


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, writes the assignments, says where they lie and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m companion.teaching",
        description="Write assignments: notebooks without solutions, and what grades them.",
    )
    parser.add_argument("--chapter", action="append", help="only this one (repeatable)")
    parser.add_argument("--source", type=Path, default=Path("book"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--out", type=Path, default=Path("build/assignments"))
    parser.add_argument("--no-wheel", action="store_true", help="leave the package itself out")
    options = parser.parse_args(arguments)
    try:
        wheel = None if options.no_wheel else build_wheel(options.source.resolve().parent, options.out)
        written = assign(
            options.out,
            source=options.source,
            results=options.results,
            chapters=options.chapter,
            wheel=wheel,
        )
    except (TeachingError, BookError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for folder in written:
        sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
