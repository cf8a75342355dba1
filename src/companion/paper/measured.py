"""What the stored trials say: for each row of an artefact a value per seed, in percent."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from companion.experiments import ARTEFACTS, Size
from companion.experiments.trial import Record, Trial
from companion.paper.samples import Sample
from companion.results.accuracy import GUESSES, STATISTICS, Counts, average, by_scenario, guess_accuracy
from companion.results.store import Store
from resilinet.failures import FailureSetting
from resilinet.recipe import Recipe


class Measured:
    """Reads the results that a profile shows, each file once.

    Args:
        store: the results.
        profile: whose trials are meant (:data:`companion.experiments.PROFILES`).
        guess: how one guesses without information flow (:func:`companion.results.accuracy.guess_accuracy`).
        statistics: of batch normalisation: ``running``, as in the paper, or ``per-route``.

    Raises:
        ValueError: the guess policy or the kind of statistics does not exist.
    """

    def __init__(
        self,
        store: Store,
        profile: str = "published",
        guess: str = "train-frequency",
        statistics: str = "running",
    ) -> None:
        if guess not in GUESSES:
            raise ValueError(f"{guess!r} is no guess policy; choose {' or '.join(GUESSES)}.")
        if statistics not in STATISTICS:
            raise ValueError(f"{statistics!r} are no batch statistics; choose {' or '.join(STATISTICS)}.")
        self.store, self.profile, self.guess, self.statistics = store, profile, guess, statistics
        self._rows: dict[str, Mapping[str, list[Trial]]] = {}
        self._read: dict[str, Record | None] = {}

    def per_route(self) -> Measured:
        """The same results with batch statistics of each route."""
        return self._with("per-route")

    def running(self) -> Measured:
        """The same results with running batch statistics."""
        return self._with("running")

    def _with(self, statistics: str) -> Measured:
        other = copy.copy(self)  # what was read is shared
        other.statistics = statistics
        return other

    def size(self, artefact: str) -> Size:
        """How large the trials of an artefact are."""
        return ARTEFACTS[artefact].size(self.profile)

    def substitute(self, artefact: str) -> str:
        """What an artefact's trials are trained on where it stands in for the paper's data, otherwise nothing."""
        size = self.size(artefact)
        return size.label if size.stands_in_for else ""

    def recipe(self, artefact: str) -> Recipe:
        """How the trials of an artefact are trained."""
        return next(iter(self.rows(artefact).values()))[0].recipe

    def is_short(self, artefact: str) -> bool:
        """Whether the trials of an artefact follow the short recipe of the paper's size."""
        size = self.size(artefact)
        return size.name == "paper" and self.recipe(artefact) != size.recipe

    def rows(self, artefact: str) -> Mapping[str, list[Trial]]:
        """The trials of each row of an artefact."""
        if artefact not in self._rows:
            self._rows[artefact] = ARTEFACTS[artefact].rows(self.profile)
        return self._rows[artefact]

    def has_routes(self, artefact: str) -> bool:
        """Whether trials of an artefact hold counts under batch statistics of each route."""
        return any(record.per_route for row in self.rows(artefact) for record in self.records(artefact, row))

    def counts(self, record: Record) -> Counts:
        """Correctly classified test examples by scenario."""
        return record.per_route if self.statistics == "per-route" and record.per_route else record.counts

    def record(self, trial: Trial) -> Record | None:
        """The record of a trial, None when it has not been run."""
        name = trial.id
        if name not in self._read:
            self._read[name] = self.store.get(name)
        return self._read[name]

    def records(self, artefact: str, row: str) -> list[Record]:
        """The records of a row that exist, seed by seed."""
        found = (self.record(trial) for trial in self.rows(artefact)[row])
        return [record for record in found if record is not None]

    def sample(self, artefact: str, row: str, measure: Callable[[Record], float]) -> Sample:
        """Whatever ``measure`` says of each record of a row."""
        records = self.records(artefact, row)
        return Sample(
            {record.trial.seed: measure(record) for record in records},
            len(self.rows(artefact)[row]),
            tuple(record.id for record in records),
        )

    def scenario(self, artefact: str, row: str, scenario: str) -> Sample:
        """The accuracy while exactly the nodes of a scenario are failed, in percent."""
        return self.sample(
            artefact,
            row,
            lambda record: by_scenario(record, self.counts(record), self.guess)[scenario],
        )

    def average(
        self, artefact: str, row: str, setting: str | FailureSetting, survival: str | None = None
    ) -> Sample:
        """The accuracy expected under a failure setting, in percent.

        Args:
            artefact: which one.
            row: of the artefact.
            setting: the name of a setting of Table 2, or one of your own.
            survival: take the counts with weights scaled by these survival probabilities (section 2.3), which
                were made with running batch statistics alone.

        Raises:
            ValueError: survival is asked for with batch statistics of each route.
        """
        if survival is not None and self.statistics != "running":
            raise ValueError("accuracy with scaled weights was measured with running batch statistics alone.")
        settings = ARTEFACTS[artefact].experiment.settings
        chosen = settings[setting] if isinstance(setting, str) else setting

        def measure(record: Record) -> float:
            counts = self.counts(record) if survival is None else record.survival[survival]
            return average(record, counts, chosen, self.guess)

        return self.sample(artefact, row, measure)

    def chance(self, record: Record, policy: str | None = None) -> float:
        """How often a guess is right on the test set of a record, from 0 to 1."""
        return guess_accuracy(record.labels, policy or self.guess)

    def is_guess(self, artefact: str, row: str, scenario: str) -> bool:
        """Whether no information reaches the cloud in this scenario; False while nothing is known."""
        return any(record.counts.get(scenario, 0) is None for record in self.records(artefact, row))
