"""What follows from the paper's inputs or from the shapes of its networks, without any training."""

from __future__ import annotations

from functools import cache

from companion.experiments import EXPERIMENTS
from companion.experiments.table_2 import TABLE_2
from companion.paper.printed import Printed, printed_value
from resilinet.failures import failed_nodes


def arithmetic(number: Printed) -> tuple[float, str] | None:
    """The value of a number that follows without training, and how; None where training is needed."""
    series, _, condition = number.key.partition("/")
    if series == "probability":
        experiment = number.artefact.removeprefix("table-1-")
        fails = TABLE_2[experiment]["normal"].probability
        factors = [f"{p if node in failed_nodes(condition) else 1 - p:g}" for node, p in fails.items()]
        value = scenario_probability(experiment, condition)
        return value, f"{' · '.join(factors)} = {value:.4g} %, from Table 2."
    if (number.artefact, number.key) == ("faq-8.2", "availability"):
        return availability(), "MTBF / (MTBF + MTTR); the paper says about."
    if number.artefact == "table-4":
        return bandwidth_saving(number)
    return None


def scenario_probability(experiment: str, scenario: str) -> float:
    """How probable a scenario of an experiment is under Normal, in percent, from Table 2."""
    setting = TABLE_2[experiment]["normal"]
    return 100 * setting.scenario_probability(EXPERIMENTS[experiment].topology(), failed_nodes(scenario))


def availability() -> float:
    """FAQ 8.2: availability = MTBF / (MTBF + MTTR), in percent."""
    between, repair = printed_value("faq-8.2", "mtbf"), printed_value("faq-8.2", "mttr")
    return 100 * between / (between + repair)


def bandwidth_saving(number: Printed) -> tuple[float, str]:
    """A row of Table 4, in percent, from what real modules send; of several geometries the one that comes closest."""
    found = savings()[number.key]
    closest = min(found, key=lambda geometry: abs(found[geometry] - number.value))
    note = "From the real outputs of the network's modules"
    if len(found) > 1:
        note += "; by geometry: " + ", ".join(f"{name} {value:.2f} %" for name, value in found.items())
    return found[closest], f"{note}."


@cache
def savings() -> dict[str, dict[str, float]]:
    """What each network of Table 4 saves, in percent, by its key and its geometry."""
    from companion.experiments.table_4 import networks
    from resilinet.bandwidth import bandwidth_saving

    found: dict[str, dict[str, float]] = {}
    for (_, geometry, key), network in networks().items():
        found.setdefault(key, {})[geometry] = 100 * bandwidth_saving(network.topology, network.elements())
    return found
