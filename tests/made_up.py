"""Made-up results: the counts that a trial would have, did its accuracy follow a formula."""

from collections.abc import Callable

from resilinet.failures import scenario_key, scenarios, settings_of
from resilinet.models import model
from resilinet.routing import routes
from resilinet.schemes import SCHEMES
from resilinet.trials import Record, Trial

LABELS = {
    "mlp": {"train": [0, *[8] * 12], "test": [0, *[1] * 12]},
    "mobilenet": {"train": [8] * 10, "test": [1] * 10},
    "resnet": {"train": [8] * 10, "test": [1] * 10},
}


def made_up(trial: Trial, accuracy: Callable[[Trial, str], float], total: int = 100_000) -> Record:
    """The record of a trial of that accuracy, in percent, wherever information reaches the cloud."""
    kind = str(trial.network["model"])
    topology = model(kind).topology(trial.partition, trial.skips)
    counts: dict[str, int | None] = {}
    for dead in scenarios(topology):
        key, reached = (
            scenario_key(topology, dead),
            routes(topology, topology.everyone - dead, SCHEMES[trial.scheme].skips),
        )
        known = topology.cloud in reached
        counts[key] = round(accuracy(trial, key) / 100 * total) if known else None
    settings = [name for name, setting in settings_of(topology).items() if any(setting.probability.values())]
    survival = dict.fromkeys(("failout", *settings), counts)
    history = [{"loss": 1.0, "validation_accuracy": 0.5}]
    norm = {} if kind == "mlp" else {"per_route": counts, "route_numbers": 100}
    return Record(trial, total, counts, survival, LABELS[kind], history, 1, 600_000, **norm)
