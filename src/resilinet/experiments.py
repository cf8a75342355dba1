"""Each artefact of the paper and the trials behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from resilinet.failures import SETTINGS
from resilinet.partitions import MLP_SKIPS
from resilinet.schemes import DFG, RESILINET, RESILINET_PLUS, VANILLA, Scheme
from resilinet.trials import Recipe, Trial, Values

HEALTH = {
    "name": "health",
    "preprocessing": "released-code",
    "split": "random",
    "split_seed": 0,
    "fingerprint": "694f7cc27d05b49807d439dfb4cf4a548691e62ec21159ad1f02014370556b15",
}
"""The real Health data as the paper prepares them; the fingerprint is that of the whole, split data set."""

PROFILES = ("published", "smoke", "full")
FAILURES = tuple(name for name in SETTINGS["health"] if name != "no_failure")
PARTITION, OTHER_PARTITION = (1, 2, 3, 4), (2, 3, 2, 3)
CONFIGS = tuple(
    tuple(skip for skip in MLP_SKIPS if skip in chosen)
    for chosen in (
        (),
        (("n2", "n4"),),
        (("n1", "n3"),),
        (("i", "n2"),),
        (("n2", "n4"), ("n1", "n3")),
        (("n2", "n4"), ("i", "n2")),
        (("n1", "n3"), ("i", "n2")),
        MLP_SKIPS,
    )
)
"""Fig. 4a's eight sets of skip hyperconnections, Config 1 first."""


@dataclass(frozen=True)
class Size:
    """How large the trials of a profile are.

    Attributes:
        name: ``paper`` or ``smoke``; shown beside every result.
        data: description of the data set.
        network: the model's sizes.
        recipe: for Table 1, Fig. 2a, Fig. 6 and the rates of failout (Table 3).
        short_recipe: for the ablations at one rate of failout, which take most of the trainings.
        seeds: for Table 1, Fig. 2a and Fig. 6.
        short_seeds: for the ablations.
    """

    name: str
    data: Values
    network: Values
    recipe: Recipe
    short_recipe: Recipe
    seeds: tuple[int, ...]
    short_seeds: tuple[int, ...]


PAPER = Size(
    name="paper",
    data=HEALTH,
    network={"model": "mlp", "features": 23, "width": 250, "hidden": 10, "classes": 13},
    recipe=Recipe(),
    short_recipe=Recipe(epochs=20, schedule="linear"),
    seeds=tuple(range(10)),
    short_seeds=tuple(range(5)),
)
"""The paper's network, recipe and data; Figs. 3 and 4a by a shorter recipe whose equivalence the book tests."""


@cache
def smoke() -> Size:
    """Every trial trained for real, but tiny and on synthetic data: minutes on two cores, no data needed."""
    from resilinet.datasets.synthetic import synthetic_health  # draws the data, so only where it is asked for

    recipe = Recipe(epochs=3, batch_size=64, precision="float32")
    return Size(
        name="smoke",
        data=synthetic_health(rows=3000).description,
        network={"model": "mlp", "features": 23, "width": 32, "hidden": 10, "classes": 13},
        recipe=recipe,
        short_recipe=replace(recipe, epochs=2, schedule="linear"),
        seeds=(0, 1),
        short_seeds=(0, 1),
    )


def size_of(profile: str) -> Size:
    """The size whose trials a profile shows: ``published`` and ``full`` the paper's, ``smoke`` the tiny one.

    Raises:
        ValueError: there is no such profile.
    """
    if profile not in PROFILES:
        raise ValueError(f"{profile!r} is no profile; choose one of {', '.join(PROFILES)}.")
    return smoke() if profile == "smoke" else PAPER


def health_trial(
    size: Size,
    scheme: Scheme,
    seed: int,
    *,
    partition: tuple[int, ...] = PARTITION,
    skips: tuple[tuple[str, str], ...] | None = None,
    failout: Mapping[str, float] | None = None,
    weights: Values | None = None,
    short: bool = False,
) -> Trial:
    """One Health trial with every value spelt out; what is not given is the scheme's default."""
    nodes = [f"n{k}" for k in range(1, len(partition))]
    if failout is None:
        failout = dict.fromkeys(nodes, scheme.failout) if scheme.failout else {}
    return Trial(
        network=size.network,
        partition=partition,
        skips=((() if scheme is VANILLA else MLP_SKIPS) if skips is None else skips),
        scheme=scheme.key,
        failout=failout,
        weights=weights or {"rule": "one", "probability": {}, "high": 1.0},
        recipe=size.short_recipe if short else size.recipe,
        data=size.data,
        seed=seed,
    )


Rows = Mapping[str, list[Trial]]


