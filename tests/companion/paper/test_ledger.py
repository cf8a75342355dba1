from __future__ import annotations

import json
import math
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path

import pytest

from companion.experiments import ARTEFACTS, EXPERIMENTS
from companion.experiments.table_2 import TABLE_2
from companion.experiments.trial import Record, Trial
from companion.paper import (
    Measured,
    Sample,
    Verdict,
    inconsistencies,
    printed_value,
    printed_values,
    statements,
    verify,
)
from companion.paper.arithmetic import scenario_probability
from companion.paper.comparisons.between_schemes import better_schemes
from companion.paper.comparisons.failout_rates import best_rate
from companion.paper.comparisons.skip_sets import config_over
from companion.paper.inconsistencies import recomputed_average
from companion.paper.ledger import number_entry, under_routes
from companion.paper.own_numbers import OWN_NUMBERS
from companion.paper.printed import (
    RUNS,
    RUNS_ON_IMAGENET,
    Printed,
    numbers_in,
    parsed,
    runs_behind,
)
from companion.paper.samples import spread
from companion.paper.specific_values import break_even, lead
from companion.paper.statements import CLAIMS, Claim, statement
from companion.paper.verdicts import (
    Check,
    check,
    contradictions,
    judge,
    judge_exact,
    judge_order,
    judge_statement,
)
from companion.paper.which_statistics import both_kinds, distance, rank_correlation
from companion.results.intervals import Interval
from companion.results.store import Store
from made_up import made_up
from resilinet.schemes import RESILINET, VANILLA

HEALTH = EXPERIMENTS["health"]


def numbers(node: object) -> Iterator[float]:
    if isinstance(node, dict):
        for value in node.values():
            yield from numbers(value)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value)
    elif isinstance(node, int | float):
        yield float(node)


def as_printed(trial: Trial, scenario: str) -> float:
    """Table 1's own accuracies, in percent, with a little noise by seed."""
    return printed_value("table-1-health", f"{trial.scheme}/{scenario}") + 0.02 * (trial.seed % 5 - 2)


def record(trial: Trial, accuracy: Callable[[Trial, str], float] = as_printed) -> Record:
    return made_up(trial, accuracy)


