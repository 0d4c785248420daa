"""Draw values over time: in one panel, or in a panel for each of several series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..citation import Citation
from .style import COLOURS, DASHES, MARKERS, finish, house_style, label, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOGETHER = 3
"""Maximum number of series in one panel. More get a panel each, so that their intervals stay readable."""
MOST_PANELS = 12
"""Maximum number of panels."""
MOST_TICKS = 9
"""Maximum number of labels of an axis."""
_PANEL_TICKS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A series.

    Attributes:
        name: Its name in the legend.
        points: For each period the value and the bounds of its interval. None where there is no text.
    """

    name: str
    points: Sequence[tuple[float, float, float] | None]


def draw_lines(
    periods: Sequence[tuple[int, int]],
    lines: Sequence[Line],
    axis: str,
    title: str,
    field: str,
    notes: Sequence[str],
    cited: Citation | None,
    is_share: bool = False,
) -> Figure:
    """Draw series over periods, with their intervals.

    Args:
        periods: First and last year of each period.
        axis: Name of the values, with their unit.
        field: Metadata field with the dates.
        notes: What a reader must know, such as smoothing.
        is_share: Whether values are shares, drawn in per cent.
    """
    shown, notes = list(lines[:MOST_PANELS]), list(notes)
    top = _highest_share(shown) if is_share else None
    if len(lines) > len(shown):
        notes.append(f"the first {len(shown)} of {len(lines)} series")
    with house_style(title, str(cited or ""), *(line.name for line in shown)):
        if len(shown) <= TOGETHER:
            figure = new_figure(3.6)
            axes = figure.subplots()
            for number, line in enumerate(shown):
                _draw(axes, line, number, len(shown))
            if len(shown) > 1:
                axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
            _set_axes(axes, periods, field, axis, top, MOST_TICKS)
        else:
            rows = -(-len(shown) // 2)
            figure = new_figure(1.1 + 1.45 * rows)
            grid = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
            for number, axes in enumerate(grid.flat):
                if number >= len(shown):
                    axes.set_axis_off()
                    continue
                _draw(axes, shown[number], number, 1)
                axes.set_title(label(shown[number].name, 46))
                is_last = number + 2 >= len(shown)
                _set_axes(axes, periods, field if is_last else "", "", top, _PANEL_TICKS)
                axes.tick_params(labelbottom=is_last)
            figure.supylabel(axis, fontsize=9)
        return finish(figure, title, notes, cited)


def _draw(axes: Axes, line: Line, number: int, together: int) -> None:
    """Draw one series. Those of one panel are moved apart a little, so that intervals do not cover each other."""
    offset = (number - (together - 1) / 2) * 0.16 if together > 1 else 0.0
    colour = COLOURS[number % len(COLOURS)]
    nothing = (float("nan"),) * 3
    values, lows, highs = zip(*(point or nothing for point in line.points), strict=True) if line.points else ((),) * 3
    places = [place + offset for place in range(len(values))]
    below = [max(0.0, value - low) for value, low in zip(values, lows, strict=True)]
    above = [max(0.0, high - value) for value, high in zip(values, highs, strict=True)]
    filled = number % 2 == 0
    axes.errorbar(
        places,
        values,
        yerr=[below, above],
        label=label(line.name, 70),
        color=colour,
        marker=MARKERS[number % len(MARKERS)],
        markerfacecolor=colour if filled else "white",
        markersize=4.5,
        linestyle=DASHES[number % len(DASHES)],
        linewidth=1.3,
        elinewidth=0.8,
        capsize=2,
    )


def _highest_share(lines: Sequence[Line]) -> float:
    """Return the top of the axis of shares: the highest bound, rounded up to a quarter."""
    highs = [point[2] for line in lines for point in line.points if point is not None]
    return max(1, math.ceil(4 * max(highs, default=1.0) - 1e-9)) / 4


def _set_axes(
    axes: Axes, periods: Sequence[tuple[int, int]], field: str, name: str, share: float | None, most: int
) -> None:
    """Set limits, ticks and names.

    Args:
        share: Highest share of the axis. None if values are not shares.
        most: Maximum number of labels of periods.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    years = periods[0][1] - periods[0][0] + 1 if periods else 1
    ranges = years > 1 and len(periods) <= (most + 1) // 2
    step = max(1, -(-len(periods) // most))
    places = list(range(0, len(periods), step))
    names = [f"{start}–{end}" if ranges else str(start) for start, end in periods]
    axes.set_xticks(places, [names[place] for place in places])
    axes.set_xlim(-0.6, max(len(periods), 1) - 0.4)
    top = max(axes.get_ylim()[1], 1e-9) if share is None else share
    axes.set_ylim(-0.03 * top, (1 if share is None else 1.03) * top)  # a marker at 0 is whole
    if share is not None:
        axes.set_yticks([place / 4 for place in range(5) if place / 4 <= top])
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="y", alpha=0.3, linewidth=0.6)
    if field:
        unit = "" if years == 1 else f", periods of {years} years" + ("" if ranges else " by their first year")
        axes.set_xlabel(label(field, 40) + unit)
    if name:
        axes.set_ylabel(name)