@dataclass(frozen=True)
class Artefact:
    """A table, a figure or a claim of the paper: what it compares, and the trials of each row.

    Attributes:
        key: its name in commands, for example ``table-1-health``.
        title: its name in the paper and what it shows.
        rows: from a size to the trials of every row; a row is one condition, its trials differ by seed alone.
        chapter: the page of the book that shows it.
    """

    key: str
    title: str
    rows: Callable[[Size], Rows] = field(repr=False)
    chapter: str

    def trials(self, size: Size) -> list[Trial]:
        """Every trial, seed by seed, so that all rows grow evenly while a sweep runs."""
        return sorted(
            (trial for row in self.rows(size).values() for trial in row), key=lambda trial: trial.seed
        )


def _table_1(size: Size) -> Rows:
    return {
        scheme.key: [health_trial(size, scheme, seed) for seed in size.seeds]
        for scheme in (RESILINET_PLUS, RESILINET, DFG, VANILLA)
    }


def _figure_6(size: Size) -> Rows:
    return {
        scheme.key: [health_trial(size, scheme, seed, partition=OTHER_PARTITION) for seed in size.seeds]
        for scheme in (VANILLA, DFG, RESILINET)
    }


def _table_3(size: Size) -> Rows:
    # By the paper's recipe, because the more often nodes fail the more a shorter one costs: see _short_recipe.
    rates = {f"{rate:.0%}": dict.fromkeys(("n1", "n2", "n3"), rate) for rate in (0.05, 0.1, 0.3, 0.5)}
    rates |= {f"failure:{name}": dict(SETTINGS["health"][name].probability) for name in FAILURES}
    return {
        row: [health_trial(size, RESILINET, seed, failout=failout) for seed in size.short_seeds]
        for row, failout in rates.items()
    }


def _figure_3(size: Size) -> Rows:
    rules: dict[str, Values] = {"one": {"rule": "one", "probability": {}, "high": 1.0}}
    for rule in ("reliability", "relative-reliability"):
        for name in SETTINGS["health"]:
            # Without failures every reliability is 1, so that the rule of reliability is the weight one itself.
            if (rule, name) != ("reliability", "no_failure"):
                probability = dict(SETTINGS["health"][name].probability)
                rules[f"{rule}:{name}"] = {"rule": rule, "probability": probability, "high": 1.0}
    rules |= {f"U(0,{high})": {"rule": "uniform", "probability": {}, "high": float(high)} for high in (1, 10)}
    return {
        row: [health_trial(size, RESILINET, seed, weights=weights, short=True) for seed in size.short_seeds]
        for row, weights in rules.items()
    }


def _figure_4(size: Size) -> Rows:
    return {
        f"Config {number}": [
            health_trial(size, RESILINET, seed, skips=skips, short=True) for seed in size.short_seeds
        ]
        for number, skips in enumerate(CONFIGS, start=1)
    }


def _short_recipe(size: Size) -> Rows:
    # Failout at 50 % leaves the fewest whole batches to learn from: where fewer epochs should cost the most.
    half = dict.fromkeys(("n1", "n2", "n3"), 0.5)
    return {
        "paper's recipe": [health_trial(size, RESILINET, seed) for seed in size.short_seeds],
        "short recipe": [health_trial(size, RESILINET, seed, short=True) for seed in size.short_seeds],
        "paper's recipe, 50%": [
            health_trial(size, RESILINET, seed, failout=half) for seed in size.short_seeds
        ],
        "short recipe, 50%": [
            health_trial(size, RESILINET, seed, failout=half, short=True) for seed in size.short_seeds
        ],
    }


ARTEFACTS = {
    artefact.key: artefact
    for artefact in (
        Artefact("table-1-health", "Table 1, Health: accuracy by failing nodes", _table_1, "health-results"),
        Artefact("figure-2a", "Fig. 2a: average accuracy by failure setting", _table_1, "health-results"),
        Artefact(
            "section-2.3-health", "Section 2.3: survival scaling at inference", _table_1, "health-ablations"
        ),
        Artefact("short-recipe", "The short recipe against the paper's", _short_recipe, "health-ablations"),
        Artefact("table-3-health", "Table 3, Health: rates of failout", _table_3, "health-ablations"),
        Artefact(
            "figure-3-health", "Fig. 3, Health: weights of hyperconnections", _figure_3, "health-ablations"
        ),
        Artefact("figure-4a", "Fig. 4a: sets of skip hyperconnections", _figure_4, "health-ablations"),
        Artefact("figure-6-health", "Fig. 6, Health: another partition", _figure_6, "health-ablations"),
    )
}


def trials_of(size: Size, *keys: str) -> list[Trial]:
    """The trials of the named artefacts, each once.

    Raises:
        ValueError: there is no such artefact.
    """
    for key in keys:
        if key not in ARTEFACTS:
            raise ValueError(f"{key!r} is no artefact; choose from {', '.join(ARTEFACTS)}.")
    return list({trial.id: trial for key in keys for trial in ARTEFACTS[key].trials(size)}.values())


def all_trials(size: Size) -> list[Trial]:
    """The trials of every artefact, each once, seed by seed, so that every artefact grows while a sweep runs."""
    return sorted(trials_of(size, *ARTEFACTS), key=lambda trial: trial.seed)
