"""Draws any topology, and says in words what the drawing shows (Figs. 1 and 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from companion.figures.style import INK, QUIET, look
from companion.figures.topology_layout import HEIGHT, WIDTH, XY, Direction, Layout, middle_of
from resilinet.bandwidth import link_elements
from resilinet.routing import Skips, routes
from resilinet.topology import Hyperconnection, Topology

LIVE, SHADE = look("resilinet").colour, "#8c939b2e"
SYMBOL = {Skips.ON_FAILURE: "⊙", Skips.ALWAYS: "⊕"}


def active_links(topology: Topology, failed: Collection[str], skips: Skips) -> frozenset[str]:
    """Keys of the hyperconnections that carry data to a node that works.

    Raises:
        ValueError: ``failed`` names a node that does not exist, or ``skips`` is no rule.
    """
    return frozenset().union(*routes(topology, topology.everyone - topology.named(failed), skips).values())


def draw(
    topology: Topology,
    *,
    failed: Collection[str] = frozenset(),
    skips: Skips = Skips.ON_FAILURE,
    elements: Mapping[str, int] | None = None,
    direction: Direction = "up",
    ax: Axes | None = None,
) -> Axes:
    """Draw physical nodes as boxes, simple hyperconnections as straight and skips as curved, dashed arrows.

    What carries data under ``skips`` while ``failed`` have failed is drawn strong, failed nodes are shaded, and a node
    that works but receives nothing is left empty. Where a skip arrives stands the paper's ⊙ or ⊕.

    Args:
        topology: any.
        failed: nodes that have failed.
        skips: when skips are active.
        elements: how many numbers each node sends for one example; given, each arrow that carries data says how many.
        direction: in which data flow.
        ax: where to draw; None makes a figure of the right size.

    Raises:
        ValueError: ``failed`` names a node that does not exist, or ``skips`` is no rule.
    """
    failed, skips = topology.named(failed), Skips(skips)
    layout = Layout(topology, direction, margin=0.45 if elements else 0.12)
    if ax is None:
        ax = plt.subplots(figsize=layout.size, layout="none")[1]
        ax.set_position((0, 0, 1, 1))
    left, right, bottom, top = layout.limits
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.set_axis_off()
    found = routes(topology, topology.everyone - failed, skips)
    active = active_links(topology, failed, skips)
    carried = link_elements(topology, elements, topology.everyone - failed, skips) if elements else {}
    for link in topology.links:
        points = layout.curve(link)
        _arrow(ax, points, skip=link.is_skip, active=link.key in active)
        if link.is_skip and skips in SYMBOL:
            x, y = points[-1]
            dx, dy = _outward(layout, link, 0.04 if direction == "up" else 0.14)
            back = layout.at(-0.29, 0)
            ax.text(x + dx + back[0], y + dy + back[1], SYMBOL[skips], ha="center", va="center", fontsize=13)
        if carried.get(link.key):
            _label(ax, layout, link, f"{carried[link.key]:,}")
    for node in topology.nodes:
        state = "failed" if node.name in failed else "live" if node.name in found else "silent"
        fixed = node.name in topology.sources or node.name == topology.cloud
        _box(
            ax, layout.at(*layout.places[node.name]), node.name, _hosts(node.stop - node.start), state, fixed
        )
    return ax


def gallery(
    topologies: Mapping[str, Topology], *, failed: Mapping[str, Collection[str]] | None = None
) -> Figure:
    """Draw several topologies side by side, each below its title; ``failed`` says for each title who failed."""
    sizes = [Layout(topology).size for topology in topologies.values()]
    height = max(size[1] for size in sizes)
    figure, axes = plt.subplots(
        1,
        len(sizes),
        figsize=(sum(size[0] for size in sizes), height + 0.4),
        width_ratios=[size[0] for size in sizes],
        squeeze=False,
        layout="none",
    )
    figure.subplots_adjust(0, 0, 1, height / (height + 0.4), wspace=0)
    for ax, (title, topology) in zip(axes[0], topologies.items(), strict=True):
        draw(topology, failed=(failed or {}).get(title, frozenset()), ax=ax)
        ax.set_anchor("S")
        ax.set_title(title, color=INK)
    return figure


def describe(
    topology: Topology, failed: Collection[str] = frozenset(), skips: Skips = Skips.ON_FAILURE
) -> str:
    """What :func:`draw` shows, in words: the drawing's alternative text.

    >>> from resilinet.topology import vertical, with_skips
    >>> describe(with_skips(vertical({"a": 0, "b": 1, "c": 2})), {"b"})
    'Physical nodes a (input only), b (1 block), c (2 blocks). Hyperconnections: a to b, b to c; skip a to c. \
Failed: b. Data flow from a to c.'

    Raises:
        ValueError: ``failed`` names a node that does not exist, or ``skips`` is no rule.
    """
    failed = topology.named(failed)
    nodes = ", ".join(f"{node.name} ({_hosts(node.stop - node.start)})" for node in topology.nodes)
    simple = ", ".join(_words(link) for link in topology.links if not link.is_skip)
    around = ", ".join(_words(link) for link in topology.skips)
    active = active_links(topology, failed, skips)
    flow = ", ".join(_words(link) for link in topology.links if link.key in active)
    lost = topology.cloud not in routes(topology, topology.everyone - failed, skips)
    said = [
        f"Physical nodes {nodes}.",
        f"Hyperconnections: {simple}" + (f"; skip {around}." if around else "."),
    ]
    said += [f"Failed: {', '.join(name for name in topology.order if name in failed)}."] if failed else []
    said += ["No information reaches the cloud."] if lost else [f"Data flow from {flow}."]
    return " ".join(said)


def describe_gallery(
    topologies: Mapping[str, Topology], *, failed: Mapping[str, Collection[str]] | None = None
) -> str:
    """What :func:`gallery` shows, in words."""
    return " ".join(
        f"{title}: {describe(topology, (failed or {}).get(title, frozenset()))}"
        for title, topology in topologies.items()
    )


def _words(link: Hyperconnection) -> str:
    return f"{link.source} to {link.target}"


def _hosts(blocks: int) -> str:
    return "input only" if blocks == 0 else f"{blocks} block{'s' * (blocks > 1)}"


def _outward(layout: Layout, link: Hyperconnection, inches: float) -> XY:
    """A step from the boxes towards the side on which a skip leads around."""
    return layout.at(0, layout.side(link) * inches)


def _arrow(ax: Axes, points: list[XY], *, skip: bool, active: bool) -> None:
    codes = [Path.MOVETO, *([Path.CURVE4] * 3 if skip else [Path.LINETO])]
    ax.add_patch(
        FancyArrowPatch(
            path=Path(points, codes),
            arrowstyle="-|>",
            mutation_scale=13,
            linewidth=2.2 if active else 1.0,
            linestyle=(0, (3.5, 2)) if skip else "-",
            color=LIVE if active else QUIET,
            shrinkA=0,
            shrinkB=0,
        )
    )


def _label(ax: Axes, layout: Layout, link: Hyperconnection, text: str) -> None:
    x, y = middle_of(layout.curve(link))
    if link.is_skip:
        dx, dy = _outward(layout, link, 0.07)
    else:
        dx, dy = (0.07, 0.0) if layout.direction == "up" else (0.0, 0.07)
    ha = "center" if abs(dy) > abs(dx) else "left" if dx > 0 else "right"
    va = "center" if abs(dx) > abs(dy) else "bottom" if dy > 0 else "top"
    ax.text(x + dx, y + dy, text, ha=ha, va=va, fontsize=9)


def _box(ax: Axes, middle: XY, name: str, hosts: str, state: str, fixed: bool) -> None:
    x, y = middle
    round_off = 0.22 if fixed else 0.05  # what cannot fail, the IoT devices and the cloud, has round ends
    ax.add_patch(
        FancyBboxPatch(
            (x - WIDTH / 2 + round_off, y - HEIGHT / 2 + round_off),
            WIDTH - 2 * round_off,
            HEIGHT - 2 * round_off,
            boxstyle=f"round,pad={round_off}",
            facecolor={"live": LIVE, "failed": SHADE, "silent": "none"}[state],
            edgecolor=LIVE if state == "live" else QUIET,
            linestyle="--" if state == "failed" else "-",
            linewidth=1.2,
        )
    )
    colour = "white" if state == "live" else INK
    ax.text(x, y + 0.1, name, ha="center", va="center", color=colour, fontsize=11, weight="bold")
    below = {"live": hosts, "failed": "failed", "silent": "receives nothing"}[state]
    ax.text(x, y - 0.12, below, ha="center", va="center", color=colour, fontsize=9)
