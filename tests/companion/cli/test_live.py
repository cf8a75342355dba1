"""``resilinet live``: what it refuses before anything runs, and what it says of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.cli.common import out
from companion.cli.live import _now_table
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.live.processes import free_addresses
from companion.live.scripted_run import Now
from companion.results.network_files import save_network
from resilinet.models.partitions import mlp


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["live", *map(str, words)])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


@pytest.fixture
def network(tiny: Trial, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.pt"
    save_network(build_network(tiny), tiny, path)
    return path


def plan(folder: Path, addresses: dict[str, str], network: str = "tiny.pt") -> Path:
    path = folder / "plan.toml"
    lines = [f'{name} = "{address}"' for name, address in addresses.items()]
    path.write_text(f'network = "{network}"\n[nodes]\n' + "\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--fail", "n2"], "'n2' is no NODE@TIME, for example n2@5s."),
        (["--fail", "@5s"], "'@5s' is no NODE@TIME"),
        (["--fail", "n2@soon"], "'soon' is no length of time"),
        (["--fail", "n9@5s"], "'n9' is no node; there are i, n1, n2, n3, n4."),
        (["--restore", "n2@5s"], "n2 cannot restore at 5 s: by then it has not failed."),
        (["--fail", "n2@30s"], "n2 is to fail at 30 s, but the run lasts 20 s."),
        (["--rate", "0"], "a rate of 0 requests a second is out of range"),
        (["--duration", "never"], "'never' is no length of time"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(network: Path, words: list[str], problem: str) -> None:
    assert problem in run(network, *words, code=2)


def test_a_network_file_that_is_cut_off_is_refused(network: Path) -> None:
    network.write_bytes(network.read_bytes()[:1000])
    assert "not a trained network of this package" in run(network, code=2)


def test_plans_of_other_networks_are_refused(network: Path) -> None:
    addresses = free_addresses(mlp().order)
    of_others = plan(network.parent, addresses | {"n9": "127.0.0.1:9"})
    assert "the plan has an address for 'n9'" in run(of_others, "--node", "n1", code=2)
    assert "the plan has an address for 'n9'" in run(of_others, code=2)
    whole = plan(network.parent, addresses)
    assert "'n9' is no node; there are i, n1, n2, n3, n4." in run(whole, "--node", "n9", code=2)
    assert "nodes of a plan run elsewhere" in run(whole, "--fail", "n2@5s", code=2)
    lost = plan(network.parent, addresses, "missing.pt")
    assert "there is no such file" in run(lost, "--node", "n1", code=2)


def test_the_table_of_a_run_says_who_is_alive_and_what_flows() -> None:
    topology = mlp()
    run: Any = SimpleNamespace(network=SimpleNamespace(topology=topology))
    rates = dict.fromkeys((link.key for link in topology.links), 1500.0)
    with out.capture() as shown:
        out.print(_now_table(run, Now(3.0, frozenset({"n2"}), rates, 50, 2, 0.75)))
    text = " ".join(shown.get().split())
    assert text.startswith("3 s, 50 answers in the last second, 2 lost so far")
    assert re.search(r"n1 │ alive │ n1->n2 │ 1\.5 │.* n2 │ failed │", text)
    assert text.endswith("accuracy of the last second: 75.0 %")


@pytest.mark.slow
@pytest.mark.usefixtures("_one_thread")
def test_a_run_prints_what_came_of_it(network: Path, tmp_path: Path, tiny: Trial) -> None:
    words = [network, "--duration", "3s", "--rate", "30", "--batch", "4", "--fail", "n2@1s"]
    kept = tmp_path / "run.json"
    found = json.loads(run(*words, "--results", tmp_path, "--recording", kept, "--json").replace("\n", " "))
    assert found["requests"] == 90
    assert found["equal to the simulator"] == 90 - found["lost"]
    assert [event["event"] for event in found["events"]] == ["fail n2"]
    assert [phase["failed"] for phase in found["phases"]] == ["none", "n2"]
    sent = {row["hyperconnection"]: row for row in found["hyperconnections"]}
    assert sent["i->n1"]["bytes"] >= sent["i->n1"]["bytes of the tensors"]
    assert json.loads(kept.read_text(encoding="utf-8"))["trial"] == tiny.values
    assert torch.get_num_threads() == 1
