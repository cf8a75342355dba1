"""A trial's identity follows from all of its values and from nothing else."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
import torch

from companion.experiments import EXPERIMENTS
from companion.experiments.trial import LATER_FIELDS, NUMERICS, Trial, identity
from resilinet.recipe import Recipe
from resilinet.schemes import DFG, RESILINET

HEALTH = EXPERIMENTS["health"]
PAPER = HEALTH.size("published")

TRIAL = HEALTH.trial(
    PAPER, RESILINET, 3, weights={"rule": "reliability", "probability": {"n1": 0.08}, "high": 1.0}
)
PATHS = ("network", "partition", "skips", "scheme", "failout", "weights", "recipe", "data", "seed")


def leaves(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where every single number and string of nested JSON values lies."""
    inner = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    for key, value in inner:
        yield from leaves(value, (*path, key))
    if not isinstance(values, dict | list):
        yield path


def changed(values: Any, path: tuple[str | int, ...], change: Callable[[Any], Any]) -> Any:
    """A copy of nested JSON values with one place changed."""
    if not path:
        return change(values)
    copy = dict(values) if isinstance(values, dict) else list(values)
    copy[path[0]] = changed(values[path[0]], path[1:], change)
    return copy


def test_every_field_is_part_of_the_values() -> None:
    assert set(TRIAL.values) == {field.name for field in fields(Trial)} - {"joint"} == set(PATHS)
    cycle = replace(
        TRIAL.recipe,
        schedule="one-cycle",
        warm_up=1.0,
        keep="last",
        validation="re-estimated",
        memory_format="channels-last",
        class_weights="balanced",
        distilled=1,
    )
    trial = replace(TRIAL, recipe=cycle, joint=(("n1",), ("n1", "n2")))
    assert set(trial.values) == {field.name for field in fields(Trial)}
    assert set(trial.values["recipe"]) == {field.name for field in fields(Recipe)}
    assert Trial.from_values(trial.values) == trial


def test_fields_that_came_later_leave_the_first_trials_as_they_were() -> None:
    assert set(TRIAL.values["recipe"]) == {field.name for field in fields(Recipe)} - set(LATER_FIELDS)
    assert Trial.from_values(TRIAL.values) == TRIAL
    assert {name: getattr(Recipe(), name) for name in LATER_FIELDS} == LATER_FIELDS


@pytest.mark.parametrize("path", list(leaves(TRIAL.values)), ids=lambda path: ".".join(map(str, path)))
def test_every_single_value_changes_the_identity(path: tuple[str | int, ...]) -> None:
    other = changed(TRIAL.values, path, lambda value: value + "x" if isinstance(value, str) else value + 1)
    assert identity(other, NUMERICS) != TRIAL.id


@pytest.mark.parametrize(
    "path", [(), ("network",), ("failout",), ("weights", "probability"), ("recipe",), ("data",)]
)
def test_a_value_more_changes_the_identity(path: tuple[str | int, ...]) -> None:
    assert identity(changed(TRIAL.values, path, lambda inner: inner | {"more": 0}), NUMERICS) != TRIAL.id


@pytest.mark.parametrize(
    "change",
    [
        {"network": dict(PAPER.network) | {"width": 251}},
        {"partition": HEALTH.other_partition},
        {"skips": TRIAL.skips[:2]},
        {"skips": TRIAL.skips[::-1]},
        {"scheme": DFG.key},
        {"failout": {}},
        {"failout": dict(TRIAL.failout) | {"n4": 0.0}},
        {"weights": {"rule": "one", "probability": {}, "high": 1.0}},
        *({"recipe": replace(TRIAL.recipe, **other)} for other in [
            {"epochs": 51}, {"batch_size": 512}, {"learning_rate": 2e-3}, {"schedule": "linear"},
            {"precision": "float32"}, {"epsilon": 1e-8}, {"no_flow": "skip"}, {"keep": "last"},
            {"validation": "re-estimated"}, {"memory_format": "channels-last"},
            {"schedule": "one-cycle", "warm_up": 10.0},
        ]),
        {"data": dict(PAPER.data) | {"fingerprint": "0" * 64}},
        {"data": dict(PAPER.data) | {"split_seed": 1}},
        {"seed": 4},
    ],
)  # fmt: skip
def test_every_field_of_a_trial_changes_its_identity(change: dict[str, Any]) -> None:
    assert replace(TRIAL, **change).id != TRIAL.id


