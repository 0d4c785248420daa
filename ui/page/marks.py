"""Keep the marks + and - of lines by occurrence or sentence, in the session and in the address.

This module is the only one that knows where marks are. All marks of a collection stay until they are removed: they
outlive another query, the browser's back button, and a reload.

Many marks are kept in the collection, and the address has their name. A mark is a click, so it must not write anything.
So the address has the name, and beside it the marks that were put and cleared since. Only when these are long too, all
marks are kept under another name. Hundreds of clicks then write a few rows, and every address is complete at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from ...indexer.collection.selections import NAME, LineList
from .address import ids_text, is_long, no_selection

STATE = "marks"
"""Key of the marks in the session state: (collection, kind) -> {id: 1 or -1}."""
SHOWN = "kind of the lines"
"""Key of the kind of lines that the page shows, in the session state."""
KEPT = "kept-marks"
"""Key of the marks that are kept under a name, in the session state: collection -> `Kept`."""
MAX_MARKS = 500
"""Maximum number of marks of one kind and sign that an address names one by one."""
PARAMETER = "marks"
"""The name of kept marks in an address. `page.js` knows it."""


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
_CLEARED = {Kind.OCCURRENCE: "cleared", Kind.SENTENCE: "cleared_sentences"}
"""The names of kept marks that were removed, in an address."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Marks that a collection keeps under a name.

    Args:
        marks: The marks of each kind by id. None if they are not read yet.
        cleared: Ids of each kind that were removed, as the address says. They count once the marks are read.
    """

    name: str
    marks: Mapping[Kind, Mapping[int, int]] | None
    cleared: Mapping[Kind, tuple[int, ...]]


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


def read(collection: str, parameters: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Add the marks of an address. What is not a list of ids is ignored.

    Returns:
        A line for a part that is no name of kept marks.
    """
    for (kind, sign), name in _NAMES.items():
        for key in _ids(parameters, name):
            put(collection, kind, key, sign)
    given = parameters.get(PARAMETER, ())
    text = given[-1] if given else ""
    if not text:
        return ()
    if not NAME.fullmatch(text):
        return (no_selection(f"{PARAMETER}={' '.join(text[:40].split())}"),)
    _kept()[collection] = Kept(text, None, {kind: _ids(parameters, name) for kind, name in _CLEARED.items()})
    return ()


def _ids(parameters: Mapping[str, Sequence[str]], name: str) -> tuple[int, ...]:
    """Return the ids in an address. None, if it has something else in their place."""
    given = parameters.get(name, ())
    text = given[-1] if given else ""
    if text.count("-") < MAX_MARKS and re.fullmatch(r"[0-9]{1,18}(-[0-9]{1,18})*", text):
        return tuple(int(part) for part in text.split("-"))
    return ()


def write(collection: str) -> dict[str, str]:
    """Return the marks of a collection as parameters of an address. `read` and `fill` read them back."""
    found, name = _in_address(collection)
    return {part: ids_text(keys, MAX_MARKS) for part, keys in found.items()} | ({PARAMETER: name} if name else {})


def left_out(collection: str) -> int:
    """Return the number of marks that the address has no room for."""
    found, _ = _in_address(collection)
    return sum(max(0, len(keys) - MAX_MARKS) for keys in found.values())


def _in_address(collection: str) -> tuple[dict[str, tuple[int, ...]], str]:
    """Return the ids that the address names one by one, by their names in it, and the name of kept marks or ""."""
    kept, now = _kept().get(collection), lists(collection)
    if kept is None or (kept.marks is not None and not is_long(now)):
        return now, ""
    return _since(collection, kept), kept.name


def lists(collection: str) -> dict[str, tuple[int, ...]]:
    """Return the ids of the marked lines, by their names in an address."""
    return _lists_of({kind: of(collection, kind) for kind in Kind})


def lists_to_keep(collection: str) -> dict[str, LineList] | None:
    """Return all marks of a collection, if they are to be kept under another name. Else None.

    They are if their part of the address is too long, also with the name that is known.
    """
    kept, now = _kept().get(collection), lists(collection)
    if not is_long(now) or (kept is not None and (kept.marks is None or not is_long(_since(collection, kept)))):
        return None
    kinds = {name: kind is Kind.SENTENCE for (kind, _), name in _NAMES.items()}
    return {name: LineList(keys, kinds[name]) for name, keys in now.items()}


def note_kept(collection: str, name: str) -> None:
    """Remember that the marks of a collection are kept under a name."""
    _kept()[collection] = Kept(name, {kind: dict(of(collection, kind)) for kind in Kind}, {})


def wanted(collection: str) -> str | None:
    """Return the name of the marks that the address names, and that are not read yet."""
    kept = _kept().get(collection)
    return kept.name if kept is not None and kept.marks is None else None


def fill(collection: str, found: Mapping[str, Sequence[int]]) -> None:
    """Add the marks that were kept under the name in the address. Newer marks of the address stay.

    Args:
        found: Ids, by the names of the marks in an address. Empty if there is no such name.
    """
    kept = _kept().pop(collection)
    marks: dict[Kind, dict[int, int]] = {kind: {} for kind in Kind}
    for (kind, sign), name in _NAMES.items():
        marks[kind] |= dict.fromkeys(found.get(name, ()), sign)
    for kind, signs in marks.items():
        for key, sign in signs.items():
            if key not in of(collection, kind) and key not in kept.cleared.get(kind, ()):
                put(collection, kind, key, sign)
    if any(marks.values()):
        _kept()[collection] = Kept(kept.name, marks, {})


def forget_ids(collection: str) -> None:
    """Read the kept marks of a collection again, since its ids mean other lines now."""
    parameters = {name: [text] for name, text in write(collection).items()}
    for kind in Kind:
        _all().pop((collection, kind), None)
    _kept().pop(collection, None)
    read(collection, parameters)


def _since(collection: str, kept: Kept) -> dict[str, tuple[int, ...]]:
    """Return the marks that were put and cleared since they were kept, by their names in an address."""
    if kept.marks is None:
        cleared = {_CLEARED[kind]: keys for kind, keys in kept.cleared.items() if keys}
        return lists(collection) | cleared
    found = {}
    put_since = {
        kind: {key: sign for key, sign in of(collection, kind).items() if kept.marks[kind].get(key) != sign}
        for kind in Kind
    }
    for kind, name in _CLEARED.items():
        if keys := tuple(sorted(kept.marks[kind].keys() - of(collection, kind).keys())):
            found[name] = keys
    return _lists_of(put_since) | found


def _lists_of(marked: Mapping[Kind, Mapping[int, int]]) -> dict[str, tuple[int, ...]]:
    found = {}
    for (kind, sign), name in _NAMES.items():
        if keys := tuple(sorted(key for key, value in marked[kind].items() if value == sign)):
            found[name] = keys
    return found


def _all() -> dict[tuple[str, Kind], dict[int, int]]:
    found: dict[tuple[str, Kind], dict[int, int]] = st.session_state.setdefault(STATE, {})
    return found


def _kept() -> dict[str, Kept]:
    found: dict[str, Kept] = st.session_state.setdefault(KEPT, {})
    return found
