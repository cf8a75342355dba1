"""From counts to the paper's averages: its own rows, its own probabilities, and intervals by hand."""

import math

import pytest
from scipy import stats

from companion.experiments.table_2 import TABLE_2
from companion.results.intervals import Interval, interval, paired
from resilinet.expectation import (
    Expected,
    expected,
    expected_from_counts,
    scenario_accuracies,
)
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.models import mlp

TOPOLOGY = mlp.topology()
NORMAL = TABLE_2["health"]["normal"]

# Table 1 of the paper, Health at Normal, accuracy in %: ResiliNet+, ResiliNet, DFG, Vanilla.
TABLE_1 = {
    "none": (97.85, 97.77, 97.90, 97.85),
    "n1": (97.35, 93.26, 64.42, 7.95),
    "n2": (94.32, 95.59, 22.49, 7.99),
    "n3": (97.74, 97.12, 92.48, 8.10),
    "n1+n2": (8.02, 8.12, 8.2, 7.93),
    "n1+n3": (97.33, 91.12, 60.13, 7.98),
    "n2+n3": (7.99, 7.86, 7.98, 7.97),
    "n1+n2+n3": (7.98, 8.11, 7.89, 7.91),
}
PRINTED_PROBABILITIES = {
    "none": 87.43,
    "n1": 7.01,
    "n2": 3.64,
    "n3": 0.88,
    "n1+n2": 0.32,
    "n1+n3": 0.08,
    "n2+n3": 0.04,
    "n1+n2+n3": 0.003,
}


def average(column: int) -> float:
    """A column's expected accuracy in %, through integer counts as results keep them."""
    counts = {key: round(row[column] * 100) for key, row in TABLE_1.items()}
    return 100 * expected_from_counts(counts, 10_000, TOPOLOGY, NORMAL, math.nan)


@pytest.mark.parametrize(
    ("column", "recomputed", "printed"),
    [(0, 97.36, 97.36), (1, 97.02, 97.02), (2, 92.21, 92.21), (3, 86.56, 86.57)],
    ids=["ResiliNet+", "ResiliNet", "DFG", "Vanilla"],
)
def test_table_1_averages_from_its_own_rows(column: int, recomputed: float, printed: float) -> None:
    assert round(average(column), 2) == recomputed
    assert recomputed == pytest.approx(printed, abs=0.0101)


def test_probabilities_of_table_1_are_those_of_table_2_but_for_one() -> None:
    ours = {
        scenario_key(TOPOLOGY, failed): 100 * NORMAL.scenario_probability(TOPOLOGY, failed)
        for failed in scenarios(TOPOLOGY)
    }
    assert f"{ours['n1']:.2f}" == "7.60"
    off = {key for key, printed in PRINTED_PROBABILITIES.items() if abs(ours[key] - printed) > 0.0101}
    assert off == {"n1"}


def test_the_printed_probability_of_n1_does_not_give_the_printed_average() -> None:
    with_printed = sum(PRINTED_PROBABILITIES[key] * row[1] / 100 for key, row in TABLE_1.items())
    assert round(with_printed, 2) != 97.02
    mended = with_printed + (7.60 - 7.01) * TABLE_1["n1"][1] / 100
    assert mended == pytest.approx(97.02, abs=0.02)


def test_where_no_information_flows_accuracy_is_the_guess() -> None:
    found = scenario_accuracies({"none": 9, "n1": 0, "n2": None}, 10, guess=0.125)
    assert found == {"none": 0.9, "n1": 0.0, "n2": 0.125}


def test_expected_accuracy_by_hand() -> None:
    topology = mlp.topology((5, 5), skips=())
    setting = FailureSetting("half", {"n1": 0.5})
    assert expected_from_counts({"none": 80, "n1": None}, 100, topology, setting, 0.1) == pytest.approx(0.45)


def test_a_scenario_that_was_not_counted_is_missed() -> None:
    with pytest.raises(KeyError, match=r"n1\+n2"):
        expected_from_counts({"none": 1, "n1": 1, "n2": 1, "n3": 1}, 1, TOPOLOGY, NORMAL, 0.1)


def test_certainty_needs_only_its_own_scenario() -> None:
    setting = TABLE_2["health"]["no_failure"]
    assert expected_from_counts({"none": 3}, 4, TOPOLOGY, setting, 0.1) == 0.75
    assert expected(TOPOLOGY, setting, lambda failed: 0.75) == Expected(0.75, 0.0)


@pytest.mark.parametrize("values", [[97.1, 96.9], [0.2, 0.3, 0.7, 0.4], [95 + k / 7 for k in range(10)]])
@pytest.mark.parametrize("level", [0.95, 0.5])
def test_intervals_are_scipys(values: list[float], level: float) -> None:
    found = interval(values, level)
    low, high = stats.t.interval(
        level, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values)
    )
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert (found.mean, found.n) == (pytest.approx(sum(values) / len(values)), len(values))


def test_an_interval_by_hand() -> None:
    """Three seeds: s = 1, t(0.975, 2) = 4.302653, half width 4.302653 / sqrt(3)."""
    found = interval([1.0, 2.0, 3.0])
    assert found.high - found.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert found.mean - found.low == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_one_seed_has_no_interval() -> None:
    found = interval([0.5])
    assert (found.mean, found.n) == (0.5, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_seeds_that_agree_leave_a_point() -> None:
    assert interval([0.5, 0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 3)


def test_no_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the value of at least one seed"):
        interval([])


def test_conditions_are_compared_seed_by_seed() -> None:
    """What seeds share cancels out: single values overlap widely, the differences hardly vary."""
    a = {0: 90.0, 1: 95.0, 2: 85.0, 7: 1.0}
    b = {2: 83.0, 1: 94.0, 0: 87.0, 9: 99.0}
    found = paired(a, b)
    assert found.interval == interval([3.0, 1.0, 2.0])
    assert found.effect == pytest.approx(2.0 / 1.0)
    assert paired(b, a).effect == pytest.approx(-2.0)
    assert found.interval.low > -0.5
    assert interval([90, 95, 85]).low < interval([83, 94, 87]).high


def test_differences_that_do_not_vary_have_an_infinite_effect() -> None:
    assert paired({0: 2.0, 1: 3.0}, {0: 1.0, 1: 2.0}).effect == math.inf
    assert paired({0: 1.0, 1: 2.0}, {0: 2.0, 1: 3.0}).effect == -math.inf


def test_one_common_seed_has_no_effect_size() -> None:
    found = paired({0: 2.0, 1: 3.0}, {1: 1.0, 2: 2.0})
    assert found.interval.mean == 2.0
    assert math.isnan(found.effect)


def test_conditions_without_a_common_seed_are_refused() -> None:
    with pytest.raises(ValueError, match="share no seed"):
        paired({0: 1.0}, {1: 1.0})
