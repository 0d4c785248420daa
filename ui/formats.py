"""Format rows as CSV and JSON Lines, cells for spreadsheets, and durations as text.

The command line and the page share these functions.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping

from ..indexer.values import text_of
from ..search import tables
from .messages import clean_text

Row = Mapping[str, object]

_FORMULA_SIGNS = ("=", "+", "-", "@", "\N{MINUS SIGN}")
_FORMULA_STARTS = ("\t", "\r", "\n")
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co", "Cn")
"""Unicode categories of characters that show nothing: controls, formats such as a byte order mark, and spaces."""
# DEL, C1 controls, and marks that change the direction of writing: a terminal may obey them.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NOT_ASCII = re.compile("[^\x00-\x7e]")


def jsonl(rows: Iterable[Row], ascii_only: bool = False) -> str:
    """Return one JSON object per line. Numbers that JSON lacks become null, lone surrogates U+FFFD.

    Args:
        ascii_only: Escape all other characters, for an output that cannot write them.
    """
    escaped = _NOT_ASCII if ascii_only else _TO_ESCAPE
    return "".join(escaped.sub(_json_escape, clean_text(_json(dict(row)))) + "\n" for row in rows)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def defuse(value: object) -> object:
    """Prefix text that a spreadsheet would evaluate as a formula with an apostrophe. Return other values unchanged.

    Spaces and invisible characters before the sign are passed over, and signs of other widths count, as some programs
    do both. Text that starts with a tab or a line break is prefixed in any case.
    """
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    if text.startswith(_FORMULA_STARTS):
        return True
    first = next((sign for sign in text if unicodedata.category(sign) not in _UNSEEN), "")
    return unicodedata.normalize("NFKC", first).startswith(_FORMULA_SIGNS)


def cell(value: object) -> str | int | float | bool | None:
    """Return a value as a cell of a spreadsheet: text without formulas, a number, or None for an empty cell."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(defuse(clean_text(value if isinstance(value, str) else _json(value))))


def flat(row: Row) -> dict[str, object]:
    """Return the row with one column per nested field, such as `metadata.year`, and each list joined in one cell."""
    return {name: _joined(value) for name, value in tables.flat(row).items()}


def _joined(value: object) -> object:
    return text_of(value) if isinstance(value, list | tuple) else value


def csv_text(rows: Iterable[Row]) -> str:
    """Return CSV (RFC 4180) with formulas defused. The header is the union of all rows' columns."""
    flattened = [flat(row) for row in rows]
    columns = tables.names_of(flattened)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if columns:
        writer.writerow([cell(column) for column in columns])
    for row in flattened:
        writer.writerow([cell(row.get(column)) for column in columns])
    return out.getvalue()


def duration(seconds: float) -> str:
    """Return a duration as `1:05` (minutes and seconds) or `2:03:00` (hours, minutes, seconds)."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
