"""Turn cells of tables in memory into values as JSON has them: those of Arrow, numpy, pandas and polars."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_MISSING = frozenset(("NAType", "NaTType"))
"""Types of the values with which pandas marks an empty cell."""


def plain(value: Any) -> Any:
    """Return a value as JSON has it. An empty cell of any library is None, and so are bytes that are not text."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if type(value).__name__ in _MISSING:
        return None
    if isinstance(value, datetime) and value.timetz() == time(0):
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, int):
        return value
    if hasattr(value, "tolist") and type(value).__name__ not in ("datetime64", "timedelta64"):
        return plain(value.tolist())  # numpy and pandas
    return str(value)
