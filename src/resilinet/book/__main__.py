"""``python -m resilinet.book`` builds the book; what make runs, as it starts without loading torch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resilinet.book.engine import Profile, build
from resilinet.book.errors import BookError


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, builds the book, says where it lies and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m resilinet.book", description="Build the book.")
    parser.add_argument("--profile", choices=[str(p) for p in Profile], default=Profile.PUBLISHED)
    parser.add_argument("--chapter", action="append", help="only this one under the profile (repeatable)")
    parser.add_argument("--jobs", type=int, default=1, help="chapters run at a time")
    parser.add_argument("--source", type=Path, default=Path("book"))
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args(arguments)
    try:
        index = build(
            profile=options.profile,
            source=options.source,
            out=options.out,
            chapters=options.chapter,
            jobs=options.jobs,
        )
    except BookError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The book is at {index}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
