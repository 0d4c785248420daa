"""Writing to a collection: one writer at a time, one SQLite transaction a commit.

Order of a commit: the segment's files are written aside, flushed and renamed; then one transaction inserts the rows and
names the segment. A process that dies before the transaction leaves files that no row names: swept at the next opening.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from safetensors.numpy import save

from indexer.collection.byte_rows import Storage
from indexer.collection.records import DocumentEntry, DocumentPart, Scalar, SentenceEntry, StoredDocument
from indexer.collection.schema import DATABASE_NAME, State, id_set, read_settings, write_settings
from indexer.collection.segment import FileRecord, SegmentData, stored_rows, write_segment
from indexer.collection.vectors import Array, Half, Ids, Mask, Transform, joint_rows
from indexer.errors import CollectionError

TypeVectors = Callable[[Sequence[str]], Array]
"""Folded forms -> unit vectors of the words' identity (n, p)."""

DOCUMENT_COLUMNS = "id, document_id, title, metadata, content_hash, root, source"


def stored_document(row: Sequence[object], sentences: int) -> StoredDocument:
    """The record of a row of ``documents`` with the columns DOCUMENT_COLUMNS."""
    key, document_id, title, metadata, content_hash, root, source = row
    return StoredDocument(
        int(str(key)),
        str(document_id),
        str(title),
        json.loads(str(metadata)),
        str(content_hash),
        None if root is None else str(root),
        None if source is None else str(source),
        sentences,
    )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a database that cannot be written into an error with a way out."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise CollectionError(f"{path}: {error}; what was committed is intact, mend this and run again") from error
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        raise CollectionError(f"{path}: {reason}; what was committed is intact, mend this and run again") from error
    except RuntimeError as error:  # FAISS reports a failed write so
        if "write error" not in str(error):
            raise
        raise CollectionError(f"{path}: a file could not be written (disk full?); free space, run again") from error


