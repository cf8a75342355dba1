"""Options are ranked by exact expectations within their budgets; their costs come from the real modules."""

from pathlib import Path

import pytest

from companion import figures, tables
from companion.experiments import ARTEFACTS, EXPERIMENTS
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.extensions.joint_failures import JointFailures
from companion.paper import Measured
from companion.paper.options import ARTEFACT, OPTIONS, Option, costs, front, rank, sample, scenario
from companion.results.store import Store
from made_up import made_up
from resilinet.expectation import expected
from resilinet.failures import FailureSetting

HEALTH = EXPERIMENTS["health"]
HAZARDOUS = HEALTH.settings["hazardous"]
ROWS = {row: trials[0] for row, trials in ARTEFACTS[ARTEFACT].rows("published").items()}


def accuracy(trial: Trial, key: str) -> float:
    return 90.0 + trial.seed / 10 - 3 * (key.count("+") + (key != "none"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    store = Store(tmp_path_factory.mktemp("results"))
    for trial in ARTEFACTS[ARTEFACT].trials("published"):
        store.write(made_up(trial, accuracy))
    return Measured(store)


@pytest.mark.parametrize("row", ["vanilla", "dfg", "resilinet", "learned-weights", "skip-layer"])
def test_without_copies_the_expectation_is_the_one_of_the_other_tables(measured: Measured, row: str) -> None:
    for setting in HEALTH.settings.values():
        found = sample(measured, Option(row), setting).values
        assert found == pytest.approx(measured.average(ARTEFACT, row, setting).values, abs=1e-9)


def test_copies_raise_failure_probabilities_to_a_power(measured: Measured) -> None:
    twice = FailureSetting("twice", {node: p**2 for node, p in HAZARDOUS.probability.items()})
    found = sample(measured, Option("resilinet", 2), HAZARDOUS).values
    assert found == pytest.approx(measured.average(ARTEFACT, "resilinet", twice).values, abs=1e-9)


def test_with_stage_drop_a_machine_takes_its_skip_with_it(measured: Measured) -> None:
    alone = scenario(measured, Option("vanilla"), ("n2",)).values
    assert scenario(measured, Option("stage-drop"), ("n2",)).values == pytest.approx(alone)  # a guess


def test_with_early_exit_the_first_failure_counts(measured: Measured) -> None:
    option = Option("early-exit")
    assert scenario(measured, option, ("n1", "n3")).values == scenario(measured, option, ("n1",)).values
    by_failed = {name: scenario(measured, option, (name,)).values[0] for name in HEALTH.failable}
    whole = scenario(measured, option, ()).values[0]

    def worth(failed: frozenset[str]) -> float:
        return next((by_failed[name] for name in HEALTH.failable if name in failed), whole)

    expectation = expected(HEALTH.topology(), HAZARDOUS, worth).value
    assert sample(measured, option, HAZARDOUS).values[0] == pytest.approx(expectation)


def test_costs_are_those_of_the_modules(measured: Measured) -> None:
    for option in OPTIONS:
        network = build_network(ROWS[option.row])
        total = sum(p.numel() for p in network.parameters())
        assert (costs(measured, option).parameters > total) == (option.copies > 1)
    vanilla, three = costs(measured, Option("vanilla")), costs(measured, Option("vanilla", 3))
    nodes = build_network(ROWS["vanilla"]).nodes
    copied = sum(p.numel() for name in HEALTH.failable for p in nodes[name].parameters())
    assert three.parameters == vanilla.parameters + 2 * copied
    assert (
        vanilla.traffic["none"] == 4 * (23 + 3 * 250) == costs(measured, Option("early-exit")).traffic["none"]
    )
    assert costs(measured, Option("early-exit")).traffic["n2"] == 4 * (23 + 13)
    assert costs(measured, Option("dfg")).traffic["none"] == 4 * (23 + 3 * 250 + 23 + 2 * 250)
    assert costs(measured, Option("stage-drop")).traffic == vanilla.traffic
    assert vanilla.multiply_adds["none"] == 23 * 250 + 9 * 250 * 250 + 250 * 13


def test_budgets_hold_and_the_best_comes_first(measured: Measured) -> None:
    found = rank(measured, HAZARDOUS.probability, parameters=600_000, traffic=4_000)
    assert {one.option for one in found} < set(OPTIONS)
    assert all(one.costs.parameters <= 600_000 and one.costs.traffic["none"] <= 4_000 for one in found)
    means = [one.accuracy.interval.mean for one in found if one.accuracy.interval]
    assert means == sorted(means, reverse=True)
    every = rank(measured, HAZARDOUS.probability)
    best = front(every)
    for one in every:
        assert any(
            other.costs.product <= one.costs.product
            and other.accuracy.interval.mean >= one.accuracy.interval.mean  # type: ignore[union-attr]
            for other in best
        )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"parameters": 5},
            "nothing fits this budget: the fewest parameters of a scheme are 574013, the fewest bytes 3092",
        ),
        ({"traffic": 0}, "0 bytes are no budget; give a number above 0"),
        ({"probability": {"n1": 2.0}}, "2.0 is no probability for node 'n1'"),
        ({"probability": {"n4": 0.1}}, "'n4' is a source or the cloud"),
        ({"probability": {"x": 0.1}}, "names 'x'; this topology's nodes are"),
    ],
)
def test_a_bad_choice_is_refused_in_one_sentence(measured: Measured, options: dict, why: str) -> None:  # type: ignore[type-arg]
    probability = options.pop("probability", {"n1": 0.1})
    with pytest.raises(ValueError, match=why):
        rank(measured, probability, **options)


def test_copies_fail_independently_and_nothing_trained_ranks_nothing(
    measured: Measured, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="2 copies: copies fail independently"):
        sample(measured, Option("vanilla", 2), JointFailures.independent(HAZARDOUS))
    with pytest.raises(ValueError, match="no scheme has been trained yet"):
        rank(Measured(Store(tmp_path)), {})


def test_figures_and_tables_show_every_option(measured: Measured, tmp_path: Path) -> None:
    names = [option.name for option in OPTIONS]
    assert list(tables.option_averages(measured).index) == names == list(tables.option_costs(measured).index)
    assert len(tables.option_scenarios(measured)) == len({option.row for option in OPTIONS})
    (legend,) = figures.cost_front(measured, "hazardous").legends
    assert {text.get_text() for text in legend.get_texts()} == {"front", *names}
    assert len(figures.depth_curves(measured, 0.05).axes[0].lines) == 4
    figures.cost_front(Measured(Store(tmp_path)), "hazardous")  # nothing trained, nothing drawn
    table = tables.power_cuts(measured, [("n1", "n2")])
    assert list(table.index) == ["Vanilla", "DFG", "ResiliNet", "ResiliNet+"]
