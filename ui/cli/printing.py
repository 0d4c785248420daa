"""Print records as a table, JSON Lines or CSV on standard output, and messages on standard error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import click

from ..formats import Row, csv_text, jsonl

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class OutputFormat(StrEnum):
    """Format of what a command prints on standard output."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


def one_line(text: str) -> str:
    """Replace control characters and line breaks by spaces, so that text from documents is safe on a terminal."""
    return _CONTROL.sub(" ", text)


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
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return "" if value is None else str(value)


def show(rows: Sequence[Row], output_format: OutputFormat, as_table: str) -> None:
    """Print rows on standard output. For the table format, print `as_table` instead."""
    match output_format:
        case OutputFormat.JSONL:
            text = jsonl(rows)
        case OutputFormat.CSV:
            text = csv_text(rows)
        case OutputFormat.TABLE:
            text = as_table
    click.echo(text, nl=False)


def note(text: str | None) -> None:
    """Print a one-line message on standard error, if there is one."""
    if text:
        click.echo(f"polyseme: {one_line(text)}", err=True)
