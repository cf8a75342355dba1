"""Compiled nodes compute the same, in every failure, and what cannot be compiled here is refused in a sentence."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.fx import GraphModule
from typer.testing import CliRunner

from resilinet import compiling
from resilinet.cli import app
from resilinet.compiling import check_compiler, compile_nodes
from resilinet.datasets import Dataset
from resilinet.datasets.loading import load
from resilinet.evaluation import correct_counts
from resilinet.experiments import EXPERIMENTS
from resilinet.experiments.networks import build_network
from resilinet.network import DistributedNetwork
from resilinet.runner import run
from resilinet.schemes import SCHEMES
from resilinet.trials import Trial

pytestmark = [
    pytest.mark.usefixtures("_one_thread"),
    # PyTorch's compiler asks every weight for its gradient, and warns itself.
    pytest.mark.filterwarnings("ignore:The .grad attribute"),
]


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[GraphModule]]:
    """What PyTorch's compiler made of the nodes; run as it is, so that no C++ compiler is needed."""
    made: list[GraphModule] = []

    def backend(graph: GraphModule, _example: list[torch.Tensor]) -> Callable[..., Any]:
        made.append(graph)
        return graph.forward

    monkeypatch.setattr(compiling, "BACKEND", backend)
    limit = torch._dynamo.config.recompile_limit
    torch._dynamo.reset()
    yield made
    torch._dynamo.reset()
    torch._dynamo.config.recompile_limit = limit


def image_trial(key: str) -> Trial:
    return EXPERIMENTS[key].trial(EXPERIMENTS[key].size("smoke"), SCHEMES["resilinet"], 0)


def layers_of(graphs: list[GraphModule]) -> int:
    """How many convolutions and linear layers stand in compiled graphs."""
    wanted = {torch.conv2d, nn.functional.linear, nn.functional.conv2d}
    return sum(node.target in wanted for graph in graphs for node in graph.graph.nodes)


def outcome(record: Any) -> tuple[object, ...]:
    return record.counts, record.survival, record.per_route, record.history, record.best_epoch


@pytest.mark.parametrize("key", ["health", "mobilenet", "resnet"])
def test_a_compiled_training_ends_as_one_that_is_not(
    key: str, graphs: list[GraphModule], tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    if key == "health":
        trial, examples = tiny, data
    else:
        trial = image_trial(key)
        examples = load(trial.data, tmp_path)
    plain = run(trial, examples, tmp_path / "plain")
    assert not graphs
    compiled = run(trial, examples, tmp_path / "compiled", compiled=True)
    assert layers_of(graphs) > 0
    assert outcome(compiled) == outcome(plain)
    assert compiled.provenance["compiled"] is True
    assert "compiled" not in plain.provenance
    kept = [torch.load(tmp_path / way / "weights.pt", weights_only=True) for way in ("plain", "compiled")]
    assert kept[0].keys() == kept[1].keys()


def test_every_layer_is_compiled_and_none_a_second_time_when_nodes_die(graphs: list[GraphModule]) -> None:
    trial = image_trial("mobilenet")
    network = build_network(trial).eval()
    x = torch.rand(4, *network.input_shape)
    y = torch.zeros(4, dtype=torch.long)
    expected = correct_counts(network, x, y)
    compile_nodes(network, "cpu")
    assert correct_counts(network, x, y) == expected  # over every failure scenario
    layers = sum(isinstance(module, nn.Conv2d | nn.Linear) for module in network.modules())
    # Adapters of one shape share a graph, whose weights are among its arguments.
    shapes = [(*tuple(map(str, adapter.children())), str(adapter)) for adapter in network.adapters.values()]
    assert layers_of(graphs) == layers - (len(shapes) - len(set(shapes)))
    count = len(graphs)
    with torch.no_grad():
        network(x, alive=network.topology.everyone - {network.topology.failable[0]})
    assert len(graphs) == count


def test_the_names_of_parameters_stay(graphs: list[GraphModule], tiny: Trial) -> None:
    network: DistributedNetwork = build_network(tiny)
    names = list(network.state_dict())
    compile_nodes(network, "cpu")
    assert list(network.state_dict()) == names


def test_what_cannot_be_compiled_here_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    def lacking(_graph: GraphModule, _example: list[torch.Tensor]) -> Callable[..., Any]:
        raise RuntimeError("No working C++ compiler found.\nSet something and read on.")

    monkeypatch.setattr(compiling, "BACKEND", lacking)
    torch._dynamo.reset()
    sentence = (
        r"cannot compile for device 'cpu' here \(No working C\+\+ compiler found\); leave out --compile\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        check_compiler("cpu")
    with pytest.raises(ValueError, match=sentence):
        run(replace(tiny, seed=1), data, tmp_path, compiled=True)
    said = CliRunner().invoke(
        app, ["sweep", "figure-2a", "--profile", "smoke", "--compile", "--results", str(tmp_path)]
    )
    assert said.exit_code != 0
    assert "leave out --compile" in " ".join(said.output.split())
