"""Records -> what the command line prints: a table, JSON lines or CSV. Pure but for ``click.echo``."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import click

Row = Mapping[str, object]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


def one_line(text: str) -> str:
    """Text from documents made safe for a terminal: no control characters, no line breaks."""
    return _CONTROL.sub(" ", text)


def jsonl(rows: Iterable[Row]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


def defused(value: object) -> object:
    """A cell that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def flat(row: Row) -> dict[str, object]:
    """The row with its metadata in columns ``metadata.FIELD``, and lists in one cell."""
    out: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            out |= {f"{key}.{field}": item for field, item in value.items()}
        else:
            out[key] = "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return out


def csv_text(rows: Iterable[Row]) -> str:
    """CSV with a header over all rows' columns (RFC 4180), cells defused."""
    flattened = [flat(row) for row in rows]
    columns = list(dict.fromkeys(key for row in flattened for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if columns:
        writer.writerow([defused(column) for column in columns])
    for row in flattened:
        writer.writerow([defused(row.get(column, "")) for column in columns])
    return out.getvalue()


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
