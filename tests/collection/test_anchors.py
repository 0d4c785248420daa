"""Lines are found again by their anchors, the nearest of several equal sentences first."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.collection.anchors import Anchor, digest_of, find_again
from polyseme.indexer.collection.schema import State

TEXT = "Yes yes."
"""A sentence of two equal words, at 0 and 4."""
WORDS = ((0, 3), (4, 3))
TABLES = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, document_id TEXT, text TEXT, state INTEGER);
CREATE TABLE sentences (id INTEGER PRIMARY KEY, document INTEGER, start INTEGER, "end" INTEGER);
CREATE TABLE occurrences (id INTEGER PRIMARY KEY, sentence INTEGER, start INTEGER, "end" INTEGER);
CREATE INDEX of_sentence ON occurrences (sentence);
"""


def stored(gaps: list[int]) -> tuple[sqlite3.Connection, list[int]]:
    """Return a database of one document that has a sentence again and again, and where it has it."""
    text, starts = "", []
    for gap in gaps:
        text += " " * gap
        starts.append(len(text))
        text += TEXT
    db = sqlite3.connect(":memory:")
    db.executescript(TABLES)
    db.execute("INSERT INTO documents VALUES (1, 'a', ?, ?)", (text, int(State.LIVE)))
    for number, start in enumerate(starts, start=1):
        db.execute("INSERT INTO sentences VALUES (?, 1, ?, ?)", (number, start, start + len(TEXT)))
        for place, size in WORDS:
            row = (2 * number + (place > 0), number, place, place + size)
            db.execute("INSERT INTO occurrences VALUES (?, ?, ?, ?)", row)
    return db, starts


def anchor(line: int, sentence: int, place: int | None) -> Anchor:
    size = None if place is None else 3
    return Anchor(line, sentence + (place or 0), digest_of(TEXT), len(TEXT), place or 0, size)


def by_all_pairs(starts: list[int], anchors: list[Anchor], taken: set[int]) -> dict[int, int]:
    """Compare each anchor with each sentence, the nearest pair first."""
    pairs = sorted(
        (abs(start + each.place - each.start), each.line, number, each.place, each.size)
        for each in anchors
        for number, start in enumerate(starts, start=1)
    )
    found: dict[int, int] = {}
    for _, line, number, place, size in pairs:
        key = number if size is None else 2 * number + (place > 0)
        if (place, size) in (*WORDS, (0, None)) and line not in found and key not in {*taken, *found.values()}:
            found[line] = key
    return found


@given(
    st.lists(st.integers(0, 9), max_size=8),
    st.lists(st.tuples(st.integers(0, 120), st.sampled_from([0, 4, 5])), max_size=10),
    st.booleans(),
    st.sets(st.integers(1, 17), max_size=4),
)
def test_nearest_of_equal_sentences_is_found(
    gaps: list[int], wanted: list[tuple[int, int]], of_sentences: bool, taken: set[int]
) -> None:
    db, starts = stored(gaps)
    anchors = [anchor(line, at, None if of_sentences else place) for line, (at, place) in enumerate(wanted)]
    assert find_again(db, "a", anchors, taken) == by_all_pairs(starts, anchors, taken)
    db.close()


def test_thousands_of_equal_sentences_are_found() -> None:
    """All pairs of these would be four hundred million."""
    db, starts = stored([1] * 20_000)
    anchors = [anchor(line, start + 700, 4) for line, start in enumerate(starts)]
    found = find_again(db, "a", anchors, [])
    assert sorted(found) == list(range(20_000))
    assert sorted(found.values()) == [2 * number + 1 for number in range(1, 20_001)]
    db.close()
