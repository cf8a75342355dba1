"""Each artefact of the paper and the trials behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from companion.experiments.beyond import other_schemes
from companion.experiments.catalogue import EXPERIMENTS, cifar_short, imagenet_short
from companion.experiments.experiment import Experiment, Size, check_profile
from companion.experiments.trial import Trial, Values
from resilinet.schemes import DFG, RESILINET, RESILINET_PLUS, VANILLA, Scheme

Rows = Mapping[str, list[Trial]]
Design = Callable[[Experiment, Size], Rows]
"""From an experiment and a size to the trials of every row."""

_NARROW = cifar_short("mobilenet", 12, 0.25)


@dataclass(frozen=True)
class Artefact:
    """A table, a figure or a statement of the paper: what it compares, and the trials of each row.

    Attributes:
        key: its name in commands, for example ``table-1-health``.
        exhibit: which table, figure or section of the paper it belongs to, for example ``table-1``.
        title: its name in the paper and what it shows.
        experiment: whose network and data.
        design: from an experiment and a size to the trials of every row; a row is one condition, its trials differ
            by seed alone.
        chapter: the page of the book that shows it.
        sizes: the size behind a profile, where it is not the experiment's own.
    """

    key: str
    exhibit: str
    title: str
    experiment: Experiment
    design: Design = field(repr=False)
    chapter: str
    sizes: Mapping[str, Size] = field(default_factory=dict, repr=False)

    def size(self, profile: str) -> Size:
        """The size whose trials a profile shows.

        Raises:
            ValueError: there is no such profile.
        """
        return self.sizes.get(profile) or self.experiment.size(profile)

    def rows(self, profile: str) -> Rows:
        """The trials of every row, as a profile shows them.

        Raises:
            ValueError: there is no such profile.
        """
        return self.design(self.experiment, self.size(profile))

    def title_at(self, profile: str) -> str:
        """Its title; where other data stand in for the paper's, the title says so."""
        theirs = self.size(profile).stands_in_for
        where, colon, what = self.title.partition(":")
        return f"{where}, on a substitute for {theirs}{colon}{what}" if theirs else self.title

    def trials(self, profile: str) -> list[Trial]:
        """Every trial, seed by seed, so that all rows grow evenly while a sweep runs."""
        return seed_by_seed(trial for row in self.rows(profile).values() for trial in row)


def seed_by_seed(trials: Iterable[Trial]) -> list[Trial]:
    """The trials in the order of their seeds."""
    return sorted(trials, key=lambda trial: trial.seed)


def four_schemes(experiment: Experiment, size: Size) -> Rows:
    """Table 1: every scheme."""
    return _by_scheme(experiment, size, (RESILINET_PLUS, RESILINET, DFG, VANILLA))


def three_schemes(experiment: Experiment, size: Size) -> Rows:
    """Fig. 2: the schemes without ResiliNet+."""
    return _by_scheme(experiment, size, (VANILLA, DFG, RESILINET))


def other_partition(experiment: Experiment, size: Size) -> Rows:
    """Fig. 6: three schemes on another partition."""
    return _by_scheme(experiment, size, (VANILLA, DFG, RESILINET), partition=experiment.other_partition)


def failout_rates(experiment: Experiment, size: Size) -> Rows:
    """Table 3: ResiliNet by failout rate; *Failure* takes a training for each failure setting.

    By the longer recipe, because the more often nodes fail the more a short one costs: see :func:`recipes`.
    """
    rates = {f"{rate:.0%}": dict.fromkeys(experiment.failable, rate) for rate in (0.05, 0.1, 0.3, 0.5)}
    for name, setting in experiment.settings.items():
        if any(setting.probability.values()):
            rates[f"failure:{name}"] = dict(setting.probability)
    return {
        row: [experiment.trial(size, RESILINET, seed, failout=failout) for seed in size.short_seeds]
        for row, failout in rates.items()
    }


