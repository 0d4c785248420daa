"""Write text as harmless lines, and rows as an aligned table, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..indexer.values import text_of

# C0, DEL and C1 control characters, line and paragraph separators, and marks that change the direction of writing.
_CONTROL = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb"
_CONTROLS = re.compile(f"[{_CONTROL}]+")
_ON_TERMINAL = re.compile(f"(?![\\t\\n])[{_CONTROL}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str) -> str:
    """Replace lone surrogates, which no encoding can write, by the replacement character."""
    return _SURROGATE.sub(_REPLACEMENT, text)


def one_line(text: str) -> str:
    """Replace control characters and line breaks by spaces, so that text from documents is safe on a terminal."""
    return _CONTROLS.sub(" ", clean_text(text))


def harmless(text: str) -> str:
    """Replace all control characters but tabs and line feeds, so that a whole text is safe on a terminal."""
    return _ON_TERMINAL.sub(_REPLACEMENT, clean_text(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> str:
    """Return a table with aligned columns.

    Args:
        columns: Header of each column.
        rows: One value per column.
        right: Headers of the columns to align right.
    """
    cells = [[one_line(_text(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = []
    for row in [list(columns), *cells]:
        parts = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for cell, width, name in zip(row, widths, columns, strict=True)
        ]
        lines.append("  ".join(parts).rstrip() + "\n")
    return "".join(lines)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={text_of(item)}" for key, item in value.items())
    return "" if value is None else text_of(value)
