"""``python -m resilinet.book.pdf`` prints the built book; what ``make pdf`` runs."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import yaml

from resilinet.book.address import Address
from resilinet.book.edition import Edition
from resilinet.book.engine import Profile
from resilinet.book.errors import BookError
from resilinet.book.pages import read_pages
from resilinet.book.pdf.printing import print_book


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line, prints the book, says where it lies and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m resilinet.book.pdf", description="Print the built book.")
    parser.add_argument("--profile", choices=[str(p) for p in Profile], default=Profile.PUBLISHED)
    parser.add_argument("--source", type=Path, default=Path("book"))
    parser.add_argument("--out", type=Path, default=Path("build"))
    parser.add_argument("--browser", help="the Chromium or Chrome to print with")
    options = parser.parse_args(arguments)
    work = options.out / options.profile
    root = options.source.resolve().parent
    try:
        names = [page.name for page in read_pages(options.source)]
        settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        edition = re.sub(r"<[^>]*>", "", Edition.of(root).footer(Address.of(root)))
        about = [str(settings["author"]), edition, str(settings["copyright"])]
        target = print_book(work / "html", names, work / "resilinet.pdf", about, options.browser)
    except BookError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The printed book is at {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
