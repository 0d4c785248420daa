"""Draw points on a map, with a marker and a colour for each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.vectors.arrays import Array, Ids
from ..citation import Citation
from .style import COLOURS, GREY, MARKERS, finish, house_style, label, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DENSE = 1_000
"""Number of points above which they are drawn smaller, and as one picture inside SVG and PDF files."""


def draw_points(
    places: Array, groups: Ids, names: Sequence[str], title: str, notes: Sequence[str], cited: Citation | None
) -> Figure:
    """Draw points, the number of each group in its middle, and a legend.

    Args:
        places: Coordinates.  (n, 2)
        groups: Number of each point's group from 1, 0 for none.  (n,)
        names: Name of each group, group 1 first.
    """
    with house_style(title, str(cited or ""), *names):
        from matplotlib import patheffects

        figure = new_figure(4.6 + 0.16 * (len(names) + 1))
        axes = figure.subplots()
        is_dense = len(places) > DENSE
        size, alpha = (7, 0.55) if is_dense else (20, 0.8)
        centres = []
        for number in [0, *range(1, len(names) + 1)]:
            here = places[groups == number]  # (g, 2)
            if not len(here):
                continue
            colour = GREY if number == 0 else COLOURS[(number - 1) % len(COLOURS)]
            marker = "x" if number == 0 else MARKERS[(number - 1) % len(MARKERS)]
            name = "no sense" if number == 0 else f"{number}  {label(names[number - 1], 80)}"
            filled = number % 2 == 1
            axes.scatter(
                here[:, 0],
                here[:, 1],
                s=size,
                marker=marker,
                color=colour if filled or number == 0 else None,
                facecolors=None if filled or number == 0 else "none",
                edgecolors=None if filled or number == 0 else colour,
                linewidths=0.7,
                alpha=alpha,
                rasterized=is_dense,
                label=name,
            )
            if number:
                centres.append((number, np.median(here, axis=0)))
        for number, place in _apart(centres, places):
            axes.text(
                place[0],
                place[1],
                str(number),
                ha="center",
                va="center",
                fontsize=12,
                fontweight="bold",
                path_effects=[patheffects.withStroke(linewidth=3, foreground="white")],
            )
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_visible(True)
            side.set_linewidth(0.6)
        axes.legend(loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0.3, markerscale=1.6 if is_dense else 1)
        return finish(figure, title, notes, cited)


def _apart(centres: Sequence[tuple[int, Array]], places: Array) -> list[tuple[int, Array]]:
    """Move numbers apart that would cover each other: a later one goes up or down to the next free place."""
    if not centres:
        return []
    span = np.maximum(places.max(axis=0) - places.min(axis=0), 1e-9)
    near = span * np.array([0.045, 0.07])
    middle = places.min(axis=0) + span / 2
    done: list[tuple[int, Array]] = []
    for number, place in centres:
        moved = np.array(place, np.float32)
        step = near[1] if moved[1] < middle[1] else -near[1]
        while any((np.abs(moved - other) < near).all() for _, other in done):
            moved[1] += step
        done.append((number, moved))
    return done
