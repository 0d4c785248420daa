"""Format rows as CSV and JSON Lines, and durations for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping

Row = Mapping[str, object]


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def jsonl(rows: Iterable[Row]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


def defuse(value: object) -> object:
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
        writer.writerow([defuse(column) for column in columns])
    for row in flattened:
        writer.writerow([defuse(row.get(column, "")) for column in columns])
    return out.getvalue()


def duration(seconds: float) -> str:
    """1:05 or 2:03:00."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
