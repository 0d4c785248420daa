"""A collection: the folder that a user names. It is opened for reading and changed through its writer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load

from ..errors import CollectionError
from ..vectors.int8 import Storage
from ..vectors.transforms import Normalisation, Transform
from .compaction import compact, records_of
from .folder import make_database, recover
from .integrity import check_storage
from .queries import count_sentences
from .records import (
    CollectionInfo,
    CollectionSettings,
    Layer,
    StoredDocument,
    VerifyReport,
)
from .schema import (
    DATABASE_NAME,
    FORMAT_VERSION,
    State,
    connect,
    read_settings,
)
from .segment import Segment
from .snapshot import Snapshot
from .types import TypeTable
from .writer import DOCUMENT_COLUMNS, Writer, stored_document


class Collection:
    """A collection, open for reading. Every change goes through `writing()`.

    Threads may share it. A query holds the lock while it reads.
    """

    def __init__(self, path: Path) -> None:
        """Open an existing folder. Use `Collection.open`."""
        self.path = path
        self._file = self._identity()
        self.db = connect(path / DATABASE_NAME, readonly=True)
        self._replaced: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._types = TypeTable()
        self._types_generation = -1
        try:
            self.settings = self._read_settings()
        except BaseException:
            self.db.close()
            raise

    @classmethod
    def open(cls, path: str | Path) -> Collection:
        """Open an existing collection.

        Raises:
            CollectionError: The collection is missing or damaged, or its format is newer than this program.
        """
        folder = Path(path)
        recover(folder)
        if not (folder / DATABASE_NAME).is_file():
            raise CollectionError(f"{folder} is not a collection; make one with `polyseme index {folder} PATH...`")
        return cls(folder)

    @classmethod
    def create(cls, path: str | Path, settings: CollectionSettings) -> Collection:
        """Create an empty collection.

        Raises:
            CollectionError: Something else exists at that path.
        """
        folder = Path(path)
        make_database(folder, settings)
        return cls.open(folder)

    def close(self) -> None:
        """Close the database. Hits that were returned stay valid."""
        for db in [self.db, *self._replaced]:
            db.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read_settings(self) -> CollectionSettings:
        try:
            stored = read_settings(self.db)
            version = int(stored["format_version"])
        except Exception as error:
            raise CollectionError(f"{self.path} is not a Polyseme collection ({error}); name another") from error
        if version > FORMAT_VERSION:
            raise CollectionError(
                f"{self.path} has format {version}, this Polyseme reads up to {FORMAT_VERSION}; upgrade Polyseme"
            )
        names = CollectionSettings.__dataclass_fields__
        if missing := [name for name in names if name not in stored]:
            raise CollectionError(
                f"{self.path} was made by a development version ({', '.join(missing)} not recorded); index again"
            )
        settings = CollectionSettings(**{name: stored[name] for name in names})
        tokens = settings.token_normalisation
        return replace(
            settings,
            layer=Layer(settings.layer),
            normalisation=Normalisation(settings.normalisation),
            token_normalisation=None if tokens is None else Normalisation(tokens),
            storage=Storage(settings.storage),
        )

    def writing(self) -> Writer:
        """Return the writer, for use in a `with` block.

        Raises:
            CollectionError: Another process is writing, or the folder cannot be written.
        """
        return Writer(self.path)

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """Open the newest snapshot, one consistent state of database and segments, for one query."""
        with self._lock:
            if self._snapshot is not None and self.db.in_transaction:
                yield self._snapshot
                return
            snapshot = self._begin()
            try:
                yield snapshot
            finally:
                self.db.execute("COMMIT")

    def _identity(self) -> tuple[int, int] | None:
        """Return device and inode of the database file, or None while it does not exist."""
        try:
            found = (self.path / DATABASE_NAME).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _follow(self) -> None:
        """Switch to the collection that `reencode` has put in the place of this one.

        Raises:
            CollectionError: The new collection has other settings.
        """
        identity = self._identity()
        if identity is None or identity == self._file:
            return
        successor = Collection(self.path)
        if successor.settings != self.settings:
            successor.close()
            raise CollectionError(f"{self.path} was encoded with other settings since it was opened; open it again")
        self._replaced.append(self.db)  # another thread may be reading from it
        self._file, self.db, self._snapshot = successor._file, successor.db, None
        self._types, self._types_generation = TypeTable(), -1

    def _begin(self) -> Snapshot:
        self._follow()
        for _ in range(10):
            self.db.execute("BEGIN")
            generation = self._generation()
            try:
                self._snapshot = self._load(generation, self._snapshot)
                return self._snapshot
            except BaseException:
                self.db.execute("ROLLBACK")
                # Compaction may have deleted a segment after this transaction began. If so, try again.
                if self._generation() == generation:
                    raise
        raise CollectionError(f"{self.path} changes faster than it can be read; try again")

    def _generation(self) -> int:
        (value,) = self.db.execute("SELECT value FROM settings WHERE key = 'generation'").fetchone()
        return int(value)

    def _load(self, generation: int, old: Snapshot | None) -> Snapshot:
        if old is not None and old.generation == generation:
            return old
        known = old.segments if old else {}
        segments = []
        for key, name, files in self.db.execute("SELECT id, name, files FROM segments ORDER BY id"):
            records, segment = records_of(files), known.get(key)
            if segment is None or segment.files != records:  # new, or repaired
                segment = Segment(self.path / "segments" / name, key, records)
            segments.append(segment)
        (largest,) = self.db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        live = np.zeros(largest + 1, dtype=bool)
        # SQLite uses the partial index only if the state is a literal. Then it reads no documents.
        rows = self.db.execute(f"SELECT id FROM documents WHERE state = {int(State.LIVE)}").fetchall()
        live[[key for (key,) in rows]] = True
        transforms = old.transforms if old and old.transforms else self._transforms()
        return Snapshot(generation, segments, live, transforms)

    def _transforms(self) -> dict[str, Transform]:
        return {
            name: Transform(arrays["mean"], arrays.get("matrix"))
            for name, data in self.db.execute("SELECT name, data FROM arrays")
            for arrays in [load(data)]
        }

    def types(self) -> TypeTable:
        """Return the types of the snapshot that is being read. Use it inside `reading()`."""
        with self.reading() as snapshot:
            if self._types_generation != snapshot.generation:
                self._types.read(self.db, snapshot.segments.values())
                self._types_generation = snapshot.generation
            return self._types

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the live documents in the order of their ids, without their texts."""
        rows = self.db.execute(
            f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE state = ? ORDER BY document_id",
            (int(State.LIVE),),
        ).fetchall()
        for row in rows:
            yield stored_document(row, count_sentences(self.db, row[0]))

    def document(self, document_id: str) -> tuple[StoredDocument, str]:
        """Return a live document and its text.

        Raises:
            CollectionError: There is no such document.
        """
        row = self.db.execute(
            f"SELECT {DOCUMENT_COLUMNS}, text FROM documents WHERE document_id = ? AND state = ?",
            (document_id, int(State.LIVE)),
        ).fetchone()
        if row is None:
            raise CollectionError(
                f"{self.path} holds no document {document_id!r}; `polyseme documents {self.path}` lists them"
            )
        return stored_document(row[:-1], count_sentences(self.db, row[0])), row[-1]

    def document_sentences(self, key: int) -> list[tuple[int, int, int]]:
        """Return (sentence id, start, end) of the sentences of a document, in order.

        Args:
            key: `documents.id`.
        """
        rows = self.db.execute('SELECT id, start, "end" FROM sentences WHERE document = ? ORDER BY position', (key,))
        return [(int(i), int(start), int(end)) for i, start, end in rows]

    def sentence_text(self, sentence_id: int) -> str:
        """Return the text of a sentence, whether its document is live or deleted.

        Raises:
            CollectionError: There is no such sentence.
        """
        row = self.db.execute(
            'SELECT d.text, s.start, s."end" FROM sentences s JOIN documents d ON d.id = s.document WHERE s.id = ?',
            (sentence_id,),
        ).fetchone()
        if row is None:
            raise CollectionError(f"{self.path} holds no sentence {sentence_id}; search again")
        text, start, end = row
        return str(text)[start:end]

    def fields(self) -> dict[str, int]:
        """Return {field: number of live documents that have it} for all metadata fields."""
        rows = self.db.execute(
            "SELECT m.field, count(*) FROM metadata m JOIN documents d ON d.id = m.document"
            " WHERE d.state = ? GROUP BY m.field ORDER BY m.field",
            (int(State.LIVE),),
        )
        return {str(field): int(count) for field, count in rows}

    def values(self, field: str) -> dict[str, int]:
        """Return {value: number of live documents that have it} for one metadata field."""
        rows = self.db.execute(
            "SELECT m.value, count(*) FROM metadata m JOIN documents d ON d.id = m.document"
            " WHERE d.state = ? AND m.field = ? GROUP BY m.value ORDER BY m.value",
            (int(State.LIVE), field),
        )
        return {str(value): int(count) for value, count in rows}

    def named_senses(self) -> dict[str, str]:
        """Return {name: JSON} of the named senses, in the order of their names. `search.senses` decodes it."""
        rows = self.db.execute("SELECT name, data FROM prototypes ORDER BY name")
        return {str(name): str(data) for name, data in rows}

    def info(self) -> CollectionInfo:
        """Return counts and sizes."""

        def count(sql: str, *parameters: Any) -> int:
            (value,) = self.db.execute(sql, parameters).fetchone()
            return int(value)

        live = int(State.LIVE)
        with self.reading() as snapshot:
            dims = {(s.tokens.shape[1], s.sentences.shape[1]) for s in snapshot.segments.values()} or {(0, 0)}
            token_dim, sentence_dim = next(iter(dims))
            return CollectionInfo(
                path=str(self.path),
                format_version=int(read_settings(self.db)["format_version"]),
                settings=self.settings,
                documents=count("SELECT count(*) FROM documents WHERE state = ?", live),
                deleted_documents=count("SELECT count(*) FROM documents WHERE state = ?", int(State.DELETED)),
                sentences=count(
                    "SELECT count(*) FROM sentences s JOIN documents d ON d.id = s.document WHERE d.state = ?", live
                ),
                occurrences=count(
                    "SELECT count(*) FROM occurrences o JOIN sentences s ON s.id = o.sentence"
                    " JOIN documents d ON d.id = s.document WHERE d.state = ?",
                    live,
                ),
                types=count("SELECT count(*) FROM types"),
                segments=len(snapshot.segments),
                token_dim=token_dim,
                sentence_dim=sentence_dim,
                bytes_database=sum(p.stat().st_size for p in self.path.glob(f"{DATABASE_NAME}*")),
                bytes_vectors=sum(p.stat().st_size for p in (self.path / "segments").glob("*/*")),
            )

    def remove(self, document_ids: Sequence[str]) -> None:
        """Delete documents, all or none. They become tombstones, and `compact` frees their space.

        Raises:
            CollectionError: One of the documents does not exist.
        """
        with self.writing() as writer:
            writer.remove(document_ids)

    def compact(self) -> int:
        """Rewrite the segments as few large ones, and free the space of deleted documents.

        Returns:
            Number of documents whose space was freed.
        """
        with self.writing() as writer:
            return compact(writer)

    def verify(self) -> VerifyReport:
        """Check all files and rows against what was recorded about them.

        `indexer.verify.verify` also encodes a sample of sentences again, and can repair damaged FAISS files.
        """
        with self.reading() as snapshot:
            problems = check_storage(self.path, self.db, snapshot)
            info = self.info()
            files = sum(len(segment.files) for segment in snapshot.segments.values())
        return VerifyReport(info.documents, info.sentences, info.occurrences, files, 0, None, tuple(problems))
