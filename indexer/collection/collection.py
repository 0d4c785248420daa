"""A collection: the folder that a user names. It is opened for reading and changed through its writer."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CollectionError, DamageError, PolysemeError
from ..given import GivenSentence, GivenToken
from ..values import Value, items_of, json_list
from ..vectors.int8 import Storage
from ..vectors.transforms import DEFAULT, SENTENCE, Normalisation, Transform
from .annotations import document_annotation, sentence_annotation
from .checksums import RESTORE, records_of
from .compaction import compact
from .content import check_content
from .damage import read_transform, reading_rows
from .database_check import NEXT_STEP, Checked
from .dictionaries import StoredDictionary, StoredSense, all_senses, lemmas_and_forms, read_dictionaries
from .document_list import DocumentPage, read_document_page
from .findings import Findings
from .folder import make_database
from .integrity import check_files, check_storage
from .open_database import MAX_TRIES, PAUSE, OpenDatabase
from .paths import file_size, segment_folder
from .queries import SENTENCES_OF_DOCUMENT
from .records import (
    SENTENCE_SETTINGS,
    STREAM_SETTINGS,
    CollectionInfo,
    CollectionSettings,
    Layer,
    SentenceKind,
    StoredDocument,
    VerifyReport,
)
from .repair import add_missing_checksums
from .replacement import wait_for_replacement
from .schema import (
    DATABASE_NAME,
    FORMAT_VERSION,
    ONE_VECTOR_VERSION,
    STREAM_VERSION,
    State,
    checked_settings,
    read_settings,
)
from .segment import Segment
from .selections import Selection, has_selections, read_selection
from .snapshot import Snapshot
from .subcorpora import Subcorpora, read_subcorpora
from .types import TypeTable
from .words import WordTable
from .writer import DOCUMENT_COLUMNS, Writer, storage_errors, stored_document

if TYPE_CHECKING:
    from ..text.lemma_rules import LemmaRules

MAX_DOCUMENT = 2**31
"""Largest number of a document in a collection. Every snapshot holds one byte for each number up to the largest."""


def _text(value: object) -> str:
    """Return a stored text.

    Raises:
        TypeError: The value is damaged.
    """
    if not isinstance(value, str):
        raise TypeError(f"a text is {type(value).__name__}")
    return value


def _sentence_kind(settings: CollectionSettings, version: int) -> SentenceKind:
    """Return the kind of product vectors that the settings name.

    Raises:
        ValueError: The format version does not have that kind.
    """
    kind = SentenceKind(settings.sentence_vectors)
    if (kind is SentenceKind.DEFAULT) != (version <= ONE_VECTOR_VERSION):
        raise ValueError(f"sentence vectors {kind.value!r} in format {version}")
    return kind


def _without_sentences(settings: CollectionSettings) -> CollectionSettings:
    """Return the settings without those of sentence vectors and of the tagger."""
    return replace(
        settings,
        sentence_vectors=SentenceKind.DEFAULT,
        sentence_id="",
        sentence_source="",
        tagger_id=None,
        tagged_lemmas=False,
    )


def _problems_of(checked: Checked) -> list[str]:
    """Return what a check of the database has found, one line per problem."""
    found = [f"{checked.problem}; {NEXT_STEP}"] if checked.problem else []
    return [*found, checked.sums_problem] if checked.sums_problem else found


class Collection:
    """A collection, open for reading. Every change goes through `writing()`.

    Threads may share it. A query holds the lock while it reads.
    """

    def __init__(self, path: Path, is_checked: bool = True) -> None:
        """Open an existing folder. Use `Collection.open`."""
        self.path = path
        self._is_checked = is_checked
        self._database = OpenDatabase(path, is_checked)
        self._replaced: list[OpenDatabase] = []
        self._lock = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._types = TypeTable()
        self._types_generation = -1
        self._words = WordTable()
        self._words_generation = -1
        self._compares_defaults: Callable[[CollectionSettings], bool] = lambda settings: False
        try:
            self.settings = self._read_settings()
        except BaseException:
            self._database.close()
            raise

    @property
    def db(self) -> sqlite3.Connection:
        """The connection to the database, for reading."""
        return self._database.connection

    @classmethod
    def open(cls, path: str | Path, is_checked: bool = True) -> Collection:
        """Open an existing collection.

        Args:
            is_checked: Whether to check the database against its checksums. A verification opens damaged ones too.

        Raises:
            CollectionError: The collection is missing or damaged, or its format is newer than this program.
        """
        folder = Path(path)
        wait_for_replacement(folder)
        if not (folder / DATABASE_NAME).is_file():
            raise CollectionError(f"{folder} is not a collection; make one with `polyseme index {folder} PATH...`")
        return cls(folder, is_checked)

    @classmethod
    def create(cls, path: str | Path, settings: CollectionSettings) -> Collection:
        """Create an empty collection.

        Raises:
            CollectionError: Something else exists at that path.
        """
        folder = Path(path)
        with storage_errors(folder):
            make_database(folder, settings)
        return cls.open(folder)

    def close(self) -> None:
        """Close the database. Hits that were returned stay valid."""
        for database in [self._database, *self._replaced]:
            database.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read_settings(self) -> CollectionSettings:
        try:
            stored = checked_settings(self.db, self.path)
            version = int(stored["format_version"])
        except CollectionError:
            self._database.explain()
            raise
        except Exception as error:
            self._database.explain()
            raise CollectionError(f"{self.path} is not a Polyseme collection ({error}); name another") from error
        if version > FORMAT_VERSION:
            raise CollectionError(
                f"{self.path} has format {version}, this Polyseme reads up to {FORMAT_VERSION}; upgrade Polyseme"
            )
        names = set(CollectionSettings.__dataclass_fields__)
        if version <= ONE_VECTOR_VERSION:
            names -= set(SENTENCE_SETTINGS)
        if version < STREAM_VERSION:
            names -= set(STREAM_SETTINGS)
        if "tagged_lemmas" not in stored:  # the first collections of format version 3
            names.discard("tagged_lemmas")
        if missing := sorted(name for name in names if name not in stored):
            raise CollectionError(
                f"{self.path} was made by a development version ({', '.join(missing)} not recorded); index again"
            )
        settings = CollectionSettings(**{name: stored[name] for name in sorted(names)})
        tokens = settings.token_normalisation
        try:
            return replace(
                settings,
                layer=Layer(settings.layer),
                normalisation=Normalisation(settings.normalisation),
                token_normalisation=None if tokens is None else Normalisation(tokens),
                storage=Storage(settings.storage),
                sentence_vectors=_sentence_kind(settings, version),
            )
        except ValueError as error:
            self._database.explain()
            raise CollectionError(
                f"{self.path} has an unknown setting ({error}); upgrade Polyseme, or restore it from a copy"
            ) from error

    def compare_defaults(self, decide: Callable[[CollectionSettings], bool]) -> None:
        """Have `Segment.sentences` be the default vectors where the reader cannot encode product vectors.

        Args:
            decide: Returns whether that is so for a collection with these settings, which `reencode` may replace.
        """
        with self._lock:
            self._compares_defaults, self._snapshot = decide, None

    def writing(self, wait: float = 0) -> Writer:
        """Return the writer, for use in a `with` block.

        Args:
            wait: Maximum time to wait for another process that writes, in seconds.

        Raises:
            CollectionError: Another process is writing, the folder cannot be written, or the database is damaged.
        """
        self._database.require_sound()
        return Writer(self.path, wait=wait)

    @contextmanager
    def _reading_rows(self) -> Iterator[None]:
        """Read from the database. Damage to it is reported in place of other errors, and before any answer is given.

        Raises:
            CollectionError: The database is damaged, or the collection is closed.
        """
        self._database.refuse_if_damaged()
        try:
            with reading_rows(self.path):
                yield
        except PolysemeError:
            self._database.explain()
            raise
        self._database.require_sound()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """Open the newest snapshot, one consistent state of database and segments, for one query."""
        with self._lock:
            if self._snapshot is not None and self._database.is_reading():
                yield self._snapshot
                return
            with self._reading_rows():
                snapshot = self._begin()
                try:
                    yield snapshot
                finally:
                    self.db.execute("COMMIT")

    def _follow(self) -> None:
        """Switch to the collection that `reencode` has put in the place of this one.

        Raises:
            CollectionError: The new collection has other settings. Those of sentence vectors and tagger may differ.
        """
        if not self._database.is_replaced():
            return
        successor = Collection(self.path, self._is_checked)
        if _without_sentences(successor.settings) != _without_sentences(self.settings):
            successor.close()
            raise CollectionError(f"{self.path} was encoded with other settings since it was opened; open it again")
        self._replaced.append(self._database)  # another thread may be reading from it
        self._database, self._snapshot, self.settings = successor._database, None, successor.settings
        self._types, self._types_generation = TypeTable(), -1
        self._words, self._words_generation = WordTable(), -1

    def _begin(self) -> Snapshot:
        for attempt in range(MAX_TRIES):
            if attempt:
                time.sleep(PAUSE * attempt)
            self._follow()
            self.db.execute("BEGIN")
            generation = self._generation()
            try:
                snapshot = self._load(generation, self._snapshot)
            except BaseException:
                self.db.execute("ROLLBACK")
                # Compaction may have deleted a segment after this transaction began. If so, try again.
                if self._database.is_current() and self._generation() == generation:
                    raise
                continue
            if snapshot is self._snapshot or self._database.is_current():
                self._snapshot = snapshot
                return snapshot
            self.db.execute("ROLLBACK")  # the files that were opened may be those of the new collection
        raise CollectionError(f"{self.path} changes faster than it can be read; try again")

    @contextmanager
    def _rows(self) -> Iterator[sqlite3.Connection]:
        """Open one consistent state of the database, without the files of the segments.

        Raises:
            CollectionError: The database is damaged, or the collection is closed.
        """
        with self._lock:
            if self._database.is_reading():
                yield self.db
                return
            with self._reading_rows():
                self._follow()
                db = self.db
                db.execute("BEGIN")
                try:
                    yield db
                finally:
                    db.execute("COMMIT")

    def _generation(self) -> int:
        (value,) = self.db.execute("SELECT value FROM settings WHERE key = 'generation'").fetchone()
        return int(value)

    def _load(self, generation: int, old: Snapshot | None) -> Snapshot:
        if old is not None and old.generation == generation:
            return old
        known = old.segments if old else {}
        compares_defaults = self._compares_defaults(self.settings)
        segments = []
        for key, name, files in self.db.execute("SELECT id, name, files FROM segments ORDER BY id"):
            records, segment = records_of(files, self.path), known.get(key)
            if segment is None or segment.files != records or segment.index_damage:  # new, or repaired
                segment = Segment(segment_folder(self.path, name), key, records, compares_defaults)
                has_products = self.settings.sentence_vectors is not SentenceKind.DEFAULT
                if (segment.has_products, segment.stream is not None) != (has_products, self.settings.has_stream):
                    raise DamageError(f"{segment.folder} has files of another format version; {RESTORE}")
            segments.append(segment)
        (largest,) = self.db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        if not 0 <= largest < MAX_DOCUMENT:  # a stranger's number must not decide how much memory is asked for
            raise CollectionError(f"{self.path / DATABASE_NAME} has a document with the id {largest}; {NEXT_STEP}")
        live = np.zeros(largest + 1, dtype=bool)
        # SQLite uses the partial index only if the state is a literal. Then it reads no documents.
        rows = self.db.execute(f"SELECT id FROM documents WHERE state = {int(State.LIVE)}").fetchall()
        live[[key for (key,) in rows]] = True
        transforms = old.transforms if old and old.transforms else self._transforms()
        return Snapshot(generation, segments, live, transforms)

    def _transforms(self) -> dict[str, Transform]:
        rows = self.db.execute("SELECT name, data FROM arrays").fetchall()
        found = {name: read_transform(self.path / DATABASE_NAME, name, data) for name, data in rows}
        if self.settings.sentence_vectors is SentenceKind.DEFAULT and SENTENCE in found:
            found[DEFAULT] = found.pop(SENTENCE)
        return found

    def types(self) -> TypeTable:
        """Return the types of the snapshot that is being read. Use it inside `reading()`."""
        with self.reading() as snapshot:
            if self._types_generation != snapshot.generation:
                self._types.read(self.db, snapshot.segments.values())
                self._types_generation = snapshot.generation
            return self._types

    def words(self) -> WordTable:
        """Return the words of the snapshot that is being read. Use it inside `reading()`."""
        with self.reading() as snapshot:
            if self._words_generation != snapshot.generation:
                if self.settings.has_stream:
                    self._words.read(self.db)
                self._words_generation = snapshot.generation
            return self._words

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the live documents in the order of their ids, without their texts."""
        with self._rows() as db:
            rows = db.execute(
                f"SELECT {DOCUMENT_COLUMNS}, {SENTENCES_OF_DOCUMENT} FROM documents"
                " WHERE state = ? ORDER BY document_id",
                (int(State.LIVE),),
            ).fetchall()
        for *row, sentences in rows:
            with reading_rows(self.path):
                document = stored_document(row, sentences)
            yield document

    def document_page(
        self, text: str = "", order: str = "title", descending: bool = False, skip: int = 0, k: int = 50
    ) -> DocumentPage:
        """Read k live documents after the first `skip` ones, without their texts, and count all that fit.

        Args:
            text: What the id, the title or a metadata value must contain. Empty for all documents.
            order: `title`, `id`, or a metadata field.
        """
        with self._rows() as db, reading_rows(self.path):
            return read_document_page(db, text, order, descending, skip, k)

    def set_metadata(self, document_id: str, metadata: Mapping[str, Value]) -> None:
        """Replace the metadata of a live document. Its text and its vectors stay.

        Raises:
            CollectionError: There is no such document, or another process is writing.
        """
        stored, _ = self.document(document_id)
        with self.writing() as writer:
            writer.replace_metadata(stored, metadata)

    def document(self, document_id: str) -> tuple[StoredDocument, str]:
        """Return a live document and its text.

        Raises:
            CollectionError: There is no such document.
        """
        with self._rows() as db:
            row = db.execute(
                f"SELECT {DOCUMENT_COLUMNS}, {SENTENCES_OF_DOCUMENT}, text FROM documents"
                " WHERE document_id = ? AND state = ?",
                (document_id, int(State.LIVE)),
            ).fetchone()
            if row is None:
                raise CollectionError(
                    f"{self.path} holds no document {document_id!r}; `polyseme documents {self.path}` lists them"
                )
            return stored_document(row[:-2], row[-2]), _text(row[-1])

    def document_sentences(self, key: int) -> list[tuple[int, int, int]]:
        """Return (sentence id, start, end) of the sentences of a document, in order.

        Args:
            key: `documents.id`.
        """
        with self._rows() as db:
            rows = db.execute('SELECT id, start, "end" FROM sentences WHERE document = ? ORDER BY position', (key,))
            return [(int(i), int(start), int(end)) for i, start, end in rows]

    def annotation(self, key: int) -> tuple[GivenSentence, ...]:
        """Return the sentences, tokens, lemmas and tags that a document has brought, or none.

        Args:
            key: `documents.id`.
        """
        with self._rows() as db:
            return document_annotation(db, key)

    def given_tokens(self, sentence_id: int) -> tuple[GivenToken, ...]:
        """Return the tokens that a document has brought for a sentence, with offsets in the sentence, or none."""
        with self._rows() as db:
            return sentence_annotation(db, sentence_id)

    def sentence_text(self, sentence_id: int) -> str:
        """Return the text of a sentence, whether its document is live or deleted.

        Raises:
            CollectionError: There is no such sentence.
        """
        with self._rows() as db:
            row = db.execute(
                'SELECT d.text, s.start, s."end" FROM sentences s JOIN documents d ON d.id = s.document WHERE s.id = ?',
                (sentence_id,),
            ).fetchone()
            if row is None:
                raise CollectionError(f"{self.path} holds no sentence {sentence_id}; search again")
            text, start, end = row
            return _text(text)[start:end]

    def fields(self) -> dict[str, int]:
        """Return {field: number of live documents that have it} for all metadata fields."""
        with self._rows() as db:
            rows = db.execute(
                "SELECT m.field, count(DISTINCT m.document) FROM metadata m JOIN documents d ON d.id = m.document"
                " WHERE d.state = ? GROUP BY m.field ORDER BY m.field",
                (int(State.LIVE),),
            )
            return {str(field): int(count) for field, count in rows}

    def values(self, field: str) -> dict[str, int]:
        """Return {value: number of live documents that have it} for one metadata field. Items of a list count each."""
        with self._rows() as db:
            rows = db.execute(
                "SELECT m.value, count(*) FROM metadata m JOIN documents d ON d.id = m.document"
                " WHERE d.state = ? AND m.field = ? GROUP BY m.value ORDER BY m.value",
                (int(State.LIVE), field),
            )
            found: dict[str, int] = {}
            for value, count in rows:
                for item in items_of(json_list(str(value)) or str(value)):
                    found[item] = found.get(item, 0) + int(count)
            return dict(sorted(found.items()))

    def named_senses(self) -> dict[str, str]:
        """Return {name: JSON} of the named senses, in the order of their names. `search.senses` decodes it."""
        with self._rows() as db:
            rows = db.execute("SELECT name, data FROM prototypes ORDER BY name")
            return {str(name): str(data) for name, data in rows}

    def subcorpora(self) -> Subcorpora:
        """Return the subcorpora, and the names of damaged ones."""
        with self._rows() as db:
            return read_subcorpora(db)

    def can_keep_selections(self) -> bool:
        """Return whether there is the table of selections. An older collection gets it when it is next written to."""
        with self._rows() as db:
            return has_selections(db)

    def selection(self, name: str) -> Selection | None:
        """Return the lines that are kept under a name. None if there is no such name.

        Raises:
            CollectionError: They are damaged.
        """
        with self._rows() as db:
            return read_selection(db, name)

    def copy_selections(self, writer: Writer) -> int:
        """Copy the selections to the collection that will replace this one, and return the number of damaged ones."""
        with self._rows() as db:
            return writer.copy_selections(db)

    def copy_judgements(self, writer: Writer) -> None:
        """Copy the annotations of lines to the collection that will replace this one."""
        with self._rows() as db:
            writer.copy_judgements(db)

    def dictionaries(self) -> list[StoredDictionary]:
        """Return the dictionaries, in the order of their names, without their senses."""
        with self._rows() as db:
            return read_dictionaries(db)

    def dictionary_senses(self, dictionary: int) -> list[tuple[str, StoredSense]]:
        """Return all senses of a dictionary with their lemmas, in its order.

        Args:
            dictionary: `dictionaries.id`.
        """
        with self._rows() as db:
            return list(all_senses(db, dictionary))

    def lemmas_and_forms(self) -> set[str]:
        """Return every lemma and every form, folded."""
        with self._rows() as db:
            return lemmas_and_forms(db)

    def info(self) -> CollectionInfo:
        """Return counts and sizes."""

        def count(sql: str, *parameters: Any) -> int:
            (value,) = self.db.execute(sql, parameters).fetchone()
            return int(value)

        live = int(State.LIVE)
        with self.reading() as snapshot:
            first = next(iter(snapshot.segments.values()), None)
            dims = [rows.shape[1] for rows in (first.tokens, first.products, first.defaults)] if first else [0, 0, 0]
            token_dim, sentence_dim, default_dim = dims
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
                default_dim=default_dim,
                # A writer adds and removes files meanwhile.
                bytes_database=sum(file_size(self.path / f"{DATABASE_NAME}{end}") or 0 for end in ("", "-wal", "-shm")),
                bytes_vectors=sum(f.size for s in snapshot.segments.values() for f in s.files.values()),
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

        Raises:
            DamageError: A segment is damaged. Nothing was changed.
        """
        with self.writing() as writer, reading_rows(self.path):
            gone = compact(writer)
            add_missing_checksums(writer)
            return gone

    def check_database(self) -> Checked:
        """Compare the whole database with its checksums, now."""
        return self._database.check_now()

    def verify(self, all_text: bool = False, rules: LemmaRules | None = None) -> VerifyReport:
        """Check all files and rows against what was recorded about them, against each other and against the texts.

        `indexer.verify.verify` also encodes a sample of sentences again, and can repair.

        Args:
            all_text: Whether to cut all texts again, not only a sample.
            rules: Lemma rules that the collection was built with. Without them, lemmas by part of speech are only held
                against each other.
        """
        try:
            return self._verify(all_text, rules)
        except DamageError as error:
            return self._verify_files(error)

    def _verify(self, all_text: bool, rules: LemmaRules | None) -> VerifyReport:
        with self.reading() as snapshot:
            checked = self.check_database()
            problems = _problems_of(checked)
            found, sound = check_storage(self.path, self.db, snapshot)
            findings = Findings()
            cut = check_content(self.db, self.settings, sound, all_text, findings, rules)
            info = self.info()
            files = sum(len(segment.files) for segment in snapshot.segments.values())
        return VerifyReport(
            documents=info.documents,
            sentences=info.sentences,
            occurrences=info.occurrences,
            files=files,
            sentences_encoded=0,
            lowest_cosine=None,
            problems=(*problems, *found, *findings.lines()),
            documents_cut=cut,
            notices=(checked.notice,) if checked.notice else (),
            repairs=frozenset(findings.repairs),
        )

    def _verify_files(self, error: DamageError) -> VerifyReport:
        """Check only the files and the database, since a segment is so damaged that it cannot be opened."""
        checked = self.check_database()
        live = f"JOIN documents d ON d.id = s.document WHERE d.state = {int(State.LIVE)}"
        with self._rows() as db:
            problems = check_files(self.path, db) or [str(error)]
            (documents,) = db.execute(f"SELECT count(*) FROM documents WHERE state = {int(State.LIVE)}").fetchone()
            (sentences,) = db.execute(f"SELECT count(*) FROM sentences s {live}").fetchone()
            (occurrences,) = db.execute(
                f"SELECT count(*) FROM occurrences o JOIN sentences s ON s.id = o.sentence {live}"
            ).fetchone()
            files = sum(len(records_of(files, self.path)) for (files,) in db.execute("SELECT files FROM segments"))
        return VerifyReport(
            documents=documents,
            sentences=sentences,
            occurrences=occurrences,
            files=files,
            sentences_encoded=0,
            lowest_cosine=None,
            problems=(*_problems_of(checked), *problems),
            notices=(checked.notice,) if checked.notice else (),
        )
