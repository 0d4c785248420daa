"""Anchors: where a line is, in terms that hold when its document is indexed again, or its collection encoded again.

An id of an occurrence or a sentence is never used again in one database. It means nothing in another database, such as
that of a collection that was encoded again. An anchor is a document, the text of a sentence and a place in it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .schema import State

DIGITS = 64
"""Number of hexadecimal digits of a SHA-256."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a line was in its document. A line is a sentence or a word in it.

    Args:
        line: Number of the line, by which the caller knows it.
        start: Offset of the word, or of the sentence, in the document.
        sentence: First digits of the digest of the sentence.
        length: Length of the sentence.
        place: Offset of the word in the sentence.
        size: Length of the word. None for the whole sentence.
    """

    line: int
    start: int
    sentence: str
    length: int
    place: int = 0
    size: int | None = None


def digest_of(sentence: str, digits: int = DIGITS) -> str:
    """Return the first digits of the SHA-256 of a sentence, in hexadecimal."""
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def find_again(
    db: sqlite3.Connection, document: str, anchors: Sequence[Anchor], taken: Collection[int], digits: int = DIGITS
) -> dict[int, int]:
    """Return the occurrence, or the sentence, of each line of a document that is found.

    Of several equal sentences, the nearest one counts whose id no other line has.

    Args:
        document: Id of the document, as users name it.
        anchors: All of words, or all of sentences.
        taken: Ids that other lines have.
        digits: Number of digits of the digests.
    """
    live = f"document_id = ? AND state = {int(State.LIVE)}"
    row = db.execute(f"SELECT id, text FROM documents WHERE {live}", (document,)).fetchone()
    if row is None:
        return {}
    key, text = row
    lengths, wanted = {each.length for each in anchors}, {each.sentence for each in anchors}
    places: dict[str, list[tuple[int, int]]] = {}
    for sentence, start, end in db.execute('SELECT id, start, "end" FROM sentences WHERE document = ?', (key,)):
        if end - start in lengths and (digest := digest_of(text[start:end], digits)) in wanted:
            places.setdefault(digest, []).append((sentence, start))
    used = set(taken)
    by_line = {each.line: each for each in anchors}
    pairs = sorted(
        (abs(start + each.place - each.start), each.line, sentence)
        for each in anchors
        for sentence, start in places.get(each.sentence, ())
    )
    found: dict[int, int] = {}
    for _, line, sentence in pairs:
        if line in found:
            continue
        each, row = by_line[line], (sentence,)
        if each.size is not None:
            sql = 'SELECT id FROM occurrences WHERE sentence = ? AND start = ? AND "end" = ?'
            row = db.execute(sql, (sentence, each.place, each.place + each.size)).fetchone()
        if row is not None and row[0] not in used:
            used.add(row[0])
            found[line] = row[0]
    return found
