from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from browser import PATIENCE, chromium
from companion.book.checks import foreign_requests
from companion.experiments import ARTEFACTS
from companion.experiments.networks import build_network
from companion.experiments.table_2 import TABLE_2
from companion.experiments.trial import Record, Trial
from companion.explorer import explorer, payload
from companion.explorer.colours import READABLE, contrast, readable
from companion.figures.style import LOOKS, PAGES
from companion.paper import Measured
from companion.results.accuracy import guess_accuracy
from companion.results.intervals import interval
from companion.results.store import Store
from made_up import made_up
from resilinet.expectation import expected_from_counts, scenario_accuracies
from resilinet.failures import FailureSetting, failed_nodes, scenario_key, scenarios
from resilinet.models import partitions
from resilinet.network import DistributedNetwork
from resilinet.schemes import SCHEMES

TOPOLOGY = partitions.mlp()
ROWS = ARTEFACTS["table-1-health"].rows("published")
RESNET = ARTEFACTS["figure-2c"].rows("published")
LABELS = {"train": [0, *range(5, 17)], "test": [0, *[83] * 11, 87]}
GUESS = guess_accuracy(LABELS)
SEEDS = 3
FRAGMENT = "d=health&s=dfg&f=n1,n3&p=0.13,0.09,0.055"


def record(trial: Trial) -> Record:
    """A made-up result: counts drawn anew for each scheme, seed and scenario, guesses where nothing arrives."""
    draw = np.random.default_rng([trial.seed, list(SCHEMES).index(trial.scheme)])
    network = build_network(trial)
    topology, example = network.topology, torch.zeros(2, *network.input_shape)
    counts = {}
    for failed in scenarios(topology):
        answered = network(example, topology.everyone - failed) is not None
        counts[scenario_key(topology, failed)] = int(draw.integers(100, 1000)) if answered else None
    made = made_up(trial, lambda *_: 50.0, total=1000)
    scaled, norm = dict.fromkeys(made.survival, counts), {"per_route": counts} if made.per_route else {}
    return replace(made, counts=counts, survival=scaled, labels=LABELS, **norm)


@pytest.fixture(scope="module")
def records() -> dict[str, list[Record]]:
    return {scheme: [record(trial) for trial in trials[:SEEDS]] for scheme, trials in ROWS.items()}


def stored(folder: Path, records: dict[str, list[Record]]) -> Measured:
    store = Store(folder)
    for found in records.values():
        for one in found:
            store.write(one)
    return Measured(store)


