"""``resilinet live``: a trained network as processes that really fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from companion.cli.common import Data, Json, Results, err, out, plain_errors, say_json
from companion.cli.sweep import as_seconds

if TYPE_CHECKING:
    from companion.experiments.trial import Trial
    from companion.live.recording import Recording
    from companion.live.script import Event, Script
    from companion.live.scripted_run import Now, Run
    from resilinet.network import DistributedNetwork

AT = "(repeatable, NODE@TIME, such as n2@5s)."


@plain_errors
def live(
    network: Annotated[
        Path,
        typer.Argument(
            help="A trained network, for example results/networks/resilinet.pt, or a plan in TOML."
        ),
    ],
    node: Annotated[str | None, typer.Option(help="Be this node of a plan, until Ctrl-C.")] = None,
    rate: Annotated[float, typer.Option(help="Requests a second.")] = 50.0,
    batch: Annotated[int, typer.Option(min=1, help="Examples of a request.")] = 16,
    fail: Annotated[list[str] | None, typer.Option(help=f"Kill a node {AT}")] = None,
    freeze: Annotated[list[str] | None, typer.Option(help=f"Stop a node without ending it {AT}")] = None,
    restore: Annotated[list[str] | None, typer.Option(help=f"Let a node return {AT}")] = None,
    duration: Annotated[str, typer.Option(help="For how long, for example 20s or 2m.")] = "20s",
    data: Data = Path("data"),
    results: Results = Path("results"),
    recording: Annotated[Path | None, typer.Option(help="Write the whole run to this file, as JSON.")] = None,
    as_json: Json = False,
) -> None:
    """Run a trained network as one process a physical node, fail nodes, and watch predictions go on.

    The processes of a network file run on this machine and end with the command. Those of a plan run wherever
    `--node` was given; without it the command asks them. A plan names the network's file, network = "resilinet.pt", and
    has a table named nodes with an address for each, in lines such as n1 = "10.0.0.7:5001".

    Example: resilinet live results/networks/resilinet.pt --fail n2@5s --freeze n1@8s --restore n2@12s

    Example: resilinet live plan.toml --node n2
    """
    import torch

    from companion.live.script import Script
    from companion.live.scripted_run import record
    from companion.live.shown import stored_accuracies

    torch.set_num_threads(1)  # sums in one order, here and at the nodes
    if node is not None:
        _be(network, node)
        return
    wanted = {"fail": fail, "freeze": freeze, "restore": restore}
    events = tuple(_event(kind, text) for kind, texts in wanted.items() for text in texts or [])
    script = Script(rate, as_seconds(duration), batch, events)
    with _running(network, script, data) as (run, trial):
        if as_json or not out.is_terminal:
            found = record(run, trial.values)
        else:
            with Live(console=out, transient=True, auto_refresh=False) as shown:
                run.tell = lambda now: shown.update(_now_table(run, now), refresh=True)
                found = record(run, trial.values)
    if recording:
        found.write(recording)
    stored = stored_accuracies(trial, results)
    summary = summarise(found, run.network, stored)
    if as_json:
        say_json(summary)
    else:
        out.print(_tables(summary))
    if found.ended:
        err.print(f"resilinet: the run ended early: {found.ended}.", style="red", soft_wrap=True)
        raise typer.Exit(1)


def summarise(
    found: Recording, network: DistributedNetwork, stored: dict[str, float | None]
) -> dict[str, Any]:
    """What a run comes to: its events, its phases, and what each hyperconnection carried.

    Args:
        found: the run.
        network: that ran.
        stored: accuracy of each scenario in the results store, from 0 to 1.
    """
    elements, batch = network.elements(), found.setting["batch"]
    size = next((parameter.element_size() for parameter in network.parameters()), 4)
    bytes_ = found.traffic[-1][1]
    return {
        "scheme": found.trial["scheme"],
        "requests": len(found.requests),
        "lost": sum(not one.answered for one in found.requests),
        "equal to the simulator": sum(one.equal for one in found.requests),
        "events": [
            {
                "at": event.began,
                "event": f"{event.kind} {event.node}",
                "detected after": None if event.detected is None else event.detected - event.began,
                "first answer around it": found.until_detour(event),
                "first answer through it": found.until_return(event),
            }
            for event in found.events
        ],
        "phases": [
            {
                "failed": phase.scenario,
                "from": phase.begins,
                "to": phase.ends,
                "answered": phase.answered,
                "lost": phase.lost,
                "accuracy": phase.accuracy,
                "stored accuracy": stored.get(phase.scenario),
            }
            for phase in found.phases()
        ],
        "hyperconnections": [
            {
                "hyperconnection": link.key,
                "tensors": found.frames[link.key],
                "bytes": bytes_[link.key],
                "bytes of the tensors": int(found.frames[link.key] * batch * size * elements[link.source]),
            }
            for link in network.topology.links
        ],
        "refused": dict(found.refused),
        "ended early": found.ended,
    }


def _be(plan_file: Path, node: str) -> None:
    from companion.live.plan_file import read_plan
    from companion.results.network_files import load_network
    from resilinet.live import Node

    path, plan = read_plan(plan_file)
    server = Node(load_network(path)[0], plan, node)
    out.print(f"{node} listens at {plan.addresses[node]}, until Ctrl-C.")
    server.run()


@contextmanager
def _running(path: Path, script: Script, data: Path) -> Iterator[tuple[Run, Trial]]:
    """The run that a file describes, ready to go, with the trial of its network."""
    from companion.experiments.loading import load
    from companion.live.plan_file import read_plan
    from companion.live.scripted_run import Run, started
    from companion.live.settled import settle
    from companion.results.network_files import load_network
    from resilinet.live import Client

    plan = None
    if path.suffix == ".toml":
        path, plan = read_plan(path)
        if script.events:
            raise ValueError(
                "nodes of a plan run elsewhere: fail them there, without --fail, --freeze or --restore."
            )
    model, trial = load_network(path)
    test = load(trial.data, data).test
    if plan is None:
        with started(model, test.x, test.y, script) as run:
            yield run, trial
        return
    with Client(model, plan) as client:
        settle(client)
        yield Run(model, plan, None, client, test.x, test.y, script), trial


def _event(kind: str, text: str) -> Event:
    from companion.live.script import Event

    node, _, time = text.partition("@")
    if not node or not time:
        raise ValueError(f"{text!r} is no NODE@TIME, for example n2@5s.")
    return Event(kind, node, as_seconds(time))


def _now_table(run: Run, now: Now) -> Group:
    topology = run.network.topology
    nodes = Table()
    for column in ("node", "", "sends over", "kB/s"):
        nodes.add_column(column, justify="right" if column == "kB/s" else "left")
    for name in topology.order:
        links = [link.key for link in topology.links if link.source == name]
        rates = "\n".join(f"{now.bytes_a_second[key] / 1000:.1f}" for key in links)
        state = Text("failed", "red") if name in now.failed else Text("alive", "green")
        nodes.add_row(name, state, "\n".join(links), rates)
    accuracy = "none" if now.accuracy is None else f"{100 * now.accuracy:.1f} %"
    answers = f"{now.at:.0f} s, {now.answers} answers in the last second, {now.lost} lost so far"
    return Group(answers, nodes, f"accuracy of the last second: {accuracy}")


def _tables(summary: dict[str, Any]) -> Group:
    counts = (
        f"{summary['scheme']}: {summary['requests']} requests, {summary['lost']} lost, "
        f"{summary['equal to the simulator']} answers equal to the simulator's bit for bit"
    )
    tables = [
        _table("Events", summary["events"]),
        _table("Phases", summary["phases"]),
        _table("Hyperconnections", summary["hyperconnections"]),
    ]
    return Group(counts, *(table for table in tables if table.row_count))


def _table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title)
    for column in rows[0] if rows else ():
        numeric = not isinstance(rows[0][column], str)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_shown(column, value) for column, value in row.items()))
    return table


def _shown(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if "accuracy" in column:
        return f"{100 * value:.2f} %"
    if isinstance(value, float):
        return f"{1000 * value:.0f} ms" if "after" in column or "answer" in column else f"{value:.2f} s"
    return str(value)
