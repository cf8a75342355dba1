"""The network that a trial describes."""

from __future__ import annotations

from companion.experiments.trial import Trial
from companion.extensions.distillation import skip_layers
from resilinet.models import model
from resilinet.network import DistributedNetwork
from resilinet.randomness import generator
from resilinet.schemes import SCHEMES
from resilinet.weights import WeightRule


def build_network(trial: Trial) -> DistributedNetwork:
    """The trial's network with its initial weights, the same for every scheme of one seed.

    Raises:
        ValueError: the trial describes no network.
    """
    sizes = {name: value for name, value in trial.network.items() if name != "model"}
    family, topology = model(trial.model), trial.topology
    if trial.recipe.distilled and trial.model != "mlp":
        raise ValueError(f"{trial.model} has no skip layers that could be distilled; the MLP has.")
    adapters = skip_layers if trial.recipe.distilled else family.adapters
    rule = WeightRule(**trial.weights)
    network = DistributedNetwork(
        family.blocks(**sizes),
        topology,
        input_shape=family.input_shape(**sizes),
        skips=SCHEMES[trial.scheme].skips,
        adapters=adapters(topology, **sizes),
        weights=rule.draw(topology, generator(trial.seed, "hyperconnection weights")),
        learned=rule.rule == "learned",
    )
    family.initialise(network.nodes, generator(trial.seed, "initial weights"))
    family.initialise(network.adapters, generator(trial.seed, "initial adapters"))
    return network