@pytest.fixture(scope="module")
def content(records: dict[str, list[Record]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    shared = stored(tmp_path_factory.mktemp("results"), records)
    for trials in RESNET.values():
        shared.store.write(record(trials[0]))
    return payload({"health": shared, "mobilenet": shared, "resnet": shared})


@pytest.fixture(scope="module")
def partial(records: dict[str, list[Record]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of DFG there is nothing, of ResiliNet a single seed."""
    some = {**records, "dfg": [], "resilinet": records["resilinet"][:1]}
    return payload({"health": stored(tmp_path_factory.mktemp("partial"), some)})


def each_outcome(content: dict[str, Any]) -> list[tuple[str, frozenset[str], dict[str, Any]]]:
    experiment = content["experiments"][0]
    return [
        (scheme, failed_nodes(key), one)
        for scheme, found in experiment["outcomes"].items()
        for key, one in found.items()
    ]


def test_a_network_that_branches_is_shown_with_every_way_to_its_cloud(tmp_path: Path) -> None:
    """Cameras side by side: skips of several edge nodes around one, and a network without batch normalisation."""
    store = Store(tmp_path)
    for row in ARTEFACTS["figure-2-camera"].rows("published").values():
        store.write(made_up(row[0], lambda *_: 90.0))
    (shown,) = payload({"camera": Measured(store)})["experiments"]
    topology = partitions.camera()
    assert [node["name"] for node in shown["nodes"]] == list(topology.order)
    assert [node["name"] for node in shown["nodes"] if node["fails"]] == list(topology.failable)
    assert len(shown["scenarios"]) == 256
    assert "Batch normalisation" not in shown["about"]
    ours = shown["outcomes"]["resilinet"]
    assert {"e2->f2", "e3->f2", "e4->f2", "e1->f3"} <= set(ours["f4"]["bytes"])
    assert not {"e1->f2", "f2->cloud"} & set(ours["f4"]["bytes"])
    assert shown["outcomes"]["vanilla"]["f2"]["guess"]
    assert not ours["f2"]["guess"]


def test_every_scheme_and_scenario_is_there_with_its_mean_over_seeds(
    content: dict[str, Any], records: dict[str, list[Record]]
) -> None:
    assert len(each_outcome(content)) == 4 * 8
    for scheme, failed, one in each_outcome(content):
        key = scenario_key(TOPOLOGY, failed)
        values = [scenario_accuracies(r.counts, r.total, GUESS)[key] for r in records[scheme]]
        assert one["accuracy"] == pytest.approx(100 * sum(values) / SEEDS)
        assert content["experiments"][0]["seeds"][scheme] == SEEDS
        assert one["guess"] == (one["way"] is None) == (records[scheme][0].counts[key] is None)


def test_bytes_are_those_of_the_tensors_that_the_network_passes_on(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: dict[str, int] = {}
    carry = DistributedNetwork._carry

    def noted(network: DistributedNetwork, link: Any, tensor: torch.Tensor) -> torch.Tensor:
        passed[link.key] = tensor.numel() * tensor.element_size()
        return carry(network, link, tensor)

    monkeypatch.setattr(DistributedNetwork, "_carry", noted)
    networks = {scheme: build_network(trials[0]) for scheme, trials in ROWS.items()}
    for scheme, failed, one in each_outcome(content):
        passed.clear()
        networks[scheme](torch.zeros(1, 23), TOPOLOGY.everyone - failed)
        assert one["bytes"] == passed, (scheme, failed)


def test_the_way_is_one_path_where_there_is_one_and_else_every_hyperconnection_on_it(
    content: dict[str, Any],
) -> None:
    outcomes = content["experiments"][0]["outcomes"]
    assert outcomes["resilinet"]["n1+n3"]["way"] == "i → n2 → n4"
    assert outcomes["dfg"]["n1"]["way"] == "i → n2, n2 → n3, n2 → n4, n3 → n4"
    assert outcomes["dfg"]["n1+n2"]["silent"] == ["n3", "n4"]


def test_failure_settings_are_those_of_table_2(content: dict[str, Any]) -> None:
    experiment = content["experiments"][0]
    assert {one["key"]: one["probability"] for one in experiment["settings"]} == {
        name: dict(setting.probability) for name, setting in TABLE_2["health"].items()
    }


def test_experiments_are_offered_that_have_results_with_the_schemes_they_compare(
    content: dict[str, Any],
) -> None:
    assert [one["key"] for one in content["experiments"]] == ["health", "resnet"]
    resnet = content["experiments"][1]
    assert set(resnet["outcomes"]) == set(RESNET) < set(SCHEMES)
    assert set(resnet["outcomes"]["dfg"]) == {"none", "z1", "z2", "z1+z2"}


def test_seeds_and_size_are_stated(content: dict[str, Any], partial: dict[str, Any]) -> None:
    assert "means over 3 of 10 seeds" in content["experiments"][0]["about"]
    assert "means over 0 to 3 of 10 seeds" in partial["experiments"][0]["about"]
    resnet = content["experiments"][1]["about"]
    assert resnet.startswith("Laptop size: CIFAR-10")
    assert resnet.endswith("Batch normalisation: running statistics.")


def test_smoke_results_say_that_they_are_not_about_the_paper(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(record(ARTEFACTS["table-1-health"].rows("smoke")["resilinet"][0]))
    (experiment,) = payload({"health": Measured(store, "smoke")})["experiments"]
    assert experiment["about"].startswith("Smoke size")
    # Bytes are those of the tiny network.
    assert experiment["outcomes"]["vanilla"]["none"]["bytes"]["n1->n2"] < 1000


def test_without_results_the_explorer_says_so(tmp_path: Path) -> None:
    nothing = payload({"health": Measured(Store(tmp_path))})
    assert nothing["experiments"] == []
    assert "no result yet" in str(explorer(nothing).data)


def test_an_unknown_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'moon' is no experiment of the explorer; choose from health"):
        payload({"moon": Measured(Store(tmp_path))})


def test_without_javascript_every_accuracy_stands_in_a_table(
    content: dict[str, Any], partial: dict[str, Any]
) -> None:
    for one in (content, partial):
        text = str(explorer(one).data)
        shown = re.findall(r"<td>([^<]*)</td>", text)
        wanted = [
            experiment["outcomes"][scheme["key"]][scenario["key"]]
            for experiment in one["experiments"]
            for scenario in experiment["scenarios"]
            for scheme in one["schemes"]
            if scheme["key"] in experiment["outcomes"]
        ]
        assert len(shown) == len(wanted)
        for cell, outcome in zip(shown, wanted, strict=True):
            number = "n/a" if outcome["accuracy"] is None else f"{outcome['accuracy']:.2f}"
            assert cell == number + " ∅" * outcome["guess"]
        assert "<noscript>" in text


def test_no_text_of_the_data_ends_the_script(content: dict[str, Any]) -> None:
    wicked = deepcopy(content)
    wicked["experiments"][0]["title"] = "</script><b>"
    assert str(explorer(wicked).data).count("</script") == str(explorer(content).data).count("</script")


def test_scheme_colours_can_be_read_on_both_pages_and_stay_where_they_can() -> None:
    for page in PAGES.values():
        for look in LOOKS.values():
            colour = readable(look.colour, page)
            assert contrast(colour, page) >= READABLE
            assert (colour == look.colour) == (contrast(look.colour, page) >= READABLE)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(
        4.54, abs=0.01
    )  # WebAIM's example of the threshold


def test_the_explorer_asks_no_host(content: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(str(explorer(content).data), encoding="utf-8")
    assert list(foreign_requests(tmp_path)) == []


@pytest.fixture(scope="module")
def seen(
    content: dict[str, Any], partial: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a browser shows, step by step (tests/js/explorer_steps.js)."""
    folder = tmp_path_factory.mktemp("browser")
    steps = (Path(__file__).parent / "js" / "explorer_steps.js").read_text(encoding="utf-8")
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Explorers</title><body>'
        "<script>window.seenErrors = []; window.onerror = (text) => { seenErrors.push(text); };</script>"
        f"{explorer(content).data}{explorer(content, small=True).data}"
        f"{explorer(partial, small=True).data}<script>{steps}</script>",
        encoding="utf-8",
    )
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{(folder / 'page.html').as_uri()}#{FRAGMENT}", timeout=PATIENCE)
        told = page.locator("#outcome").text_content(timeout=PATIENCE)
    outcome: dict[str, Any] = json.loads(told or "")
    assert outcome["errors"] == []
    return outcome


def mean_expected(records: list[Record], probability: dict[str, float]) -> float:
    """The package's expected accuracy in percent, seed by seed."""
    setting = FailureSetting("asked", probability)
    return float(
        np.mean([100 * expected_from_counts(r.counts, r.total, TOPOLOGY, setting, GUESS) for r in records])
    )


@pytest.mark.parametrize(
    ("step", "values"),
    [
        ("opened", (0.13, 0.09, 0.055)),
        ("slid", (0.3, 0.09, 0.965)),
        ("preset", (0.22, 0.20, 0.15)),
        ("s=dfg&p=0.5,0.25,1e-3", (0.5, 0.25, 0.001)),
    ],
)
def test_the_page_expects_the_accuracy_that_the_package_expects(
    seen: dict[str, Any], records: dict[str, list[Record]], step: str, values: tuple[float, ...]
) -> None:
    probability = dict(zip(TOPOLOGY.failable, values, strict=True))
    for scheme, number in seen["states"][step]["expected"].items():
        assert number == pytest.approx(mean_expected(records[scheme], probability), rel=1e-12)


@pytest.mark.parametrize(
    ("step", "scheme", "failed"),
    [
        ("opened", "dfg", "n1+n3"),
        ("clicked", "dfg", "n1+n2+n3"),
        ("restored", "dfg", "none"),
        ("keyed", "dfg", "n1+n3"),
        ("chosen", "resilinet", "n1+n3"),
        ("small", "vanilla", "n3"),
        ("small opened", "resilinet", "n2"),
        ("partial", "resilinet", "n2"),
    ],
)
def test_nodes_fail_by_mouse_and_keyboard_and_the_drawing_follows(
    seen: dict[str, Any], content: dict[str, Any], step: str, scheme: str, failed: str
) -> None:
    state, who = seen["states"][step], failed_nodes(failed)
    assert (state["scheme"], state["failed"]) == (scheme, sorted(who))
    assert set(state["bytes"]) == TOPOLOGY.picture(TOPOLOGY.everyone - who, SCHEMES[scheme].skips).carrying
    outcome = content["experiments"][0]["outcomes"][scheme][failed]
    assert state["bytes"] == {key: f"{count:,} B" for key, count in outcome["bytes"].items()}
    # Both drawings, the lying and the standing one, are up to date.
    assert state["drawings"] == [[state["bytes"], len(who)]] * 2
    assert {name for name, text in state["texts"].items() if text == "failed"} == who
    assert state["shown"] == (4 if scheme == "vanilla" else 7)


def test_intervals_are_t_intervals_over_seeds(seen: dict[str, Any], records: dict[str, list[Record]]) -> None:
    state = seen["states"]["opened"]  # n1 and n3 failed, which leaves all but Vanilla a way
    setting = FailureSetting("asked", dict(zip(TOPOLOGY.failable, (0.13, 0.09, 0.055), strict=True)))
    for scheme, found in records.items():
        means = [100 * expected_from_counts(r.counts, r.total, TOPOLOGY, setting, GUESS) for r in found]
        wanted = interval(means)
        assert state["half"]["expected"][scheme] == pytest.approx(wanted.high - wanted.mean, rel=1e-6)
        if scheme != "vanilla":
            wanted = interval([100 * r.counts["n1+n3"] / r.total for r in found])  # type: ignore[operator]
            assert state["half"]["now"][scheme] == pytest.approx(wanted.high - wanted.mean, rel=1e-6)
    assert seen["states"]["partial"]["half"]["now"]["resilinet"] is None, "one seed has no interval"


def test_accuracies_of_the_scenario_are_shown_and_guesses_named(
    seen: dict[str, Any], content: dict[str, Any]
) -> None:
    outcomes = content["experiments"][0]["outcomes"]
    for step, failed in (("opened", "n1+n3"), ("clicked", "n1+n2+n3"), ("restored", "none")):
        state = seen["states"][step]
        assert state["now"] == {scheme: found[failed]["accuracy"] for scheme, found in outcomes.items()}
        assert state["guesses"] == ["a guess"] * sum(found[failed]["guess"] for found in outcomes.values())
    assert "no information reaches the cloud" in seen["states"]["clicked"]["story"]
    assert seen["states"]["clicked"]["texts"]["n4"] == "only guesses"


def test_a_change_is_told_in_sentences(seen: dict[str, Any], content: dict[str, Any]) -> None:
    told = seen["states"]["chosen"]["live"]
    accuracy = content["experiments"][0]["outcomes"]["resilinet"]["n1+n3"]["accuracy"]
    assert told.startswith("n1 and n3 failed. With ResiliNet, data flow along i to n2 to n4;")
    assert f"ResiliNet {accuracy:.2f} %" in told
    assert "Expected accuracy: Vanilla" in told
    assert "carry 1,092 B" in told
    assert seen["states"]["opened"]["live"] == ""  # nothing has changed yet


def test_keys_that_fail_a_node_do_not_scroll_and_others_do_nothing(seen: dict[str, Any]) -> None:
    assert seen["prevented"] == {"enter": True, "space": True, "letter": False}
    assert seen["focused"]


def test_sliders_and_presets_say_what_they_are_set_to(seen: dict[str, Any]) -> None:
    assert seen["states"]["slid"]["sliders"] == ["30 %", "9 %", "96.5 %"]
    assert seen["states"]["slid"]["setting"] == []
    assert seen["states"]["preset"]["setting"] == ["hazardous"]
    assert seen["states"]["preset"]["sliders"] == ["22 %", "20 %", "15 %"]
    setting = TABLE_2["health"]["hazardous"]
    share = 100 * setting.scenario_probability(TOPOLOGY, {"n1", "n3"})
    assert f"{share:.2f} %" in seen["states"]["preset"]["odds"]


def test_the_address_describes_the_state_and_is_left_alone_by_the_small_one(seen: dict[str, Any]) -> None:
    states = seen["states"]
    assert states["keyed"]["hash"] == "#d=health&s=dfg&f=n1,n3&p=0.13,0.09,0.055"
    assert states["slid"]["hash"] == "#d=health&s=resilinet&f=n1,n3&p=0.3,0.09,0.965"
    assert states["small"]["hash"] == states["preset"]["hash"]
    assert seen["link"] == "explorer.html#d=health&s=vanilla&f=n3&p=0.08,0.04,0.01"


def test_what_is_malformed_in_an_address_is_ignored(seen: dict[str, Any]) -> None:
    states = seen["states"]

    def known(name: str) -> tuple[Any, ...]:
        return tuple(states[name][part] for part in ("scheme", "failed", "sliders"))

    before = known("unmoved")
    assert before == ("resilinet", ["n1", "n3"], ["22 %", "20 %", "15 %"])
    restored = ("resilinet", [], before[2])  # nodes that cannot fail are none that failed
    assert known("d=moon&s=tcp&f=i,n4,x&p=0.1,0.2") == restored
    for fragment in ("f=&p=0.1,2,0", "p=,,", "p=a,b,c", "a-heading", "%E0%A4%A"):
        assert known(fragment) == restored, fragment
    assert known("s=dfg&p=0.5,0.25,1e-3") == ("dfg", [], ["50 %", "25 %", "0.1 %"])


def test_another_data_set_brings_its_own_nodes_and_schemes(
    seen: dict[str, Any], content: dict[str, Any]
) -> None:
    state, outcomes = seen["states"]["resnet"], content["experiments"][1]["outcomes"]
    # ResiliNet+ was not compared on it, so that the scheme stays what it was.
    assert (state["scheme"], state["failed"], state["sliders"]) == ("dfg", ["z2"], ["50 %", "25 %"])
    assert state["now"] == {scheme: found["z2"]["accuracy"] for scheme, found in outcomes.items()}
    back = seen["states"]["back"]
    assert (back["scheme"], back["failed"], back["setting"]) == ("dfg", ["n2"], ["normal"])
    assert back["hash"] == "#d=health&s=dfg&f=n2&p=0.08,0.04,0.01"
    assert seen["stays"]


def test_explorers_on_one_page_do_not_collide(seen: dict[str, Any]) -> None:
    states = seen["states"]
    assert {**states["unmoved"], "live": ""} == {**states["preset"], "live": ""}
    assert len(set(seen["ids"])) == len(seen["ids"])
    assert len(set(seen["radios"])) == 2


def test_a_scheme_without_results_has_no_numbers(seen: dict[str, Any]) -> None:
    now = seen["states"]["partial"]["now"]
    assert now["dfg"] is None  # NaN, as JSON writes it
    assert now["resilinet"] > 0


def test_everything_has_a_name_and_nothing_is_fetched(seen: dict[str, Any]) -> None:
    assert seen["requests"] == []
    assert seen["unnamed"] == []
    assert seen["fixed"] == ["i, IoT device: cannot fail", "n4, cloud: cannot fail"]
    assert seen["tables"] == [False, False, False]  # folded where the script runs


def test_a_phone_shows_the_standing_chain_and_needs_no_scrolling_sideways(seen: dict[str, Any]) -> None:
    assert seen["standing"]
    assert seen["wide"] == 0


def test_other_schemes_are_a_data_set_of_their_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for row in ARTEFACTS["beyond-health"].rows("published").values():
        store.write(made_up(row[0], lambda trial, key: 90.0 - key.count("+")))
    shown = payload({"beyond": Measured(store)})
    (experiment,) = shown["experiments"]
    assert [scheme["key"] for scheme in shown["schemes"]] == list(experiment["outcomes"])
    assert [node["name"] for node in experiment["nodes"]] == list(TOPOLOGY.order)
    outcomes = experiment["outcomes"]
    assert outcomes["early-exit"]["n2"]["way"] == "i → n1, whose head answers"
    assert not outcomes["early-exit"]["n2"]["guess"]
    assert outcomes["early-exit"]["none"]["way"] == outcomes["vanilla"]["none"]["way"]
    assert outcomes["stage-drop"]["n2"]["guess"]
    assert outcomes["skip-layer"]["n2"]["bytes"] == outcomes["resilinet"]["n2"]["bytes"]
    assert experiment["title"].startswith("Health, other schemes")
