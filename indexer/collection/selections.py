"""The selections of a collection: lists of lines that are kept under short names. All SQL and checks of their rows.

The page names lines one by one in its address. Hundreds of them make an address that mail programs break and servers
refuse. So it keeps long lists here, and the address has the name.

A name is the beginning of the SHA-256 of the lists, so equal lists have one row, and a row that was changed is found.
The lists hold anchors (`anchors.py`), not ids. Ids are kept beside them, and hold while the document has the same text.
In a copy of the collection that was encoded again, or after a document has changed, the lines are found by their
anchors. Those that are not found are counted as gone.

A collection of an earlier version has no such table until it is next opened for writing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import CollectionError
from .anchors import Anchor, digest_of, find_again
from .findings import REPAIR, Findings, Repair
from .schema import State, in_batches

NAME = re.compile(r"[a-z2-7]{10,52}")
"""What names look like: small letters and digits that no mail program breaks, and no reader takes for one another."""
NAME_LENGTH = 10
"""Usual length of a name, which is 50 bits. Two different selections of a collection with one name get longer ones."""
NAME_STEP = 2
MAX_SELECTIONS = 1000
"""Maximum number of selections that a collection keeps."""
MAX_TOTAL = 64 * 2**20
"""Maximum length of all selections together, in bytes.

If there are more, those go first that nobody has kept or opened for the longest time. Nothing else removes one, since
somebody may have its name in a mail or a paper.
"""
MAX_LINES = 20_000
"""Maximum number of lines of a selection."""
MAX_LISTS = 10
"""Maximum number of lists of a selection."""
MAX_BYTES = 4 * 2**20
"""Maximum length of a selection in bytes. A line takes about 40, and each document 80 and its id."""
MAX_CHECKED = 10 * MAX_SELECTIONS
"""Maximum number of rows that a check reads. A stranger's collection may have any number."""
LONGEST_LIST = 40
"""Maximum length of the name of a list, in characters."""
_DIGITS = 16
"""Number of hexadecimal digits of the digest of a sentence. The document and the length of the sentence fit too."""
_LARGEST = 2**62
_WORD, _SENTENCE = 5, 3
"""Number of values of the anchor of a word, and of a sentence."""


@dataclass(frozen=True, slots=True)
class LineList:
    """A list of lines to keep.

    Args:
        ids: Ids of the occurrences, or of the sentences.
        of_sentences: Whether they are those of sentences.
    """

    ids: tuple[int, ...]
    of_sentences: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """A kept selection, as the collection is now.

    Attributes:
        lists: Ids of the lines of each list that are in the collection, ascending, by the name of the list.
        lines: Number of different lines that were kept.
        gone: Number of those that are in the collection no more.
        is_fresh: Whether it was kept or opened today.
    """

    lists: Mapping[str, tuple[int, ...]]
    lines: int
    gone: int
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A line: its document with the hash of its content, and where it is in it.

    Attributes:
        start: Offset of the sentence in the document.
        sentence: First digits of the digest of the sentence.
        size: Length of the word at `place`. None for the sentence.
    """

    document: str
    content: str
    start: int
    length: int
    sentence: str
    place: int = 0
    size: int | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a sound row has: places of lines, lists of their numbers, and the ids where the lines were found last."""

    places: Sequence[_Place]
    lists: Mapping[str, Sequence[int]]
    ids: Sequence[int]


# Reading


def has_selections(db: sqlite3.Connection) -> bool:
    """Return whether a collection has the table of selections."""
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'selections'"
    return db.execute(sql).fetchone() is not None


def read_selection(db: sqlite3.Connection, name: str) -> Selection | None:
    """Return the selection that is kept under a name, or None.

    Raises:
        CollectionError: Its row is damaged.
    """
    if not has_selections(db) or not NAME.fullmatch(name):
        return None
    row = db.execute(f"SELECT {_ROW} FROM selections WHERE name = ? LIMIT 1", (*_LIMITS, name)).fetchone()
    if row is None:
        return None
    stored = _stored(*row[:3])
    if stored is None:
        raise CollectionError(
            f"the selection {name} is damaged; choose its lines again, or run `polyseme verify --repair` to remove it"
        )
    found = _find(db, stored)
    lists = {
        list_name: tuple(sorted(found[number] for number in numbers if number in found))
        for list_name, numbers in stored.lists.items()
    }
    return Selection(lists, len(stored.places), len(stored.places) - len(found), row[3] == _today())


