"""The verdicts that somebody has looked at and accepted, beside the results; what has come undone since.

A verdict follows from the stored results, so nothing in them can contradict it: a result that was exchanged or lost
gives another ledger, as calmly as the first. So the verdicts that were accepted are committed with the results, and a
ledger is held against them. Only what was tested is accepted (:data:`TESTED`), of a network with batch normalisation
under both kinds of statistics. Trainings that are added where a verdict was incomplete break nothing; their verdict is
new until it is accepted.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from companion.paper.verdicts import Entry, Verdict
from resilinet.atomic_files import whole_file

TESTED: Final = (
    Verdict.REPRODUCED,
    Verdict.TREND,
    Verdict.NOT_REPRODUCED,
    Verdict.UNDECIDED,
    Verdict.SAME_ORDER,
    Verdict.OPPOSITE_ORDER,
    Verdict.GUESS,
)
"""Verdicts that say something of our results."""
SCHEMA: Final = 1
CLOSE: Final = 1e-6
"""Percentage points by which a value may differ and be the same: sums are taken in another order elsewhere."""

Address = tuple[str, str]
"""Artefact and key of an entry."""


class AcceptedError(ValueError):
    """A file of accepted verdicts that is missing or cannot be trusted; the message names it."""


@dataclass(frozen=True)
class Accepted:
    """A verdict as it was accepted.

    Attributes:
        verdict: one of :data:`TESTED`.
        ours: our value then.
        trials: digest of the identities of the trials behind it.
    """

    verdict: Verdict
    ours: float | None
    trials: str


class Kind(StrEnum):
    """What has become of an accepted verdict."""

    NEW = "new"
    """There was none yet."""
    LOST = "lost"
    """There is none any more: trials are missing, or the ledger does not have the entry."""
    CHANGED = "changed"
    """It is another one now, be it a better one."""
    ALTERED = "altered"
    """The same trials gave another value then: a result file was exchanged, or the arithmetic."""


@dataclass(frozen=True)
class Change:
    """Where a ledger differs from the accepted verdicts."""

    artefact: str
    key: str
    kind: Kind
    text: str

    @property
    def breaks(self) -> bool:
        """Whether the results no longer support what was accepted."""
        return self.kind is not Kind.NEW


def place(results: Path, profile: str, guess: str) -> Path:
    """Where the accepted verdicts of one reading of a results store lie."""
    return results / "verdicts" / f"{profile}-{guess}.json"


def accept(entries: Iterable[Entry], path: Path) -> int:
    """Write down the verdicts of a ledger as accepted, one line each, and return how many there are."""
    lines = [
        json.dumps(
            {"artefact": entry.artefact, "key": entry.key, **asdict(_accepted(entry))}, ensure_ascii=False
        )
        for entry in _readings(entries)
        if entry.verdict in TESTED
    ]
    text = ",\n".join(lines)
    with whole_file(path) as partial:
        partial.write_text(f'{{"schema": {SCHEMA}, "verdicts": [\n{text}\n]}}\n', encoding="utf-8")
    return len(lines)


def read(path: Path) -> dict[Address, Accepted]:
    """The accepted verdicts in a file.

    Raises:
        AcceptedError: it is missing, cannot be read, or is no whole file of accepted verdicts. One without any is none,
            as the arithmetic of the paper is tested even without a result.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        found = dict(map(_read_line, content["verdicts"]))
        if content["schema"] != SCHEMA or not found or len(found) != len(content["verdicts"]):
            raise ValueError("another schema, no verdict, or two on one entry")
        if strangers := {one.verdict for one in found.values()} - set(TESTED):
            raise ValueError(f"{min(strangers)} is accepted of nothing")
    except FileNotFoundError:
        raise AcceptedError(
            f"{path}: there are no accepted verdicts to hold the results against; name a file with --against, write "
            "this one with --accept, or only print the ledger with --no-check."
        ) from None
    except OSError as error:
        raise AcceptedError(f"{path}: cannot be read ({error.strerror}).") from error
    except Exception as error:  # whatever the damage leads to
        raise AcceptedError(
            f"{path}: not a whole file of accepted verdicts ({error}); restore it, or write it anew with --accept."
        ) from error
    return found


def _read_line(line: Any) -> tuple[Address, Accepted]:
    ours = None if line["ours"] is None else float(line["ours"])
    return (line["artefact"], line["key"]), Accepted(Verdict(line["verdict"]), ours, line["trials"])


def changes(
    entries: Sequence[Entry], accepted: Mapping[Address, Accepted], *, values: bool = True
) -> list[Change]:
    """Where a ledger differs from what was accepted, in the order of the ledger.

    Args:
        entries: the ledger.
        accepted: of the same reading.
        values: hold values against each other, too, where the trials are the same; not for results that were trained
            elsewhere, whose trials have the same identities and slightly other outcomes.
    """
    readings = list(_readings(entries))
    found = [change for entry in readings if (change := _change(entry, accepted, values)) is not None]
    known = {(entry.artefact, entry.key) for entry in readings}
    gone = [address for address in accepted if address not in known]
    return found + [
        Change(*address, Kind.LOST, f"{accepted[address].verdict}; the ledger has no such entry now")
        for address in gone
    ]


def _readings(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Each entry, and after it the one under batch statistics of each route, where there is one, under its own key."""
    for entry in entries:
        yield entry
        if entry.per_route is not None:
            yield replace(entry.per_route, key=f"{entry.key} per route")


def _change(entry: Entry, accepted: Mapping[Address, Accepted], values: bool) -> Change | None:
    before, now = accepted.get((entry.artefact, entry.key)), _accepted(entry)
    if before is None:
        if entry.verdict not in TESTED:
            return None
        return Change(entry.artefact, entry.key, Kind.NEW, f"{entry.verdict}, not accepted yet")
    if entry.verdict not in TESTED:
        text = f"{before.verdict} when it was accepted, {entry.verdict} now. {entry.note}".rstrip()
        return Change(entry.artefact, entry.key, Kind.LOST, text)
    if entry.verdict is not before.verdict:
        text = f"{before.verdict} when it was accepted, {entry.verdict} now"
        return Change(entry.artefact, entry.key, Kind.CHANGED, text)
    if values and before.trials == now.trials and not _alike(before.ours, now.ours):
        text = f"{_number(before.ours)} when it was accepted, {_number(now.ours)} now, from the same trials"
        return Change(entry.artefact, entry.key, Kind.ALTERED, text)
    return None


def _accepted(entry: Entry) -> Accepted:
    trials = hashlib.sha256(" ".join(sorted(entry.trials)).encode()).hexdigest()[:16]
    return Accepted(entry.verdict, None if entry.ours is None else round(entry.ours, 6), trials)


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=0, abs_tol=2 * CLOSE)


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4f}"
