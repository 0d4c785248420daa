"""Plot scores: one panel per task, one dot with its interval per representation. Imports matplotlib late."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...search.evaluation import Score
from ...search.figures.style import COLOURS, check_figure_file, house_style, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
"""Maximum number of panels in a row."""
_ROW_INCHES = 0.28
"""Height of one line of a panel, in inches."""
_HEAD_INCHES = 1.0
"""Height of a panel's title and axis, in inches."""


def write_plot(scores: Sequence[Score], path: Path, title: str) -> None:
    """Plot the scores times 100 to an SVG, PNG or PDF file.

    Raises:
        DocumentError: The file cannot be written.
    """
    check_figure_file(path)
    from matplotlib.figure import Figure

    tasks = [[score for score in scores if score.task == task] for task in dict.fromkeys(s.task for s in scores)]
    rows = [tasks[first : first + COLUMNS] for first in range(0, len(tasks), COLUMNS)]
    heights = [_HEAD_INCHES + _ROW_INCHES * max(_n_lines(panel) for panel in row) for row in rows]
    with house_style(title):
        figure = Figure(figsize=(6.5 * min(COLUMNS, max(len(tasks), 1)), sum(heights) + 0.4), layout="constrained")
        figure.suptitle(title)
        figure.supxlabel("times 100, with 95 % bootstrap intervals")
        columns = min(COLUMNS, max(len(tasks), 1))
        grid = figure.subplots(max(len(rows), 1), columns, squeeze=False, height_ratios=heights or [1])
        for place, axes in enumerate(grid.flat):
            if place < len(tasks):
                _draw(axes, tasks[place])
            else:
                axes.set_axis_off()
    write_figure(figure, path)


def _n_lines(scores: Sequence[Score]) -> int:
    """Return the number of lines of a panel: its representations, and the metrics of its legend."""
    return len({score.representation for score in scores}) + len({score.metric for score in scores})


def _draw(axes: Axes, scores: Sequence[Score]) -> None:
    """Draw one task: representations from top to bottom, one colour per metric, the legend below."""
    from matplotlib.transforms import ScaledTranslation

    names = list(dict.fromkeys(score.representation for score in scores))
    metrics = list(dict.fromkeys(score.metric for score in scores))
    for number, metric in enumerate(metrics):
        rows = [score for score in scores if score.metric == metric]
        colour = COLOURS[number % len(COLOURS)]
        offset = (number - (len(metrics) - 1) / 2) * 0.6 / len(metrics)
        places = [names.index(score.representation) + offset for score in rows]
        values = [100 * score.value for score in rows]
        # A percentile interval need not contain the score itself.
        below = [max(0.0, 100 * (score.value - score.low)) for score in rows]
        above = [max(0.0, 100 * (score.high - score.value)) for score in rows]
        label = f"{metric} (dashed: {rows[0].baseline_name})" if rows[0].baseline_name else metric
        axes.errorbar(values, places, xerr=[below, above], fmt="o", ms=4, lw=1.2, color=colour, label=label)
        if rows[0].baseline_name:
            axes.axvline(100 * rows[0].baseline, color=colour, lw=1, ls="--", alpha=0.7)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(scores[0].task)
    below_ticks = axes.transAxes + ScaledTranslation(0, -0.3, axes.figure.dpi_scale_trans)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below_ticks, fontsize=8, frameon=False)
