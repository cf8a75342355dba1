"""The command line: one function per command, one file per group of commands."""

from __future__ import annotations

import typer

from resilinet.cli import data
from resilinet.cli.book import book
from resilinet.cli.networks import evaluate, networks
from resilinet.cli.paper import bandwidth, verify
from resilinet.cli.prose import flowing
from resilinet.cli.reproduce import reproduce
from resilinet.cli.trials import status, sweep

app = typer.Typer(
    help="Failure-resilient inference in distributed neural networks: data, trials, results and the book.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
for command in (sweep, status, reproduce, networks, evaluate, bandwidth, verify, book):
    app.command(help=flowing(command))(command)
