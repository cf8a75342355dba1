"""Failure settings in the order and the words of the paper."""

from __future__ import annotations

from typing import Final

FAILURES: Final = ("normal", "poor", "hazardous")


SETTINGS: Final = ("no_failure", *FAILURES)


def name_of(setting: str) -> str:
    """A failure setting as the paper writes it."""
    return setting.replace("_", " ").title()
