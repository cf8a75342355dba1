"""What pages say in words of sizes, seeds and verdicts, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from companion.experiments import ARTEFACTS, trials_of
from companion.paper.accepted_verdicts import TESTED
from companion.paper.measured import Measured
from companion.paper.verdicts import Entry
from companion.tables.cells import MARKS


def legend() -> str:
    """What the marks and the ± mean."""
    marks = ", ".join(f"{MARKS[v]} {v}" for v in TESTED)
    return (
        "± is half the 95 % t-interval over seeds; an interval that reaches down to zero is given by its ends. "
        f"{marks}; (k/n) where only k of n seeds are there, too few for a verdict."
    )


def size_notice(measured: Measured, *artefacts: str) -> str:
    """What a page says of the size of its trials and of how many are there, in Markdown.

    Args:
        measured: the results.
        artefacts: those of the page, of one experiment.
    """
    size, paper = measured.size(artefacts[0]), ARTEFACTS[artefacts[0]].experiment.size("full")
    if size.name == "smoke":
        return "**This page shows the smoke size: tiny networks on synthetic data. Nothing here is about the paper.**"
    trials = trials_of(measured.profile, *artefacts)
    done = sum(measured.record(trial) is not None for trial in trials)
    text = (
        ""
        if done == len(trials)
        else f"**{done} of {len(trials)} trainings behind this page have been run so far.** "
    )
    if size.name == "paper":
        return text.strip()
    ours, theirs = size.recipe, paper.recipe
    batch = f", batches of {ours.batch_size} instead of {theirs.batch_size}" * (
        ours.batch_size != theirs.batch_size
    )
    mixed = ", float32 instead of mixed precision" * (theirs.precision == "autocast" != ours.precision)
    return (
        f"{text}**This page shows the laptop size**: a width of {size.network['width']:g} instead of "
        f"{paper.network['width']:g}, {ours.epochs} epochs with a {ours.schedule} learning rate from "
        f"{ours.learning_rate:g} instead of {theirs.epochs} with a {theirs.schedule} one from {theirs.learning_rate:g}"
        f"{batch}{mixed}, {len(size.seeds)} seeds. What such a network reaches is no measure of what the paper's "
        "reaches, so that no accuracy here counts as reproduced, guesses aside; what is tested is whether one "
        "condition comes out above another as printed. "
        f"`resilinet sweep {' '.join(artefacts)} --profile full --device cuda` trains the full size"
        f"{f', once {size.stands_in_for} is prepared' if size.stands_in_for else ''}."
    )


def statement(entries: Sequence[Entry], key: str) -> str:
    """A statement of the paper with its verdict and what decides it, in Markdown."""
    entry = _claim(entries, key)
    return f"*{entry.statement}* {_decided(entry)}"


def statement_by_part(entries: Sequence[Entry], parts: Mapping[str, str]) -> str:
    """Statements of the paper, one that several parts share once, then each part with its verdict, in Markdown.

    Args:
        entries: the ledger.
        parts: keys of statements to what each is about.
    """
    lines, before = [], ""
    for key, name in parts.items():
        entry = _claim(entries, key)
        if entry.statement != before:
            lines += ["", f"*{entry.statement}*", ""]
        lines.append(f"- {name}: {_decided(entry)}")
        before = entry.statement
    return "\n".join(lines[1:])


def _claim(entries: Sequence[Entry], key: str) -> Entry:
    return next(entry for entry in entries if (entry.artefact, entry.key) == ("claims", key))


def _decided(entry: Entry) -> str:
    return f"**{entry.verdict.capitalize()}**: {entry.note}"
