"""Keep the marks + and - of lines by occurrence or sentence, in the session and in the address.

This module is the only one that knows where marks are. All marks of a collection stay until they are removed: they
outlive another query, the browser's back button, and a reload.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

import streamlit as st

STATE = "marks"
"""Key of the marks in the session state: (collection, kind) -> {id: 1 or -1}."""
SHOWN = "kind of the lines"
"""Key of the kind of lines that the page shows, in the session state."""
MAX_MARKS = 500
"""Maximum number of marks of one kind and sign that an address holds."""


class Kind(StrEnum):
    """What a mark refers to."""

    OCCURRENCE = "occurrence"
    SENTENCE = "sentence"


_NAMES = {
    (Kind.OCCURRENCE, 1): "plus",
    (Kind.OCCURRENCE, -1): "minus",
    (Kind.SENTENCE, 1): "plus_sentences",
    (Kind.SENTENCE, -1): "minus_sentences",
}
"""The names of the marks in an address."""


def of(collection: str, kind: Kind) -> Mapping[int, int]:
    """Return the marks of a collection by id: 1 for +, -1 for -."""
    return _all().get((collection, kind), {})


def put(collection: str, kind: Kind, key: int, sign: int) -> None:
    """Mark a line + (1) or - (-1). Another sign removes its mark."""
    marks = _all().setdefault((collection, kind), {})
    if sign in (1, -1):
        marks[key] = sign
    else:
        marks.pop(key, None)


def remove(collection: str, kind: Kind, keys: Collection[int]) -> None:
    """Remove the marks of some lines."""
    for key in keys:
        put(collection, kind, key, 0)


def show(kind: Kind) -> None:
    """Remember which kind of lines the page shows. A click on a mark means this kind."""
    st.session_state[SHOWN] = kind


def shown() -> Kind:
    """Return which kind of lines the page shows."""
    return Kind(st.session_state.get(SHOWN, Kind.OCCURRENCE))


def read(collection: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Add the marks of an address. What is not a list of ids is ignored."""
    for (kind, sign), name in _NAMES.items():
        given = parameters.get(name, ())
        text = given[-1] if given else ""
        if text.count("-") < MAX_MARKS and re.fullmatch(r"[0-9]{1,18}(-[0-9]{1,18})*", text):
            for part in text.split("-"):
                put(collection, kind, int(part), sign)


def write(collection: str) -> dict[str, str]:
    """Return the marks of a collection as parameters of an address. `read` reads them back."""
    found = {}
    for (kind, sign), name in _NAMES.items():
        keys = sorted(key for key, value in of(collection, kind).items() if value == sign)[:MAX_MARKS]
        if keys:
            found[name] = "-".join(map(str, keys))
    return found


def _all() -> dict[tuple[str, Kind], dict[int, int]]:
    found: dict[tuple[str, Kind], dict[int, int]] = st.session_state.setdefault(STATE, {})
    return found