class Writer:
    """The one writer of a collection, from ``Collection.writing()``; holds the lock until it is closed."""

    def __init__(self, path: Path) -> None:
        """Take the lock and sweep what no row names; CollectionError when somebody else is writing."""
        from indexer.collection.migrations import connect_to_write

        self.path = path
        self._lock = FileLock(path / "lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise CollectionError(f"{path} is being written by another process; wait until it has finished") from None
        except OSError as error:
            raise CollectionError(f"{path} cannot be written ({error}); copy it to a place that you own") from error
        try:
            with storage_errors(path):
                self.db = connect_to_write(path / DATABASE_NAME)
            self._sweep()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close the database and give the lock back."""
        try:
            # Everything into the one file, so that it can be copied or read from where nothing can be written; but a
            # reader at work is not waited for.
            self.db.execute("PRAGMA busy_timeout = 0")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            pass  # a reader is at work: the log stays, and belongs to the collection
        finally:
            self.db.close()
            self._lock.release()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _sweep(self) -> None:
        named = {name for (name,) in self.db.execute("SELECT name FROM segments")}
        for folder in (self.path / "segments").iterdir():
            # Files are not ours: desktops leave some in every folder that they show.
            if folder.name not in named and folder.is_dir():
                shutil.rmtree(folder)

    def find(self, document_id: str, state: State = State.LIVE) -> StoredDocument | None:
        """The live (or pending) document of that id."""
        row = self.db.execute(
            f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE document_id = ? AND state = ? ORDER BY id DESC",
            (document_id, int(state)),
        ).fetchone()
        if row is None:
            return None
        (count,) = self.db.execute("SELECT count(*) FROM sentences WHERE document = ?", (row[0],)).fetchone()
        return stored_document(row, count)

    def set_array(self, name: str, transform: Transform) -> None:
        """Store a fitted transform under a name; part of the caller's transaction."""
        arrays = {"mean": transform.mean}
        if transform.matrix is not None:
            arrays["matrix"] = np.ascontiguousarray(transform.matrix)
        self.db.execute("INSERT OR REPLACE INTO arrays (name, data) VALUES (?, ?)", (name, save(arrays)))

    def set_metadata(self, document: DocumentEntry, key: int) -> None:
        """Replace title and metadata of a stored document whose text did not change."""
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
            self._insert_metadata(key, document.metadata.items())
            self.next_generation()

    def set_prototype(self, name: str, data: str) -> None:
        """Store a named sense as JSON, in the place of one of that name."""
        with storage_errors(self.path), self.db.atomic():
            self.db.execute("INSERT OR REPLACE INTO prototypes (name, data) VALUES (?, ?)", (name, data))
            self.next_generation()

    def remove_prototype(self, name: str) -> bool:
        """Remove a named sense; False when there is none of that name."""
        with storage_errors(self.path), self.db.atomic():
            removed = self.db.execute("DELETE FROM prototypes WHERE name = ?", (name,)).rowcount > 0
            self.next_generation()
        return removed

    def remove(self, document_ids: Sequence[str]) -> None:
        """Mark live documents as deleted, all or none; CollectionError names the first id that is not there."""
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

    def commit(
        self,
        parts: Sequence[DocumentPart],
        type_vectors: TypeVectors,
        transforms: dict[str, Transform] | None = None,
    ) -> None:
        """Store parts of documents as one new segment, all or nothing.

        transforms: fitted transforms to store along (only the first commit of a collection has them).
        """
        if not parts:
            return
        settings = read_settings(self.db.conn)
        entries = [sentence for part in parts for sentence in part.sentences]
        types = self._types(entries, settings["next_type"], type_vectors)
        name = f"{settings['next_segment']:08d}"
        keys = self._document_keys(parts, settings["next_document"])
        data, tokens, order, type_of = _arrange(parts, keys, types, settings)
        joint = joint_rows(tokens, types.vectors, type_of, settings["word_weight"])
        with storage_errors(self.path):
            files = write_segment(self.path / "segments" / name, data, joint)
            with self.db.atomic():
                for key, transform in (transforms or {}).items():
                    self.set_array(key, transform)
                segment = self.insert_segment(name, len(data.sentence_ids), len(data.token_ids), files)
                self._insert_documents(parts, keys)
                self._insert_sentences(parts, keys, settings["next_sentence"])
                self._insert_occurrences(entries, data, order, types.ids[type_of], settings["next_sentence"])
                self._insert_types(types, segment, type_of)
                counters = {
                    "next_segment": settings["next_segment"] + 1,
                    "next_document": max([settings["next_document"], *(key + 1 for key in keys)]),
                    "next_sentence": settings["next_sentence"] + len(entries),
                    "next_occurrence": settings["next_occurrence"] + len(data.token_ids),
                    "next_type": settings["next_type"] + int(types.new.sum()),
                }
                write_settings(self.db.conn, counters)
                self.next_generation()

    def next_generation(self) -> None:
        """Tell readers that there is something new; part of the caller's transaction."""
        self.db.execute("UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")

    def _document_keys(self, parts: Sequence[DocumentPart], next_key: int) -> list[int]:
        """documents.id of each part: that of the pending row for a continued document, else a new one."""
        keys: dict[str, int] = {}
        for part in parts:
            document = part.document
            if document.document_id in keys:
                continue
            pending = self.find(document.document_id, State.PENDING) if part.first else None
            keys[document.document_id] = pending.key if pending else next_key
            next_key += pending is None
        return [keys[part.document.document_id] for part in parts]

    def _types(self, entries: Iterable[SentenceEntry], next_type: int, type_vectors: TypeVectors) -> _Types:
        """The distinct (lemma, form) of the entries in that order, with ids and vectors, old ones from the database."""
        pairs = sorted({(o.lemma, o.form) for entry in entries for o in entry.occurrences})
        forms = [form for _, form in pairs]
        known: dict[tuple[str, str], tuple[int, bytes]] = {}
        for first in range(0, len(forms), 500):
            part = forms[first : first + 500]
            marks = ",".join("?" * len(part))
            for key, form, lemma, vector in self.db.execute(
                f"SELECT id, form, lemma, vector FROM types WHERE form IN ({marks})",
                part,
            ):
                known[lemma, form] = (key, vector)
        new = np.array([pair not in known for pair in pairs], dtype=bool)  # (T,)
        ids = np.array([known[pair][0] if pair in known else -1 for pair in pairs], dtype=np.int64)  # (T,)
        ids[new] = next_type + np.arange(new.sum())
        made = type_vectors([form for form, is_new in zip(forms, new, strict=True) if is_new]).astype(np.float16)
        vectors = np.zeros((len(pairs), made.shape[1]), np.float16)  # (T, p)
        vectors[new] = made
        for place in np.flatnonzero(~new):
            vectors[place] = np.frombuffer(known[pairs[place]][1], np.float16)
        return _Types(pairs, ids, new, vectors)

    def insert_segment(self, name: str, sentences: int, occurrences: int, files: dict[str, FileRecord]) -> int:
        """Name a published segment; part of the caller's transaction. Returns its key, which is never used again."""
        key = int(name)
        record = json.dumps({file: asdict(entry) for file, entry in files.items()})
        self.db.execute(
            "INSERT INTO segments (id, name, sentences, occurrences, files) VALUES (?, ?, ?, ?, ?)",
            (key, name, sentences, occurrences, record),
        )
        return key

    def _insert_documents(self, parts: Sequence[DocumentPart], keys: Sequence[int]) -> None:
        for part, key in zip(parts, keys, strict=True):
            document = part.document
            if part.first == 0:
                self.db.execute(
                    "UPDATE documents SET state = ? WHERE document_id = ? AND state = ?",
                    (int(State.DELETED), document.document_id, int(State.PENDING)),
                )
                self.db.execute(
                    "INSERT INTO documents (id, document_id, title, text, metadata, content_hash, root, source, state)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        key,
                        document.document_id,
                        document.title,
                        document.text,
                        json.dumps(dict(document.metadata), ensure_ascii=False),
                        document.content_hash,
                        document.root,
                        document.source,
                        int(State.PENDING),
                    ),
                )
                self._insert_metadata(key, document.metadata.items())
            if part.last:
                self.db.execute(
                    "UPDATE documents SET state = ? WHERE document_id = ? AND state = ?",
                    (int(State.DELETED), document.document_id, int(State.LIVE)),
                )
                self.db.execute("UPDATE documents SET state = ? WHERE id = ?", (int(State.LIVE), key))

    def _insert_metadata(self, key: int, items: Iterable[tuple[str, Scalar]]) -> None:
        self.db.conn.executemany(
            "INSERT OR REPLACE INTO metadata (field, value, document) VALUES (?, ?, ?)",
            [(field, str(value), key) for field, value in items],
        )

    def _insert_sentences(self, parts: Sequence[DocumentPart], keys: Sequence[int], next_sentence: int) -> None:
        rows = [
            (key, part.first + n, entry.start, entry.end, part.document.text[entry.start : entry.end])
            for part, key in zip(parts, keys, strict=True)
            for n, entry in enumerate(part.sentences)
        ]
        self.db.conn.executemany(
            'INSERT INTO sentences (id, document, position, start, "end") VALUES (?, ?, ?, ?, ?)',
            ((next_sentence + n, *row[:4]) for n, row in enumerate(rows)),
        )
        self.db.conn.executemany(
            "INSERT INTO sentences_fts (rowid, text) VALUES (?, ?)",
            ((next_sentence + n, row[4]) for n, row in enumerate(rows)),
        )

    def _insert_occurrences(
        self, entries: Sequence[SentenceEntry], data: SegmentData, order: Ids, types: Ids, next_sentence: int
    ) -> None:
        """order: row in the segment -> place among the entries' occurrences; types: types.id of each row  (n,)"""
        flat = [occurrence for entry in entries for occurrence in entry.occurrences]
        self.db.conn.executemany(
            'INSERT INTO occurrences (id, sentence, position, start, "end", type) VALUES (?, ?, ?, ?, ?, ?)',
            (
                (key, next_sentence + sentence, flat[place].position, flat[place].start, flat[place].end, kind)
                for key, sentence, place, kind in zip(
                    data.token_ids.tolist(),
                    data.token_sentences.tolist(),
                    order.tolist(),
                    types.tolist(),
                    strict=True,
                )
            ),
        )

    def _insert_types(self, types: _Types, segment: int, type_of: Ids) -> None:
        self.db.conn.executemany(
            "INSERT INTO types (id, form, lemma, vector) VALUES (?, ?, ?, ?)",
            [
                (int(types.ids[n]), types.pairs[n][1], types.pairs[n][0], types.vectors[n].tobytes())
                for n in np.flatnonzero(types.new)
            ],
        )
        counts = np.bincount(type_of, minlength=len(types.pairs))  # (T,)
        firsts = np.cumsum(counts) - counts
        insert_ranges(self, segment, types.ids, firsts, counts)


