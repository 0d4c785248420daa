"""Scores -> a table, one block a task and measure. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ...search.evaluation import Score

SECTION = "## Figures"
"""Title of the section of a model's card that holds them."""


def score_table(scores: Sequence[Score]) -> str:
    """Figures times 100, their 95 % intervals and their distance to the baseline, a block for each measure."""
    width = max((len(score.representation) for score in scores), default=0)
    lines = []
    for (task, metric, baseline, name), rows in groupby(in_blocks(scores), key=_block):
        against = f" (baseline: {name} {100 * baseline:.1f})" if name else ""
        lines.append(f"{task}, {metric}{against}")
        for score in rows:
            bounds = f"{100 * score.low:.1f} to {100 * score.high:.1f}"
            gain = f"{100 * (score.value - score.baseline):+7.1f}" if name else ""
            lines.append(f"  {score.representation:{width}}  {100 * score.value:6.2f}  {bounds:>14}{gain}")
        lines.append("")
    return "\n".join(lines)


def score_section(scores: Sequence[Score], command: str) -> str:
    """A section of a model's card with all figures; `command`: that measures them."""
    rows = []
    for score in in_blocks(scores):
        against = f"{score.baseline_name} {100 * score.baseline:.1f}" if score.baseline_name else ""
        bounds = f"{100 * score.low:.1f} to {100 * score.high:.1f}"
        cells = (score.task, score.metric, score.representation, f"{100 * score.value:.1f}", bounds, against)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(
        [
            SECTION,
            "Times 100; intervals of 95 % (bootstrap). Measured and written by",
            "",
            f"    {command}",
            "",
            "| task | measure | vector | value | interval | baseline |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def in_blocks(scores: Sequence[Score]) -> list[Score]:
    """The same scores with those of one task and measure together, in the order in which each begins."""
    order = {key: place for place, key in enumerate(dict.fromkeys(_block(score) for score in scores))}
    return sorted(scores, key=lambda score: order[_block(score)])


def _block(score: Score) -> tuple[str, str, float, str]:
    return score.task, score.metric, score.baseline, score.baseline_name
