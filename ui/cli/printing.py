"""Records -> what the command line prints: a table, JSON lines or CSV. Pure but for ``click.echo``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import click

from ..formats import Row, csv_text, jsonl

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


def one_line(text: str) -> str:
    """Text from documents made safe for a terminal: no control characters, no line breaks."""
    return _CONTROL.sub(" ", text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> str:
    """Aligned columns; those named in ``right`` are right-aligned."""
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
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return "" if value is None else str(value)


def show(rows: Sequence[Row], form: Format, as_table: str) -> None:
    """Print rows on standard output in the format asked for."""
    text = {Format.JSONL: jsonl, Format.CSV: csv_text}[form](rows) if form is not Format.TABLE else as_table
    click.echo(text, nl=False)


def note(text: str | None) -> None:
    """A message for the person, on standard error."""
    if text:
        click.echo(f"polyseme: {one_line(text)}", err=True)
