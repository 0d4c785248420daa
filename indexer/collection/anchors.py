"""Anchors: where a line is, in terms that hold when its document is indexed again, or its collection encoded again.

An id of an occurrence or a sentence is never used again in one database. It means nothing in another database, such as
that of a collection that was encoded again. An anchor is a document, the text of a sentence and a place in it.
"""

from __future__ import annotations

import hashlib
import heapq
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .schema import State, in_batches

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
    lengths, digests = {each.length for each in anchors}, {each.sentence for each in anchors}
    sentences: dict[int, tuple[int, str]] = {}
    for sentence, start, end in db.execute('SELECT id, start, "end" FROM sentences WHERE document = ?', (key,)):
        if end - start in lengths and (digest := digest_of(text[start:end], digits)) in digests:
            sentences[sentence] = start, digest
    wanted: dict[tuple[str, int, int | None], list[tuple[int, int]]] = {}
    for each in anchors:
        wanted.setdefault((each.sentence, each.place, each.size), []).append((each.start - each.place, each.line))
    there: dict[tuple[str, int, int | None], list[tuple[int, int, int]]] = {}
    rows: Iterator[tuple[int, int, int, int | None]] = ((each, each, 0, None) for each in sentences)
    if any(each.size is not None for each in anchors):
        sql = 'SELECT id, sentence, start, "end" - start FROM occurrences WHERE sentence IN ({})'
        rows = in_batches(db, sql, list(sentences))
    used = set(taken)
    for found, sentence, place, size in rows:
        start, digest = sentences[sentence]
        if found not in used and (digest, place, size) in wanted:
            there.setdefault((digest, place, size), []).append((start, sentence, found))
    return {line: found for same, of in there.items() for line, found in _nearest(wanted[same], of)}


def _nearest(anchors: Sequence[tuple[int, int]], lines: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Pair anchors of equal words with lines, the nearest pair first. Each is used once.

    The nearest pair is always next to each other in the text. So only neighbours are compared, since a document may
    have one sentence thousands of times.

    Args:
        anchors: Offset of the sentence, and number, of each.
        lines: Offset of the sentence, its id, and the id of the line, of each.

    Yields:
        Number of an anchor, and id of its line.
    """
    stacks: dict[tuple[int, bool], list[tuple[int, int]]] = {}
    for start, line in sorted(anchors, reverse=True):  # those at one place are used in ascending order
        stacks.setdefault((start, False), []).append((line, line))
    for start, sentence, found in sorted(lines, reverse=True):
        stacks.setdefault((start, True), []).append((sentence, found))
    order = sorted(stacks)
    places = [stacks[each] for each in order]
    before, after = list(range(-1, len(order) - 1)), list(range(1, len(order) + 1))
    nearest: list[tuple[int, int, int, int, int]] = []

    def compare(left: int, right: int) -> None:
        if left >= 0 and right < len(order) and order[left][1] != order[right][1]:
            anchor, line = (left, right) if order[right][1] else (right, left)
            distance = order[right][0] - order[left][0]
            heapq.heappush(nearest, (distance, places[anchor][-1][0], places[line][-1][0], left, right))

    for left in range(len(order) - 1):
        compare(left, left + 1)
    while nearest:
        _, *names, left, right = heapq.heappop(nearest)
        if not places[left] or not places[right]:
            continue
        anchor, line = (left, right) if order[right][1] else (right, left)
        if names == [places[anchor][-1][0], places[line][-1][0]]:
            yield places[anchor].pop()[1], places[line].pop()[1]
            for place in (left, right):
                if not places[place]:
                    if before[place] >= 0:
                        after[before[place]] = after[place]
                    if after[place] < len(order):
                        before[after[place]] = before[place]
        compare(left if places[left] else before[left], right if places[right] else after[right])
