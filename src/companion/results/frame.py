"""All runs in one tidy table: a row for each accuracy of each run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from companion.experiments import ARTEFACTS, artefact_of
from companion.results.accuracy import Accuracy, accuracies_of
from companion.results.store import Store
from resilinet.atomic_files import whole_file

if TYPE_CHECKING:
    import pandas as pd

COLUMN_TYPES: Final = {
    "artefact": str,
    "row": str,
    "scheme": str,
    "seed": int,
    "size": str,
    "label": str,
    "epochs": int,
    "statistics": str,
    "kind": str,
    "name": str,
    "accuracy": float,
    "guess": bool,
    "trial": str,
}
"""The columns of the table, and what each holds."""


def frame(
    store: Store | Path | str = "results",
    profile: str = "published",
    artefacts: Iterable[str] | None = None,
    guess: str = "train-frequency",
) -> pd.DataFrame:
    """All stored runs, a row for each accuracy; a run that several artefacts show stands under each.

    An ``artefact`` compares ``row`` with ``row``; within one, runs differ by ``seed`` alone. ``size``, ``label`` and
    ``epochs`` say how large a run was and on which data, ``trial`` which file of the store holds it. ``accuracy`` is in
    percent: where ``kind`` is ``scenario``, while exactly the nodes in ``name`` are failed, and a ``guess`` where no
    information reaches the cloud; where it is ``setting``, the exact expectation under the failure setting ``name``,
    guesses included. Nodes are those of the run's own topology, of which stage drop has two in one machine.
    ``statistics`` are those of batch normalisation; networks without it have ``running`` alone.

    Args:
        store: the results, or their folder.
        profile: whose runs are meant (:data:`companion.experiments.PROFILES`).
        artefacts: which ones; None for all.
        guess: how one guesses without information flow (:func:`companion.results.accuracy.guess_accuracy`).

    Raises:
        ValueError: there is no such profile, artefact or way of guessing.
        StoreError: a stored result cannot be trusted.
    """
    import pandas as pd  # only here, so that commands that list and compare runs start without it

    found = store if isinstance(store, Store) else Store(store)

    @cache
    def accuracies(trial_id: str) -> list[Accuracy]:
        record = found.get(trial_id)
        return [] if record is None else list(accuracies_of(record, guess))

    rows = []
    for artefact in map(artefact_of, ARTEFACTS if artefacts is None else artefacts):
        size = artefact.size(profile)
        for row, trials in artefact.rows(profile).items():
            for trial in trials:
                run = (
                    artefact.key,
                    row,
                    trial.scheme,
                    trial.seed,
                    size.name,
                    size.label,
                    trial.recipe.epochs,
                )
                rows += [(*run, *accuracy, trial.id[:16]) for accuracy in accuracies(trial.id)]
    return pd.DataFrame(rows, columns=list(COLUMN_TYPES)).astype(COLUMN_TYPES)


def write_csv(results: Path, out: Path) -> None:
    """Write the table of the published runs as a file, which appears whole or not at all.

    Args:
        results: the folder of results.
        out: the file; what stands there is replaced.
    """
    with whole_file(out) as partial:
        frame(results).to_csv(partial, index=False, lineterminator="\n")
