"""Draw words around a node as a graph: the stronger, the nearer, with links between words that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..citation import Citation
from .radial import Arrangement, GraphLink, GraphWord, arrange, circle_size
from .style import COLOURS, GREY, MARKERS, finish, house_style, label, new_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

POINTS = 72
"""Points of an inch, the unit of the drawing."""
SIZE = (445.0, 330.0)
"""Width and height of the drawing in points."""
SMALLEST, LARGEST = 4.0, 15.0
"""Diameters of the circles of words, in points."""
LONGEST_WORD = 20
"""Maximum width of a word, in columns of text."""
LINES = (0.5, 2.6)
"""Widths of the lines of the weakest and of the strongest link, in points."""
LINK = "#8a8a8a"
"""Colour of a line between words that have not the same colour."""
SPOKE = "#e2e2e2"
"""Colour of the lines between the node and the words."""
_MARGIN = 2.5
_GAP = 1.5


def draw_graph(
    node: str,
    words: Sequence[GraphWord],
    links: Sequence[GraphLink],
    groups: Sequence[str],
    number: int,
    title: str,
    notes: Sequence[str],
    cited: Citation | None,
) -> Figure:
    """Draw words around a node. A note says how many have room.

    Args:
        words: The words, the strongest first.
        groups: Name of each group. Empty if the words are not in groups.
        number: Number of words of which these are the first.
    """
    with house_style(title, str(cited or ""), node, *(word.name for word in words), *groups):
        shown = sorted({word.group for word in words if word.group is not None}) if groups else []
        figure = new_figure(1.5 + SIZE[1] / POINTS + 0.16 * (len(shown) + bool(shown)))
        axes = figure.subplots()
        axes.set_xlim(0, SIZE[0])
        axes.set_ylim(SIZE[1], 0)  # from the top, as the arrangement
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_visible(False)
        most = max((word.count for word in words), default=0)
        sizes = [circle_size(word.count, most, SMALLEST, LARGEST) for word in words]
        middle = axes.text(0, 0, label(node, LONGEST_WORD), ha="center", va="center", fontsize=11, fontweight="bold")
        texts = [_text(axes, word) for word in words]
        boxes = np.array([_box(figure, *each) for each in zip(words, texts, sizes, strict=True)]).reshape(-1, 4)
        width, height = _extent(figure, middle)
        found = arrange(words, links, boxes, (width + 2 * _MARGIN, height + 2 * _MARGIN), *SIZE)
        middle.set_position(found.node)
        middle.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": _MARGIN})
        _draw_links(axes, found, words, links)
        for number, (word, text, size) in enumerate(zip(words, texts, sizes, strict=True)):
            if number not in found.places:
                text.remove()
                continue
            x, y = found.places[number]
            _draw_circle(axes, word, size, x, y, bool(groups))
            text.set_position((x + (-1 if word.balance < 0 else 1) * (size / 2 + _GAP), y))
        if shown:
            handles = [_handle(each, groups) for each in [*shown, None]]
            axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0.3)
        placed = len(found.places)
        rest = [f"{placed} of {number} collocates have room"] if placed < number else []
        return _fitted(finish(figure, title, [*notes, *rest], cited), axes)


def _text(axes: Axes, word: GraphWord) -> Text:
    side = "right" if word.balance < 0 else "left"
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.4}
    return axes.text(0, 0, label(word.name, LONGEST_WORD), ha=side, va="center", fontsize=8, zorder=4, bbox=box)


def _box(figure: Figure, word: GraphWord, text: Text, size: float) -> tuple[float, float, float, float]:
    """Return what is drawn to the left, above, to the right and below the middle of a word's circle, in points."""
    width, height = _extent(figure, text)
    tall, beside = max(size, height) / 2, size / 2 + _GAP + width
    return (beside, tall, size / 2, tall) if word.balance < 0 else (size / 2, tall, beside, tall)


def _extent(figure: Figure, text: Text) -> tuple[float, float]:
    """Return the width and height of a text in points, with the metrics of its fonts."""
    text.set_parse_math(False)
    box = text.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return float(box.width * POINTS / figure.dpi), float(box.height * POINTS / figure.dpi)


def _draw_links(axes: Axes, found: Arrangement, words: Sequence[GraphWord], links: Sequence[GraphLink]) -> None:
    """Draw lines between the node and the words, which show distances, and those of the links."""
    from matplotlib.collections import LineCollection

    spokes = [(found.node, place) for place in found.places.values()]
    axes.add_collection(LineCollection(spokes, colors=SPOKE, linewidths=0.5, zorder=1), autolim=False)
    for link in links:
        if not {link.first, link.second} <= set(found.places):
            continue
        group = words[link.first].group
        same = group is not None and group == words[link.second].group
        x, y = zip(found.places[link.first], found.places[link.second], strict=True)
        width = LINES[0] + (LINES[1] - LINES[0]) * min(link.weight, 1.0)
        axes.plot(x, y, color=_colour(group) if same else LINK, linewidth=width, alpha=0.7, zorder=2)


def _draw_circle(axes: Axes, word: GraphWord, size: float, x: float, y: float, grouped: bool) -> None:
    colour = _colour(word.group) if grouped else COLOURS[0]
    filled = word.group is None or word.group % 2 == 1
    axes.plot(
        [x],
        [y],
        marker=_marker(word.group),
        markersize=size,
        color=colour,
        markerfacecolor=colour if filled else "white",
        markeredgewidth=0.9,
        zorder=3,
    )


def _handle(group: int | None, groups: Sequence[str]) -> Artist:
    from matplotlib.lines import Line2D

    colour, filled = _colour(group), group is None or group % 2 == 1
    name = "typical of no sense" if group is None else label(_name(groups, group), 80)
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=_marker(group),
        markersize=6,
        color=colour,
        markerfacecolor=colour if filled else "white",
        label=name,
    )


def _name(groups: Sequence[str], group: int) -> str:
    return groups[group - 1] if group <= len(groups) else f"sense {group}"


def _colour(group: int | None) -> str:
    return GREY if group is None else COLOURS[(group - 1) % len(COLOURS)]


def _marker(group: int | None) -> str:
    return "o" if group is None else MARKERS[(group - 1) % len(MARKERS)]


def _fitted(figure: Figure, axes: Axes) -> Figure:
    """Give a figure the height that its drawing needs, and draw one unit as one point, so that labels stay apart."""
    for _ in range(3):
        missing = SIZE[1] / POINTS - axes.get_window_extent().height / figure.dpi  # in inches
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + missing + 0.01)
        figure.canvas.draw()
    box = axes.get_window_extent()
    beside, below = ((side * POINTS / figure.dpi - size) / 2 for side, size in zip(box.size, SIZE, strict=True))
    axes.set_xlim(-beside, SIZE[0] + beside)
    axes.set_ylim(SIZE[1] + below, -below)
    return figure
