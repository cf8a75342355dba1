from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from companion import tables
from companion.experiments import ARTEFACTS
from companion.experiments.trial import Record, Trial
from companion.paper import Measured, Verdict, printed_value, verify
from companion.paper.verdicts import check
from companion.results.store import Store
from companion.sweeps.progress import prepare
from companion.tables import statistics_gains as batch_statistics
from companion.tables.ledger_page import (
    STATEMENTS,
    offer_trials,
    show_numbers,
    show_statements,
    show_totals,
)
from made_up import made_up


def record(trial: Trial) -> Record:
    """A made-up result whose numbers differ by seed and scheme."""

    def accuracy(trial: Trial, key: str) -> float:
        dead = 0 if key == "none" else 1 + key.count("+")
        return (900 - 40 * dead + 3 * trial.seed + len(trial.scheme)) / 10

    return made_up(trial, accuracy, total=1000)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Made-up results of every trial of the paper's size."""
    store = Store(tmp_path_factory.mktemp("results"))
    for artefact in ARTEFACTS.values():
        for trial in artefact.trials("published"):
            if trial.id not in store:
                store.write(record(trial))
    return store


def every_table(store: Store) -> list[pd.DataFrame]:
    entries, measured = verify(store), Measured(store)
    return [
        *(tables.table_1(entries, f"table-1-{key}") for key in ("health", "mobilenet")),
        *(tables.averages(entries, artefact) for artefact in ("figure-2a", "figure-2c", "figure-6-health")),
        tables.table_3(entries, "table-3-health"),
        tables.table_3(entries, *(f"table-3-{key}" for key in ("health", "mobilenet", "resnet"))),
        *(tables.weight_rules(measured, f"figure-3-{key}") for key in ("health", "mobilenet", "resnet")),
        *(tables.figure_4(measured, f"figure-4{letter}") for letter in "abc"),
        *(
            tables.survival_scaling(measured, artefact)
            for artefact in ("section-2.3-health", "table-1-mobilenet", "figure-2c")
        ),
        tables.short_recipe(measured),
        tables.own_setting(measured, {"n1": 0.5}),
        tables.by_statistics(measured, "figure-2c"),
        batch_statistics.margins(measured, "figure-2c"),
    ]


def test_tables_without_any_result_say_so_and_invent_nothing(tmp_path: Path) -> None:
    for table in every_table(Store(tmp_path)):
        assert table.map(str).map(lambda text: "nan" not in text).all(axis=None)
    table = tables.table_1(verify(Store(tmp_path)), "table-1-health")
    assert table.loc["n1", ("DFG", "ours")] == "n/a (0/10)".replace(" ", tables.SPACE)
    assert table.loc["n1", ("DFG", "paper")] == "64.42"
    assert table.loc["n1", ("Probability", "ours")].startswith("7.60")


def test_tables_with_every_result_have_every_cell(full: Store) -> None:
    for table in every_table(full):
        assert table.map(lambda text: "n/a" not in text and "(" not in text).all(axis=None)


def test_values_stand_beside_the_printed_ones_with_interval_and_mark(full: Store) -> None:
    cell = tables.table_1(verify(full), "table-1-health").loc["None", ("ResiliNet", "ours")]
    mean, sign, half, mark = cell.split(tables.SPACE)
    assert float(mean) == pytest.approx(100 * (900 + 3 * 4.5 + 9) / 1000, abs=0.01)
    assert sign == "±"
    assert float(half) > 0
    assert mark in tables.MARKS.values()


def test_missing_seeds_are_counted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-6-health"].trials("published")[:6]:
        store.write(record(trial))
    cell = tables.averages(verify(store), "figure-6-health").loc["Normal", ("DFG", "ours")]
    assert cell.endswith("(2/10)")
    assert "±" in cell


def test_the_short_recipe_is_compared_on_shared_seeds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = ARTEFACTS["short-recipe"].rows("published")
    for trial in (*rows["paper's recipe"][:3], *rows["short recipe"][1:]):
        store.write(record(trial))
    table = tables.short_recipe(Measured(store, "published"))
    assert set(table.loc["10 %", "shared seeds"]) == {"2"}
    assert set(table.loc["50 %", "shared seeds"]) == {"0"}
    assert table.loc[("10 %", "Normal"), "difference"].startswith("+0.00")


def test_marks_cover_every_verdict() -> None:
    assert set(tables.MARKS) == set(Verdict)


