"""The results store: one JSON file a trial, named by the trial's identity."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resilinet.trials import NUMERICS, Record, Trial, identity

SCHEMA = 1
FIELDS = {field.name for field in dataclasses.fields(Record)}
WITH_BATCH_NORM = {"per_route", "route_numbers"}
"""Fields that a result of a network without batch normalisation need not have."""


class StoreError(ValueError):
    """A result file that cannot be trusted; the message names it."""


class Store:
    """A folder of results. Files appear whole or not at all, and every one is checked when read."""

    def __init__(self, folder: Path | str) -> None:
        """Use ``folder``, which need not exist yet."""
        self.folder = Path(folder)

    def path(self, trial_id: str) -> Path:
        """Where the record of a trial lies."""
        return self.folder / f"{trial_id[:16]}.json"

    def __contains__(self, trial_id: str) -> bool:
        """Whether a record of this trial exists; whether it is sound is found out when it is read."""
        return self.path(trial_id).exists()

    def write(self, record: Record) -> Path:
        """Write a record to a temporary file, then rename it into place."""
        content = {"schema": SCHEMA, "id": record.id, "numerics": NUMERICS}
        left_out = set() if record.per_route else WITH_BATCH_NORM
        content |= {name: getattr(record, name) for name in sorted(FIELDS - left_out)}
        content["trial"] = record.trial.values
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(record.id)
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".partial", delete=False) as file:
            partial = Path(file.name)
            try:
                json.dump(content, file, indent=1, allow_nan=False)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                partial.unlink()
                raise
        partial.chmod(0o644)
        partial.replace(path)
        return path

    def read(self, trial_id: str) -> Record:
        """The record of a trial.

        Raises:
            StoreError: the file is missing, corrupted, truncated, or belongs to another trial.
        """
        path = self.path(trial_id)
        if not path.exists():
            raise StoreError(f"{path}: there is no result of trial {trial_id[:16]}.")
        return read_record(path)

    def get(self, trial_id: str) -> Record | None:
        """The record of a trial, or None when it has not been run."""
        return self.read(trial_id) if trial_id in self else None

    def __iter__(self) -> Iterator[Record]:
        """Every record in the folder, in order of identity."""
        for path in sorted(self.folder.glob("*.json")):
            yield read_record(path)


def read_record(path: Path) -> Record:
    """Read and check one result file.

    Raises:
        StoreError: the file is corrupted, truncated, of another schema or other numerics, or not named after what
            it holds.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StoreError(
            f"{path}: not a whole result file ({error}); delete it and run the trial again."
        ) from error
    problem = _problem(path, content)
    if problem:
        raise StoreError(f"{path}: {problem}; it is refused.")
    known = {name: content[name] for name in FIELDS & set(content)}
    return Record(**known | {"trial": Trial.from_values(content["trial"])})


def _problem(path: Path, content: Any) -> str | None:
    """What is wrong with a result file, or None."""
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return f"not a result of schema {SCHEMA}"
    if missing := sorted((FIELDS - WITH_BATCH_NORM | {"id", "numerics"}) - set(content)):
        return f"{missing[0]!r} is missing"
    try:
        Trial.from_values(content["trial"])
    except ValueError as error:
        return str(error).rstrip(".")
    expected = identity(content["trial"], content["numerics"])
    if content["id"] != expected:
        return f"its values have identity {expected[:16]}, but it says {str(content['id'])[:16]}"
    if path.stem != expected[:16]:
        return f"it holds trial {expected[:16]}, which its name denies"
    if content["numerics"] != NUMERICS:
        return f"it was made with numerics {content['numerics']}, and this is {NUMERICS}: run the trial again"
    total = content["total"]
    if type(total) is not int or total <= 0:
        return f"total is {total!r}, not a whole number above 0"
    if not isinstance(content["survival"], dict):
        return f"survival is {content['survival']!r}, not counts by failure setting"
    counted = {"counts": content["counts"], "per_route": content.get("per_route", {}), **content["survival"]}
    for kind, counts in counted.items():
        if not isinstance(counts, dict):
            return f"{kind} is {counts!r}, not counts by scenario"
        for key, count in counts.items():
            if count is not None and not (type(count) is int and 0 <= count <= total):
                return f"{kind} of scenario {key!r} is {count!r}, not a whole number from 0 to {total}"
    if content["counts"].get("none") is None:
        return "the scenario without failures was not counted"
    return None
