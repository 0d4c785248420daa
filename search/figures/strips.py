"""Draw where a word occurs in documents: a strip for each document, with a mark for each occurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..citation import Citation
from .style import COLOURS, finish, house_style, label, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Strip:
    """A document: its name, the number of its occurrences, and where they are, as shares of its text in [0, 1]."""

    name: str
    count: int
    places: Sequence[float]


def draw_strips(strips: Sequence[Strip], title: str, notes: Sequence[str], cited: Citation | None) -> Figure:
    """Draw a strip for each document, from top to bottom."""
    with house_style(title, str(cited or ""), *(strip.name for strip in strips)):
        from matplotlib.ticker import PercentFormatter

        figure = new_figure(1.4 + 0.2 * max(len(strips), 1))
        axes = figure.subplots()
        places = [list(strip.places) for strip in strips]
        rows = list(range(len(strips)))
        axes.hlines(rows, 0, 1, color="#d0d0d0", linewidth=6)
        if rows:
            axes.eventplot(places, lineoffsets=rows, linelengths=0.62, linewidths=0.9, colors=COLOURS[0])
        axes.set_yticks(rows, [label(strip.name) for strip in strips])
        axes.tick_params(axis="y", length=0)
        counts = axes.twinx()
        counts.set_yticks(rows, [f"{strip.count:,}" for strip in strips])
        counts.tick_params(axis="y", length=0)
        for each in (axes, counts):
            each.set_ylim(max(len(strips), 1) - 0.4, -0.6)
            for side in ("left", "right"):
                each.spines[side].set_visible(False)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel("place in the document. On the right: number of occurrences")
        return finish(figure, title, notes, cited)
