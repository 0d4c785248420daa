"""The places of judged lines: their anchors in documents, and how they are found again after a document has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ..errors import QueryError
from .anchors import Anchor, digest_of, find_again
from .judgement_records import (
    FOUND,
    LONGEST_CONTEXT,
    SEPARATOR,
    TABLES,
    has_judgements,
    number_in,
    sound_sql,
)
from .schema import State, in_batches


def line_numbers(db: sqlite3.Connection, occurrences: Sequence[int]) -> dict[int, int]:
    """Return the number of the line of each occurrence. Lines that are new get one. The caller owns the transaction.

    Raises:
        QueryError: An occurrence is not in the collection.
    """
    ids = list(dict.fromkeys(occurrences))
    sql = (
        'SELECT o.id, o.start, o."end", s.start, s."end", d.id, d.document_id, t.lemma FROM occurrences o'
        " JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document JOIN types t ON t.id = o.type"
        f" WHERE d.state = {int(State.LIVE)} AND o.id IN ({{}})"
    )
    rows = {row[0]: row[1:] for row in in_batches(db, sql, ids)}
    if missing := [key for key in ids if key not in rows]:
        raise QueryError(f"occurrence {missing[0]} is not in the collection; search again for its number")
    relocate(db, sorted({row[5] for row in rows.values()}))
    known = dict(in_batches(db, f"SELECT o.id, l.id FROM {FOUND} WHERE o.id IN ({{}})", ids))
    texts: dict[int, str] = {}
    for key in sorted(set(ids) - set(known), key=lambda key: (rows[key][4], key)):
        start, end, first, last, document, name, lemma = rows[key]
        if document not in texts:
            texts = {document: db.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()[0]}
        sentence = texts[document][first:last]
        sides = sentence[:start][-LONGEST_CONTEXT:], sentence[start:end], sentence[end:][:LONGEST_CONTEXT]
        context = SEPARATOR.join(side.replace(SEPARATOR, " ") for side in sides)
        known[key] = number_in(
            db.execute(
                "INSERT INTO judged_lines (document, start, sentence, length, place, form, lemma, context, occurrence)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, first + start, digest_of(sentence), last - first, start, sides[1], lemma, context, key),
            ).lastrowid
        )
    return known


def relocate(db: sqlite3.Connection, documents: Sequence[str] | None = None) -> None:
    """Find lines again whose documents were indexed again. The caller owns the transaction.

    A line is found by its document, the text of its sentence, its place in the sentence and its form. Of several equal
    sentences, the nearest one that has no other line counts. A line that is not found, or is damaged, stays as it was.

    Args:
        documents: Ids of the only documents to look at. None for all.
    """
    if not has_judgements(db):
        return
    # As bytes, since a text that is not UTF-8 would end the query.
    sql = (
        "SELECT CAST(document AS BLOB), id, start, CAST(sentence AS BLOB), length, place, CAST(form AS BLOB)"
        f" FROM judged_lines WHERE {{}} AND {sound_sql('judged_lines')}"
        f" AND NOT EXISTS (SELECT 1 FROM {FOUND} WHERE l.id = judged_lines.id) ORDER BY document, id"
    )
    if documents is None:
        rows: Iterable[Sequence[object]] = db.execute(sql.format("1 = 1")).fetchall()
    else:
        rows = list(in_batches(db, sql.replace("{}", "document IN ({})"), documents))
    lost: dict[str, list[Anchor]] = {}
    for row in rows:
        with suppress(UnicodeDecodeError):
            values: list[Any] = [value.decode() if isinstance(value, bytes) else value for value in row]
            document, line, start, sentence, length, place, form = values
            lost.setdefault(document, []).append(Anchor(line, start, sentence, length, place, len(form)))
    for document, anchors in lost.items():
        taken = {key for (key,) in db.execute(f"SELECT o.id FROM {FOUND} WHERE l.document = ?", (document,))}
        for line, occurrence in find_again(db, document, anchors, taken).items():
            db.execute("UPDATE judged_lines SET occurrence = ? WHERE id = ?", (occurrence, line))


def copy_judgements(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Copy all judgements of a collection into one that was encoded again. The caller owns the transaction of `new`."""
    for table, columns in TABLES.items():
        new.execute(f"DELETE FROM {table}")
        if has_judgements(old):
            marks = ", ".join("?" * len(columns.split(", ")))
            rows = old.execute(f"SELECT {columns} FROM {table} ORDER BY id")
            new.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    new.execute("UPDATE judged_lines SET occurrence = NULL")
    relocate(new)