def test_other_numerics_are_another_trial() -> None:
    assert identity(TRIAL.values, NUMERICS) == TRIAL.id
    assert identity(TRIAL.values, NUMERICS + 1) != TRIAL.id


def test_equal_values_have_equal_identities_whatever_their_order() -> None:
    def backwards(values: Any) -> Any:
        if isinstance(values, dict):
            return {key: backwards(values[key]) for key in reversed(values)}
        return [backwards(value) for value in values] if isinstance(values, list) else values

    assert json.dumps(backwards(TRIAL.values)) != json.dumps(TRIAL.values)
    assert Trial.from_values(backwards(TRIAL.values)).id == TRIAL.id


def test_other_processes_give_the_same_identity_and_need_no_torch_for_it() -> None:
    code = (
        "import json, sys; from companion.experiments.trial import Trial;"
        "print(Trial.from_values(json.load(sys.stdin)).id, 'torch' in sys.modules)"
    )
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(TRIAL.values),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": hash_seed},
        )
        assert done.stdout.split() == [TRIAL.id, "False"]


@pytest.mark.parametrize(
    ("trial", "pinned"),
    [
        (
            HEALTH.trial(PAPER, RESILINET, 0),
            "b94618d4b7396e82b110e0aabc67b7086c019a9814aa76344bc0431c59865e07",
        ),
        (
            HEALTH.trial(PAPER, DFG, 0),
            "b2b53f1121d5487983f3900c8f9c642120afeeb93223c0ebbd05a2d995f6b8d6",
        ),
    ],
    ids=["resilinet", "dfg"],
)
def test_published_results_keep_their_identity(trial: Trial, pinned: str) -> None:
    """Change these only together with every result: a trial of another identity has none yet."""
    assert trial.id == pinned


def test_values_describe_the_whole_trial() -> None:
    assert Trial.from_values(TRIAL.values) == TRIAL
    assert Trial.from_values(json.loads(json.dumps(TRIAL.values))).id == TRIAL.id