def check_selections(db: sqlite3.Connection, findings: Findings) -> None:
    """Report each damaged selection."""
    for _, name in _damaged(db):
        detail = f"the selection {name!r} is damaged"
        findings.add("damaged selections", detail, f"{REPAIR}, which removes it", Repair.SELECTIONS)


def _damaged(db: sqlite3.Connection) -> Iterable[tuple[int, str]]:
    """Yield row id and name, as shown, of each damaged row."""
    if not has_selections(db):
        return
    keys = db.execute("SELECT rowid FROM selections LIMIT ?", (MAX_CHECKED,)).fetchall()
    for (key,) in keys:
        row = db.execute(f"SELECT {_ROW} FROM selections WHERE rowid = ?", (*_LIMITS, key)).fetchone()
        if row is not None and _stored(*row[:3]) is None:
            text = (row[0] or b"").decode("utf-8", "replace")
            yield key, "".join(sign if sign.isprintable() else "?" for sign in text) or "?"


# Names are read as bytes. A text that is not UTF-8 would end the query.
_ROW = (
    "CASE WHEN typeof(name) = 'text' THEN substr(CAST(name AS BLOB), 1, ?) END,"
    " CASE WHEN typeof(lines) = 'blob' AND length(lines) <= ? THEN lines END,"
    " CASE WHEN typeof(ids) = 'blob' AND length(ids) <= ? THEN ids END,"
    " CASE WHEN typeof(used) = 'text' AND length(used) = 10 THEN used END"
)
_LIMITS = (60, MAX_BYTES, MAX_BYTES)


def _stored(name: bytes | None, lines: bytes | None, ids: bytes | None) -> _Stored | None:
    """Return what a row has. None if it is damaged."""
    if name is None or lines is None or ids is None:
        return None
    shown = name.decode("ascii", "replace")
    if not NAME.fullmatch(shown) or _digest_name(lines, len(shown)) != shown:
        return None
    try:
        content, known = json.loads(lines), json.loads(ids)
        places = [
            _place(document, hashed, *anchor)
            for document, hashed, anchors in content["documents"]
            for anchor in anchors
        ]
        lists = content["lists"]
        is_sound = isinstance(lists, dict) and 0 < len(lists) <= MAX_LISTS and 0 < len(places) <= MAX_LINES
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not (is_sound and _are_numbers(known, _LARGEST) and len(known) == len(places)):
        return None
    is_sound = all(len(each) <= LONGEST_LIST and _are_numbers(of, len(places)) for each, of in lists.items())
    return _Stored(places, lists, known) if is_sound else None


def _place(document: object, content: object, *anchor: object) -> _Place:
    """Return a place as it was read.

    Raises:
        ValueError: Its values are of wrong types.
    """
    if not (isinstance(document, str) and isinstance(content, str)) or len(anchor) not in (_WORD, _SENTENCE):
        raise ValueError("a document or an anchor has values that it cannot have")
    document.encode()  # a lone surrogate would end a query
    start, length, sentence, *word = anchor
    if not (isinstance(sentence, str) and _are_numbers([start, length, *word], _LARGEST)):
        raise ValueError("an anchor has values that it cannot have")
    return _Place(document, content, start, length, sentence, *word)  # type: ignore[arg-type]


def _are_numbers(values: object, below: int) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < below for value in values)


def _find(db: sqlite3.Connection, stored: _Stored) -> dict[int, int]:
    """Return the id of each line that is in the collection, by the number of its place."""
    found = _at_ids(db, stored)
    lost: dict[tuple[str, bool], list[Anchor]] = {}
    for number, at in enumerate(stored.places):
        if number not in found:
            anchor = Anchor(number, at.start + at.place, at.sentence, at.length, at.place, at.size)
            lost.setdefault((at.document, at.size is None), []).append(anchor)
    for (document, of_sentences), anchors in lost.items():
        taken = [key for number, key in found.items() if (stored.places[number].size is None) == of_sentences]
        found |= find_again(db, document, anchors, taken, _DIGITS)
    return found


