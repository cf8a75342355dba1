"""The three topologies of Fig. 5 receive what the paper describes."""

from companion.experiments.figure_5 import FAILING, FIGURE_5
from resilinet.routing import Skips, inputs, routes


def test_fig_5_has_the_inputs_that_the_paper_describes() -> None:
    def received_by_cloud(name: str, failed: set[str]) -> set[str]:
        topology = FIGURE_5[name]
        route = routes(topology, topology.everyone - failed, Skips.ON_FAILURE)[topology.cloud]
        return {link.source for link in inputs(topology, topology.cloud, route)}

    assert (received_by_cloud("a", set()), received_by_cloud("a", {"v2"})) == ({"v2"}, {"v1"})
    assert (received_by_cloud("b", set()), received_by_cloud("b", {"v3"})) == ({"v1", "v3"}, {"v1", "v2"})
    assert (received_by_cloud("c", set()), received_by_cloud("c", {"v3"})) == ({"v3"}, {"v1", "v2"})
    assert all(FAILING[name] in topology.failable for name, topology in FIGURE_5.items())
