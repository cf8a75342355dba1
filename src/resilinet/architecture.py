"""The package's parts and which of them use which, read from the imports in its source.

What is drawn cannot be out of date: boxes and arrows come from the files, and only what a part is called and is for
is written down, in :data:`PARTS`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

__all__ = ["PARTS", "Part", "describe", "modules", "rows", "uses"]

SOURCE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """Modules that serve one purpose.

    Attributes:
        name: in the box.
        purpose: what it is for, in a sentence without a full stop.
        holds: modules and folders by dotted names; of two that hold a module, the longer name counts.
    """

    name: str
    purpose: str
    holds: tuple[str, ...]


PARTS: tuple[Part, ...] = (
    Part(
        "Nodes and routes",
        "physical nodes, hyperconnections and their weights, the one rule by which these open, failures and failout, "
        "and what is printed of them; only `failout` and `weights` load PyTorch",
        (
            "topology",
            "partitions",
            "configurations",
            "routing",
            "schemes",
            "failures",
            "failout",
            "weights",
            "picture",
            "svg",
            "plan",
        ),
    ),
    Part(
        "Machine",
        "devices, memory, optional libraries, whole files and exceptions in words",
        ("devices", "allocator", "torchvision_import", "reasons", "whole_file"),
    ),
    Part("Data", "recordings and images as checked tensors with a fingerprint", ("datasets",)),
    Part(
        "Networks",
        "models as lists of blocks, and the network that is cut along a topology",
        ("models", "network", "bandwidth"),
    ),
    Part(
        "Evaluation",
        "correct counts for every failure scenario, and exact expectations over them",
        ("evaluation", "expectation", "route_statistics"),
    ),
    Part(
        "Trials and results",
        "what identifies a training, and the store of what came out",
        ("trials", "store", "soundness"),
    ),
    Part(
        "Training",
        "one plain loop, from a trial to its record",
        ("training", "runner", "networks", "tensor_file", "checkpoints"),
    ),
    Part("Experiments", "each table and figure of the paper with its trials", ("experiments",)),
    Part(
        "Sweeps",
        "what is missing is trained, here or on a cluster, and what is there can be trained again",
        ("sweeps", "reproduction"),
    ),
    Part(
        "Paper",
        "the printed numbers, ours beside them, and the verdicts",
        ("paper", "bandwidth_table", "skip_costs", "operations"),
    ),
    Part(
        "Tables and figures",
        "what chapters show",
        (
            "chapter",
            "tables",
            "training_times",
            "figures",
            "drawing",
            "layout",
            "style",
            "cells",
            "architecture",
            "architecture_drawing",
            "paper.page",
        ),
    ),
    Part("Explorer", "the page on which readers fail nodes", ("explorer",)),
    Part(
        "Book",
        "chapters run, set as pages and checked",
        ("book",),
    ),
    Part("Teaching", "exercises as assignments", ("teaching",)),
    Part("Command line", "the commands of `resilinet`", ("cli",)),
)
"""From the foundations up; every module of the package belongs to one."""


def modules(source: Path = SOURCE) -> dict[str, set[str]]:
    """Returns what each module below a package's folder imports from it, by dotted names without the package.

    An import that only a type checker sees, below ``if TYPE_CHECKING``, counts for nothing.
    """
    files = {}
    for path in sorted(source.rglob("*.py")):
        name = ".".join(path.relative_to(source).with_suffix("").parts)
        files[name.removesuffix(".__init__")] = path
    files.pop("__init__", None)
    return {
        name: {
            module
            for imported in _imports(ast.parse(path.read_text(encoding="utf-8")), source.name)
            if (module := _module(imported, files)) not in (None, name)
        }
        for name, path in files.items()
    }


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yields what code imports from a package, as ``module.name`` without the package."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.ImportFrom) and child.module and not child.level:
            names = [f"{child.module}.{alias.name}" for alias in child.names]
        else:
            names = [alias.name for alias in child.names] if isinstance(child, ast.Import) else []
        yield from (name.removeprefix(f"{package}.") for name in names if name.startswith(f"{package}."))
        yield from _imports(child, package)


def _module(imported: str, known: Mapping[str, Path]) -> str | None:
    """Returns the module that ``module.name`` means: the name may be a module itself, or something in one."""
    return next((name for name in (imported, imported.rpartition(".")[0]) if name in known), None)


def part_of(module: str) -> str | None:
    """Returns the name of the part that a module belongs to, None where none names it."""
    held = {name: part.name for part in PARTS for name in part.holds}
    words = module.split(".")
    names = (".".join(words[:length]) for length in range(len(words), 0, -1))
    return next((held[name] for name in names if name in held), None)


def uses(imports: Mapping[str, set[str]] | None = None) -> nx.DiGraph[str]:
    """Returns the graph of the parts, with an arrow to each part that one uses; a module without a part is left out.

    Raises:
        ValueError: two parts use each other, if only by way of others.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for module, imported in (modules() if imports is None else imports).items():
        parts = {part_of(other) for other in imported} - {None, part_of(module)}
        if part := part_of(module):
            graph.add_node(part)
            graph.add_edges_from((part, other) for other in parts)
    if not nx.is_directed_acyclic_graph(graph):
        circle = " uses ".join([*(edge[0] for edge in nx.find_cycle(graph)), nx.find_cycle(graph)[0][0]])
        raise ValueError(f"the parts of the package must not use each other in a circle, but {circle}.")
    return graph


def rows(graph: nx.DiGraph[str]) -> list[list[str]]:
    """Returns the parts row by row from the foundations up: each as low as it can be above all that it uses."""
    return [sorted(row) for row in nx.topological_generations(graph.reverse())]


def describe(graph: nx.DiGraph[str]) -> str:
    """Returns the drawing in words, from the top down: what each part uses directly."""
    direct = nx.transitive_reduction(graph)
    sentences = []
    for name in (name for row in reversed(rows(graph)) for name in row):
        used = sorted(direct.successors(name))
        sentences.append(f"{name} uses {_listed(used) if used else 'no other'}.")
    return " ".join(["The parts of the package, each above those that it uses.", *sentences])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
