"""What a designer can choose from on the Health network: schemes with their costs, ranked by expected accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from companion.experiments import ARTEFACTS
from companion.experiments.beyond import NAMES, falls_with, machine_of
from companion.experiments.trial import Record
from companion.extensions.joint_failures import JointFailures, replicated
from companion.paper.measured import Measured
from companion.paper.samples import Sample
from companion.results.accuracy import by_scenario
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.routing import inputs, routes
from resilinet.schemes import SCHEMES

if TYPE_CHECKING:
    from resilinet.network import DistributedNetwork

ARTEFACT: Final = "beyond-health"
FLOAT32: Final = 4
"""Bytes of a number that a hyperconnection carries."""


@dataclass(frozen=True)
class Option:
    """A trained scheme, and how many copies every node that can fail has.

    Attributes:
        row: of the artefact ``beyond-health``.
        copies: 1 without replication.
    """

    row: str
    copies: int = 1

    @property
    def name(self) -> str:
        """In words, for example ``Vanilla, 2 copies``."""
        name = SCHEMES[self.row].name if self.row in SCHEMES else NAMES[self.row]
        return name if self.copies == 1 else f"{name}, {self.copies} copies"


OPTIONS: Final = (
    *(Option(row) for row in (*SCHEMES, *NAMES)),
    Option("vanilla", 2),
    Option("vanilla", 3),
    Option("resilinet", 2),
)
"""What the book compares."""


@dataclass(frozen=True)
class Costs:
    """What an option costs for one example.

    Attributes:
        parameters: trainable numbers on all nodes, copies included.
        multiply_adds: by failure scenario, those of nodes that receive something.
        traffic: bytes between physical nodes, by failure scenario; a copy that stands by receives nothing.
    """

    parameters: int
    multiply_adds: Mapping[str, int]
    traffic: Mapping[str, int]

    @property
    def product(self) -> int:
        """Parameters times bytes without failures, in which the book draws options."""
        return self.parameters * self.traffic["none"]


def sample(measured: Measured, option: Option, setting: FailureSetting | JointFailures) -> Sample:
    """The accuracy expected of an option, in percent, a value for each seed; exact, by enumeration.

    Args:
        measured: the runs.
        option: which one.
        setting: of physical nodes; copies fail independently, so that joint failures are of options without copies.

    Raises:
        ValueError: an option with copies is asked for under joint failures.
    """
    experiment = ARTEFACTS[ARTEFACT].experiment
    if isinstance(setting, FailureSetting):
        copies = dict.fromkeys(experiment.failable, option.copies)
        setting = JointFailures.independent(replicated(experiment.topology(), setting, copies))
    elif option.copies > 1:
        raise ValueError(f"{option.name}: copies fail independently; choose an option without copies.")
    events = setting.falling(falls_with(option.row, experiment))

    def measure(record: Record) -> float:
        accuracy = by_scenario(record, measured.counts(record), measured.guess)
        return events.expected(lambda failed: accuracy[scenario_key(record.trial.topology, failed)])

    return measured.sample(ARTEFACT, option.row, measure)


def is_guess(measured: Measured, option: Option, failed: Iterable[str]) -> bool:
    """Whether no information reaches the cloud while these nodes have failed; False while nothing is known."""
    parts = falls_with(option.row, ARTEFACTS[ARTEFACT].experiment)
    fallen = frozenset[str]().union(*(parts[name] for name in failed))
    return any(
        record.counts[scenario_key(record.trial.topology, fallen)] is None
        for record in measured.records(ARTEFACT, option.row)
    )


def scenario(measured: Measured, option: Option, failed: Iterable[str]) -> Sample:
    """The accuracy in percent while exactly these physical nodes have failed."""
    return sample(measured, option, JointFailures("exactly", ((frozenset(failed), 1.0),)))


def costs(measured: Measured, option: Option) -> Costs:
    """What an option costs, from the real modules of its network."""
    return _costs(measured.profile, option)


@cache
def _costs(profile: str, option: Option) -> Costs:
    import torch  # here, as accuracies alone need none of it

    from companion.experiments.networks import build_network
    from companion.paper.operations import operations_of

    experiment = ARTEFACTS[ARTEFACT].experiment
    trial = ARTEFACTS[ARTEFACT].rows(profile)[option.row][0]
    with torch.device("meta"):  # counts need no memory
        network = build_network(trial).eval()
    chain, parts = experiment.topology(), falls_with(option.row, experiment)
    machines = machine_of(option.row, trial, experiment)
    by_node = network.picture().parameters
    copied = sum(count for name, count in by_node.items() if machines[name] in chain.failable)
    total = sum(p.numel() for p in network.parameters()) + (option.copies - 1) * copied
    operations, traffic = {}, {}
    for failed in scenarios(chain):
        alive = network.topology.everyone.difference(*(parts[name] for name in failed))
        key = scenario_key(chain, failed)
        operations[key] = operations_of(network, alive) // 2
        traffic[key] = FLOAT32 * _numbers(network, alive, machines)
    return Costs(total, operations, traffic)


def _numbers(network: DistributedNetwork, alive: frozenset[str], machines: Mapping[str, str]) -> int:
    """Numbers that travel between machines for one example; an adapter stands at whichever end sends fewer."""
    sent, found = network.elements(), 0
    for name, route in routes(network.topology, alive, network.skips).items():
        for link in inputs(network.topology, name, route):
            if machines[link.source] == machines[name]:
                continue
            (arriving,) = network.received_shape[name]
            found += min(sent[link.source], arriving) if link.key in network.adapters else sent[link.source]
    return found


@dataclass(frozen=True)
class Ranked:
    """An option within a budget: what accuracy, in percent, can be expected of it, and its costs."""

    option: Option
    accuracy: Sample
    costs: Costs


def rank(
    measured: Measured,
    probability: Mapping[str, float],
    *,
    parameters: float | None = None,
    traffic: float | None = None,
) -> list[Ranked]:
    """Options within a budget, the highest expected accuracy first; those without any trained network are left out.

    Args:
        measured: the runs.
        probability: of failure, for each physical node that has one; failures are independent.
        parameters: at most so many on all nodes together.
        traffic: at most so many bytes for one example without failures.

    Raises:
        ValueError: a probability is none, a node does not exist or cannot fail, a budget is not positive, or nothing
            fits.
    """
    setting = FailureSetting("your own", dict(probability))
    setting.check(ARTEFACTS[ARTEFACT].experiment.topology())
    limits = {"parameters": parameters, "bytes": traffic}
    for what, limit in limits.items():
        if limit is not None and (isinstance(limit, bool) or not limit > 0):
            raise ValueError(f"{limit!r} {what} are no budget; give a number above 0, or None for no limit.")
    found = [Ranked(one, sample(measured, one, setting), costs(measured, one)) for one in OPTIONS]
    trained = [one for one in found if one.accuracy.values]
    if not trained:
        raise ValueError("no scheme has been trained yet, so that there is nothing to rank.")
    fitting = [
        one
        for one in trained
        if (parameters is None or one.costs.parameters <= parameters)
        and (traffic is None or one.costs.traffic["none"] <= traffic)
    ]
    if not fitting:
        least = (
            min(one.costs.parameters for one in trained),
            min(one.costs.traffic["none"] for one in trained),
        )
        raise ValueError(
            f"nothing fits this budget: the fewest parameters of a scheme are {least[0]}, the fewest bytes {least[1]}."
        )
    return sorted(fitting, key=_mean, reverse=True)


def front(options: Iterable[Ranked]) -> list[Ranked]:
    """Options to which no cheaper one is equal or superior, the cheapest first; the cost is :attr:`Costs.product`."""
    found: list[Ranked] = []
    for one in sorted(options, key=lambda one: (one.costs.product, -_mean(one))):
        if not found or _mean(one) > _mean(found[-1]):
            found.append(one)
    return found


def _mean(one: Ranked) -> float:
    assert one.accuracy.interval is not None
    return one.accuracy.interval.mean
