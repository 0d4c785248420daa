"""Key word in context: a hit -> left context, node, right context. Pure; the node comes from stored offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .hits import OccurrenceHit

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ConcordanceLine:
    """One line: ``left + node + right`` is the sentence with its runs of white space folded."""

    left: str
    node: str
    right: str


def concordance_line(hit: OccurrenceHit, width: int | None = None) -> ConcordanceLine:
    """The hit's line; ``width`` characters of context on each side, cut with an ellipsis, or all of the sentence."""
    left = _SPACE.sub(" ", hit.sentence[: hit.start]).lstrip()
    node = _SPACE.sub(" ", hit.sentence[hit.start : hit.end])
    right = _SPACE.sub(" ", hit.sentence[hit.end :]).rstrip()
    if width is not None and len(left) > width:
        left = "…" + left[len(left) - max(width - 1, 0) :]
    if width is not None and len(right) > width:
        right = right[: max(width - 1, 0)] + "…"
    return ConcordanceLine(left, node, right)
