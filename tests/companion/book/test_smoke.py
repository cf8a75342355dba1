"""Every chapter of the real book runs, and trains its trials, tiny and on synthetic data."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from companion.book import build_book
from companion.book.checks import foreign_requests

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_chapters_run_under_smoke() -> None:
    # In the project's build folder, where make smoke puts it: chapters that have not changed are not run again.
    index = build_book(
        profile="smoke", source=ROOT / "book", out=ROOT / "build", jobs=2, console=Console(quiet=True)
    )
    assert index.is_file()
    assert list(foreign_requests(index.parent)) == []