def test_reading_values_does_not_take_them_apart() -> None:
    values = TRIAL.values
    Trial.from_values(values)
    assert values == TRIAL.values


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_cannot_say_has_no_identity(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        _ = replace(TRIAL, failout={"n1": value}).id
    with pytest.raises(ValueError, match="not JSON compliant"):
        identity({"rate": value}, NUMERICS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: {}, "describe no trial: 'recipe'"),
        (lambda values: {k: v for k, v in values.items() if k != "seed"}, "describe no trial: .*'seed'"),
        (lambda values: values | {"colour": 1}, "describe no trial: .*'colour'"),
        (lambda values: values | {"recipe": {"speed": 1}}, "describe no trial: .*'speed'"),
        (lambda values: values | {"recipe": {"epochs": "many"}}, "recipe: epochs is 'many'; give a"),
        (
            lambda values: values | {"recipe": {"epochs": 0}},
            "recipe: epochs is 0; give a whole number from 1",
        ),
        (lambda values: values | {"partition": 4}, "describe no trial: "),
        (lambda values: values | {"skips": [["i", "n2", "n3"]]}, "describe no trial: "),
        (lambda values: values | {"scheme": "magic"}, "'magic' is no scheme; choose one of vanilla, dfg"),
        (lambda values: [values], "describe no trial: "),
        (lambda values: None, "describe no trial: "),
    ],
)
def test_values_that_are_no_trial_are_refused(change: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trial.from_values(change(TRIAL.values))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "cosine"}, "schedule is 'cosine'; choose constant, linear or one-cycle"),
        ({"precision": "float16"}, "precision is 'float16'; choose float32, bfloat16 or autocast"),
        ({"no_flow": "guess"}, "no_flow is 'guess'; choose zeros or skip"),
        ({"epochs": 0}, "epochs is 0; give a whole number from 1"),
        ({"batch_size": -1}, "batch_size is -1; give a whole number from 1"),
        ({"epochs": 2.5}, "epochs is 2.5; give a whole number"),
        ({"batch_size": 0.5}, "batch_size is 0.5; give a whole number"),
        ({"learning_rate": math.nan}, "learning_rate is nan; give a finite number above 0"),
        ({"epsilon": 0.0}, "epsilon is 0.0; give a finite number above 0"),
        ({"learning_rate": math.inf}, "learning_rate is inf; give a finite number above 0"),
        ({"epochs": math.inf}, "epochs is inf; give a whole number from 1"),
        ({"epochs": True}, "epochs is True; give a whole number from 1"),
        ({"epsilon": True}, "epsilon is True; give a finite number above 0"),
        ({"keep": "first"}, "keep is 'first'; choose best or last"),
        ({"validation": "none"}, "validation is 'none'; choose running or re-estimated"),
        ({"memory_format": "rows"}, "memory_format is 'rows'; choose contiguous or channels-last"),
        (
            {"schedule": "one-cycle", "warm_up": 50},
            "warm_up is 50, and there are 50 epochs; the rate must rise in fewer",
        ),
        ({"schedule": "one-cycle", "warm_up": math.nan}, "warm_up is nan, and there are 50 epochs"),
        ({"schedule": "one-cycle"}, "warm_up is 0.0 and schedule 'one-cycle'; one-cycle has a warm-up"),
        ({"warm_up": 1.0}, "warm_up is 1.0 and schedule 'constant'; one-cycle has a warm-up"),
    ],
)
def test_recipes_that_no_loop_can_follow_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**options)


def test_rates_of_a_recipe_by_hand() -> None:
    assert [Recipe(learning_rate=0.1).rate(step, 4) for step in range(4)] == [0.1] * 4
    decaying = Recipe(learning_rate=0.1, schedule="linear")
    assert [decaying.rate(step, 4) for step in range(4)] == pytest.approx([0.1, 0.075, 0.05, 0.025])


def test_one_cycle_rises_from_a_25th_to_the_peak_and_falls_to_zero() -> None:
    recipe = Recipe(epochs=10, learning_rate=0.5, schedule="one-cycle", warm_up=2.0)
    rates = [recipe.rate(step, 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.02)
    assert rates[10] == pytest.approx((0.02 + 0.5) / 2)
    assert rates[20] == max(rates) == 0.5
    assert rates[60] == pytest.approx(0.25)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert sorted(rates[:21]) == rates[:21]
    assert sorted(rates[20:], reverse=True) == rates[20:]


def test_one_cycle_is_pytorchs() -> None:
    recipe = Recipe(epochs=10, learning_rate=0.5, schedule="one-cycle", warm_up=2.0)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    # Theirs counts both ends of the rise, and ends above zero unless told otherwise.
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.5, total_steps=101, pct_start=21 / 101, final_div_factor=1e12
    )
    for step in range(101):
        assert recipe.rate(step, 100) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        if step < 100:
            theirs.step()


def test_skip_layers_are_for_models_that_have_them() -> None:
    from companion.experiments.networks import build_network

    size = EXPERIMENTS["mobilenet"].size("smoke")
    trial = EXPERIMENTS["mobilenet"].trial(size, RESILINET, 0)
    with pytest.raises(ValueError, match="mobilenet has no skip layers that could be distilled; the MLP has"):
        build_network(replace(trial, recipe=replace(trial.recipe, distilled=1)))