@pytest.fixture(scope="module")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Results in which every trial of Table 1, and so of Fig. 2a, does as the paper prints."""
    store = Store(tmp_path_factory.mktemp("results"))
    for trial in ARTEFACTS["table-1-health"].trials("published"):
        store.write(record(trial))
    return store


def test_every_number_of_the_paper_is_in_the_ledger_exactly_once(tmp_path: Path) -> None:
    text = files("companion.paper").joinpath("published_values.toml").read_text(encoding="utf-8")
    entries = verify(Store(tmp_path))
    assert Counter(e.paper for e in entries if e.artefact != "claims") == Counter(
        numbers(tomllib.loads(text))
    )
    assert max(Counter((e.artefact, e.key) for e in entries).values()) == 1
    assert max(Counter(e.address for e in entries).values()) == 1
    assert {(e.artefact, e.key) for e in entries} >= set(printed_values())


BLOCK = '[[block]]\nartefact = "{}"\nsource = "s"\n{}[block.rows]\n{}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[colours]\nred = 1", "published_values.toml: nothing reads the key 'colours'."),
        (
            BLOCK.format("table-9", 'colour = "red"\n', "x = 1.0"),
            "nothing reads the key 'colour' in the block 'table-9'.",
        ),
        (
            BLOCK.format("table-9", 'columns = ["a"]\n', "x = [1.0, 2.0]"),
            "the row 'x' of 'table-9' has 2 numbers for 1 columns.",
        ),
        (BLOCK.format("table-9", "", "x = 1.0") * 2, "table-9, x is printed twice."),
    ],
)
def test_a_damaged_file_of_printed_values_is_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        numbers_in(parsed(text))


def test_a_number_or_statement_that_no_entry_reads_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = Printed("table-9", "x/normal", 1.0, 2, "percent", "s")
    with pytest.raises(ValueError, match="no entry reads table-9, x/normal"):
        number_entry(Measured(Store(tmp_path)), stray)
    module = sys.modules["companion.paper.statements"]
    monkeypatch.setattr(module, "statements", lambda: {**statements(), "key-result-9": "Pigs fly."})
    with pytest.raises(ValueError, match="no entry reads the statement 'key-result-9'"):
        verify(Store(tmp_path))


def test_every_statement_is_in_the_ledger() -> None:
    said = {e.statement for e in verify(Store("nowhere")) if e.artefact == "claims"}
    assert said == set(statements().values())


def test_every_entry_without_a_verdict_on_the_number_says_why(tmp_path: Path) -> None:
    for entry in verify(Store(tmp_path)):
        assert entry.note or entry.verdict is Verdict.REPRODUCED


def test_the_ledger_is_json(faithful: Store, tmp_path: Path) -> None:
    for store in (faithful, Store(tmp_path)):
        text = json.dumps([asdict(entry) for entry in verify(store)], allow_nan=False)
        assert {"artefact", "key", "paper", "ours", "low", "high", "seeds", "verdict", "trials"} <= set(
            json.loads(text)[0]
        )


def test_numbers_keep_the_digits_they_are_printed_with() -> None:
    assert str(printed_values()["table-1-health", "dfg/none"]) == "97.90"
    assert str(printed_values()["table-1-health", "dfg/n1+n2"]) == "8.2"
    assert str(printed_values()["table-1-health", "probability/n1+n2+n3"]) == "0.003"
    assert str(printed_values()["figure-4a", "config-6-over-config-1"]) == "24"


@pytest.mark.parametrize("experiment", ["health", "mobilenet", "resnet"])
@pytest.mark.parametrize("setting", ["normal", "poor", "hazardous"])
def test_the_settings_are_those_of_the_package(experiment: str, setting: str) -> None:
    ours = TABLE_2[experiment][setting].probability
    theirs = {
        key.split("/")[0]: number.value
        for (artefact, key), number in printed_values().items()
        if artefact == f"table-2-{experiment}" and key.endswith(setting)
    }
    assert {node: p for node, p in theirs.items() if p} == ours


def test_table_1_averages_follow_from_its_own_rows_with_the_exact_probability_only() -> None:
    exact = scenario_probability("health", "n1")
    assert exact == pytest.approx(7.6032)
    for series in ("resilinet-plus", "resilinet", "dfg", "vanilla"):
        average = printed_value("table-1-health", f"{series}/average")
        assert abs(recomputed_average(series, exact) - average) < 0.02
        assert (
            abs(recomputed_average(series, printed_value("table-1-health", "probability/n1")) - average)
            > 0.05
        )


def test_golden_arithmetic_of_the_ledger(tmp_path: Path) -> None:
    entries = {(e.artefact, e.key): e for e in verify(Store(tmp_path))}
    assert entries["table-4", "health-mlp"].ours == pytest.approx(100 * 523 / 1296)
    assert entries["table-4", "imagenet-mobilenet"].ours == pytest.approx(47.059, abs=1e-3)
    assert entries["table-4", "cifar10-mobilenet"].ours == pytest.approx(46.229, abs=1e-3)
    for key in ("health-mlp", "imagenet-mobilenet", "cifar10-mobilenet"):
        assert entries["table-4", key].verdict is Verdict.REPRODUCED
    assert entries["table-4", "cifar10-resnet18"].verdict is Verdict.NOT_REPRODUCED
    assert entries["table-1-health", "probability/n1"].verdict is Verdict.NOT_REPRODUCED
    assert entries["table-1-mobilenet", "probability/m1"].verdict is Verdict.REPRODUCED
    assert entries["claims", "faq-2/availability"].ours == pytest.approx(98.02, abs=0.01)


def test_the_arithmetic_on_the_printed_numbers_gives_what_is_known_of_them() -> None:
    off = inconsistencies.probability_of_n1()
    assert list(off.columns) == ["printed", "with P(n1) = 7.01 %", "with P(n1) = 7.60 %"]
    assert inconsistencies.resnet_bandwidth()["saving (%)"].round(2).tolist() == [
        49.28,
        44.44,
        40.36,
        47.62,
        40.61,
    ]
    rates = inconsistencies.mobilenet_rate()
    assert rates.loc["Table 1, ResiliNet"].tolist() == rates.loc["Table 3, 30 %"].tolist()
    assert inconsistencies.printed_twice()["apart"].max() == pytest.approx(90.58 - 88.16)
    assert inconsistencies.implied_guess()["implied guess"].tolist() == pytest.approx([12.0] * 3, abs=0.02)
    assert inconsistencies.both_failed().iloc[0].idxmin() == "ResiliNet+"


def test_fig_2bs_averages_follow_from_its_cells_and_what_was_added_is_round() -> None:
    averages, cells = inconsistencies.imagenet_averages(), inconsistencies.imagenet_cells()
    assert len(averages) == 18
    assert averages["by cells"].tolist() == pytest.approx(averages["printed"].tolist(), abs=1e-9)
    added = {scheme: cells.loc[scheme, "added"].tolist() for scheme in ("Vanilla", "DFG", "ResiliNet")}
    assert added == {"Vanilla": [6.5, 0, 0, 0], "DFG": [7, 7, 7, 0], "ResiliNet": [13, 11, 9, 0]}


def test_fig_2as_resilinet_alone_does_not_follow_from_table_1() -> None:
    off = inconsistencies.figure_2a_from_rows()["difference"]
    assert off.drop("ResiliNet", level=0).abs().max() < 0.02
    assert off["ResiliNet"].tolist() == pytest.approx([-1.14, -1.64, -2.36], abs=0.01)


def test_resilinet_falls_behind_only_where_failures_are_very_rare() -> None:
    factor = break_even(OWN_NUMBERS, "table-1-health")
    assert factor is not None
    normal = {"n1": 0.08, "n2": 0.04, "n3": 0.01}
    for scale, sign in ((0.9, -1), (1.1, 1)):
        found = lead(OWN_NUMBERS, "table-1-health", {n: scale * factor * p for n, p in normal.items()})
        assert found is not None
        assert math.copysign(1, found) == sign
    assert break_even(OWN_NUMBERS, "table-1-mobilenet") is None, "there it is ahead without failures, too"


def test_the_statistics_that_numbers_resemble_are_told_by_order_and_by_distance(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for row, trials in ARTEFACTS["table-3-resnet"].rows("published").items():
        value = printed_value("table-3-resnet", f"{row.split(':')[0]}/normal")
        for trial in trials:
            right = made_up(trial, lambda t, key, v=value: v + t.seed / 100)
            wrong = made_up(trial, lambda t, key, v=value: 120 - v + t.seed / 100)
            store.write(replace(wrong, per_route=right.counts))
    measured = Measured(store)
    for measure, better in ((rank_correlation, 1), (distance, -1)):
        running, routed = both_kinds(measured, "table-3-resnet", measure)
        assert len((routed - running).values) == len(trials)
        assert all(better * one > 0 for one in (routed - running).values.values())
    assert both_kinds(measured, "table-1-mobilenet", distance)[0].values == {}


def test_results_that_do_as_printed_reproduce_table_1(faithful: Store) -> None:
    entries = [e for e in verify(faithful) if e.artefact == "table-1-health" and e.trials]
    assert {e.verdict for e in entries if "A guess" not in e.note} == {Verdict.REPRODUCED}
    assert all(e.seeds == e.wanted == 10 and len(e.trials) == 10 for e in entries)
    for entry in entries:
        assert entry.low is not None
        assert entry.high is not None
        assert entry.ours is not None
        assert entry.low <= entry.ours <= entry.high


def test_a_guess_is_judged_by_both_policies_and_earns_a_neutral_verdict(faithful: Store) -> None:
    number = replace(printed_values()["table-1-health", "vanilla/n1"], value=8.3)
    entry = number_entry(Measured(faithful), number)
    # Made up with even classes: one of twelve, and with names one too low one of twelve less often.
    assert entry.verdict is Verdict.GUESS
    assert entry.ours == pytest.approx(100 / 12, abs=0.01)
    assert entry.released == pytest.approx(100 / 12 * 11 / 12, abs=0.01)
    assert entry.note == "A guess; the released code's gives 7.64. The printed number fits ours."
    with pytest.raises(ValueError, match="'oracle' is no guess policy"):
        verify(faithful, guess="oracle")


def test_a_guess_that_no_policy_gives_is_not_reproduced(faithful: Store) -> None:
    number = replace(printed_values()["table-1-health", "vanilla/n1"], value=12.0)
    entry = number_entry(Measured(faithful), number)
    assert entry.verdict is Verdict.NOT_REPRODUCED
    assert entry.note.endswith("fits neither.")


def test_a_missing_seed_makes_an_entry_incomplete_and_is_counted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed in (0, 1, 2):
        store.write(record(HEALTH.trial(HEALTH.size("published"), VANILLA, seed)))
    entries = {(e.artefact, e.key): e for e in verify(store)}
    entry = entries["table-1-health", "vanilla/none"]
    assert (entry.verdict, entry.seeds, entry.wanted) == (Verdict.INCOMPLETE, 3, 10)
    assert "3 of 10 seeds" in entry.note
    assert entries["table-1-health", "dfg/none"].ours is None
    assert entries["claims", "key-result-1/health"].verdict is Verdict.INCOMPLETE


def test_far_numbers_in_the_printed_order_are_trends_and_others_are_not(tmp_path: Path) -> None:
    def worse(trial: Trial, scenario: str) -> float:
        shift = {"dfg": 10.0, "resilinet": 30.0}.get(trial.scheme, 0.0) if scenario == "n1" else 0.0
        return as_printed(trial, scenario) - shift

    store = Store(tmp_path)
    for trial in ARTEFACTS["table-1-health"].trials("published"):
        store.write(record(trial, worse))
    entries = {(e.artefact, e.key): e for e in verify(store)}
    assert entries["table-1-health", "dfg/n1"].verdict is Verdict.TREND
    assert entries["table-1-health", "resilinet/n1"].verdict is Verdict.TREND
    assert entries["table-1-health", "resilinet-plus/n1"].verdict is Verdict.REPRODUCED

    def swapped(trial: Trial, scenario: str) -> float:
        other = {"dfg": "resilinet", "resilinet": "dfg"}.get(trial.scheme, trial.scheme)
        return as_printed(replace(trial, scheme=other), scenario)

    for trial in ARTEFACTS["table-1-health"].trials("published"):
        store.write(record(trial, swapped))
    entries = {(e.artefact, e.key): e for e in verify(store)}
    assert entries["table-1-health", "dfg/n1"].verdict is Verdict.NOT_REPRODUCED
    assert entries["claims", "key-result-1/health"].verdict is Verdict.NOT_REPRODUCED


def test_synthetic_results_earn_no_verdict(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["table-1-health"].trials("smoke"):
        store.write(record(trial))
    for entry in verify(store, "smoke"):
        if entry.wanted:
            assert entry.verdict is Verdict.NONE
            assert "synthetic" in entry.note


def mobilenet_as_printed(trial: Trial, scenario: str) -> float:
    printed = printed_value("table-1-mobilenet", f"{trial.scheme}/{scenario}")
    return printed / 2 + 0.02 * (trial.seed % 3 - 1)


def test_a_smaller_network_bears_out_an_order_and_no_value(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["table-1-mobilenet"].trials("published"):
        store.write(made_up(trial, mobilenet_as_printed, total=6000))
    entries = {(e.artefact, e.key): e for e in verify(store)}
    column = [e for (artefact, _), e in entries.items() if artefact == "table-1-mobilenet" and e.trials]
    assert {e.size for e in column} == {"laptop"}
    verdicts = {e.verdict for e in column}
    assert {Verdict.SAME_ORDER, Verdict.GUESS} <= verdicts
    assert not verdicts & {Verdict.REPRODUCED, Verdict.TREND, Verdict.NOT_REPRODUCED}
    assert entries["table-1-mobilenet", "resilinet/m1"].verdict is Verdict.SAME_ORDER
    assert entries["claims", "key-result-1/mobilenet"].size == "laptop"


def test_statistics_per_route_are_another_measurement_of_the_same_trials(tmp_path: Path) -> None:
    store, trial = Store(tmp_path), ARTEFACTS["figure-2c"].rows("published")["resilinet"][0]
    made = made_up(trial, lambda trial, key: 50)
    store.write(replace(made, per_route={**made.counts, "z1": 80_000}))
    running = Measured(store)
    assert running.scenario("figure-2c", "resilinet", "z1").values == {0: 50.0}
    assert running.per_route().scenario("figure-2c", "resilinet", "z1").values == {0: 80.0}
    assert running.per_route().scenario("figure-2c", "resilinet", "z2").values == {0: 50.0}
    with pytest.raises(ValueError, match="running batch statistics alone"):
        running.per_route().average("figure-2c", "resilinet", "normal", survival="failout")
    with pytest.raises(ValueError, match="'batch' are no batch statistics; choose running or per-route"):
        Measured(store, statistics="batch")


def test_scaling_is_compared_under_one_kind_of_statistics(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2c"].rows("published")["resilinet"]:
        made = made_up(trial, lambda trial, key: 50 + trial.seed)
        store.write(replace(made, per_route=dict.fromkeys(made.counts, 90_000)))
    found = {entry.key: entry for entry in verify(store)}
    assert found["survival-scaling/resnet"].ours == 0.0
    assert found["survival-scaling/resnet"].verdict is Verdict.UNDECIDED
    assert found["survival-scaling/resnet"].per_route is None


def test_a_substitute_settles_nothing_about_the_papers_data(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2b"].trials("published"):
        better = {"resilinet": 60.0, "dfg": 50.0, "vanilla": 40.0}[trial.scheme]
        store.write(made_up(trial, lambda trial, key, better=better: better + trial.seed / 100))
    found = {(entry.artefact, entry.key): entry for entry in verify(store)}
    claim = found["claims", "key-result-1/imagenet"]
    assert claim.verdict is Verdict.NOT_ATTEMPTED
    assert "On a substitute, 3,000 images of ten classes" in claim.note
    assert "comparisons hold" in claim.note
    assert {e.verdict for (artefact, _), e in found.items() if artefact == "figure-2b"} == {
        Verdict.NOT_ATTEMPTED
    }


AS_PRINTED = check("as printed", Sample({0: 1.0, 1: 1.1, 2: 1.2}, 3))
UNCLEAR = check("unclear", Sample({0: -1.0, 1: 1.0, 2: 2.0}, 3))
REVERSED = check("reversed", Sample({0: -1.0, 1: -1.1, 2: -1.2}, 3))
UNTRAINED = check("untrained", Sample({}, 3))


def test_the_rule_for_smaller_networks() -> None:
    assert judge_order([AS_PRINTED, UNTRAINED]) is Verdict.INCOMPLETE
    assert judge_order([AS_PRINTED]) is Verdict.SAME_ORDER
    assert judge_order([AS_PRINTED, REVERSED]) is Verdict.OPPOSITE_ORDER
    assert judge_order([AS_PRINTED, UNCLEAR]) is Verdict.UNDECIDED
    assert judge_order([UNCLEAR, REVERSED]) is Verdict.OPPOSITE_ORDER
    assert judge_order([]) is Verdict.UNDECIDED


def test_a_smaller_network_bears_out_the_order_whatever_the_size_of_a_difference() -> None:
    little, much = Sample({0: 0.1, 1: 0.11, 2: 0.12}, 3), Sample({0: 8.0, 1: 8.1, 2: 8.2}, 3)
    assert judge_order([check("more than a point", little, above=1.0)]) is Verdict.SAME_ORDER
    assert judge_order([check("less than a point", much, above=0.0, below=1.0)]) is Verdict.SAME_ORDER
    assert judge_order([check("near zero", much, above=-1.0, below=1.0)]) is Verdict.OPPOSITE_ORDER


def test_what_the_seeds_contradict_is_told_from_what_they_cannot_tell() -> None:
    assert [one.holds for one in (AS_PRINTED, UNCLEAR, REVERSED, UNTRAINED)] == [True, False, False, False]
    assert contradictions([AS_PRINTED, UNCLEAR, REVERSED, UNTRAINED]) == [REVERSED]
    too_much = check("too much", Sample({0: 3.0, 1: 3.1, 2: 3.2}, 3), above=None, below=1.0)
    assert not too_much.holds
    assert contradictions([too_much]) == [too_much]
    little = check("little", Sample({0: -3.0, 1: -3.1, 2: -3.2}, 3), above=None, below=1.0)
    assert (little.holds, little.p, little.slack) == (True, 1.0, pytest.approx(4.1))


def test_the_p_value_of_a_contradiction_is_that_of_a_paired_t_test() -> None:
    from scipy import stats

    values = [-0.4, 0.3, -1.1, -0.6, -0.9]
    one = check("", Sample(dict(enumerate(values)), 5))
    assert one.p == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue)
    above = check("", Sample(dict(enumerate(values)), 5), above=None, below=-2.0)
    assert above.p == pytest.approx(stats.ttest_1samp(values, -2.0).pvalue)


def test_a_contradiction_counts_for_less_the_more_comparisons_there_are() -> None:
    clear = check("clear", Sample({0: -1.0, 1: -1.2, 2: -0.8}, 3))
    assert 0.01 < clear.p < 0.05
    holding = [check("holds", Sample({0: 1.0, 1: 1.1, 2: 1.2}, 3))] * 9
    assert contradictions([clear]) == [clear]
    assert contradictions([clear, *holding]) == []
    # Holm: once the clearest is rejected, the next is held to one comparison less.
    clearest = check("clearest", Sample({0: -1.0, 1: -1.001, 2: -0.999}, 3))
    assert contradictions([clear, clearest]) == [clearest, clear]


def test_no_order_is_judged_by_a_column_whose_neighbours_are_not_trained(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["table-3-resnet"].rows("published")["10%"]:
        store.write(record(trial, lambda trial, key: 50 + trial.seed))
    found = {entry.key: entry for entry in verify(store) if entry.artefact == "table-3-resnet"}
    assert found["10%/normal"].seeds == found["10%/normal"].wanted
    assert found["10%/normal"].verdict is Verdict.INCOMPLETE
    assert "not been trained" in found["10%/normal"].note


def number(value: float, artefact: str = "table-3-health") -> Printed:
    return Printed(artefact, "10%/normal", value, 2, "percent", "Table 3")


@pytest.mark.parametrize(
    ("paper", "values", "compared", "verdict"),
    [
        (97.0, [96.2, 96.3, 96.4], [REVERSED], Verdict.REPRODUCED),  # within the tolerance
        (90.0, [88.5, 90.0, 91.5], [REVERSED], Verdict.REPRODUCED),  # within what a repetition would vary by
        (97.0, [95.2, 95.3, 95.4], [AS_PRINTED], Verdict.TREND),
        (97.0, [95.2, 95.3, 95.4], [AS_PRINTED, REVERSED], Verdict.NOT_REPRODUCED),
        (97.0, [95.2, 95.3, 95.4], [], Verdict.NOT_REPRODUCED),
        (97.0, [95.6, 95.8, 96.0], [UNCLEAR], Verdict.UNDECIDED),  # farther than the tolerance, not clearly
        (97.0, [95.2, 95.3, 95.4], [AS_PRINTED, UNTRAINED], Verdict.INCOMPLETE),
        (97.0, [97.0, 97.0], [AS_PRINTED], Verdict.INCOMPLETE),
    ],
)
def test_the_rule_for_printed_numbers(
    paper: float, values: list[float], compared: list[Check], verdict: Verdict
) -> None:
    sample = Sample(dict(enumerate(values)), wanted=3)
    assert judge(number(paper), sample, compared, tolerance=1.0) is verdict


def test_a_tolerance_gives_no_number_away_to_its_neighbour() -> None:
    sample = Sample({0: 91.0, 1: 91.05, 2: 90.95}, wanted=3)
    assert judge(number(91.95), sample, [], tolerance=1.0) is Verdict.REPRODUCED
    assert judge(number(91.95), sample, [], 1.0, [91.06, 90.67]) is Verdict.UNDECIDED
    assert judge(number(91.06), sample, [], 1.0, [91.95, 90.67]) is Verdict.REPRODUCED
    # What the seeds cannot tell apart is reproduced, whichever is nearer by chance.
    assert judge(number(91.1), sample, [], 1.0, [91.0]) is Verdict.REPRODUCED


def test_one_value_reproduces_no_two_numbers_that_differ_by_more_than_half_a_point(faithful: Store) -> None:
    found = {(e.artefact, e.key): e for e in verify(faithful)}
    table, figure = found["table-1-health", "resilinet/none"], found["figure-2a", "resilinet/no_failure"]
    assert table.ours == figure.ours
    assert table.verdict is Verdict.REPRODUCED
    assert figure.verdict is not Verdict.REPRODUCED


def test_the_margin_is_wider_where_the_paper_averages_fewer_runs() -> None:
    assert (runs_behind("figure-2b"), runs_behind("figure-2a")) == (RUNS_ON_IMAGENET, RUNS) == (2, 10)
    sample = Sample({0: 86.0, 1: 89.0, 2: 92.0}, wanted=3)  # 89 ± 7.5, times 1.14 or 1.58
    judged = [judge(number(77.5, name), sample, [], tolerance=2.4) for name in ("figure-2b", "figure-2a")]
    assert judged == [Verdict.REPRODUCED, Verdict.NOT_REPRODUCED]


@pytest.mark.parametrize(("tolerance", "verdict"), [(1.0, Verdict.UNDECIDED), (2.0, Verdict.REPRODUCED)])
def test_a_margin_of_more_than_five_tolerances_confirms_nothing(tolerance: float, verdict: Verdict) -> None:
    sample = Sample({0: 86.0, 1: 89.0, 2: 92.0}, wanted=3)
    assert judge(number(89.0), sample, [], tolerance) is verdict


def test_an_interval_that_ends_at_zero_reaches_as_far_up_as_it_says() -> None:
    cut_off = Sample({0: 0.9, 1: 0.9, 2: 0.9}, 3, whole=Interval(0.9, 0.0, 2.6, 3))
    assert judge(number(2.5), cut_off, [], tolerance=0.0) is Verdict.REPRODUCED


@pytest.mark.parametrize(
    ("high", "paper", "verdict"),
    [
        (0.9, 0.3, Verdict.REPRODUCED),
        (2.6, 0.3, Verdict.UNDECIDED),  # which would agree with 2.5 as well
        (0.9, 1.5, Verdict.TREND),
        (1.1, 2.0, Verdict.NOT_REPRODUCED),
    ],
)
def test_an_interval_too_wide_to_keep_the_bound_bears_out_no_number(
    high: float, paper: float, verdict: Verdict
) -> None:
    sample = Sample({0: 0.5, 1: 0.5, 2: 0.5}, 3, whole=Interval(0.5, 0.0, high, 3))
    bound = check("", sample, above=None, below=1.0)
    assert judge(number(paper), sample, [bound], tolerance=0.0) is verdict


def test_arithmetic_may_be_rounded_or_cut_off_but_no_more() -> None:
    assert judge_exact(87.43, 2, 87.4368) is Verdict.REPRODUCED
    assert judge_exact(87.44, 2, 87.4368) is Verdict.REPRODUCED
    assert judge_exact(87.42, 2, 87.4368) is Verdict.NOT_REPRODUCED


def test_a_statement_needs_every_interval_beyond_its_threshold() -> None:
    clear = check("clear", Sample({0: 1.0, 1: 1.1, 2: 1.2}, 3))
    noisy = check("noisy", Sample({0: -1.0, 1: 1.0, 2: 2.0}, 3))
    wrong = check("wrong", Sample({0: -1.0, 1: -1.1, 2: -1.2}, 3))
    few = check("few", Sample({0: 1.0}, 3))
    assert judge_statement([clear]) is Verdict.REPRODUCED
    assert judge_statement([clear, noisy]) is Verdict.UNDECIDED, "the sign of a mean decides nothing"
    assert judge_statement([clear, wrong]) is Verdict.NOT_REPRODUCED
    assert judge_statement([clear, few]) is Verdict.INCOMPLETE
    unclear = check("unclear", Sample({0: -2.0, 1: 1.0, 2: 0.5}, 3))
    assert judge_statement([clear, unclear]) is Verdict.UNDECIDED
    assert judge_statement([wrong, unclear]) is Verdict.NOT_REPRODUCED
    assert few.low is None
    small = check("small", Sample({0: 0.1, 1: 0.11, 2: 0.12}, 3), above=1.0)
    assert judge_statement([clear, small]) is Verdict.TREND, "the order holds, and not the size"


def test_what_is_not_reproduced_is_decided_by_a_comparison_that_contradicts_it(tmp_path: Path) -> None:
    noisy = check("noisy", Sample({0: -9.0, 1: 1.0, 2: -7.0}, 3))
    wrong = check("wrong", Sample({0: -1.0, 1: -1.1, 2: -1.2}, 3))
    assert noisy.slack < wrong.slack
    measured = Measured(Store(tmp_path))
    for checks, decides in (([noisy, wrong], "wrong"), ([noisy], "noisy")):
        claim = Claim("key-result-1/health", "figure-2a", lambda *_, checks=checks: checks)
        assert f"Decided by {decides}," in statement(measured, claim).note


def test_differences_are_paired_by_seed() -> None:
    difference = Sample({0: 3.0, 1: 5.0, 7: 9.0}, 3, ("a",)) - Sample({0: 1.0, 1: 2.0}, 3, ("b",))
    assert difference.values == {0: 2.0, 1: 3.0}
    assert difference.trials == ("a", "b")
    assert not difference.complete


def test_learning_faster_is_a_higher_mean_over_the_epochs_whatever_is_reached_in_the_end(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    first = {"dfg": [0.5], "vanilla": [0.2, 0.4], "resilinet": [0.1]}
    for scheme, trials in ARTEFACTS["figure-2c"].rows("published").items():
        for trial in trials:
            epochs = trial.recipe.epochs
            climb = [*first[scheme], *[0.8] * (epochs - len(first[scheme]))]
            history = [{"loss": 1.0, "validation_accuracy": a + trial.seed / 1000} for a in climb]
            best = epochs  # the short recipe keeps the last
            store.write(replace(record(trial, lambda trial, key: 50), history=history, best_epoch=best))
    found = {entry.key: entry for entry in verify(store)}
    faster = found["faq-14/time-resnet"]
    assert faster.checks[0].holds
    assert faster.verdict is Verdict.UNDECIDED, "an indirect sign establishes nothing"
    assert faster.ours == pytest.approx(100 * (0.5 + 0.8 - 0.2 - 0.4) / epochs)
    assert found["faq-14/time-mobilenet"].verdict is Verdict.INCOMPLETE


def test_the_spread_is_that_of_the_means_and_shrinks_when_seeds_agree() -> None:
    a, b = Sample({0: 1.0, 1: 3.0}, 2), Sample({0: 5.0, 1: 3.0}, 2)
    found = spread([a, b]).interval
    assert found is not None
    assert found.mean == pytest.approx(math.sqrt(2))
    same = spread([a, a]).interval
    assert same is not None
    assert same.mean == same.high == 0.0


def test_an_own_setting_can_be_measured(faithful: Store) -> None:
    from resilinet.failures import FailureSetting

    measured = Measured(faithful)
    always = FailureSetting("n2 is gone", {"n2": 1.0})
    expected = measured.scenario("table-1-health", "resilinet", "n2")
    assert measured.average("table-1-health", "resilinet", always).values == pytest.approx(expected.values)
    assert measured.rows("table-1-health")["resilinet"][0] == HEALTH.trial(
        HEALTH.size("published"), RESILINET, 0
    )


def test_the_papers_own_numbers_are_held_to_the_checks_of_every_claim() -> None:
    for claim in CLAIMS:
        own = claim.test(OWN_NUMBERS, claim.artefact)
        assert [one.what for one in own] == [
            one.what for one in claim.test(Measured(Store("nowhere")), claim.artefact)
        ]
    health = better_schemes(OWN_NUMBERS, "figure-2a")
    assert health[0].difference == pytest.approx(95.88 - 92.21)
    failed = [one.what for one in better_schemes(OWN_NUMBERS, "figure-2c") if one.slack <= 0]
    assert failed == ["ResiliNet minus DFG in Normal"]


def test_a_preference_for_a_rate_is_what_the_papers_own_table_bears_out() -> None:
    for artefact, rate in (("table-3-mobilenet", "30%"), ("table-3-resnet", "failure")):
        assert all(one.slack > 0 for one in best_rate(rate)(OWN_NUMBERS, artefact))


def test_fig_4_follows_from_tables_1_and_2_and_does_not_grow_uniformly() -> None:
    step = config_over(OWN_NUMBERS, "figure-4a", 5, 4, "normal").difference
    assert step == pytest.approx(-2.50, abs=0.01)


def test_an_average_that_agrees_by_cancellation_says_so(tmp_path: Path) -> None:
    def cancelling(trial: Trial, scenario: str) -> float:
        shift = {"n1": 7.0, "n2": -14.0}.get(scenario, 0.0) if trial.scheme == "dfg" else 0.0
        return as_printed(trial, scenario) + shift

    store = Store(tmp_path)
    for trial in ARTEFACTS["table-1-health"].trials("published"):
        store.write(record(trial, cancelling))
    found = {(e.artefact, e.key): e for e in verify(store)}
    entry = found["table-1-health", "dfg/average"]
    assert entry.verdict is Verdict.REPRODUCED
    parts = dict(entry.parts)
    assert parts["n1"] == pytest.approx(7.0 * 0.076032, abs=0.01)
    assert parts["n2"] == pytest.approx(-14.0 * 0.036432, abs=0.01)
    assert entry.paper is not None
    assert entry.ours is not None
    assert sum(parts.values()) == pytest.approx(entry.ours - entry.paper, abs=0.03)
    assert "n1 +0.53, n2 -0.51" in entry.note
    assert found["table-1-health", "resilinet/average"].parts == ()


def test_networks_with_batch_normalisation_are_judged_under_both_kinds_of_statistics(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    order = {"vanilla": 30.0, "dfg": 50.0, "resilinet": 40.0}
    for trial in ARTEFACTS["figure-2c"].trials("published"):
        made = made_up(trial, lambda trial, key: order[trial.scheme] + trial.seed / 10)
        more = made_up(trial, lambda trial, key: order[trial.scheme] + 20 * (trial.scheme == "resilinet"))
        store.write(replace(made, per_route=more.counts))
    entries = verify(store)
    found = {(e.artefact, e.key): e for e in entries}
    entry = found["figure-2c", "resilinet/hazardous"]
    assert entry.per_route is not None
    assert entry.verdict is Verdict.OPPOSITE_ORDER
    assert entry.per_route.verdict is Verdict.SAME_ORDER
    assert found["claims", "key-result-1/resnet"].per_route is not None
    assert found["figure-2a", "resilinet/normal"].per_route is None
    assert entry.per_route in under_routes(entries)
    assert len(under_routes(entries)) == len(entries)


def test_the_cells_of_imagenet_that_are_guesses_are_those_without_a_way_to_the_cloud(tmp_path: Path) -> None:
    found = {e.key: e for e in verify(Store(tmp_path)) if e.artefact == "figure-2b-cells"}
    assert {key for key, e in found.items() if e.verdict is Verdict.GUESS} == {
        key for key, e in found.items() if e.paper == 0.1
    }
    assert found["dfg/m1"].verdict is Verdict.NOT_ATTEMPTED


def test_results_of_the_camera_fill_its_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from companion.experiments import PLANNED

    before = [e for e in verify(Store(tmp_path)) if e.artefact.endswith("-camera")]
    assert {e.verdict for e in before} <= {Verdict.NOT_ATTEMPTED, Verdict.INCOMPLETE}
    assert (len(before), all(e.ours is None for e in before)) == (16, True)
    for key in ("figure-2-camera", "figure-3-camera"):
        monkeypatch.setitem(ARTEFACTS, key, ARTEFACTS.get(key) or PLANNED[key])  # type: ignore[arg-type]
    store, artefact = Store(tmp_path), ARTEFACTS["figure-2-camera"]
    for trial in artefact.trials("published"):
        # As far apart as printed for Hazardous, but for guesses.
        value = {"vanilla": 78.41, "dfg": 88.32, "resilinet": 91.09}.get(trial.scheme, 95.0)
        store.write(made_up(trial, lambda trial, key, value=value: value + trial.seed / 100))
    found = {e.key: e for e in verify(store) if e.artefact == "figure-2-camera"}
    assert found["resilinet/hazardous"].verdict is Verdict.TREND
    assert (found["dfg/normal"].seeds, found["dfg/normal"].size) == (found["dfg/normal"].wanted, "paper")
    after = [e for e in verify(store) if e.artefact == "figure-3-camera"]
    assert {e.verdict for e in after} == {Verdict.INCOMPLETE}
