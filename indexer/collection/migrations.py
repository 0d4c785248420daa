"""Create the tables of a collection, and update them when it is opened for writing.

A table that older programs can do without is added by a migration and needs no new format version. This module is
apart from `schema.py`, since sqlite-utils imports pandas if it is installed. Readers do not import this module.
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database, Migrations

from .schema import State, connect
from .views import VIEWS
from .write_log import CACHE_BYTES

migrations = Migrations("polyseme")


@migrations()
def format_1(db: Database) -> None:
    """Create the tables of format version 1."""
    db.table("settings").create({"key": str, "value": str}, pk="key", not_null={"value"})
    db.table("arrays").create({"name": str, "data": bytes}, pk="name", not_null={"data"})
    db.table("prototypes").create({"name": str, "data": str}, pk="name", not_null={"data"})  # named senses
    db.table("segments").create(
        {"id": int, "name": str, "sentences": int, "occurrences": int, "files": str},
        pk="id",
        not_null={"name", "sentences", "occurrences", "files"},
    )
    db.table("documents").create(
        {
            "id": int,
            "document_id": str,
            "title": str,
            "metadata": str,
            "content_hash": str,
            "root": str,
            "source": str,
            "state": int,
            "text": str,  # last, so that SQLite reads the other columns without the pages of a long text
        },
        pk="id",
        not_null={"document_id", "title", "text", "metadata", "content_hash", "state"},
    )
    db.execute(f"CREATE UNIQUE INDEX documents_live ON documents (document_id) WHERE state = {int(State.LIVE)}")
    db.execute("CREATE INDEX documents_by_id ON documents (document_id)")
    db.execute(
        "CREATE TABLE metadata (field TEXT NOT NULL, value TEXT NOT NULL, document INTEGER NOT NULL,"
        " PRIMARY KEY (field, value, document)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX metadata_by_document ON metadata (document)")
    db.table("sentences").create(
        {"id": int, "document": int, "position": int, "start": int, "end": int},
        pk="id",
        not_null={"document", "position", "start", "end"},
    )
    db.execute("CREATE INDEX sentences_by_document ON sentences (document, position)")
    db.table("types").create(
        {"id": int, "form": str, "lemma": str, "vector": bytes}, pk="id", not_null={"form", "lemma", "vector"}
    )
    db.execute("CREATE UNIQUE INDEX types_by_form ON types (form, lemma)")
    db.execute("CREATE INDEX types_by_lemma ON types (lemma)")
    db.table("occurrences").create(
        {"id": int, "sentence": int, "position": int, "start": int, "end": int, "type": int},
        pk="id",
        not_null={"sentence", "position", "start", "end", "type"},
    )
    db.execute("CREATE INDEX occurrences_by_sentence ON occurrences (sentence, position)")
    db.execute(
        "CREATE TABLE ranges (type INTEGER NOT NULL, segment INTEGER NOT NULL, first INTEGER NOT NULL,"
        " count INTEGER NOT NULL, PRIMARY KEY (type, segment)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX ranges_by_segment ON ranges (segment)")


@migrations()
def annotation_table(db: Database) -> None:
    """Create the table of sentences, tokens, lemmas and tags that documents bring."""
    db.execute(
        'CREATE TABLE annotations (document INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,'
        " loose INTEGER NOT NULL, tokens TEXT NOT NULL, PRIMARY KEY (document, start)) WITHOUT ROWID"
    )


@migrations()
def word_table(db: Database) -> None:
    """Create the table of words, which the tokens of a stream refer to."""
    db.table("words").create(
        {"id": int, "form": str, "lemma": str, "pos": str, "tag": str},
        pk="id",
        not_null={"form", "lemma", "pos", "tag"},
    )
    db.execute("CREATE INDEX words_by_form ON words (form)")


@migrations()
def dictionary_tables(db: Database) -> None:
    """Create the tables of dictionaries and their senses."""
    db.execute("CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, about TEXT NOT NULL)")
    db.execute(
        "CREATE TABLE dictionary_senses (dictionary INTEGER NOT NULL, lemma TEXT NOT NULL, position INTEGER NOT NULL,"
        " sense TEXT NOT NULL, word TEXT NOT NULL, pos TEXT NOT NULL, definition TEXT NOT NULL,"
        " examples TEXT NOT NULL, frequency INTEGER NOT NULL, concept TEXT NOT NULL, source TEXT NOT NULL,"
        " size INTEGER NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (dictionary, lemma, position)) WITHOUT ROWID"
    )
    db.execute("CREATE UNIQUE INDEX dictionary_senses_by_id ON dictionary_senses (dictionary, sense)")


@migrations()
def reading_views(db: Database) -> None:
    """Create the index that finds the hits of a word in the views for people."""
    db.execute("CREATE INDEX IF NOT EXISTS occurrences_by_type ON occurrences (type)")


@migrations()
def subcorpus_table(db: Database) -> None:
    """Create the table of filters that are kept under a name."""
    db.execute("CREATE TABLE subcorpora (name TEXT PRIMARY KEY, filters TEXT NOT NULL)")


@migrations()
def judgement_tables(db: Database) -> None:
    """Create the tables of what people judge about lines: the lines, the events of the log, and its rows."""
    db.execute(
        "CREATE TABLE judged_lines (id INTEGER PRIMARY KEY, document TEXT NOT NULL, start INTEGER NOT NULL,"
        " sentence TEXT NOT NULL, length INTEGER NOT NULL, place INTEGER NOT NULL, form TEXT NOT NULL,"
        " lemma TEXT NOT NULL, context TEXT NOT NULL, occurrence INTEGER)"
    )
    db.execute("CREATE INDEX judged_lines_by_occurrence ON judged_lines (occurrence)")
    db.execute("CREATE INDEX judged_lines_by_document ON judged_lines (document)")
    db.execute("CREATE INDEX judged_lines_by_lemma ON judged_lines (lemma)")
    db.execute(
        "CREATE TABLE judgement_events (id INTEGER PRIMARY KEY, author TEXT NOT NULL, time TEXT NOT NULL,"
        " action TEXT NOT NULL, target INTEGER)"
    )
    db.execute("CREATE INDEX judgement_events_by_author ON judgement_events (author)")
    db.execute(
        "CREATE TABLE judgements (id INTEGER PRIMARY KEY, event INTEGER NOT NULL, line INTEGER, sense INTEGER,"
        " field TEXT NOT NULL, value TEXT)"
    )
    db.execute("CREATE INDEX judgements_by_line ON judgements (line)")
    db.execute("CREATE INDEX judgements_by_sense ON judgements (sense)")
    db.execute("CREATE INDEX judgements_by_event ON judgements (event)")


@migrations()
def words_of_occurrences(db: Database) -> None:
    """Add the word of each occurrence, whose part of speech a view shows. It is null for what was indexed before."""
    db.execute("ALTER TABLE occurrences ADD COLUMN word INTEGER")


@migrations()
def annotation_view(db: Database) -> None:
    """Create the view of annotated lines, and make views again whose text has changed.

    A table that has the name of a view stays.
    """
    for name, sql in VIEWS.items():
        for (stored,) in db.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?", (name,)
        ).fetchall():
            if stored != sql:
                db.execute(f"DROP VIEW {name}")
        db.execute(sql.replace("CREATE VIEW", "CREATE VIEW IF NOT EXISTS", 1))


@migrations()
def selection_table(db: Database) -> None:
    """Create the table of lists of lines that are kept under a name.

    They are blobs, whose lengths SQLite knows without reading them.
    """
    db.execute(
        "CREATE TABLE selections (name TEXT PRIMARY KEY, used TEXT NOT NULL, lines BLOB NOT NULL, ids BLOB NOT NULL)"
    )


def connect_to_write(path: Path) -> Database:
    """Open or create the database file, and bring its tables up to date.

    Nothing is moved from the write-ahead log to the database, so that `Writer.checkpoint` sees each frame first. A
    migration may write more than SQLite's usual log holds.
    """
    db = Database(connect(path))
    db.execute(f"PRAGMA cache_size = -{CACHE_BYTES // 1024}")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    migrations.apply(db)
    return db
