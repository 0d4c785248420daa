"""Format rows as CSV and JSON Lines, and durations as text. The command line and the page share these functions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping

Row = Mapping[str, object]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def jsonl(rows: Iterable[Row]) -> str:
    """Return one JSON object per line."""
    return "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)


def defuse(value: object) -> object:
    """Prefix text that a spreadsheet would evaluate as a formula with an apostrophe. Return other values unchanged."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def flat(row: Row) -> dict[str, object]:
    """Return the row with one column per nested field, such as `metadata.year`, and each list joined in one cell."""
    out: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            out |= {f"{key}.{field}": item for field, item in value.items()}
        else:
            out[key] = "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return out


def csv_text(rows: Iterable[Row]) -> str:
    """Return CSV (RFC 4180) with formulas defused. The header is the union of all rows' columns."""
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
    """Return a duration as `1:05` (minutes and seconds) or `2:03:00` (hours, minutes, seconds)."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
