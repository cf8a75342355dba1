"""Each artefact of the paper has its trials: the right conditions, in the paper's order, paired by seed."""

from dataclasses import asdict
from pathlib import Path

import pytest

from companion.experiments import (
    ARTEFACTS,
    EXPERIMENTS,
    PLANNED,
    PROFILES,
    all_trials,
    planned_trials,
    trials_of,
)
from companion.experiments.loading import load
from companion.experiments.table_2 import TABLE_2
from companion.experiments.trial import Trial
from companion.results.store import Store
from companion.sweeps.run import run
from resilinet.models import mlp, model
from resilinet.schemes import SCHEMES

# Artefact, its rows in the paper's order, seeds at full size.
CONTENTS = {
    "table-1-health": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 10),
    "figure-2a": (["vanilla", "dfg", "resilinet"], 10),
    "section-2.3-health": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 10),
    "short-recipe": (["paper's recipe", "short recipe", "paper's recipe, 50%", "short recipe, 50%"], 5),
    "table-3-health": (
        ["5%", "10%", "30%", "50%", "failure:normal", "failure:poor", "failure:hazardous"],
        5,
    ),
    "figure-3-health": (
        [
            "one",
            *(f"reliability:{name}" for name in ("normal", "poor", "hazardous")),
            *(f"relative-reliability:{name}" for name in ("no_failure", "normal", "poor", "hazardous")),
            "U(0,1)",
            "U(0,10)",
        ],
        10,
    ),
    "figure-4a": ([f"Config {number}" for number in range(1, 9)], 5),
    "figure-6-health": (["vanilla", "dfg", "resilinet"], 10),
    "health-by-subject": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 5),
    "beyond-health": (
        [
            *("vanilla", "dfg", "resilinet", "resilinet-plus", "failout-alone", "unit-dropout", "stage-drop"),
            *("early-exit", "skip-layer", "learned-weights", "learned-weights-plus"),
        ],
        10,
    ),
    "table-1-mobilenet": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 3),
    "figure-6-mobilenet": (["vanilla", "dfg", "resilinet"], 3),
    "figure-4b": ([f"Config {number}" for number in range(1, 5)], 3),
    "figure-4c": ([f"Config {number}" for number in range(1, 5)], 3),
    "figure-2c": (["vanilla", "dfg", "resilinet"], 3),
    "figure-2b": (["vanilla", "dfg", "resilinet"], 5),
    "figure-2-camera": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 3),
    "recipe-search": (
        [
            *(f"crop-and-flip, peak {peak}" for peak in (0.002, 0.003, 0.004, 0.006, 0.01)),
            "released-code, peak 0.006",
        ],
        1,
    ),
}
for network in ("mobilenet", "resnet"):
    for kind in ("table-3", "figure-3"):
        CONTENTS[f"{kind}-{network}"] = (CONTENTS[f"{kind}-health"][0], 3)


