"""What an experiment of the paper is, how large its trials are, and how a trial of it is spelt out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from companion.experiments.trial import Trial, Values
from resilinet.failures import FailureSetting
from resilinet.models.partitions import TOPOLOGIES, Pairs
from resilinet.recipe import Recipe
from resilinet.schemes import VANILLA, Scheme
from resilinet.topology import Topology

PROFILES = ("published", "smoke", "full")


def check_profile(profile: str) -> None:
    """Refuse a profile that does not exist.

    Raises:
        ValueError: it is none of :data:`PROFILES`.
    """
    if profile not in PROFILES:
        raise ValueError(f"{profile!r} is no profile; choose one of {', '.join(PROFILES)}.")


@dataclass(frozen=True)
class Size:
    """How large the trials of an experiment are.

    Attributes:
        name: ``paper`` (network, recipe and data of the paper), ``laptop`` (a smaller network, fewer epochs and seeds)
            or ``smoke`` (tiny, on synthetic data); shown beside every result.
        data: description of the data set.
        network: the model's name and sizes.
        recipe: for the comparison of schemes and the rates of failout.
        short_recipe: for the other ablations, which take most of the trainings.
        seeds: for the comparison of schemes.
        short_seeds: for the ablations.
        label: network and data set in words, for figures.
        stands_in_for: the paper's data set, by the name that the experiment gives it, where other photographs take
            its place; else empty.
        folds: where every seed has a split of its own: the description of its data, seed by seed; else empty.
    """

    name: str
    data: Values
    network: Values
    recipe: Recipe
    short_recipe: Recipe
    seeds: tuple[int, ...]
    short_seeds: tuple[int, ...]
    label: str
    stands_in_for: str = ""
    folds: tuple[Values, ...] = ()

    def data_of(self, seed: int) -> Values:
        """The description of the data that a seed is trained on."""
        return self.folds[seed] if self.folds else self.data


@dataclass(frozen=True)
class Experiment:
    """A network on a data set (section 3.1): what its trials have in common, whatever their size.

    Attributes:
        key: in the names of artefacts, for example ``mobilenet``.
        name: in words.
        partition: how many blocks each physical node hosts, as the model counts them.
        other_partition: that of Fig. 6; empty where the paper shows none.
        skips: every skip hyperconnection.
        configs: Fig. 4's sets of skips, Config 1 first.
        model: the name of its network (:func:`resilinet.models.model`).
        settings: the failure settings of Table 2, no failure first.
        sizes: the size behind each profile of :data:`PROFILES`.
    """

    key: str
    name: str
    partition: tuple[int, ...]
    other_partition: tuple[int, ...]
    skips: Pairs
    configs: tuple[Pairs, ...]
    model: str
    settings: Mapping[str, FailureSetting] = field(repr=False)
    sizes: Mapping[str, Callable[[], Size]] = field(repr=False)

    @property
    def failable(self) -> tuple[str, ...]:
        """The nodes that can fail, from upstream to downstream."""
        return self.topology().failable

    def topology(self, partition: tuple[int, ...] | None = None, skips: Pairs | None = None) -> Topology:
        """The topology of a partition and a set of skips; what is not given is the experiment's own."""
        return TOPOLOGIES[self.model](
            self.partition if partition is None else partition, self.skips if skips is None else skips
        )

    def size(self, profile: str) -> Size:
        """The size whose trials a profile shows.

        Raises:
            ValueError: there is no such profile.
        """
        check_profile(profile)
        return self.sizes[profile]()

    def name_at(self, profile: str) -> str:
        """Its name; where other data stand in for the paper's, the name says so."""
        theirs = self.size(profile).stands_in_for
        return self.name.replace(theirs, f"a substitute for {theirs}") if theirs else self.name

    def trial(self, size: Size, scheme: Scheme, seed: int, *, short: bool = False, **changes: Any) -> Trial:
        """One trial with every value spelt out.

        Args:
            size: how large it is.
            scheme: whose skips and rate of failout it has.
            seed: of all that is drawn.
            short: by the short recipe.
            changes: fields of the trial that are not the scheme's.
        """
        trial = Trial(
            network=size.network,
            partition=self.partition,
            skips=() if scheme is VANILLA else self.skips,
            scheme=scheme.key,
            failout=dict.fromkeys(self.failable, scheme.failout) if scheme.failout else {},
            weights={"rule": "one", "probability": {}, "high": 1.0},
            recipe=size.short_recipe if short else size.recipe,
            data=size.data_of(seed),
            seed=seed,
        )
        return replace(trial, **changes)
