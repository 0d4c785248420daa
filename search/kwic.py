"""Format a hit as a key word in context: left context, node, right context. The stored offsets give the node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

_SPACE = re.compile(r"\s+")


class HasNode(Protocol):
    """A hit with a node in its sentence: `OccurrenceHit`, in whose module lists of hits write their lines."""

    @property
    def sentence(self) -> str:
        """The sentence."""

    @property
    def start(self) -> int:
        """Offset of the node in the sentence, in characters."""

    @property
    def end(self) -> int:
        """Offset after its last character."""


@dataclass(frozen=True, slots=True)
class ConcordanceLine:
    """A concordance line. `left + node + right` is the sentence with each run of white space as one space."""

    left: str
    node: str
    right: str


def concordance_line(hit: HasNode, width: int | None = None) -> ConcordanceLine:
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
