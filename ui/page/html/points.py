"""Build the map of a word's occurrences as HTML: points, their density, the buttons of the map, the legend.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ....indexer.vectors.arrays import Array
from ....search.hits import OccurrenceHit
from ....search.kwic import concordance_line
from ..language import numeral, say_html
from .base import NODE, attribute, cut_left, cut_right, escape, sense_colour

TIP = 60
"""Maximum length of each context in a tooltip, in characters."""
COLUMNS, ROWS = 48, 20
"""Number of cells of the density, in both directions."""
DARKEST = 0.34
"""Opacity of the cell with the most occurrences."""


def occurrence_map(
    places: Array,
    drawn: Sequence[int],
    ids: Sequence[int],
    numbers: Sequence[int | None],
    names: Sequence[str],
    tips: Mapping[int, OccurrenceHit],
    picked: Sequence[int],
    word: str,
) -> str:
    """Return the occurrences as points. Visitors click a point, or draw a frame or a lasso around several.

    If only some of them are drawn, the density of all of them is behind the points.

    Args:
        places: Coordinates of all n occurrences.  (n, 2)
        drawn: Rows of the m occurrences that are drawn.
        ids: The ids of these.
        numbers: The number of the group of each, from 1. None for one that is in no group.
        names: Name of each group, and then of the points that are in none.
        tips: Occurrence id -> hit, for the tooltips of those that have a line.
        picked: Ids of the picked occurrences.
        word: What the map is of. The browser keeps its zoom as long as this stays.
    """
    low, high = (places.min(axis=0), places.max(axis=0)) if len(places) else (np.zeros(2), np.zeros(2))
    spread = np.where(high > low, high - low, 1.0)
    scaled = np.asarray((places - low) / spread, np.float32)  # (n, 2), from 0 to 1
    left, top = 2 + 96 * scaled[:, 0], 3 + 94 * (1 - scaled[:, 1])  # in per cent
    chosen = frozenset(picked)
    groups = [attribute(cut_right(name, NODE)) for name in names]
    other = say_html("occurrence {id}", id="{id}")
    dots = []
    for n, (row, key, number) in enumerate(zip(drawn, ids, numbers, strict=True)):
        state = "" if not chosen else ' data-in="1"' if key in chosen else ' data-out="1"'
        tip = attribute(_tip(tips[key])) if key in tips else other.replace("{id}", str(key))
        name = groups[-1 if number is None else number - 1]
        # The script makes the label a title when the point is pointed at. Each attribute of a thousand points costs.
        dots.append(
            f'<button class="pol-dot" data-pick="{key}" data-s="{sense_colour(number)}"{state}'
            f' style="--l:{left[row]:.2f}%;--t:{top[row]:.2f}%" tabindex="{0 if not n else -1}"'
            f' aria-label="{name}: {tip}"></button>'
        )
    behind = density(left, top) if len(drawn) < len(places) else ""
    group = f'role="group" aria-label="{say_html("Map of the occurrences")}"'
    return f'<div class="pol-map" {group} data-word="{attribute(word)}">{behind}{"".join(dots)}</div>{_buttons()}'


def density(left: Array, top: Array) -> str:
    """Return how many points are where, as squares that are darker where there are more. It is decoration.

    They are boxes, because the browser's filter drops SVG.

    Args:
        left: Place of each point from the left, in per cent.  (n,)
        top: The same from the top.
    """
    counts = np.histogram2d(top, left, bins=(ROWS, COLUMNS), range=((0, 100), (0, 100)))[0]  # (ROWS, COLUMNS)
    shades = DARKEST * np.sqrt(counts / max(counts.max(), 1.0))
    cells = "".join(
        f'<i style="left:{100 * column / COLUMNS:.3f}%;top:{100 * row / ROWS:.0f}%;'
        f'opacity:{shades[row, column]:.2f}"></i>'
        for row, column in np.argwhere(counts).tolist()
    )
    return f'<div class="pol-density" aria-hidden="true">{cells}</div>'


def _buttons() -> str:
    """Return the buttons of the map. The browser alone acts on them."""
    made = "".join(
        f'<button type="button" data-zoom="{step}" aria-label="{name}" title="{name}">{sign}</button>'
        for step, name, sign in (
            (1, say_html("Zoom in"), "+"),
            (-1, say_html("Zoom out"), "\N{MINUS SIGN}"),
            (0, say_html("Show the whole map"), "1:1"),
        )
    )
    lasso = f'<button type="button" data-lasso="1" aria-pressed="false">{say_html("Lasso")}</button>'
    return f'<div class="pol-tools">{made}{lasso}</div>'


def _tip(hit: OccurrenceHit) -> str:
    line = concordance_line(hit)
    return f"{cut_left(line.left, TIP)}[{cut_right(line.node, NODE)}]{cut_right(line.right, TIP)}"


def key(names: Sequence[str], counts: Sequence[int]) -> str:
    """Return the legend of groups that are not senses: the colour, name and size of each.

    Args:
        names: Name of each group, and then of the points that are in none.
        counts: Number of points of each. A group without any is left out.
    """
    numbers: list[int | None] = [*range(1, len(names)), None]
    items = "".join(
        f'<li><span class="pol-s" data-s="{sense_colour(number)}"></span> {escape(cut_right(name, NODE))}'
        f' <span class="pol-quiet">{numeral(count)}</span></li>'
        for number, name, count in zip(numbers, names, counts, strict=True)
        if count
    )
    return f'<ul class="pol-legend" aria-label="{say_html("Legend")}">{items}</ul>'
