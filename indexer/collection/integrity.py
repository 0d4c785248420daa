"""Check the files of a collection, the structure of its database, and the references between its tables.

`content.py` checks what the rows say. Nothing is encoded and nothing is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import CollectionError
from ..vectors.rows import SCAN_ROWS, TokenRows
from .checksums import REPAIR, RESTORE, damaged_files, records_of
from .findings import REENCODE, Findings
from .paths import segment_folder
from .schema import DATABASE_NAME, connect
from .segment import DERIVED_FILES, VECTOR_FILES, Segment
from .snapshot import Snapshot
from .stream import TokenStream


def check_storage(path: Path, db: sqlite3.Connection, snapshot: Snapshot) -> tuple[list[str], list[Segment]]:
    """Check the files of a collection, and the rows that refer to them.

    SQLite checks its own file. Then the size and checksum of every segment file, the ranges and ids of every segment,
    and the references between the tables are checked.

    Returns:
        What is wrong, one line per problem, and the segments whose vector files are sound.
    """
    problems: list[str] = []
    sound: list[Segment] = []
    try:
        (answer,) = db.execute("PRAGMA quick_check").fetchone()
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        problems.append(f"{path / DATABASE_NAME}: {' '.join(str(answer).split())[:160]}; restore it from a copy")
    for segment in snapshot.segments.values():
        damaged = damaged_files(segment.folder, segment.files)
        found = _file_problems(segment.folder, damaged)
        if not set(damaged).intersection(VECTOR_FILES):
            findings = Findings()
            with findings.reading(f"segment {segment.folder.name}"):
                found += _check_segment(db, segment)
            found += findings.lines()
            sound.append(segment)
        if found and _is_named(path, segment):
            problems += found
    findings = Findings()
    with findings.reading("the references between tables"):
        problems += _check_rows(db)
    return problems + findings.lines(), sound


def check_files(path: Path, db: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the files of all segments, one line per problem. No segment is opened."""
    problems = []
    for name, files in db.execute("SELECT name, files FROM segments ORDER BY id").fetchall():
        try:
            folder = segment_folder(path, name)
            problems += _file_problems(folder, damaged_files(folder, records_of(files, path)))
        except CollectionError as error:
            problems.append(str(error))
    return problems


def _file_problems(folder: Path, damaged: Mapping[str, str]) -> list[str]:
    return [
        f"{folder / name} {problem}; {REPAIR if name in DERIVED_FILES else REENCODE}"
        for name, problem in damaged.items()
    ]


def _is_named(path: Path, segment: Segment) -> bool:
    """Return whether the newest state of the collection has a segment. Compaction removes files of older states."""
    db = connect(path / DATABASE_NAME, readonly=True)
    try:
        row = db.execute("SELECT files FROM segments WHERE id = ?", (segment.key,)).fetchone()
    finally:
        db.close()
    return row is not None and records_of(row[0], path) == segment.files


def _check_segment(db: sqlite3.Connection, segment: Segment) -> list[str]:
    problems = []
    name = segment.folder
    ranges = db.execute("SELECT type, first, count FROM ranges WHERE segment = ? ORDER BY first", (segment.key,))
    end = 0
    for type_id, first, count in ranges.fetchall():
        ids = np.asarray(segment.token_ids[first : first + count])
        if first != end or len(ids) != count or (np.diff(ids) <= 0).any():
            problems.append(f"{name}: the range of type {type_id} does not fit the vectors; {REENCODE}")
        end = first + count
    if end != len(segment.tokens) or len(segment.token_ids) != end or len(segment.token_sentences) != end:
        problems.append(f"{name}: {end} occurrences in ranges, {len(segment.tokens)} vectors; {REENCODE}")
    if (np.diff(segment.sentence_ids) <= 0).any() or len(segment.sentence_ids) != len(segment.products):
        problems.append(f"{name}: sentence ids do not fit the vectors; {REENCODE}")
    if segment.stream is not None:
        problems += [f"{name}: {problem}; {REENCODE}" for problem in _stream_problems(db, segment, segment.stream)]
    if not all(map(_is_finite, (segment.tokens, segment.products, segment.defaults))):
        problems.append(f"{name}: vectors that are not finite; {REENCODE}")
    return problems


def _stream_problems(db: sqlite3.Connection, segment: Segment, stream: TokenStream) -> list[str]:
    """Return what is wrong with a stream: its order, its words, or the tokens of its occurrences."""
    problems = [problem] if (problem := stream.order_problem()) else []
    known = np.array([key for (key,) in db.execute("SELECT id FROM words ORDER BY id")], np.int64)
    if lost := int((~np.isin(stream.word_ids, known)).sum()):
        problems.append(f"{lost} of its words are not in the database")
    places = np.asarray(stream.token_places.whole())
    if len(places) == len(segment.token_sentences):
        wrong = int((stream.sentences_of(places) != np.asarray(segment.token_sentences.whole())).sum())
        if wrong:
            problems.append(f"{wrong} occurrences are tokens of another sentence")
    return problems


def _is_finite(vectors: TokenRows) -> bool:
    """Return whether all numbers of stored vectors are finite. A part of the rows is in memory at a time."""
    parts = (vectors[first : first + SCAN_ROWS] for first in range(0, len(vectors), SCAN_ROWS))
    with np.errstate(invalid="ignore"):
        return all(bool(np.isfinite(part).all()) for part in parts)


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
            problems.append(f"{DATABASE_NAME}: {count} {what}; {RESTORE}")
    (stored,) = db.execute("SELECT coalesce(sum(count), 0) FROM ranges").fetchone()
    (rows,) = db.execute("SELECT count(*) FROM occurrences").fetchone()
    if rows < stored:
        problems.append(f"{DATABASE_NAME}: {rows} occurrences, but {stored} vectors; {REENCODE}")
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