def hyperconnection_weights(experiment: Experiment, size: Size) -> Rows:
    """Fig. 3: ResiliNet by rule for hyperconnection weights; those by reliability are trained for each setting."""
    rules: dict[str, Values] = {"one": {"rule": "one", "probability": {}, "high": 1.0}}
    for rule in ("reliability", "relative-reliability"):
        for name, setting in experiment.settings.items():
            # Without failures every reliability is 1, so that the rule of reliability is the weight one itself.
            if rule != "reliability" or any(setting.probability.values()):
                rules[f"{rule}:{name}"] = {
                    "rule": rule,
                    "probability": dict(setting.probability),
                    "high": 1.0,
                }
    rules |= {f"U(0,{high})": {"rule": "uniform", "probability": {}, "high": float(high)} for high in (1, 10)}
    return {
        row: [
            experiment.trial(size, RESILINET, seed, weights=weights, short=True) for seed in size.short_seeds
        ]
        for row, weights in rules.items()
    }


def skip_configs(experiment: Experiment, size: Size) -> Rows:
    """Fig. 4: ResiliNet by set of skip hyperconnections."""
    return {
        f"Config {number}": [
            experiment.trial(size, RESILINET, seed, skips=skips, short=True) for seed in size.short_seeds
        ]
        for number, skips in enumerate(experiment.configs, start=1)
    }


def released_failout(experiment: Experiment, size: Size) -> Rows:
    """The camera experiment: ResiliNet at the paper's rate of failout, and at the default rate of the released code."""
    rates = {f"{rate:.0%}": dict.fromkeys(experiment.failable, rate) for rate in (0.1, 0.2)}
    return {
        row: [experiment.trial(size, RESILINET, seed, failout=failout) for seed in size.seeds]
        for row, failout in rates.items()
    }


def without_one_skip(experiment: Experiment, size: Size) -> Rows:
    """ResiliNet with every skip hyperconnection, and with each one taken away alone."""
    sets = {"all": experiment.skips} | {
        f"without {a}->{b}": tuple(skip for skip in experiment.skips if skip != (a, b))
        for a, b in experiment.skips
    }
    return {
        row: [experiment.trial(size, RESILINET, seed, skips=skips, short=True) for seed in size.short_seeds]
        for row, skips in sets.items()
    }


def recipes(experiment: Experiment, size: Size) -> Rows:
    """The short recipe beside the paper's, at the usual rate of failout and at the highest.

    Failout at 50 % leaves the fewest whole batches to learn from: where fewer epochs should cost the most.
    """
    half: dict[str, Any] = {"failout": dict.fromkeys(experiment.failable, 0.5)}
    return {
        f"{name}{suffix}": [
            experiment.trial(size, RESILINET, seed, short=short, **changes) for seed in size.short_seeds
        ]
        for suffix, changes in (("", {}), (", 50%", half))
        for name, short in (("paper's recipe", False), ("short recipe", True))
    }


def recipe_search(experiment: Experiment, size: Size) -> Rows:
    """ResiliNet by the short recipe with several peaks of the learning rate and two policies of augmentation.

    One seed: what is compared are accuracies on validation images, and only to choose.
    """
    light = [("crop-and-flip", peak) for peak in (2e-3, 3e-3, 4e-3, 6e-3, 1e-2)]
    found = {}
    for policy, peak in [*light, ("released-code", 6e-3)]:
        tried = replace(
            size,
            data={**size.data, "augmentation": policy},
            recipe=replace(size.recipe, learning_rate=peak),
        )
        found[f"{policy}, peak {peak:g}"] = [experiment.trial(tried, RESILINET, 0)]
    return found


def without_flow(experiment: Experiment, size: Size) -> Rows:
    """ResiliNet by what a batch without information flow does, at the usual rate of failout and at the highest.

    One pair each, for a sentence on what zeros in running statistics cost.
    """
    half: dict[str, Any] = {"failout": dict.fromkeys(experiment.failable, 0.5)}
    sizes = {
        policy: replace(size, recipe=replace(size.recipe, no_flow=policy)) for policy in ("skip", "zeros")
    }
    return {
        f"{policy}, {name}": [experiment.trial(changed, RESILINET, 0, **changes)]
        for name, changes in (("10%", {}), ("50%", half))
        for policy, changed in sizes.items()
    }


def _by_scheme(experiment: Experiment, size: Size, schemes: Iterable[Scheme], **changes: Any) -> Rows:
    return {
        scheme.key: [experiment.trial(size, scheme, seed, **changes) for seed in size.seeds]
        for scheme in schemes
    }


