"""Check a collection's files and database against each other. Nothing is encoded and nothing is changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from ..vectors.rows import SCAN_ROWS
from .schema import DATABASE_NAME
from .segment import INDEX_FILES, Segment, damaged_files
from .snapshot import Snapshot

_REENCODE = "run `polyseme reencode`"
_RESTORE = f"restore it from a copy or {_REENCODE}"


def check_storage(path: Path, db: sqlite3.Connection, snapshot: Snapshot) -> list[str]:
    """Return what is wrong with the collection at `path`, one line per problem.

    SQLite checks its own file. Then the size and checksum of every segment file, the ranges and ids of every segment,
    and the references between the tables are checked.
    """
    problems: list[str] = []
    (answer,) = db.execute("PRAGMA quick_check").fetchone()
    if answer != "ok":
        problems.append(f"{path / DATABASE_NAME}: {answer}; restore it from a copy")
    for segment in snapshot.segments.values():
        for name, problem in damaged_files(segment.folder, segment.files).items():
            next_step = "run `polyseme verify --repair`" if name in INDEX_FILES else _REENCODE
            problems.append(f"{segment.folder / name} {problem}; {next_step}")
        problems += _check_segment(db, segment)
    return problems + _check_rows(db)


def _check_segment(db: sqlite3.Connection, segment: Segment) -> list[str]:
    problems = []
    name = segment.folder
    ranges = db.execute("SELECT type, first, count FROM ranges WHERE segment = ? ORDER BY first", (segment.key,))
    end = 0
    for type_id, first, count in ranges.fetchall():
        ids = np.asarray(segment.token_ids[first : first + count])
        if first != end or len(ids) != count or (np.diff(ids) <= 0).any():
            problems.append(f"{name}: the range of type {type_id} does not fit the vectors; {_REENCODE}")
        end = first + count
    if end != len(segment.tokens) or len(segment.token_ids) != end or len(segment.token_sentences) != end:
        problems.append(f"{name}: {end} occurrences in ranges, {len(segment.tokens)} vectors; {_REENCODE}")
    if (np.diff(segment.sentence_ids) <= 0).any() or len(segment.sentence_ids) != len(segment.sentences):
        problems.append(f"{name}: sentence ids do not fit the vectors; {_REENCODE}")
    parts = (segment.tokens[first : first + SCAN_ROWS] for first in range(0, len(segment.tokens), SCAN_ROWS))
    if not all(np.isfinite(part).all() for part in parts):
        problems.append(f"{name}: vectors that are not finite; {_REENCODE}")
    return problems


def _check_rows(db: sqlite3.Connection) -> list[str]:
    checks = {
        "occurrences without a sentence": "occurrences o LEFT JOIN sentences s ON s.id = o.sentence WHERE s.id IS NULL",
        "occurrences without a type": "occurrences o LEFT JOIN types t ON t.id = o.type WHERE t.id IS NULL",
        "sentences without a document": "sentences s LEFT JOIN documents d ON d.id = s.document WHERE d.id IS NULL",
        "occurrences outside their sentence": "occurrences o JOIN sentences s ON s.id = o.sentence"
        ' WHERE o."end" > s."end" - s.start OR o.start >= o."end"',
    }
    problems = []
    for what, sql in checks.items():
        (count,) = db.execute(f"SELECT count(*) FROM {sql}").fetchone()
        if count:
            problems.append(f"{DATABASE_NAME}: {count} {what}; {_RESTORE}")
    # SQLite's length() stops at a NUL character, so Python measures the texts.
    ends = db.execute(
        'SELECT d.document_id, d.text, max(s."end") FROM sentences s'
        " JOIN documents d ON d.id = s.document GROUP BY d.id"
    )
    problems += [
        f"{DATABASE_NAME}: sentences outside the text of {document!r}; {_RESTORE}"
        for document, text, end in ends
        if end > len(text)
    ]
    (stored,) = db.execute("SELECT coalesce(sum(count), 0) FROM ranges").fetchone()
    (rows,) = db.execute("SELECT count(*) FROM occurrences").fetchone()
    if rows < stored:
        problems.append(f"{DATABASE_NAME}: {rows} occurrences, but {stored} vectors; {_REENCODE}")
    return problems


def stored_positions(db: sqlite3.Connection, segment: Segment, sentence: int) -> list[tuple[int, int]]:
    """Return (row in the segment, position in the sentence) of each stored occurrence of a sentence."""
    rows = db.execute(
        "SELECT o.id, o.position, r.first, r.count FROM occurrences o JOIN ranges r ON r.type = o.type"
        " WHERE o.sentence = ? AND r.segment = ?",
        (sentence, segment.key),
    ).fetchall()
    found = [(segment.token_row(key, first, count), position) for key, position, first, count in rows]
    return [(row, position) for row, position in found if row is not None]