class _Types:
    """The types of one commit, sorted by (lemma, form): pairs, ids (T,), which are new (T,), vectors (T, p)."""

    def __init__(self, pairs: list[tuple[str, str]], ids: Ids, new: Mask, vectors: Half) -> None:
        self.pairs = pairs
        self.ids = ids
        self.new = new
        self.vectors = vectors


def insert_ranges(writer: Writer, segment: int, types: Ids, firsts: Ids, counts: Ids) -> None:
    """Tell where in a segment the occurrences of each type lie; part of the caller's transaction."""
    writer.db.conn.executemany(
        "INSERT INTO ranges (type, segment, first, count) VALUES (?, ?, ?, ?)",
        (
            (kind, segment, first, count)
            for kind, first, count in zip(types.tolist(), firsts.tolist(), counts.tolist(), strict=True)
            if count
        ),
    )


def _arrange(
    parts: Sequence[DocumentPart], keys: Sequence[int], types: _Types, settings: Mapping[str, Any]
) -> tuple[SegmentData, Half, Ids, Ids]:
    """Sort occurrences by (lemma, form, sentence, position) and give out ids in that order.

    Returns the segment's arrays as they are stored, its token vectors (n, d), order (n,): row -> place in reading
    order, and the type's place of each row (n,).
    """
    entries = [sentence for part in parts for sentence in part.sentences]
    place_of = {pair: n for n, pair in enumerate(types.pairs)}
    kinds = np.array([place_of[o.lemma, o.form] for entry in entries for o in entry.occurrences], dtype=np.int64)
    sentence_of = np.repeat(np.arange(len(entries)), [len(entry.occurrences) for entry in entries])
    order = np.argsort(kinds, kind="stable")  # reading order is (sentence, position) already
    tokens = np.concatenate([np.asarray(entry.tokens, np.float16) for entry in entries])  # (n, d)
    documents = np.repeat(np.array(keys, np.int64), [len(part.sentences) for part in parts])  # (m,)
    tokens = np.ascontiguousarray(tokens[order])
    data = SegmentData(
        tokens=stored_rows(tokens, Storage(settings.get("storage", Storage.HALF))),
        token_ids=settings["next_occurrence"] + np.arange(len(order), dtype=np.int64),
        token_sentences=sentence_of[order].astype(np.int32),
        sentences=np.stack([np.asarray(entry.vector, np.float16) for entry in entries]),
        sentence_ids=settings["next_sentence"] + np.arange(len(entries), dtype=np.int64),
        sentence_documents=documents,
    )
    return data, tokens, order, kinds[order]


