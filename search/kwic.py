"""Format a hit as a key word in context: left context, node, right context. The stored offsets give the node."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .hits import OccurrenceHit

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ConcordanceLine:
    """A concordance line. `left + node + right` is the sentence with each run of white space as one space."""

    left: str
    node: str
    right: str


def concordance_line(hit: OccurrenceHit, width: int | None = None) -> ConcordanceLine:
    """Return the concordance line of a hit.

    Args:
        width: Maximum number of characters on each side, an ellipsis included. None for the whole sentence.
    """
    left = _SPACE.sub(" ", hit.sentence[: hit.start]).lstrip()
    node = _SPACE.sub(" ", hit.sentence[hit.start : hit.end])
    right = _SPACE.sub(" ", hit.sentence[hit.end :]).rstrip()
    if width is not None and len(left) > width:
        left = "…" + left[len(left) - max(width - 1, 0) :]
    if width is not None and len(right) > width:
        right = right[: max(width - 1, 0)] + "…"
    return ConcordanceLine(left, node, right)
