"""SQL inserts and deletes of one commit. The caller owns the transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..given import packed
from ..values import Value, items_of
from ..vectors.arrays import Array, Half, Ids, Int32s, Mask
from ..vectors.int8 import Storage, to_bytes
from .records import DocumentPart, SentenceEntry
from .schema import ONE_VECTOR_VERSION, State, id_set, in_batches
from .segment import SegmentData, stored_rows
from .stream import StreamData, Word, stream_data


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """The T types of one commit, sorted by (lemma, form).

    Attributes:
        pairs: (lemma, form) of each type.
        ids: `types.id` of each type, given out for new ones.  (T,)
        new: Which types the collection does not have yet.  (T,)
        stored: Stored vectors of the other types, in order.
    """

    pairs: Sequence[tuple[str, str]]
    ids: Ids
    new: Mask
    stored: Sequence[bytes]

    @property
    def new_forms(self) -> list[str]:
        """Form of each new type, in order. A form with two new lemmas is in it twice."""
        return [form for (_, form), is_new in zip(self.pairs, self.new.tolist(), strict=True) if is_new]

    def vectors(self, new: Array) -> Half:
        """Return the vectors of all types, given those of the new ones.  (new, p) -> (T, p)"""
        vectors = np.zeros((len(self.pairs), new.shape[1]), np.float16)
        vectors[self.new] = new.astype(np.float16)
        if self.stored:
            vectors[~self.new] = np.frombuffer(b"".join(self.stored), np.float16).reshape(len(self.stored), -1)
        return vectors


def find_types(db: sqlite3.Connection, entries: Iterable[SentenceEntry], next_type: int) -> Types:
    """Return the distinct types of the entries. New ones get ids from `next_type` on."""
    pairs = sorted({(o.lemma, o.form) for entry in entries for o in entry.occurrences})
    known: dict[tuple[str, str], tuple[int, bytes]] = {}
    for key, form, lemma, vector in in_batches(
        db, "SELECT id, form, lemma, vector FROM types WHERE form IN ({})", [form for _, form in pairs]
    ):
        known[lemma, form] = (key, vector)
    new = np.array([pair not in known for pair in pairs], dtype=bool)  # (T,)
    ids = np.array([known[pair][0] if pair in known else -1 for pair in pairs], dtype=np.int64)  # (T,)
    ids[new] = next_type + np.arange(new.sum())
    return Types(pairs, ids, new, [known[pair][1] for pair in pairs if pair in known])


def insert_documents(db: sqlite3.Connection, parts: Sequence[DocumentPart], keys: Sequence[int]) -> None:
    """Insert documents as pending with their first part. The last part makes them live and replaces older versions."""
    for part, key in zip(parts, keys, strict=True):
        document = part.document
        if part.first == 0:
            db.execute(
                "UPDATE documents SET state = ? WHERE document_id = ? AND state = ?",
                (int(State.DELETED), document.id, int(State.PENDING)),
            )
            db.execute(
                "INSERT INTO documents (id, document_id, title, text, metadata, content_hash, root, source, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    document.id,
                    document.title,
                    document.text,
                    json.dumps(dict(document.metadata), ensure_ascii=False),
                    document.content_hash,
                    document.root,
                    document.source,
                    int(State.PENDING),
                ),
            )
            insert_metadata(db, key, document.metadata.items())
            db.executemany(
                'INSERT INTO annotations (document, start, "end", loose, tokens) VALUES (?, ?, ?, ?, ?)',
                ((key, *row) for row in packed(document.sentences)),
            )
        if part.last:
            db.execute(
                "UPDATE documents SET state = ? WHERE document_id = ? AND state = ?",
                (int(State.DELETED), document.id, int(State.LIVE)),
            )
            db.execute("UPDATE documents SET state = ? WHERE id = ?", (int(State.LIVE), key))


def insert_metadata(db: sqlite3.Connection, key: int, items: Iterable[tuple[str, Value]]) -> None:
    """Insert the metadata of the document whose `documents.id` is `key`. A list gets one row for each item."""
    db.executemany(
        "INSERT OR REPLACE INTO metadata (field, value, document) VALUES (?, ?, ?)",
        [(field, item, key) for field, value in items for item in items_of(value)],
    )


def insert_sentences(
    db: sqlite3.Connection, parts: Sequence[DocumentPart], keys: Sequence[int], next_sentence: int
) -> None:
    """Insert sentences and their keywords, with ids from `next_sentence` on."""
    rows = [
        (key, part.first + n, entry.start, entry.end, part.document.text[entry.start : entry.end])
        for part, key in zip(parts, keys, strict=True)
        for n, entry in enumerate(part.sentences)
    ]
    db.executemany(
        'INSERT INTO sentences (id, document, position, start, "end") VALUES (?, ?, ?, ?, ?)',
        ((next_sentence + n, *row[:4]) for n, row in enumerate(rows)),
    )
    db.executemany(
        "INSERT INTO sentences_fts (rowid, text) VALUES (?, ?)",
        ((next_sentence + n, row[4]) for n, row in enumerate(rows)),
    )


def insert_occurrences(
    db: sqlite3.Connection,
    entries: Sequence[SentenceEntry],
    data: SegmentData,
    order: Ids,
    types: Ids,
    next_sentence: int,
) -> None:
    """Insert occurrences in the order of the segment's rows, with their words if the segment has a stream.

    Args:
        order: Index of each row's occurrence among those of the entries.  (n,)
        types: `types.id` of each row.  (n,)
    """
    flat = [occurrence for entry in entries for occurrence in entry.occurrences]
    stream = data.stream
    words = (
        [None] * len(order) if stream is None else stream.stream_words[stream.stream[stream.token_places], 0].tolist()
    )
    db.executemany(
        'INSERT INTO occurrences (id, sentence, position, start, "end", type, word) VALUES (?, ?, ?, ?, ?, ?, ?)',
        (
            (key, next_sentence + sentence, flat[place].position, flat[place].start, flat[place].end, type_id, word)
            for key, sentence, place, type_id, word in zip(
                data.token_ids.tolist(),
                data.token_sentences.tolist(),
                order.tolist(),
                types.tolist(),
                words,
                strict=True,
            )
        ),
    )


def insert_types(db: sqlite3.Connection, types: Types, vectors: Half, segment: int, type_of: Ids) -> None:
    """Insert new types, and the range of every type in a segment.

    Args:
        vectors: Vectors of all types.  (T, p)
        type_of: Index of each row's type.  (n,)
    """
    db.executemany(
        "INSERT INTO types (id, form, lemma, vector) VALUES (?, ?, ?, ?)",
        [
            (int(types.ids[n]), types.pairs[n][1], types.pairs[n][0], vectors[n].tobytes())
            for n in np.flatnonzero(types.new).tolist()
        ],
    )
    counts = np.bincount(type_of, minlength=len(types.pairs))  # (T,)
    firsts = np.cumsum(counts) - counts
    insert_ranges(db, segment, types.ids, firsts, counts)


def insert_ranges(db: sqlite3.Connection, segment: int, types: Ids, firsts: Ids, counts: Ids) -> None:
    """Insert which rows of a segment hold the occurrences of each type. Types without occurrences get no range."""
    db.executemany(
        "INSERT INTO ranges (type, segment, first, count) VALUES (?, ?, ?, ?)",
        (
            (type_id, segment, first, count)
            for type_id, first, count in zip(types.tolist(), firsts.tolist(), counts.tolist(), strict=True)
            if count
        ),
    )


def arrange(
    parts: Sequence[DocumentPart], keys: Sequence[int], types: Types, settings: Mapping[str, Any]
) -> tuple[SegmentData, Half, Ids, Ids]:
    """Sort occurrences by (lemma, form, sentence, position) and give them ids in that order.

    Returns:
        The segment's arrays in their stored form, and its token vectors (n, d). Then two arrays (n,): for each row
        the index of its occurrence in reading order, and the index of its type.
    """
    entries = [sentence for part in parts for sentence in part.sentences]
    place_of = {pair: n for n, pair in enumerate(types.pairs)}
    type_of = np.array([place_of[o.lemma, o.form] for entry in entries for o in entry.occurrences], dtype=np.int64)
    sentence_of = np.repeat(np.arange(len(entries)), [len(entry.occurrences) for entry in entries])
    order = np.argsort(type_of, kind="stable")  # reading order is (sentence, position) already
    tokens = np.concatenate([np.asarray(entry.tokens, np.float16) for entry in entries])  # (n, d)
    documents = np.repeat(np.array(keys, np.int64), [len(part.sentences) for part in parts])  # (m,)
    tokens = np.ascontiguousarray(tokens[order])
    data = SegmentData(
        tokens=stored_rows(tokens, Storage(settings["storage"])),
        token_ids=settings["next_occurrence"] + np.arange(len(order), dtype=np.int64),
        token_sentences=sentence_of[order].astype(np.int32),
        sentences=np.stack([np.asarray(entry.vector, np.float16) for entry in entries]),
        sentence_ids=settings["next_sentence"] + np.arange(len(entries), dtype=np.int64),
        sentence_documents=documents,
    )
    if settings["format_version"] > ONE_VECTOR_VERSION:
        products = to_bytes(np.stack([np.asarray(entry.vector, np.float32) for entry in entries]))
        defaults = to_bytes(np.stack([np.asarray(entry.default, np.float32) for entry in entries]))
        data = replace(data, sentences=products, default=defaults)
    return data, tokens, order, type_of[order]


def arrange_stream(entries: Sequence[SentenceEntry], numbers: Mapping[Word, int], ids: Ids, order: Ids) -> StreamData:
    """Return the stream of a segment.

    Args:
        numbers: Number of each word.
        ids: `words.id` by the number of the word.  (W,)
        order: Index of each row's occurrence among those of the entries.  (n,)
    """
    lengths = np.array([len(entry.words) for entry in entries], np.int64)  # (m,)
    firsts = np.cumsum(lengths) - lengths
    words = np.array([numbers[word] for entry in entries for word in entry.words], np.int64)  # (T,)
    offsets = np.concatenate([np.zeros(0, np.int32), *(_offsets(entry) for entry in entries)])  # (T,)
    counts = [len(entry.occurrences) for entry in entries]
    positions = np.array([o.position for entry in entries for o in entry.occurrences], np.int64)  # (n,)
    places = np.repeat(firsts, counts) + positions
    return stream_data(ids[words], offsets, lengths, places[order])


def _offsets(entry: SentenceEntry) -> Int32s:
    """Return where the tokens of a sentence begin.  (t,)"""
    if entry.offsets is None or len(entry.offsets) != len(entry.words) or not len(entry.words):
        raise ValueError("a sentence has no tokens, or their offsets are missing")
    return entry.offsets


def stored_type_vectors(db: sqlite3.Connection, types: Ids) -> Half:
    """Return the stored vectors of types, in the order of the given ids.  (T,) -> (T, p), or (0, 0) without types"""
    stored = dict(db.execute("SELECT id, vector FROM types").fetchall())
    vectors = [np.frombuffer(stored[key], np.float16) for key in types.tolist()]
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float16)


def segment_types(db: sqlite3.Connection, segment: int) -> tuple[Ids, Ids, Ids]:
    """Return the type ids, first rows and counts of a segment's ranges, in the order of the rows."""
    rows = db.execute("SELECT type, first, count FROM ranges WHERE segment = ? ORDER BY first", (segment,))
    table = np.array(rows.fetchall(), dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def purge(db: sqlite3.Connection) -> int:
    """Delete all rows of deleted documents, and return the number of those documents."""
    dead = [key for (key,) in db.execute("SELECT id FROM documents WHERE state = ?", (int(State.DELETED),))]
    with id_set(db, "dead_documents", dead) as table:
        for document in dead:
            (text,) = db.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()
            spans = db.execute('SELECT id, start, "end" FROM sentences WHERE document = ?', (document,)).fetchall()
            # To delete a row of a contentless FTS5 table, SQLite needs the text that the row was made from.
            db.executemany(
                "INSERT INTO sentences_fts (sentences_fts, rowid, text) VALUES ('delete', ?, ?)",
                ((key, text[start:end]) for key, start, end in spans),
            )
        sentences = f"SELECT s.id FROM sentences s JOIN {table} t ON t.id = s.document"
        db.execute(f"DELETE FROM occurrences WHERE sentence IN ({sentences})")
        db.execute(f"DELETE FROM sentences WHERE document IN (SELECT id FROM {table})")
        db.execute(f"DELETE FROM metadata WHERE document IN (SELECT id FROM {table})")
        db.execute(f"DELETE FROM annotations WHERE document IN (SELECT id FROM {table})")
        db.execute(f"DELETE FROM documents WHERE id IN (SELECT id FROM {table})")
    db.execute("DELETE FROM types WHERE id NOT IN (SELECT type FROM ranges)")
    return len(dead)
