"""Lengths of time as people write them: ``90s``, ``9m``, ``2h``, ``1h30m``."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def seconds(text: str) -> float:
    """The seconds in ``text``; a number alone counts as seconds.

    Raises:
        ValueError: ``text`` is no length of time above 0.
    """
    text = text.strip()
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", f"{text}s" if text.isdecimal() else text)
    found = (
        sum(float(p) * u for p, u in zip(parts.groups(), _UNITS.values(), strict=True) if p) if parts else 0.0
    )
    if found <= 0:
        raise ValueError(f"{text!r} is no length of time; write for example 90s, 9m or 1h30m.")
    return found
