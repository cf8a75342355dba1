"""Which stored trials are run again, and how long that should take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from companion.experiments import Experiment, artefact_of
from companion.experiments.trial import Record, Trial
from companion.results.store import Store


@dataclass(frozen=True)
class Rerun:
    """A trial to run again.

    Attributes:
        row: its row of the artefact.
        experiment: whose topology and failure settings it has.
        trial: what to run.
        stored: the stored records of the whole row.
    """

    row: str
    experiment: Experiment
    trial: Trial
    stored: tuple[Record, ...]

    @property
    def before(self) -> Record | None:
        """The stored record of this very trial; None of a new seed."""
        return next((record for record in self.stored if record.id == self.trial.id), None)


def chosen(
    artefact: str,
    store: Store,
    profile: str = "published",
    *,
    row: str | None = None,
    scheme: str | None = None,
    seed: int | None = None,
) -> list[Rerun]:
    """The trials to run again: those of an artefact that are stored, or of a row, a scheme or a seed of it.

    A seed that the artefact does not have is a new one, to be held against the stored ones.

    Raises:
        ValueError: there is no such artefact, profile, row or scheme, or none of the trials is stored.
        StoreError: a stored result cannot be trusted.
    """
    found = artefact_of(artefact)
    rows = found.rows(profile)
    if row is not None and row not in rows:
        raise ValueError(f"{row!r} is no row of {artefact}; choose from {', '.join(rows)}.")
    picked = {
        name: trials
        for name, trials in rows.items()
        if row in (None, name) and scheme in (None, trials[0].scheme)
    }
    if not picked:
        schemes = dict.fromkeys(trials[0].scheme for trials in rows.values())
        raise ValueError(f"{scheme!r} is no scheme of these rows; choose from {', '.join(schemes)}.")
    reruns = []
    for name, trials in picked.items():
        stored = tuple(record for trial in trials if (record := store.get(trial.id)) is not None)
        wanted = [record.trial for record in stored if seed in (None, record.trial.seed)]
        if stored and seed is not None and seed not in {trial.seed for trial in trials}:
            wanted = [replace(trials[0], seed=seed)]
        reruns += [Rerun(name, found.experiment, trial, stored) for trial in wanted]
    if not reruns:
        which = "" if seed is None else f" of seed {seed}"
        where = "" if profile == "published" else f" --profile {profile}"
        raise ValueError(
            f"{store.folder} holds no result{which} of {artefact} ({', '.join(picked)}) to compare with; "
            f"`resilinet sweep {artefact}{where} --results {store.folder}` trains them."
        )
    return list({rerun.trial.id: rerun for rerun in reruns}.values())


def seconds(rerun: Rerun) -> float | None:
    """How long a trial took when it was stored, or its row on average; None where no record says.

    A trial that was stopped and resumed is left out where there are others: early ones counted their last part alone.
    """
    records = [rerun.before, *rerun.stored]
    timed = [record for record in records if record is not None and "wall_seconds" in record.provenance]
    whole = [record for record in timed if not record.provenance.get("resumed")] or timed
    if not whole:
        return None
    if whole[0] is rerun.before:
        return float(whole[0].provenance["wall_seconds"])
    return float(np.mean([record.provenance["wall_seconds"] for record in whole]))


def machines(reruns: Iterable[Rerun]) -> str:
    """Where the stored records were made, for a sentence."""
    kinds = {
        (made.get("device", "an unnamed machine"), made.get("threads"), made.get("torch"))
        for rerun in reruns
        for made in (record.provenance for record in ([rerun.before] if rerun.before else rerun.stored))
    }
    return " or ".join(
        f"{device}, {threads} thread{'s' if threads != 1 else ''}, PyTorch {torch}"
        for device, threads, torch in sorted(kinds, key=str)
    )
