"""Rebuild rows of a database from its documents: the keyword index, the table of metadata, titles and counters.

Damaged selections are removed. Nothing else has their lines.
"""

from __future__ import annotations

from ..values import text_of
from .content import counted_tables
from .damage import reading_rows
from .findings import Repair
from .records import read_metadata
from .rows import insert_metadata
from .schema import read_settings, write_settings
from .selections import delete_damaged_selections
from .writer import Writer, storage_errors


def repair_rows(writer: Writer, repairs: set[Repair]) -> None:
    """Rebuild or remove what a verification found wrong, in one transaction.

    Raises:
        CollectionError: The disk is full, or the database is too damaged to be changed.
    """
    with reading_rows(writer.path), storage_errors(writer.path), writer.db.atomic():
        if Repair.KEYWORDS in repairs:
            _rebuild_keywords(writer)
        if Repair.METADATA in repairs:
            _rebuild_metadata(writer)
        if Repair.TITLES in repairs:
            _rebuild_titles(writer)
        if Repair.COUNTERS in repairs:
            _rebuild_counters(writer)
        if Repair.SELECTIONS in repairs:
            delete_damaged_selections(writer.db.conn)
        writer.next_generation()


def _rebuild_keywords(writer: Writer) -> None:
    db = writer.db.conn
    db.execute("INSERT INTO sentences_fts (sentences_fts) VALUES ('delete-all')")
    for (key,) in db.execute("SELECT id FROM documents ORDER BY id").fetchall():
        (text,) = db.execute("SELECT text FROM documents WHERE id = ?", (key,)).fetchone()
        spans = db.execute('SELECT id, start, "end" FROM sentences WHERE document = ? ORDER BY position', (key,))
        db.executemany(
            "INSERT INTO sentences_fts (rowid, text) VALUES (?, ?)",
            [(sentence, text[start:end]) for sentence, start, end in spans],
        )


def _rebuild_metadata(writer: Writer) -> None:
    db = writer.db.conn
    db.execute("DELETE FROM metadata")
    for key, metadata in db.execute("SELECT id, metadata FROM documents").fetchall():
        insert_metadata(db, key, read_metadata(metadata).items())


def _rebuild_titles(writer: Writer) -> None:
    db = writer.db.conn
    for key, document, metadata in db.execute("SELECT id, document_id, metadata FROM documents").fetchall():
        title = text_of(read_metadata(metadata).get("title", document))
        db.execute("UPDATE documents SET title = ? WHERE id = ? AND title != ?", (title, key, title))


def _rebuild_counters(writer: Writer) -> None:
    settings = read_settings(writer.db.conn)
    for name, table in counted_tables(settings).items():
        (largest,) = writer.db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        known = settings.get(name)
        if not isinstance(known, int) or known <= largest:
            write_settings(writer.db.conn, {name: largest + 1})
