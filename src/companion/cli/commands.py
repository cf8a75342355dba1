"""The command line: one function per command, one file per group of commands."""

from __future__ import annotations

import typer

from companion.cli import data
from companion.cli.book import book
from companion.cli.common import flowing
from companion.cli.evaluate import evaluate, networks, received
from companion.cli.live import live
from companion.cli.reproduce import reproduce
from companion.cli.sweep import status, sweep
from companion.cli.verify import bandwidth, verify

app = typer.Typer(
    help="Failure-resilient inference in distributed neural networks: data, trials, results and the book.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
for command in (sweep, status, reproduce, networks, evaluate, received, live, bandwidth, verify, book):
    app.command(help=flowing(command))(command)
