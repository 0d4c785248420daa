"""Values of metadata: text, numbers, and lists of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

Scalar = str | int | float
Value = Scalar | Sequence[Scalar]

MAX_ITEMS = 1000
"""Maximum number of items of a list that are found one by one. A longer list is one text."""
MAX_LIST = 2**16
"""Maximum number of characters of a text that is read as a JSON list."""


def text_of(value: object) -> str:
    """Return a value as text. The items of a list are joined by "; "."""
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def count(number: int, what: str) -> str:
    """Return a number with its noun: `1 line`, `1,234 lines`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def items_of(value: object) -> list[str]:
    """Return the texts by which a value is found: the items of a list, each once, or the value itself."""
    return list(dict.fromkeys(map(str, value))) if isinstance(value, list | tuple) else [str(value)]


def json_list(text: str) -> list[Scalar] | None:
    """Return the items of a JSON list of texts and numbers, or None for any other text, such as the mark `[1]`."""
    if not (text.startswith("[") and text.endswith("]")) or len(text) > MAX_LIST:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(found, list) and is_flat(found) and any(isinstance(item, str) for item in found)
    return found if is_list else None


def is_flat(items: Sequence[object]) -> bool:
    """Return whether a list has only texts and numbers, and not more than are found one by one."""
    return 0 < len(items) <= MAX_ITEMS and all(
        isinstance(item, str | int | float) and not isinstance(item, bool) for item in items
    )


def stored_items(value: str) -> list[str]:
    """Return the texts by which a stored value is found. Older collections hold a list as JSON text."""
    items = json_list(value)
    return [value] if items is None else [*items_of(items), value]