def test_margins_are_those_of_each_kind_of_statistics(tmp_path: Path) -> None:
    store = Store(tmp_path)
    running = {"resilinet": 60.0, "dfg": 62.0, "vanilla": 61.0}
    assert set(batch_statistics.margins(Measured(store), "figure-2c").stack()) == {f"n/a{tables.SPACE}(0/3)"}
    for scheme, trials in ARTEFACTS["figure-2c"].rows("published").items():
        for trial in trials:
            level = running[scheme] + trial.seed / 10
            found = made_up(trial, lambda trial, key, level=level: level)
            better = {
                key: count and count + (5000 if scheme == "resilinet" else 0)
                for key, count in found.counts.items()
            }
            store.write(replace(found, per_route=better))
    measured = Measured(store)
    table = batch_statistics.margins(measured, "figure-2c")
    assert [cell.split(tables.SPACE)[0] for cell in table.loc["No Failure"]] == [
        "−1.00",
        "+4.00",
        "−2.00",
        "+3.00",
    ]


def test_both_kinds_of_statistics_stand_side_by_side_where_data_flow(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2c"].trials("published"):
        running = made_up(trial, lambda trial, key: 40.0)
        routed = made_up(trial, lambda trial, key: 70.0 if key == "z1" else 40.0)
        store.write(replace(running, per_route=routed.counts))
    table = tables.by_statistics(Measured(store), "figure-2c")
    assert table.loc[("ResiliNet", "z1")].map(float).to_dict() == {"running": 40.0, "per route": 70.0}
    assert [failed for scheme, failed in table.index if scheme == "Vanilla"] == ["no failure"]


def test_rates_stand_with_each_kind_of_statistics(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for row, trials in ARTEFACTS["table-3-resnet"].rows("published").items():
        rate = 0.0 if row.startswith("failure") else float(row.rstrip("%"))
        for trial in trials:
            running = made_up(trial, lambda trial, key, rate=rate: 50.0 - rate / 2)
            routed = made_up(trial, lambda trial, key, rate=rate: 60.0 - rate / 10)
            store.write(replace(running, per_route=routed.counts))
    table = batch_statistics.rates(Measured(store), "table-3-resnet")
    assert list(table.index) == [f"{rate}{tables.SPACE}%" for rate in (5, 10, 30, 50)]
    row = table.loc[f"30{tables.SPACE}%"]
    shown = [row[f"No Failure, {kind}"].split(tables.SPACE)[0] for kind in ("running", "per route")]
    assert [float(text) for text in shown] == [35.0, 57.0]


def test_what_was_added_to_figure_2b_stands_beside_what_it_was_added_to() -> None:
    table = tables.figure_2b_cells()
    assert list(table.index) == ["None", "m1", "m2", "m1, m2"]
    assert list(table["ResiliNet"].loc["m1"]) == [41.94, 52.94, 11.0]
    assert list(table["Vanilla", "added"]) == [6.5, 0.0, 0.0, 0.0]


def test_chart_data_are_shown_with_two_decimals_and_kept_in_full(full: Store) -> None:
    value = tables.averages(verify(full, "published"), "figure-2c").loc["Normal", ("Vanilla", "paper")]
    assert (str(value), value.value) == ("87.91", printed_value("figure-2c", "vanilla/normal"))


def test_own_settings_are_refused_in_words(full: Store) -> None:
    with pytest.raises(ValueError, match="'n9'"):
        tables.own_setting(Measured(full, "published"), {"n9": 0.5})
    with pytest.raises(ValueError, match="no probability"):
        tables.own_setting(Measured(full, "published"), {"n1": 5})


def test_shown_tables_keep_long_text_and_have_a_caption() -> None:
    long = "word " * 40 + "end"
    html = str(tables.show(pd.DataFrame({"a": [long]}, index=pd.Index(["x"], name="corner")), "About a").data)
    assert long in html
    assert "<caption>About a</caption>" in html
    assert html.count("<tr") == 2


SENTENCES = dict.fromkeys(STATEMENTS, "So it is.")


def test_every_entry_has_its_address_once_on_the_page(full: Store) -> None:
    entries = verify(full, "published")
    page = str(show_numbers(entries).data) + str(show_statements(entries, SENTENCES).data)
    addresses = re.findall(r' id="([^"]*)"', page)
    assert sorted(addresses) == sorted(entry.address for entry in entries)
    assert {"table-1-health-n1-dfg", "claim-key-result-1-health"} <= set(addresses)


def test_the_page_has_no_hashes_and_no_slugs(full: Store) -> None:
    entries = verify(full, "published")
    page = str(show_numbers(entries).data) + str(show_statements(entries, SENTENCES).data)
    seen = re.sub(r"<[^>]*>", " ", page)
    assert not any(trial[:8] in page for entry in entries for trial in entry.trials)
    assert not re.search(r"table-\d|figure-\d|key-result|resilinet-plus", seen)


def test_the_matrix_has_a_word_for_each_entry_and_a_sentence_for_each_statement(full: Store) -> None:
    entries = verify(full, "published")
    page = str(show_statements(entries, SENTENCES).data)
    assert page.count("So it is.") == len(STATEMENTS)
    listed = [key for _, keys in STATEMENTS.values() for key in keys]
    assert sorted(listed) == sorted(entry.key for entry in entries if entry.artefact == "claims")
    with pytest.raises(ValueError, match="'pigs'"):
        show_statements(entries, {**SENTENCES, "pigs": "They fly."})


def test_a_network_with_batch_normalisation_shows_both_verdicts(tmp_path: Path) -> None:
    store, level = Store(tmp_path), {"vanilla": 30.0, "dfg": 50.0, "resilinet": 40.0}
    for trial in ARTEFACTS["figure-2c"].trials("published"):
        run = made_up(trial, lambda t, key: level[t.scheme] + t.seed / 10)
        more = made_up(trial, lambda t, key: level[t.scheme] + 20 * (t.scheme == "resilinet"))
        store.write(replace(run, per_route=more.counts))
    page = str(show_numbers(verify(store)).data)
    (cell,) = re.findall(r'<td id="figure-2c-hazardous-resilinet".*?</td>', page)
    assert 'class="verdict-opposite-order then-verdict-same-order"' in cell
    printed, running, _, routed = re.sub("<.*?>", " ", cell).split()
    assert (printed, float(running) < float(routed)) == ("77.60", True)


def test_totals_count_every_entry_once_and_smaller_networks_apart(full: Store) -> None:
    entries = verify(full, "published")
    body = str(show_totals(entries).data).partition("<tbody>")[2]
    rows = re.findall(r"<tr><th>(.*?)</th>(<td>.*?)</tr>", body)
    shown = {
        re.sub("<.*?>", "", name): [int(n.replace("–", "0")) for n in re.findall(r"<td>(.*?)</td>", row)]
        for name, row in rows
    }
    every = shown.pop("all")
    assert [sum(column) for column in zip(*shown.values(), strict=True)] == every
    numbers = [e for e in entries if e.artefact != "claims"]
    by_size = Counter(e.size for e in numbers)
    assert every[:4] == [by_size[""], by_size["paper"], by_size["laptop"], by_size["laptop"]]
    assert every[4] + every[5] == len(entries) - len(numbers)
    # A smaller network reproduces nothing and contradicts nothing.
    assert all(
        shown[name][column] == 0 for name in ("reproduced", "not reproduced") for column in (2, 3, 5, 6)
    )


def test_the_runs_behind_the_ledger_are_a_file_to_take_away(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2a"].rows("published")["dfg"][:2]:
        store.write(record(trial))
    page = unquote(str(offer_trials(Measured(store)).data))
    assert page.count("figure-2a\n") == 2
    assert 'download="every-run-behind-the-ledger.csv"' in page


def test_a_probability_is_not_shown_as_zero(tmp_path: Path) -> None:
    table = tables.table_1(verify(Store(tmp_path)), "table-1-health")
    assert table.loc["n1, n2, n3", ("Probability", "paper")] == "0.003"
    assert table.loc["n1, n2, n3", ("Probability", "ours")].startswith("0.003")


def test_a_check_knows_nothing_without_runs(tmp_path: Path) -> None:
    measured = Measured(Store(tmp_path), "published")
    assert check("", measured.average("figure-2a", "dfg", "normal")).difference is None


def test_preparing_a_published_chapter_runs_nothing(tmp_path: Path) -> None:
    store = prepare("published", tmp_path / "results", "table-1-health")
    assert not list(store)
    assert not (tmp_path / "results").exists()


def test_preparing_refuses_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'table-9' is no artefact"):
        prepare("published", tmp_path, "table-9")
    with pytest.raises(ValueError, match="'tiny' is no profile"):
        prepare("tiny", tmp_path)


@pytest.mark.slow
def test_preparing_a_smoke_chapter_runs_what_is_missing_once(tmp_path: Path) -> None:
    store = prepare("smoke", tmp_path / "results", "figure-6-health")
    rows = Measured(store, "smoke").rows("figure-6-health")
    assert len(list(store)) == sum(map(len, rows.values()))
    before = {path: path.stat().st_mtime_ns for path in store.folder.glob("*.json")}
    prepare("smoke", tmp_path / "results", "figure-6-health")
    assert {path: path.stat().st_mtime_ns for path in store.folder.glob("*.json")} == before
