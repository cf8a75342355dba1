"""Made-up results: the counts that a trial would have, did its accuracy follow a formula."""

from collections.abc import Callable

from companion.experiments.table_2 import settings_of
from companion.experiments.trial import Record, Trial
from companion.results.validation import NORMALISES
from resilinet.failures import scenario_key, scenarios
from resilinet.routing import routes
from resilinet.schemes import SCHEMES

_HEALTH = [0, *[8] * 12]
TRAIN = {"mlp": _HEALTH, "early_exit": _HEALTH, "mobilenet": [8] * 10, "resnet": [8] * 10, "camera": [8] * 3}
"""Training examples of each class, equally many of each that occurs."""


def labels(kind: str, total: int) -> dict[str, list[int]]:
    """Examples of each class, those of the test part as even as that many can be."""
    train = TRAIN[kind]
    first, occurring = train.count(0), len(train) - train.count(0)
    test = [total // occurring + (k < total % occurring) for k in range(occurring)]
    return {"train": train, "test": [*[0] * first, *test]}


def made_up(trial: Trial, accuracy: Callable[[Trial, str], float], total: int = 100_000) -> Record:
    """The record of a trial of that accuracy, in percent, wherever information reaches the cloud."""
    kind, topology = trial.model, trial.topology
    counts: dict[str, int | None] = {}
    for failed in scenarios(topology):
        key, reached = (
            scenario_key(topology, failed),
            routes(topology, topology.everyone - failed, SCHEMES[trial.scheme].skips),
        )
        known = topology.cloud in reached
        counts[key] = round(accuracy(trial, key) / 100 * total) if known else None
    settings = [name for name, setting in settings_of(trial).items() if any(setting.probability.values())]
    survival = dict.fromkeys(("failout", *settings), counts)
    epoch = {"loss": 1.0, "validation_accuracy": 0.5}
    if trial.recipe.validation == "re-estimated":
        epoch["running_validation_accuracy"] = 0.5
    history = [epoch] * trial.recipe.epochs
    kept = trial.recipe.epochs if trial.recipe.keep == "last" else 1
    norm = {} if kind not in NORMALISES else {"per_route": counts, "route_numbers": 100}
    return Record(trial, total, counts, survival, labels(kind, total), history, kept, 600_000, **norm)
