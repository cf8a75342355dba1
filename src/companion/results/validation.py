"""What a result file must hold to be trusted: the fields of a record, and counts that its trial can give."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from companion.experiments.table_2 import failure_probabilities
from companion.experiments.trial import NUMERICS, Record, Trial, identity
from resilinet.failures import scenario_key, scenarios
from resilinet.topology import Topology

RECORD_SCHEMA = 1
FIELDS = {field.name for field in dataclasses.fields(Record)}
WITH_BATCH_NORM = {"per_route", "route_numbers"}
"""Fields that a result of a network without batch normalisation need not have."""
NORMALISES = ("mobilenet", "resnet")
"""Models of this package that have it."""


def problem(name: str, content: Any) -> str | None:
    """What is wrong with the content of a result file of that name, without its ending; None if nothing is."""
    if not isinstance(content, dict) or content.get("schema") != RECORD_SCHEMA:
        return f"not a result of schema {RECORD_SCHEMA}"
    if missing := sorted((FIELDS - WITH_BATCH_NORM | {"id", "numerics"}) - set(content)):
        return f"{missing[0]!r} is missing"
    try:
        trial = Trial.from_values(content["trial"])
        expected = identity(content["trial"], content["numerics"])
    except ValueError as error:
        return str(error).rstrip(".")
    if content["id"] != expected:
        return f"its values have identity {expected[:16]}, but it says {str(content['id'])[:16]}"
    if name != expected[:16]:
        return f"it holds trial {expected[:16]}, which its name denies"
    if content["numerics"] != NUMERICS:
        return f"it was made with numerics {content['numerics']}, and this is {NUMERICS}: run the trial again"
    return _problem_of_numbers(content, trial) or _problem_of_counts(content, trial)


def _problem_of_numbers(content: Mapping[str, Any], trial: Trial) -> str | None:
    """What is wrong with the numbers that belong to no scenario, or None."""
    least = {"total": 1, "best_epoch": 1, "parameters": 1, "route_numbers": 0}
    most = {"best_epoch": trial.recipe.epochs}
    for name in sorted(set(least) & set(content)):
        value, low, high = content[name], least[name], most.get(name)
        if not _whole(value, low, high):
            return (
                f"{name} is {value!r}, not a whole number from {low} {'up' if high is None else f'to {high}'}"
            )
    labels = content["labels"]
    if not isinstance(labels, dict) or set(labels) != {"train", "test"}:
        return f"labels is {labels!r}, not examples of each class in train and test"
    for part, counts in labels.items():
        if not isinstance(counts, list) or not all(_whole(count) for count in counts) or not sum(counts):
            return f"labels of {part} is {counts!r}, not how many examples each class has"
    if sum(labels["test"]) != content["total"]:
        return f"labels of test add up to {sum(labels['test'])}, not to the total of {content['total']}"
    if len(labels["train"]) != len(labels["test"]):
        return f"labels has {len(labels['train'])} classes in train and {len(labels['test'])} in test"
    history = content["history"]
    if not isinstance(history, list) or not history:
        return f"history is {history!r}, not a list of epochs"
    for number, epoch in enumerate(history, start=1):
        if not (
            isinstance(epoch, dict)
            and _number(epoch.get("loss"), sys.float_info.max)
            and _number(epoch.get("validation_accuracy"), 1.0)
        ):
            return f"epoch {number} of history is {epoch!r}, not a loss and a validation_accuracy from 0 to 1"
    if len(history) != trial.recipe.epochs:
        return f"history has {len(history)} epochs, not the {trial.recipe.epochs} of its recipe"
    accuracies = [epoch["validation_accuracy"] for epoch in history]
    if trial.recipe.keep == "last":
        if content["best_epoch"] != len(history):
            return f"best_epoch is {content['best_epoch']}, but its recipe keeps the last, {len(history)}"
    elif content["best_epoch"] != (best := accuracies.index(max(accuracies)) + 1):
        return f"best_epoch is {content['best_epoch']}, but epoch {best} is the first of the highest accuracy"
    if not isinstance(content["provenance"], dict):
        return f"provenance is {content['provenance']!r}, not values by name"
    return None


def _problem_of_counts(content: Mapping[str, Any], trial: Trial) -> str | None:
    """What is wrong with the counts of any kind, or None."""
    total, survival = content["total"], content["survival"]
    if not isinstance(survival, dict):
        return f"survival is {survival!r}, not counts by failure setting"
    counted = {
        "counts": content["counts"],
        **{f"survival/{name}": counts for name, counts in survival.items()},
    }
    if "per_route" in content:
        counted["per_route"] = content["per_route"]
    try:
        wanted, scaled = _scenarios(trial.topology), set(failure_probabilities(trial))
    except (KeyError, TypeError, ValueError) as error:
        return f"its trial describes no network: {str(error).rstrip('.')}"
    if trial.model in NORMALISES and (lost := sorted(WITH_BATCH_NORM - set(content))):
        return f"{lost[0]!r} is missing"
    if lost := sorted((scaled if trial.weights.get("rule") != "learned" else set()) - set(survival)):
        return f"survival lacks {lost[0]!r}"
    for kind, counts in counted.items():
        if not isinstance(counts, dict):
            return f"{kind} is {counts!r}, not counts by scenario"
        if lacking := [key for key in wanted if key not in counts]:
            return f"{kind} lacks the scenario {lacking[0]!r}"
        for key, count in counts.items():
            if key not in wanted:
                return f"{kind} has the scenario {key!r}, which its network has not"
            if count is not None and not _whole(count, 0, total):
                return f"{kind} of scenario {key!r} is {count!r}, not a whole number from 0 to {total}"
        if counts["none"] is None:
            return f"{kind}: the scenario without failures was not counted"
    return None


@cache
def _scenarios(topology: Topology) -> tuple[str, ...]:
    """The names of all failure scenarios of a network."""
    return tuple(scenario_key(topology, failed) for failed in scenarios(topology))


def _whole(value: Any, low: int = 0, high: int | None = None) -> bool:
    return type(value) is int and low <= value and (high is None or value <= high)


def _number(value: Any, high: float) -> bool:
    return type(value) in (int, float) and 0 <= value <= high
