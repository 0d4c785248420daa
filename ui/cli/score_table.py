"""Format scores as a table for the terminal, and as a section of a model's card."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ...search.evaluation import Score

SECTION = "## Figures"
"""Title of the section of a model's card that contains scores."""


def score_table(scores: Sequence[Score]) -> str:
    """Return one block per task and metric: scores times 100, 95 % intervals, and the difference to the baseline."""
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
    """Return the section of a model's card with all scores. `command` is the command that printed them."""
    rows = []
    for score in in_blocks(scores):
        against = f"{score.baseline_name} {100 * score.baseline:.1f}" if score.baseline_name else ""
        bounds = f"{100 * score.low:.1f} to {100 * score.high:.1f}"
        cells = (score.task, score.metric, score.representation, f"{100 * score.value:.1f}", bounds, against)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(
        [
            SECTION,
            "Scores times 100, with 95 % bootstrap intervals. Command:",
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
    """Return the scores grouped by task and metric, in the order in which each group first occurs."""
    order = {key: place for place, key in enumerate(dict.fromkeys(_block(score) for score in scores))}
    return sorted(scores, key=lambda score: order[_block(score)])


def _block(score: Score) -> tuple[str, str, float, str]:
    return score.task, score.metric, score.baseline, score.baseline_name