_FEW: Final = cifar_short("resnet", 12, 1.0)
_CAMERA: Final = EXPERIMENTS["camera"].size("published")
_HEALTH: Final = EXPERIMENTS["health"].size("published")
_TEN: Final = replace(_HEALTH, short_seeds=_HEALTH.seeds)
"""Health with ten seeds: of five a single draw of U(0,1) decides Fig. 3, and statements hang on other schemes."""
_SIZES: Final[Mapping[str, Mapping[str, Size]]] = {
    "recipe-search": {"published": _NARROW, "full": _NARROW},
    **{key: {"published": _FEW} for key in ("figure-2c", "figure-4c", "table-3-resnet")},
    **{key: {"published": _NARROW} for key in ("table-1-mobilenet", "figure-4b")},
    "figure-2-camera": {"published": replace(_CAMERA, seeds=_CAMERA.short_seeds)},
    **{key: {"published": _TEN, "full": _TEN} for key in ("figure-3-health", "beyond-health")},
}
"""The size behind a profile, by artefact, where it is not the experiment's own."""


def _shown(experiment: str, chapter: str, *artefacts: tuple[str, str, str, Design]) -> Iterable[Artefact]:
    """Artefacts of one experiment that a chapter shows, each given by its key, exhibit, title and design."""
    for key, exhibit, title, design in artefacts:
        yield Artefact(key, exhibit, title, EXPERIMENTS[experiment], design, chapter)


def _health() -> Iterable[Artefact]:
    yield from _shown(
        "health",
        "health-results",
        ("table-1-health", "table-1", "Table 1, Health: accuracy by failing nodes", four_schemes),
        ("figure-2a", "figure-2", "Fig. 2a: average accuracy by failure setting", three_schemes),
    )
    yield from _shown(
        "health",
        "health-ablations",
        ("section-2.3-health", "section-2.3", "Section 2.3: survival scaling at inference", four_schemes),
        ("short-recipe", "short-recipe", "The short recipe against the paper's", recipes),
        ("table-3-health", "table-3", "Table 3, Health: rates of failout", failout_rates),
        (
            "figure-3-health",
            "figure-3",
            "Fig. 3, Health: weights of hyperconnections",
            hyperconnection_weights,
        ),
    )
    yield from _shown(
        "health",
        "health-skips",
        ("figure-4a", "figure-4", "Fig. 4a: sets of skip hyperconnections", skip_configs),
        ("figure-6-health", "figure-6", "Fig. 6, Health: another partition", other_partition),
    )
    met = "health-by-subject", "health-by-subject", "Health by subject: people never met before", four_schemes
    yield from _shown("health-by-subject", "health-people", met)
    title = "Health: schemes beyond the paper's"
    yield from _shown("health", "beyond", ("beyond-health", "beyond", title, other_schemes))


def _images() -> Iterable[Artefact]:
    table_1 = "table-1-mobilenet", "table-1", "Table 1, MobileNet: accuracy by failing nodes", four_schemes
    yield from _shown("mobilenet", "mobilenet", table_1)
    search = "recipe-search", "recipe-search", "The search for the short recipe", recipe_search
    yield from _shown("mobilenet", "decisions", search)
    yield from _shown(
        "mobilenet",
        "mobilenet",
        ("figure-6-mobilenet", "figure-6", "Fig. 6, MobileNet: another partition", other_partition),
        ("figure-4b", "figure-4", "Fig. 4b: sets of skip hyperconnections", skip_configs),
        ("table-3-mobilenet", "table-3", "Table 3, MobileNet: rates of failout", failout_rates),
        (
            "figure-3-mobilenet",
            "figure-3",
            "Fig. 3, MobileNet: weights of hyperconnections",
            hyperconnection_weights,
        ),
    )
    figure_2b = "figure-2b", "figure-2", "Fig. 2b: average accuracy by failure setting", three_schemes
    yield from _shown("imagenet", "imagenet", figure_2b)
    yield from _shown(
        "resnet",
        "resnet",
        ("figure-2c", "figure-2", "Fig. 2c: average accuracy by failure setting", three_schemes),
        ("figure-4c", "figure-4", "Fig. 4c: sets of skip hyperconnections", skip_configs),
        ("table-3-resnet", "table-3", "Table 3, ResNet-18: rates of failout", failout_rates),
        (
            "figure-3-resnet",
            "figure-3",
            "Fig. 3, ResNet-18: weights of hyperconnections",
            hyperconnection_weights,
        ),
    )
    averages = "Chart data of Fig. 2, Camera: average accuracy by failure setting"
    yield from _shown("camera", "camera", ("figure-2-camera", "figure-2", averages, four_schemes))


