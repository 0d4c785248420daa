r"""What was asked: the target in brackets, and the filters. Pure: text in, records out.

``the [bank] of the river`` asks for *bank*; ``\[`` and ``\]`` are brackets of the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...indexer.errors import QueryError

EXAMPLE = 'mark one word with brackets, as in "She sat on the river [bank]."'
_BRACKETS = re.compile(r"\\([\[\]\\])|([\[\]])")


@dataclass(frozen=True, slots=True)
class Target:
    """A sentence without its marks, and the offsets of what was marked in it."""

    sentence: str
    start: int
    end: int


def parse_target(text: str) -> Target:
    """The target of a query; QueryError, with an example, unless exactly one stretch is bracketed."""
    plain: list[str] = []
    length = 0
    marks: list[tuple[str, int]] = []
    last = 0
    for found in _BRACKETS.finditer(text):
        plain.append(text[last : found.start()] + (found[1] or ""))
        length += len(plain[-1])
        last = found.end()
        if found[2]:
            marks.append((found[2], length))
    plain.append(text[last:])
    shape = "".join(mark for mark, _ in marks)
    if shape != "[]":
        count = shape.count("[]") if shape.replace("[]", "") == "" else None
        what = {0: "no word is marked", None: "the brackets do not match"}.get(count, f"{count} words are marked")
        raise QueryError(f"{what}; {EXAMPLE}")
    start, end = marks[0][1], marks[1][1]
    sentence = "".join(plain)
    inside = sentence[start:end]
    if not inside.strip():
        raise QueryError(f"the brackets are empty; {EXAMPLE}")
    lead = len(inside) - len(inside.lstrip())
    return Target(sentence, start + lead, start + len(inside.rstrip()))
