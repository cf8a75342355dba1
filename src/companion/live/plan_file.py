"""The file in which the nodes of a live network find their addresses, and the network that they run."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

from resilinet.live import Plan, PlanError


def read_plan(path: Path) -> tuple[Path, Plan]:
    """The path of the network's file, and the plan, from a file in TOML.

    Its table ``nodes`` holds the addresses; ``network`` is a path seen from the plan's folder.

    Raises:
        PlanError: it is no TOML, lacks one of the two, or says what no plan does.
    """
    if not path.is_file():
        raise PlanError(f"{path}: there is no such file.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"{path}: not a plan in TOML ({error}).") from error
    network, nodes = content.pop("network", None), content.pop("nodes", None)
    if not isinstance(network, str) or not isinstance(nodes, dict):
        raise PlanError(
            f"{path}: a plan has a network, the path of its file, and a table nodes of addresses."
        )
    allowed = [field.name for field in fields(Plan)][1:]
    if unknown := sorted(set(content) - set(allowed)):
        raise PlanError(
            f"{path}: {unknown[0]!r} is no part of a plan; besides these there are {', '.join(allowed)}."
        )
    return path.parent / network, Plan(nodes, **content)
