"""The command that builds the book says what the builder says."""

from __future__ import annotations

import signal

import pytest
from typer.testing import CliRunner

from companion.book import BookError
from companion.cli.commands import app

SAID = "one.md:100: cell [3] failed\n    weights[node][0] :smile:\nValueError: [/INST] is missing [red]"


def test_what_is_wrong_is_shown_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise BookError(SAID)

    monkeypatch.setattr("companion.book.build_book", fail)
    ended = CliRunner().invoke(app, ["book"])
    assert (ended.exit_code, ended.stderr) == (1, f"resilinet: {SAID}\n")


def test_where_the_book_is_is_shown_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.book.build_book", lambda **_: "/[bold]mine[node][0]/:100:/index.html")
    ended = CliRunner().invoke(app, ["book"])
    assert ended.stdout == "The book is at /[bold]mine[node][0]/:100:/index.html\n"


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGHUP], ids=lambda way: way.name)
def test_a_signal_ends_the_build_in_order(monkeypatch: pytest.MonkeyPatch, way: signal.Signals) -> None:
    ended_in_order = []

    def build(**_: object) -> None:
        try:
            signal.raise_signal(way)
        finally:
            ended_in_order.append(way)

    monkeypatch.setattr("companion.book.build_book", build)
    before = signal.getsignal(way)
    signal.signal(way, signal.SIG_DFL)  # other tests in this process may have left a library's handler
    try:
        assert CliRunner().invoke(app, ["book"]).exit_code == 128 + way
        assert ended_in_order == [way]
        assert signal.getsignal(way) is signal.SIG_DFL
    finally:
        if before is not None:
            signal.signal(way, before)
