"""The results store: one JSON file a trial, named by the trial's identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from companion.experiments.trial import NUMERICS, Record, Trial
from companion.results.validation import FIELDS, RECORD_SCHEMA, WITH_BATCH_NORM, problem
from resilinet.atomic_files import whole_file
from resilinet.messages import refused


class StoreError(ValueError):
    """A result file that cannot be trusted, or a file in the place of the folder; the message names it."""


class Store:
    """A folder of results. Files appear whole or not at all, and every one is checked when read."""

    def __init__(self, folder: Path | str) -> None:
        """Use ``folder``, which need not exist yet."""
        self.folder = Path(folder)

    def path(self, trial_id: str) -> Path:
        """Where the record of a trial lies."""
        return self.folder / f"{trial_id[:16]}.json"

    def __contains__(self, trial_id: str) -> bool:
        """Whether a record of this trial exists; whether it is sound is found out when it is read.

        Raises:
            StoreError: a file lies in the place of the folder.
        """
        there = self.path(trial_id).exists()
        if not there:
            self._check_folder()
        return there

    def _check_folder(self) -> None:
        """Refuse a file in the place of the folder; a missing folder is an empty store, which sweeps create."""
        if self.folder.exists() and not self.folder.is_dir():
            raise StoreError(f"{self.folder}: a file, not a folder of results; name a folder.")

    def write(self, record: Record) -> Path:
        """Write a record, which appears whole or not at all.

        Raises:
            StoreError: a file lies in the place of the folder.
        """
        self._check_folder()
        content = {"schema": RECORD_SCHEMA, "id": record.id, "numerics": NUMERICS}
        left_out = set() if record.per_route else WITH_BATCH_NORM
        content |= {name: getattr(record, name) for name in sorted(FIELDS - left_out)}
        content["trial"] = record.trial.values
        path = self.path(record.id)
        with whole_file(path) as partial:
            partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return path

    def read(self, trial_id: str) -> Record:
        """The record of a trial.

        Raises:
            StoreError: the file is missing, corrupted, truncated, or belongs to another trial; or a file lies in the
                place of the folder.
        """
        path = self.path(trial_id)
        if trial_id not in self:
            raise StoreError(f"{path}: there is no result of trial {trial_id[:16]}.")
        return read_record(path)

    def get(self, trial_id: str) -> Record | None:
        """The record of a trial, or None when it has not been run."""
        return self.read(trial_id) if trial_id in self else None

    def __iter__(self) -> Iterator[Record]:
        """Every record in the folder, in order of identity.

        Raises:
            StoreError: a record cannot be trusted, or a file lies in the place of the folder.
        """
        self._check_folder()
        # Not by a pattern: where a folder may not be listed, that finds nothing and says nothing.
        for path in sorted(self.folder.iterdir()) if self.folder.exists() else ():
            if path.suffix == ".json":
                yield read_record(path)


def read_record(path: Path) -> Record:
    """Read and check one result file.

    Raises:
        StoreError: the file cannot be read, is corrupted, truncated, of another schema or other numerics, not named
            after what it holds, or holds what no evaluation of its trial could give.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        if refused(error):
            raise StoreError(f"{path}: cannot be read ({error.strerror}).") from error
        raise StoreError(
            f"{path}: not a whole result file ({error}); delete it and run the trial again."
        ) from error
    if wrong := problem(path.stem, content):
        raise StoreError(f"{path}: {wrong}; it is refused.")
    known = {name: content[name] for name in FIELDS & set(content)}
    return Record(**known | {"trial": Trial.from_values(content["trial"])})