def _at_ids(db: sqlite3.Connection, stored: _Stored) -> dict[int, int]:
    """Return the id of each line that is where it was found last, by the number of its place.

    That is so if the id is at the same place of the same document, and the document has the same content.
    """
    found: dict[int, int] = {}
    for of_sentences in (False, True):
        numbers = [number for number, at in enumerate(stored.places) if (at.size is None) == of_sentences]
        rows = _rows_of(db, [stored.ids[number] for number in numbers], of_sentences)
        for number in numbers:
            row, at = rows.get(stored.ids[number]), stored.places[number]
            if row is None or (row.document, row.content) != (at.document, at.content):
                continue
            if (row.start, row.length, row.place, row.size) == (at.start, at.length, at.place, at.size):
                found[number] = stored.ids[number]
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """Where an occurrence or a sentence is, as the tables have it."""

    key: int
    document: str
    content: str
    start: int
    length: int
    place: int
    size: int | None


def _rows_of(db: sqlite3.Connection, ids: Sequence[int], of_sentences: bool) -> dict[int, _Row]:
    """Return where occurrences, or sentences, of live documents are, by their ids."""
    live = f"d.state = {int(State.LIVE)}"
    columns = 'd.id, d.document_id, d.content_hash, s.start, s."end" - s.start'
    sentences = "sentences s JOIN documents d ON d.id = s.document"
    sql = (
        f"SELECT s.id, {columns}, 0, NULL FROM {sentences} WHERE {live} AND s.id IN ({{}})"
        if of_sentences
        else f'SELECT o.id, {columns}, o.start, o."end" - o.start FROM occurrences o'
        f" JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document WHERE {live} AND o.id IN ({{}})"
    )
    return {row[0]: _Row(*row[1:]) for row in in_batches(db, sql, list(dict.fromkeys(ids)))}


# Writing


def keep_selection(db: sqlite3.Connection, lists: Mapping[str, LineList]) -> str | None:
    """Keep lists of lines, and return their name. Equal lists are kept once. The caller owns the transaction.

    Lines that are not in the collection are left out.

    Returns:
        The name. None if the lists are too long, or if no line of one of them is in the collection.
    """
    if not has_selections(db) or not 0 < len(lists) <= MAX_LISTS:
        return None
    if sum(len(each.ids) for each in lists.values()) > MAX_LINES:
        return None
    rows = {kind: _rows_of(db, _ids_of(lists.values(), kind), kind) for kind in (False, True)}
    if not all(rows[each.of_sentences].keys() & set(each.ids) for each in lists.values()):
        return None
    places = _places_of(db, rows)
    order = sorted(places, key=lambda line: _sorting(places[line]))
    numbers = {line: number for number, line in enumerate(order)}
    chosen = {
        name: sorted(numbers[each.of_sentences, key] for key in set(each.ids) if (each.of_sentences, key) in numbers)
        for name, each in lists.items()
    }
    lines = _lines_as_json([places[line] for line in order], chosen)
    if len(lines) > MAX_BYTES:
        return None
    name, ids = _free_name(db, lines), _as_json([key for _, key in order])
    if _stored(name.encode(), lines, ids) is None:  # the collection has values that no anchor has
        return None
    _insert(db, name, lines, ids, _today())
    _remove_oldest(db)
    return name


def touch_selection(db: sqlite3.Connection, name: str) -> None:
    """Note that a selection was opened today. The caller owns the transaction."""
    if has_selections(db):
        db.execute("UPDATE selections SET used = ? WHERE name = ?", (_today(), name))


