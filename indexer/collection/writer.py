"""Write to a collection: one writer at a time, one SQLite transaction per commit.

A commit first writes the segment's files to a temporary folder, flushes them and renames the folder. Then one
transaction inserts the rows and names the segment. If the process dies before the transaction, the files are named by
no row. They are deleted when the collection is next opened for writing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from safetensors.numpy import save

from ..errors import CollectionError
from ..values import Value, text_of
from ..vectors.arrays import Array
from ..vectors.rows import sense_word_rows
from ..vectors.transforms import DEFAULT, SENTENCE, Transform
from .checksums import FileRecord
from .damage import damaged, reading_rows
from .database_check import SumsKeeper
from .database_file import DatabaseFile
from .dictionaries import StoredDictionary, StoredSense, delete_dictionary, insert_dictionary
from .judgements import (
    NAMED_SENSE,
    Event,
    change_named_sense,
    copy_judgements,
    read_event,
    redo,
    relocate,
    undo,
)
from .lock import WriteLock
from .paths import SEGMENTS, check_not_shared, free_segment, remove_unnamed, segment_name
from .queries import count_sentences
from .records import DocumentPart, StoredDocument, read_metadata
from .replacement import finish
from .rows import (
    Types,
    arrange,
    arrange_stream,
    find_types,
    insert_documents,
    insert_metadata,
    insert_occurrences,
    insert_sentences,
    insert_types,
)
from .schema import (
    DATABASE_NAME,
    NEXT_WORD,
    ONE_VECTOR_VERSION,
    STREAM_VERSION,
    State,
    checked_settings,
    read_settings,
    write_settings,
)
from .segment import write_segment
from .selections import LineList, copy_selections, keep_selection, touch_selection
from .stream import distinct_words
from .subcorpora import delete_subcorpus, write_subcorpus
from .words import find_words, insert_words
from .write_log import log_path

if TYPE_CHECKING:
    from ..documents import Document

CHECKPOINT_BYTES = 4 * 2**20
"""Size of the write-ahead log at which a commit moves it to the database."""
Changed = TypeVar("Changed")
DOCUMENT_COLUMNS = "id, document_id, title, metadata, content_hash, root, source"


def stored_document(row: Sequence[object], sentences: int) -> StoredDocument:
    """Return the record of a row of `documents` with the columns `DOCUMENT_COLUMNS`."""
    key, document_id, title, metadata, content_hash, root, source = row
    return StoredDocument(
        int(str(key)),
        str(document_id),
        str(title),
        read_metadata(metadata),
        str(content_hash),
        None if root is None else str(root),
        None if source is None else str(source),
        sentences,
    )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, or a database that cannot be written, into a `CollectionError` with the next step."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise CollectionError(f"{path}: {error}; what was committed is intact, fix this and run again") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        raise CollectionError(f"{path}: {reason}; what was committed is intact, fix this and run again") from error
    except RuntimeError as error:  # FAISS raises this if a write fails
        if "write error" not in str(error):
            raise
        raise CollectionError(f"{path}: a file could not be written (disk full?); free space, run again") from error


class Writer:
    """The one writer of a collection, from `Collection.writing()`. It holds the lock until it is closed."""

    def __init__(self, path: Path, lock: WriteLock | None = None, wait: float = 0) -> None:
        """Take the lock, and delete segment folders that no row names.

        Args:
            lock: The lock of this collection, if the caller holds it. The caller releases it.
            wait: Maximum time to wait for another process that writes, in seconds.

        Raises:
            CollectionError: Another process is writing, or the folder cannot be written.
        """
        self.path = path
        self._lock = None if lock else WriteLock(path, wait)
        with contextlib.ExitStack() as opened:
            opened.callback(self._release)
            with storage_errors(path):
                self._open(opened)
            opened.pop_all()

    def _open(self, opened: contextlib.ExitStack) -> None:
        """Open the database, and delete segment folders that no row names.

        Args:
            opened: Collects what must be closed if a later step fails.
        """
        from .migrations import connect_to_write

        database = self.path / DATABASE_NAME
        check_not_shared(database)
        finish(self.path)
        self._file = DatabaseFile(database)
        opened.callback(self._file.close)
        self.sums = SumsKeeper(self.path, self._file)
        opened.callback(self.sums.restore)
        self.db = connect_to_write(database)
        opened.callback(self.db.close)
        checked_settings(self.db.conn, self.path)
        named = {segment_name(self.path, name) for (name,) in self.db.execute("SELECT name FROM segments")}
        remove_unnamed(self.path, named)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def close(self) -> None:
        """Close the database and release the lock."""
        try:
            self._finish()
        finally:
            self.db.close()
            self._file.close()
            self._release()

    def _finish(self) -> None:
        """Merge the write-ahead log into the database, and write the checksums of the database.

        A copy of one file, or a folder on a read-only medium, is then complete. If a reader is active, the log stays
        and belongs to the collection.
        """
        with contextlib.suppress(sqlite3.Error, OSError):  # what was committed is safe without them
            self.db.execute("PRAGMA busy_timeout = 0")
            self.sums.note_changes()
            (is_busy, *_) = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                (generation,) = self.db.execute("SELECT value FROM settings WHERE key = 'generation'").fetchone()
                self.sums.finish(int(generation))

    def checkpoint(self) -> None:
        """Move what was committed from the write-ahead log to the database, if the log has grown."""
        log = log_path(self.path / DATABASE_NAME)
        with storage_errors(self.path):
            if log.exists() and log.stat().st_size > CHECKPOINT_BYTES:
                self.sums.note_changes()
                self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def find(self, document_id: str, state: State = State.LIVE) -> StoredDocument | None:
        """Return the live (or pending) document with an id, or None."""
        with reading_rows(self.path):
            row = self.db.execute(
                f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE document_id = ? AND state = ? ORDER BY id DESC",
                (document_id, int(state)),
            ).fetchone()
            return None if row is None else stored_document(row, count_sentences(self.db.conn, row[0]))

    def set_metadata(self, document: Document, key: int) -> None:
        """Replace title and metadata of a stored document with unchanged text."""
        with storage_errors(self.path), self.db.atomic():
            self.db.execute("DELETE FROM metadata WHERE document = ?", (key,))
            self.db.execute(
                "UPDATE documents SET title = ?, metadata = ?, content_hash = ?, root = ?, source = ? WHERE id = ?",
                (
                    document.title,
                    json.dumps(dict(document.metadata), ensure_ascii=False),
                    document.content_hash,
                    document.root,
                    document.source,
                    key,
                ),
            )
            insert_metadata(self.db.conn, key, document.metadata.items())
            self.next_generation()

    def replace_metadata(self, stored: StoredDocument, metadata: Mapping[str, Value]) -> None:
        """Replace the metadata of a stored document, and its title, which is the field `title` or the id."""
        title = text_of(metadata.get("title", stored.document_id))
        with storage_errors(self.path), self.db.atomic():
            self.db.execute("DELETE FROM metadata WHERE document = ?", (stored.key,))
            self.db.execute(
                "UPDATE documents SET title = ?, metadata = ? WHERE id = ?",
                (title, json.dumps(dict(metadata), ensure_ascii=False), stored.key),
            )
            insert_metadata(self.db.conn, stored.key, metadata.items())
            self.next_generation()

    def set_named_sense(self, name: str, data: str, author: str = "") -> None:
        """Store a named sense as JSON. It replaces one of the same name, and the author can undo that."""
        with storage_errors(self.path), self.db.atomic():
            change_named_sense(self.db.conn, author, name, data)
            self.next_generation()

    def remove_named_sense(self, name: str, author: str = "") -> bool:
        """Remove a named sense, and return whether it existed. The author can undo that."""
        with storage_errors(self.path), self.db.atomic():
            removed = change_named_sense(self.db.conn, author, name, None)
            self.next_generation()
        return removed

    def judge(self, change: Callable[[sqlite3.Connection], Changed]) -> Changed:
        """Change the annotations of lines in one transaction, and return what the function returns.

        No commit is counted, so that readers keep their caches.
        """
        with storage_errors(self.path), reading_rows(self.path), self.db.atomic():
            return change(self.db.conn)

    def undo(self, author: str, again: bool) -> Event | None:
        """Undo the last event of an author, or with `again` do the last undone one again. None if there is none."""

        def change(db: sqlite3.Connection) -> Event | None:
            number = redo(db, author) if again else undo(db, author)
            return None if number is None else read_event(db, number)

        with self.db.atomic():
            found = self.judge(change)
            if found is not None and any(field.startswith(NAMED_SENSE) for field in found.fields):
                self.next_generation()
        return found

    def copy_judgements(self, old: sqlite3.Connection) -> None:
        """Copy the annotations of lines from the database of the collection that this one replaces."""
        self.judge(lambda db: copy_judgements(old, db))

    def set_dictionary(self, found: StoredDictionary, senses: Sequence[tuple[str, StoredSense]]) -> None:
        """Store a dictionary with its senses, all or nothing. It replaces one of the same name.

        Args:
            senses: Lemma, folded as the collection's lemmas are, and sense, in the order of the dictionary.
        """
        with storage_errors(self.path), self.db.atomic():
            delete_dictionary(self.db.conn, found.name)
            insert_dictionary(self.db.conn, found, senses)
            self.next_generation()
        self.checkpoint()

    def remove_dictionary(self, name: str) -> bool:
        """Remove a dictionary, and return whether it existed."""
        with storage_errors(self.path), self.db.atomic():
            removed = delete_dictionary(self.db.conn, name)
            self.next_generation()
        self.checkpoint()
        return removed

    def set_subcorpus(self, name: str, filters: Sequence[str]) -> None:
        """Keep filters under a name. They replace those of the same name."""
        with storage_errors(self.path), self.db.atomic():
            write_subcorpus(self.db.conn, name, filters)
            self.next_generation()

    def remove_subcorpus(self, name: str) -> bool:
        """Remove a subcorpus, and return whether it existed."""
        with storage_errors(self.path), self.db.atomic():
            removed = delete_subcorpus(self.db.conn, name)
            self.next_generation()
        return removed

    def keep_selection(self, lists: Mapping[str, LineList]) -> str | None:
        """Keep lists of lines, and return their name. None if they cannot be kept. See `selections.keep_selection`."""
        return self.judge(lambda db: keep_selection(db, lists))  # it counts no commit either

    def touch_selection(self, name: str) -> None:
        """Note that a selection was opened today, so that others are removed before it."""
        self.judge(lambda db: touch_selection(db, name))

    def copy_selections(self, old: sqlite3.Connection) -> int:
        """Copy the selections of the collection that this one replaces, and return the number of damaged ones."""
        return self.judge(lambda db: copy_selections(old, db))

    def remove(self, document_ids: Sequence[str]) -> None:
        """Mark live documents as deleted, all or none.

        Raises:
            CollectionError: A document does not exist. The message names the first one.
        """
        with storage_errors(self.path), self.db.atomic():
            for document_id in dict.fromkeys(document_ids):
                changed = self.db.execute(
                    "UPDATE documents SET state = ? WHERE document_id = ? AND state = ?",
                    (int(State.DELETED), document_id, int(State.LIVE)),
                ).rowcount
                if not changed:
                    raise CollectionError(
                        f"{self.path} holds no document {document_id!r}; `polyseme documents {self.path}` lists them"
                    )
            self.next_generation()

    def find_types(self, parts: Sequence[DocumentPart]) -> Types:
        """Return the types in parts of documents. `commit` needs the vectors of the new ones."""
        entries = (sentence for part in parts for sentence in part.sentences)
        with reading_rows(self.path):
            return find_types(self.db.conn, entries, read_settings(self.db.conn)["next_type"])

    def commit(
        self,
        parts: Sequence[DocumentPart],
        types: Types,
        type_vectors: Array,
        transforms: Mapping[str, Transform],
    ) -> None:
        """Store parts of documents as one new segment, all or nothing.

        Args:
            types: The types of the parts, from `find_types`.
            type_vectors: Unit vectors of `types.new_forms`.  (new, p)
            transforms: The transforms that the vectors were made with. The first commit stores them.
        """
        if not parts:
            return
        db = self.db.conn
        with reading_rows(self.path):
            settings = read_settings(db)
            vectors = types.vectors(type_vectors)  # (T, p)
        entries = [sentence for part in parts for sentence in part.sentences]
        name = free_segment(self.path, settings["next_segment"])
        keys = self._document_keys(parts, settings["next_document"])
        data, tokens, order, type_of = arrange(parts, keys, types, settings)
        words = None
        if settings["format_version"] >= STREAM_VERSION:
            numbers = distinct_words(entry.words for entry in entries)
            with reading_rows(self.path):
                words = find_words(db, numbers, settings[NEXT_WORD])
            data = replace(data, stream=arrange_stream(entries, numbers, words.ids, order))
        read_rows = sense_word_rows(tokens, vectors, type_of, settings["word_weight"])
        with storage_errors(self.path):
            files = write_segment(self.path / SEGMENTS / name, data, read_rows)
            with self.db.atomic():
                self._store_transforms(transforms, settings["format_version"])
                segment = self.insert_segment(name, len(data.sentence_ids), len(data.token_ids), files)
                insert_documents(db, parts, keys)
                insert_sentences(db, parts, keys, settings["next_sentence"])
                insert_occurrences(db, entries, data, order, types.ids[type_of], settings["next_sentence"])
                insert_types(db, types, vectors, segment, type_of)
                relocate(db, [part.document.id for part in parts if part.last])
                counters = {
                    "next_segment": int(name) + 1,
                    "next_document": max([settings["next_document"], *(key + 1 for key in keys)]),
                    "next_sentence": settings["next_sentence"] + len(entries),
                    "next_occurrence": settings["next_occurrence"] + len(data.token_ids),
                    "next_type": settings["next_type"] + int(types.new.sum()),
                }
                if words is not None:
                    insert_words(db, words)
                    counters[NEXT_WORD] = settings[NEXT_WORD] + len(words.new)
                write_settings(db, counters)
                self.next_generation()
        self.checkpoint()

    def next_generation(self) -> None:
        """Make readers notice a change. The caller owns the transaction."""
        self.db.execute("UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")

    def _store_transforms(self, transforms: Mapping[str, Transform], version: int) -> None:
        """Store the transforms that the collection does not have yet, under the names of its format version."""
        stored = {name for (name,) in self.db.execute("SELECT name FROM arrays")}
        for name, transform in transforms.items():
            if version <= ONE_VECTOR_VERSION and name == DEFAULT:
                name = SENTENCE
            if name not in stored:
                arrays = {"mean": transform.mean}
                if transform.matrix is not None:
                    arrays["matrix"] = np.ascontiguousarray(transform.matrix)
                self.db.execute("INSERT INTO arrays (name, data) VALUES (?, ?)", (name, save(arrays)))

    def _document_keys(self, parts: Sequence[DocumentPart], next_key: int) -> list[int]:
        """Return `documents.id` of each part: that of the pending row for a continued document, else a new one."""
        keys: dict[str, int] = {}
        for part in parts:
            document = part.document
            if document.id in keys:
                continue
            pending = self.find(document.id, State.PENDING) if part.first else None
            keys[document.id] = pending.key if pending else next_key
            next_key += pending is None
        return [keys[part.document.id] for part in parts]

    def insert_segment(self, name: str, sentences: int, occurrences: int, files: dict[str, FileRecord]) -> int:
        """Name a published segment in the database. The caller owns the transaction.

        Returns:
            `segments.id` of the segment, which is never used again.
        """
        key = int(name)
        record = json.dumps({file: asdict(entry) for file, entry in files.items()})
        self.db.execute(
            "INSERT INTO segments (id, name, sentences, occurrences, files) VALUES (?, ?, ?, ?, ?)",
            (key, name, sentences, occurrences, record),
        )
        return key
