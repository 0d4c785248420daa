"""Draw values of several names as bars, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..citation import Citation
from .style import COLOURS, HATCHES, finish, house_style, label, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Bar:
    """A value and the bounds of its interval. None for both if it has no interval."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Bars:
    """A group of bars, one for each name. None where a name has no value."""

    name: str
    bars: Sequence[Bar | None]


def draw_bars(
    names: Sequence[str],
    groups: Sequence[Bars],
    axis: str,
    title: str,
    notes: Sequence[str],
    cited: Citation | None,
    is_share: bool = False,
) -> Figure:
    """Draw a row for each name, with a bar of each group in it.

    Args:
        names: Names of the rows, from top to bottom.
        groups: At most three groups.
        axis: Name of the values, with their unit.
        is_share: Whether values are shares, drawn in per cent.
    """
    with house_style(title, str(cited or ""), *names, *(group.name for group in groups)):
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        figure = new_figure(1.5 + max(len(names), 1) * (0.1 + 0.13 * len(groups)))
        axes = figure.subplots()
        height = 0.8 / max(len(groups), 1)
        for number, group in enumerate(groups):
            offset = (number - (len(groups) - 1) / 2) * height
            rows = [(place + offset, bar) for place, bar in enumerate(group.bars) if bar is not None]
            axes.barh(
                [place for place, _ in rows],
                [bar.value for _, bar in rows],
                height * 0.9,
                color=COLOURS[number] if number == 0 else "white",
                alpha=0.75 if number == 0 else 1,
                edgecolor=COLOURS[number],
                hatch=HATCHES[number % len(HATCHES)],
                label=label(group.name, 44),  # beside names of full width
            )
            known = [(place, bar.value, bar.low, bar.high) for place, bar in rows if bar.low is not None]
            spans = [(place, value, low, high) for place, value, low, high in known if high is not None and low != high]
            if spans:
                axes.errorbar(
                    [value for _, value, _, _ in spans],
                    [place for place, *_ in spans],
                    xerr=[
                        [max(0.0, value - low) for _, value, low, _ in spans],
                        [max(0.0, high - value) for _, value, _, high in spans],
                    ],
                    fmt="none",
                    ecolor="black",
                    elinewidth=0.8,
                    capsize=1.8,
                )
        axes.set_yticks(range(len(names)), [label(name) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=is_whole(groups)))
        if is_share:
            axes.set_xlim(0, 1)
            axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(axis="x", alpha=0.3, linewidth=0.6)
        axes.set_xlabel(axis)
        if len(groups) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
        return finish(figure, title, notes, cited)


def is_whole(groups: Sequence[Bars]) -> bool:
    """Return whether all values are whole numbers, so that the axis has no others."""
    return all(bar is None or bar.value == int(bar.value) for group in groups for bar in group.bars)
