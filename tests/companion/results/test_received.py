"""What a node receives is normalised by the statistics in force, and kept as a histogram."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from companion.figures import received as drawing
from companion.results.normalised import measure, normalised
from companion.results.received import EDGES, read, write
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.network import DistributedNetwork
from resilinet.topology import vertical, with_skips


@pytest.fixture
def network() -> DistributedNetwork:
    """Two nodes that can fail, of which the second normalises what the first doubles."""
    double = nn.Linear(3, 3)
    nn.init.eye_(double.weight)
    double.weight.data *= 2
    blocks = [double, nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()), nn.Linear(3, 2)]
    chain = with_skips(vertical({"i": 0, "a": 1, "b": 1, "c": 1}))
    return DistributedNetwork(blocks, chain, input_shape=(3,)).eval()


X = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))


def test_statistics_of_the_route_leave_mean_zero_and_deviation_one(network: DistributedNetwork) -> None:
    network.route_statistics = estimate_batch_statistics(network, X)
    found = measure(network, X, "b", "a", "trial", {})
    for key in ("none", "a"):
        assert found.mean["per-route"][key] == pytest.approx(0, abs=1e-3)
        assert found.deviation["per-route"][key] == pytest.approx(1, abs=2e-2)
        assert sum(found.counts["running"][key]) == X.numel()
    # The running statistics of an untrained layer are 0 and 1, so that it leaves what arrives as it is.
    assert found.deviation["running"]["none"] == pytest.approx(2 * found.deviation["running"]["a"], rel=0.05)
    assert network.route_statistics, "they are in force again"


def test_a_node_that_normalises_nothing_or_receives_nothing_is_refused(network: DistributedNetwork) -> None:
    with pytest.raises(ValueError, match="'a' has no batch normalisation"):
        normalised(network, X, "a", ())
    with pytest.raises(ValueError, match="'b' receives nothing while b failed"):
        normalised(network, X, "b", ("b",))


def test_what_is_written_is_read_and_what_is_not_such_a_file_is_refused(
    network: DistributedNetwork, tmp_path: Path
) -> None:
    network.route_statistics = estimate_batch_statistics(network, X)
    found, path = measure(network, X, "b", "a", "trial", {"commit": "c"}), tmp_path / "found.json"
    write(found, path)
    assert read(path) == found
    assert len(drawing(path).axes) == 2
    write(replace(found, counts={"running": {"none": [1] * (len(EDGES) - 2)}}), path)
    for text in (path.read_text(), "[]", json.dumps({"trial": "t"}), "{"):
        path.write_text(text)
        with pytest.raises(ValueError, match="no histogram of what a node receives"):
            read(path)


def test_without_the_file_the_figure_says_so(tmp_path: Path) -> None:
    (text,) = drawing(tmp_path / "none.json").texts
    assert "published networks alone" in text.get_text()