ARTEFACTS: Mapping[str, Artefact] = {
    artefact.key: replace(artefact, sizes=_SIZES.get(artefact.key, {}))
    for artefact in (*_health(), *_images())
}
"""By key, in the order in which a sweep of everything runs them."""


def _new() -> Iterable[Artefact]:
    yield from _shown(
        "resnet",
        "resnet",
        ("no-flow-resnet", "no-flow", "Batches without information flow", without_flow),
        ("figure-2c-short", "figure-2", "Fig. 2c by the short recipe", three_schemes),
    )
    narrow = (
        "table-1-mobilenet-narrow",
        "table-1",
        "Table 1, MobileNet, at a quarter of the width",
        four_schemes,
    )
    yield from _shown("mobilenet", "mobilenet", narrow)
    released = "Camera: the paper's rate of failout and the released code's"
    weights = "Chart data of Fig. 3, Camera: weights of hyperconnections"
    one_less = "Camera: every skip hyperconnection taken away alone"
    yield from _shown(
        "camera",
        "camera",
        ("camera-failout", "camera-failout", released, released_failout),
        ("camera-skips", "camera-skips", one_less, without_one_skip),
        ("figure-3-camera", "figure-3", weights, hyperconnection_weights),
    )


def _planned() -> Iterable[Artefact]:
    wide, few = cifar_short("mobilenet", 20, 0.75), _FEW
    sizes = {
        "figure-2c": EXPERIMENTS["resnet"].size("full"),
        "table-1-mobilenet": wide,
        "figure-2c-short": few,
        "table-3-resnet": few,
        "figure-4c": few,
        "figure-3-resnet": few,
        "table-1-mobilenet-narrow": _NARROW,
        "table-3-mobilenet": _NARROW,
        "figure-4b": _NARROW,
        "figure-6-mobilenet": _NARROW,
        "figure-3-mobilenet": _NARROW,
        "figure-2b": imagenet_short(),
        "no-flow-resnet": few,
    }
    cameras = ("figure-2-camera", "camera-failout", "camera-skips", "figure-3-camera")
    sizes |= dict.fromkeys(cameras, _CAMERA)
    known = {**ARTEFACTS, **{artefact.key: artefact for artefact in _new()}}
    return [replace(known[key], sizes={"published": size}) for key, size in sizes.items()]


PLANNED: Mapping[str, Artefact] = {artefact.key: artefact for artefact in _planned()}
"""What takes the place of artefacts of that key, or joins them, once its first seed has been trained; in the order
in which a sweep runs them."""


def planned_trials(*keys: str) -> list[Trial]:
    """The trials of the named planned artefacts, or of all, each once, seed by seed.

    Raises:
        ValueError: nothing of that name is planned.
    """
    if unknown := [key for key in keys if key not in PLANNED]:
        raise ValueError(f"{unknown[0]!r} is not planned; choose from {', '.join(PLANNED)}.")
    wanted = [PLANNED[key] for key in keys or PLANNED]
    return seed_by_seed({trial.id: trial for one in wanted for trial in one.trials("published")}.values())


def artefact_of(key: str) -> Artefact:
    """The artefact of that name.

    Raises:
        ValueError: there is none.
    """
    if key not in ARTEFACTS:
        raise ValueError(f"{key!r} is no artefact; choose from {', '.join(ARTEFACTS)}.")
    return ARTEFACTS[key]


def trials_of(profile: str, *keys: str) -> list[Trial]:
    """The trials of the named artefacts, each once.

    Raises:
        ValueError: there is no such artefact or profile.
    """
    check_profile(profile)
    named = [artefact_of(key) for key in keys]
    return list({trial.id: trial for artefact in named for trial in artefact.trials(profile)}.values())


def all_trials(profile: str) -> list[Trial]:
    """The trials of every artefact, each once, seed by seed, so that every artefact grows while a sweep runs."""
    return seed_by_seed(trials_of(profile, *ARTEFACTS))