def copy_selections(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Copy the selections of a collection into one that was encoded again. The caller owns the transaction of `new`.

    The ids of the old collection mean nothing in the new one. So the lines are looked for, and get the new ids.

    Returns:
        Number of selections that were left out, since they are damaged.
    """
    new.execute("DELETE FROM selections")
    if not has_selections(old):
        return 0
    damaged = 0
    for (key,) in old.execute("SELECT rowid FROM selections ORDER BY rowid LIMIT ?", (MAX_CHECKED,)).fetchall():
        row = old.execute(f"SELECT {_ROW} FROM selections WHERE rowid = ?", (*_LIMITS, key)).fetchone()
        stored = _stored(*row[:3])
        if stored is None:
            damaged += 1
            continue
        lost = _Stored(stored.places, stored.lists, [0] * len(stored.ids))
        found = _find(new, lost)
        name, lines, _, used = row
        ids = _as_json([found.get(number, 0) for number in range(len(lost.ids))])
        _insert(new, name.decode(), lines, ids, used or _today())
    _remove_oldest(new)
    return damaged


def delete_damaged_selections(db: sqlite3.Connection) -> None:
    """Remove the damaged selections. The caller owns the transaction."""
    db.executemany("DELETE FROM selections WHERE rowid = ?", [(key,) for key, _ in list(_damaged(db))])


def _ids_of(lists: Iterable[LineList], of_sentences: bool) -> list[int]:
    return [key for each in lists if each.of_sentences == of_sentences for key in each.ids]


def _places_of(db: sqlite3.Connection, rows: Mapping[bool, Mapping[int, _Row]]) -> dict[tuple[bool, int], _Place]:
    """Return the place of each occurrence and sentence, by kind and id. One text of a document is in memory at a time.

    Args:
        rows: Whether they are of sentences -> id -> where it is.
    """
    of_document: dict[int, list[tuple[bool, int]]] = {}
    for kind, found in rows.items():
        for key, row in found.items():
            of_document.setdefault(row.key, []).append((kind, key))
    places = {}
    for document, inside in of_document.items():
        (text,) = db.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()
        for kind, key in inside:
            row = rows[kind][key]
            digest = digest_of(text[row.start : row.start + row.length], _DIGITS)
            places[kind, key] = _Place(row.document, row.content, row.start, row.length, digest, row.place, row.size)
    return places


def _sorting(place: _Place) -> tuple[Any, ...]:
    """Return the key of the order in which places are written. Whole sentences come before their words."""
    size = -1 if place.size is None else place.size
    return place.document, place.content, place.start, place.length, place.sentence, place.place, size


def _lines_as_json(places: Sequence[_Place], lists: Mapping[str, Sequence[int]]) -> bytes:
    """Return the content of a selection. Equal content has equal bytes, since its name follows from them.

    Args:
        places: In the order of `_sorting`.
        lists: Name -> numbers of its places, ascending.
    """
    documents: list[tuple[str, str, list[list[int | str]]]] = []
    for each in places:
        if not documents or documents[-1][:2] != (each.document, each.content):
            documents.append((each.document, each.content, []))
        word = [] if each.size is None else [each.place, each.size]
        documents[-1][2].append([each.start, each.length, each.sentence, *word])
    content = {"documents": documents, "lists": {name: lists[name] for name in sorted(lists)}}
    return _as_json(content)


def _free_name(db: sqlite3.Connection, lines: bytes) -> str:
    """Return the name of a content: the shortest one that no sound row of another content has."""
    for length in range(NAME_LENGTH, 52, NAME_STEP):
        name = _digest_name(lines, length)
        row = db.execute(f"SELECT {_ROW} FROM selections WHERE name = ? LIMIT 1", (*_LIMITS, name)).fetchone()
        if row is None or row[1] == lines or _stored(*row[:3]) is None:
            return name
    return _digest_name(lines, 52)


def _digest_name(lines: bytes, length: int) -> str:
    return base64.b32encode(hashlib.sha256(lines).digest()).decode().lower()[:length]


def _as_json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _insert(db: sqlite3.Connection, name: str, lines: bytes, ids: bytes, used: str) -> None:
    db.execute("DELETE FROM selections WHERE name = ?", (name,))
    db.execute("INSERT INTO selections (name, used, lines, ids) VALUES (?, ?, ?, ?)", (name, used, lines, ids))


def _remove_oldest(db: sqlite3.Connection) -> None:
    """Remove the selections that nobody has kept or opened for the longest time, if there are too many."""
    gone, total = [], 0
    sql = "SELECT rowid, length(lines) + length(ids) FROM selections ORDER BY used DESC, rowid DESC"
    for number, (key, size) in enumerate(db.execute(sql).fetchall()):
        total += size or 0
        if number >= MAX_SELECTIONS or (number and total > MAX_TOTAL):
            gone.append((key,))
    db.executemany("DELETE FROM selections WHERE rowid = ?", gone)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