def stored_type_vectors(writer: Writer, types: Ids) -> Half:
    """Identity vectors of types by id, in their order.  (T,) -> (T, p); (0, 0) for no type"""
    stored = dict(writer.db.execute("SELECT id, vector FROM types").fetchall())
    vectors = [np.frombuffer(stored[key], np.float16) for key in types.tolist()]
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float16)


def segment_types(writer: Writer, segment: int) -> tuple[Ids, Ids, Ids]:
    """Type ids, first rows and counts of a segment's ranges, in the order of the rows."""
    rows = writer.db.execute("SELECT type, first, count FROM ranges WHERE segment = ? ORDER BY first", (segment,))
    table = np.array(rows.fetchall(), dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def purge(writer: Writer) -> int:
    """Delete every row of deleted documents; part of the caller's transaction. Returns how many documents went."""
    db = writer.db.conn
    dead = [key for (key,) in db.execute("SELECT id FROM documents WHERE state = ?", (int(State.DELETED),))]
    with id_set(db, "dead_documents", dead) as table:
        for document in dead:
            (text,) = db.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()
            spans = db.execute('SELECT id, start, "end" FROM sentences WHERE document = ?', (document,)).fetchall()
            # A contentless FTS5 table forgets a row only when it is told the text that the row was made from.
            db.executemany(
                "INSERT INTO sentences_fts (sentences_fts, rowid, text) VALUES ('delete', ?, ?)",
                ((key, text[start:end]) for key, start, end in spans),
            )
        sentences = f"SELECT s.id FROM sentences s JOIN {table} t ON t.id = s.document"
        db.execute(f"DELETE FROM occurrences WHERE sentence IN ({sentences})")
        db.execute(f"DELETE FROM sentences WHERE document IN (SELECT id FROM {table})")
        db.execute(f"DELETE FROM metadata WHERE document IN (SELECT id FROM {table})")
        db.execute(f"DELETE FROM documents WHERE id IN (SELECT id FROM {table})")
    db.execute("DELETE FROM types WHERE id NOT IN (SELECT type FROM ranges)")
    return len(dead)