@pytest.fixture(params=["published", "full", "smoke"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def only(key: str, row: str, profile: str = "published") -> Trial:
    return ARTEFACTS[key].rows(profile)[row][0]


def test_every_artefact_is_there() -> None:
    assert set(ARTEFACTS) == set(CONTENTS)
    assert all(
        artefact.key == key and artefact.title and artefact.chapter for key, artefact in ARTEFACTS.items()
    )


@pytest.mark.parametrize("key", CONTENTS)
def test_rows_and_seeds(key: str) -> None:
    names, seeds = CONTENTS[key]
    rows = ARTEFACTS[key].rows("published")
    assert list(rows) == names
    assert all([trial.seed for trial in row] == list(range(seeds)) for row in rows.values())
    assert len(ARTEFACTS[key].trials("published")) == len(names) * seeds


@pytest.mark.parametrize("key", CONTENTS)
def test_trials_of_a_row_differ_by_seed_alone(key: str, profile: str) -> None:
    own = {"seed": None, "data": None} if key == "health-by-subject" else {"seed": None}
    for row in ARTEFACTS[key].rows(profile).values():
        assert len({str(asdict(trial) | own) for trial in row}) == 1


@pytest.mark.parametrize("key", CONTENTS)
def test_rows_are_conditions_that_differ_and_are_paired_by_seed(key: str, profile: str) -> None:
    rows = ARTEFACTS[key].rows(profile)
    assert len({row[0].id for row in rows.values()}) == len(rows)
    assert len({tuple(trial.seed for trial in row) for row in rows.values()}) == 1


@pytest.mark.parametrize("key", CONTENTS)
def test_a_sweep_grows_all_rows_evenly(key: str, profile: str) -> None:
    seeds = [trial.seed for trial in ARTEFACTS[key].trials(profile)]
    assert seeds == sorted(seeds)


def test_table_1_compares_four_schemes_by_the_papers_recipe() -> None:
    for name, row in ARTEFACTS["table-1-health"].rows("published").items():
        (recipe,) = {trial.recipe for trial in row}
        assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (50, 1024, 1e-3)
        assert (recipe.schedule, recipe.no_flow) == ("constant", "zeros")
        assert (row[0].scheme, row[0].partition, row[0].data) == (
            name,
            (1, 2, 3, 4),
            EXPERIMENTS["health"].size("published").data,
        )
        failout = {"n1": 0.1, "n2": 0.1, "n3": 0.1} if SCHEMES[name].failout else {}
        assert row[0].failout == failout
        assert row[0].skips == (() if name == "vanilla" else mlp.SKIPS)


def test_the_eight_configs_of_fig_4a_in_the_papers_order() -> None:
    rows = ARTEFACTS["figure-4a"].rows("published")
    assert [{f"{a}->{b}" for a, b in row[0].skips} for row in rows.values()] == [
        set(),
        {"n2->n4"},
        {"n1->n3"},
        {"i->n2"},
        {"n2->n4", "n1->n3"},
        {"n2->n4", "i->n2"},
        {"n1->n3", "i->n2"},
        {"n2->n4", "n1->n3", "i->n2"},
    ]
    assert len(set(EXPERIMENTS["health"].configs)) == 8
    assert all(row[0].failout == {"n1": 0.1, "n2": 0.1, "n3": 0.1} for row in rows.values())


def test_one_set_of_skips_has_one_spelling() -> None:
    """Config 8 is ResiliNet itself, and must not be trained again under another identity."""
    assert only("figure-4a", "Config 8").id == only("short-recipe", "short recipe").id


def test_the_same_condition_is_the_same_trial_in_every_artefact() -> None:
    short = only("short-recipe", "short recipe").id
    assert only("figure-4a", "Config 8").id == only("figure-3-health", "one").id == short
    paper = only("short-recipe", "paper's recipe").id
    assert only("table-1-health", "resilinet").id == only("table-3-health", "10%").id == paper
    assert only("table-3-health", "50%").id == only("short-recipe", "paper's recipe, 50%").id


def test_table_3_trains_at_the_rates_it_names() -> None:
    rows = ARTEFACTS["table-3-health"].rows("published")
    for name, rate in {"5%": 0.05, "10%": 0.1, "30%": 0.3, "50%": 0.5}.items():
        assert rows[name][0].failout == {"n1": rate, "n2": rate, "n3": rate}
    for name in ("normal", "poor", "hazardous"):
        assert rows[f"failure:{name}"][0].failout == TABLE_2["health"][name].probability


def test_fig_3_differs_by_the_rule_of_weights_alone() -> None:
    for name, row in ARTEFACTS["figure-3-health"].rows("published").items():
        rule, _, setting = name.partition(":")
        if rule.startswith("U"):
            assert row[0].weights == {"rule": "uniform", "probability": {}, "high": float(rule[4:-1])}
        else:
            probability = TABLE_2["health"][setting].probability if setting else {}
            assert row[0].weights == {"rule": rule, "probability": probability, "high": 1.0}
        assert row[0].values | {"weights": None} == only("short-recipe", "short recipe").values | {
            "weights": None
        }


def test_fig_6_is_table_1_on_another_partition() -> None:
    for name, row in ARTEFACTS["figure-6-health"].rows("published").items():
        other = only("table-1-health", name).values
        assert row[0].values == other | {"partition": [2, 3, 2, 3]}


def test_the_short_recipe_differs_by_its_length_and_its_decay() -> None:
    paper, short = (only("short-recipe", row).values for row in ("paper's recipe", "short recipe"))
    assert short == paper | {"recipe": paper["recipe"] | {"epochs": 20, "schedule": "linear"}}


@pytest.mark.parametrize("key", CONTENTS)
def test_every_trial_can_be_built(key: str, profile: str) -> None:
    """Its topology exists, its failout names nodes that can fail, its data and network are the size's.

    The search for a recipe tries policies of augmentation; by subject, each seed has a fold of its own.
    """
    size = ARTEFACTS[key].size(profile)
    for trial in ARTEFACTS[key].trials(profile):
        topology = model(str(trial.network["model"])).topology(trial.partition, trial.skips)
        assert set(trial.failout) <= set(topology.failable)
        folds = ("fold", "fingerprint", "seed", "split_seed")
        own = {"recipe-search": ("augmentation",), "health-by-subject": folds}.get(key, ())
        data = {**size.data, **{name: trial.data[name] for name in own if name in trial.data}}
        assert trial.data == data
        other = {"model", "dropout"} if key == "beyond-health" else set()
        assert {name for name in trial.network if trial.network[name] != size.network.get(name)} <= other
        if trial.network["model"] == size.network["model"]:
            assert topology == ARTEFACTS[key].experiment.topology(trial.partition, trial.skips)


def test_all_trials_are_each_there_once(profile: str) -> None:
    found = [trial.id for trial in all_trials(profile)]
    assert len(set(found)) == len(found)
    assert set(found) == {trial.id for artefact in ARTEFACTS.values() for trial in artefact.trials(profile)}
    assert len({trial_id[:16] for trial_id in found}) == len(found), "the names of result files"


def test_how_many_trainings_health_takes() -> None:
    """40 of Table 1, 30 of Fig. 6; five seeds of 14 ablations; ten of the short recipe, 9 rules and 7 schemes."""
    keys = [key for key, artefact in ARTEFACTS.items() if artefact.experiment.key == "health"]
    assert len(trials_of("published", *keys)) == 40 + 30 + 5 * (1 + 6 + 7) + 10 * (1 + 9 + 7)


@pytest.mark.parametrize(
    ("network", "conditions"), [("mobilenet", 4 + 3 + 3 + 6 + 10), ("resnet", 3 + 3 + 6 + 10)]
)
def test_how_many_trainings_a_cnn_takes(network: str, conditions: int) -> None:
    """Schemes, another partition, sets of skips, rates and weights, three seeds each; the search for a recipe apart.

    Rules for weights share one condition with the others, but not where those are trained by another recipe.
    """
    keys = [key for key, one in ARTEFACTS.items() if one.experiment.key == network and key != "recipe-search"]
    assert len(trials_of("published", *keys)) == 3 * conditions


def test_the_configs_of_the_cnns_in_the_papers_order() -> None:
    for key, skips in (("figure-4b", ("m1->m3", "i->m2")), ("figure-4c", ("z1->z3", "i->z2"))):
        rows = ARTEFACTS[key].rows("published").values()
        found = [{f"{a}->{b}" for a, b in row[0].skips} for row in rows]
        assert found == [set(), {skips[0]}, {skips[1]}, set(skips)]


def test_no_trial_passes_for_one_of_another_size() -> None:
    """Synthetic data, a laptop's network and the paper's never share a result."""
    found = {profile: {trial.id for trial in all_trials(profile)} for profile in PROFILES}
    assert found["smoke"].isdisjoint(found["published"] | found["full"])
    for key, artefact in ARTEFACTS.items():
        sizes = {profile: artefact.size(profile).name for profile in PROFILES}
        assert sizes["smoke"] == "smoke"
        if key == "recipe-search":  # which the paper has not, so that it has one size
            assert artefact.trials("full") == artefact.trials("published")
            continue
        assert sizes["full"] == "paper"
        if sizes["published"] != "paper":
            ids = [{trial.id for trial in artefact.trials(profile)} for profile in ("published", "full")]
            assert ids[0].isdisjoint(ids[1]), key
    assert all(str(trial.data["name"]).startswith("synthetic") for trial in all_trials("smoke"))


def test_a_laptop_trains_a_narrower_network_at_full_resolution() -> None:
    for key in ("mobilenet", "resnet"):
        laptop, paper = (EXPERIMENTS[key].size(profile) for profile in ("published", "full"))
        assert laptop.network["width"] < paper.network["width"]
        assert {**laptop.network, "width": 0} == {**paper.network, "width": 0}
        assert laptop.data == paper.data


def test_smoke_has_every_row_of_the_paper() -> None:
    for artefact in ARTEFACTS.values():
        assert list(artefact.rows("smoke")) == list(artefact.rows("published"))


def test_unknown_profiles_are_refused() -> None:
    with pytest.raises(ValueError, match="'tiny' is no profile; choose one of published, smoke, full"):
        EXPERIMENTS["health"].size("tiny")


def test_a_substitute_is_named_with_what_it_stands_in_for() -> None:
    artefact = ARTEFACTS["figure-2b"]
    experiment = artefact.experiment
    assert experiment.name_at("published") == "MobileNet on a substitute for ImageNet"
    assert experiment.name_at("full") == "MobileNet on ImageNet"
    assert artefact.title_at("published").startswith("Fig. 2b, on a substitute for ImageNet: ")
    assert artefact.title_at("full") == artefact.title
    assert {one.key for one in ARTEFACTS.values() if one.title_at("published") != one.title} == {"figure-2b"}


# --- people whom the network has never met ---------------------------------------------------------


def test_every_fold_of_health_by_subject_is_table_1_on_other_people(profile: str) -> None:
    """Other folds are other data, so that no trial of one can pass for that of another, or of the random split."""
    usual = ARTEFACTS["table-1-health"].rows(profile)
    rows = ARTEFACTS["health-by-subject"].rows(profile)
    assert list(rows) == list(usual)
    for name, row in rows.items():
        assert len({trial.data["fingerprint"] for trial in row}) == len(row)
        for trial, other in zip(row, usual[name], strict=False):
            assert trial.values | {"data": None} == other.values | {"data": None}
    if profile != "smoke":
        assert [trial.data["fold"] for trial in row] == list(range(5))
        assert {trial.data["split"] for trial in row} == {"subject"}


# --- planned: the camera experiment --------------------------------------------------------------

CAMERA = {
    "figure-2-camera": (["resilinet-plus", "resilinet", "dfg", "vanilla"], 10),
    "camera-failout": (["10%", "20%"], 10),
    "camera-skips": (["all", *(f"without {a}->{b}" for a, b in EXPERIMENTS["camera"].skips)], 3),
    "figure-3-camera": (CONTENTS["figure-3-health"][0], 3),
}


@pytest.mark.parametrize("key", CAMERA)
def test_the_camera_experiment_is_planned_with_its_rows_and_seeds(key: str, profile: str) -> None:
    names, seeds = CAMERA[key]
    rows = PLANNED[key].rows(profile)
    assert list(rows) == names
    assert len({row[0].id for row in rows.values()}) == len(rows)
    assert {len(row) for row in rows.values()} == {seeds if profile != "smoke" else 2}
    assert {trial.id for row in PLANNED[key].rows("published").values() for trial in row} <= {
        trial.id for trial in planned_trials()
    }


def test_the_camera_experiment_is_that_of_the_released_code() -> None:
    schemes = PLANNED["figure-2-camera"].rows("published")
    failout = PLANNED["camera-failout"].rows("published")
    rows = {**schemes, "resilinet, 20%": failout["20%"]}
    assert failout["10%"] == schemes["resilinet"]
    nodes = [f"{letter}{k}" for letter in "ef" for k in range(1, 5)]
    for name, rate in {
        "resilinet": 0.1,
        "resilinet-plus": 0.1,
        "resilinet, 20%": 0.2,
        "dfg": 0,
        "vanilla": 0,
    }.items():
        trial = rows[name][0]
        assert trial.failout == (dict.fromkeys(nodes, rate) if rate else {})
        assert len(trial.skips) == (0 if name == "vanilla" else 7)
        recipe = trial.recipe
        assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (50, 64, 1e-3)
        assert (recipe.schedule, recipe.class_weights, recipe.keep) == ("constant", "balanced", "best")
    assert rows["resilinet"][0].id == PLANNED["camera-skips"].rows("published")["all"][0].id
    assert rows["resilinet"][0].id == PLANNED["figure-3-camera"].rows("published")["one"][0].id
    for row, trials in PLANNED["camera-skips"].rows("published").items():
        gone = set(EXPERIMENTS["camera"].skips) - set(trials[0].skips)
        assert [f"without {a}->{b}" for a, b in gone] == ([] if row == "all" else [row])


def test_settings_of_the_camera_experiment_are_those_of_its_reliabilities() -> None:
    order = ["f1", "f2", "f3", "f4", "e1", "e2", "e3", "e4"]
    reliabilities = {
        "no_failure": [1] * 8,
        "normal": [0.99] * 4 + [0.98] * 4,
        "poor": [0.95, 0.95, 0.9, 0.9, 0.8, 0.8, 0.75, 0.75],
        "hazardous": [0.8, 0.8, 0.75, 0.75, 0.7, 0.7, 0.65, 0.65],
    }
    settings = EXPERIMENTS["camera"].settings
    assert list(settings) == list(reliabilities)
    for name, wanted in reliabilities.items():
        settings[name].check(EXPERIMENTS["camera"].topology())
        assert [settings[name].reliability(node) for node in order] == pytest.approx(wanted)


def test_a_tiny_camera_trial_runs_from_its_description_to_its_record(tmp_path: Path) -> None:
    trial = PLANNED["figure-2-camera"].rows("smoke")["resilinet"][0]
    record = run(trial, load(trial.data, tmp_path), tmp_path)
    assert record.total == 30
    assert len(record.counts) == 256
    assert set(record.survival) == {"failout", "normal", "poor", "hazardous"}
    store = Store(tmp_path / "results")
    store.write(record)
    assert store.get(trial.id) == record
