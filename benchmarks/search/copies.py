"""Enlarge a collection without an encoder: store its documents again, with slightly moved vectors.

Copies bring no new types, so that every word grows in the same proportion. Real text would bring new words too.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.compaction import merge_small_segments
from polyseme.indexer.collection.random_pairs import store_random_pairs
from polyseme.indexer.collection.records import DocumentPart, OccurrenceEntry, SentenceEntry
from polyseme.indexer.collection.segment import vector_rows
from polyseme.indexer.collection.snapshot import Snapshot
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import Array, unit

from benchmarks.lib.fresh_process import peak_memory
from benchmarks.lib.sql import OccurrenceRow, document_occurrences, type_rows
from benchmarks.lib.stopwatch import Stopwatch

NOISE = 0.5
"""Length of the random vector that is added to a copy's unit vector. Its cosine with the original is about 0.9."""
SEGMENT_SENTENCES = 8192
"""Number of sentences after which a segment is committed."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Number of stored occurrences, CPU seconds of storing and of compacting, and peak memory in bytes.

    Storing means to build and write segments and to insert rows. Reading the source and moving its vectors is not
    counted. The memory holds the documents that wait to be stored, an index while it is built, and mapped pages of
    both collections.
    """

    occurrences: int
    stored_cpu: float
    compacted_cpu: float
    peak: int


def copy_collection(source: Path, out: Path, occurrences: int) -> Copied:
    """Store a source's documents again and again, until `out` has at least this number of occurrences.

    Run it with `in_fresh_process` to measure memory.
    """
    storing, compacting = Stopwatch(), Stopwatch()
    rng = np.random.default_rng(1)
    with Collection.open(source) as old, old.reading() as snapshot:
        new = Collection.create(out, old.settings)
        vectors = {row.form: row.vector for row in type_rows(old)}

        def identity(forms: Sequence[str]) -> Array:
            width = len(next(iter(vectors.values()))) // 2
            found = [np.frombuffer(vectors[form], np.float16) for form in forms]
            return np.array(found, np.float32).reshape(-1, width)  # (n, p)

        with new.writing() as writer:
            stored = 0
            parts: list[DocumentPart] = []
            transforms = dict(snapshot.transforms)
            for number in itertools.count():
                for part in _documents(old, snapshot, number, rng):
                    parts.append(part)
                    stored += sum(len(sentence.occurrences) for sentence in part.sentences)
                    if sum(len(part.sentences) for part in parts) >= SEGMENT_SENTENCES or stored >= occurrences:
                        with storing:
                            types = writer.find_types(parts)
                            writer.commit(parts, types, identity(types.new_forms), transforms)
                        parts = []
                    if stored >= occurrences:
                        break
                if stored >= occurrences:
                    break
            with compacting:
                merge_small_segments(writer)
            store_random_pairs(new, writer)
            new.close()
    return Copied(stored, storing.seconds, compacting.seconds, peak_memory())


def _documents(old: Collection, snapshot: Snapshot, number: int, rng: np.random.Generator) -> Iterator[DocumentPart]:
    """Yield all documents for one round. Round 0 keeps the source's vectors, later rounds move them."""
    tokens_of = StoredTokens(snapshot.segments.values(), old.words())
    types = {row.key: (row.form, row.lemma) for row in type_rows(old)}
    rows = {
        int(key): (segment.key, row)
        for segment in snapshot.segments.values()
        for row, key in enumerate(segment.sentence_ids.tolist())
    }
    # Plain arrays over the mapped files: reading one number of a memory-mapped array takes ten times as long.
    plain = {
        key: (
            np.asarray(each.token_ids),
            vector_rows(np.asarray(each.stored_tokens)),
            np.asarray(each.products[:]),
            np.asarray(each.defaults[:]),
        )
        for key, each in snapshot.segments.items()
    }
    by_sentence = {
        key: np.argsort(segment.token_sentences, kind="stable") for key, segment in snapshot.segments.items()
    }
    bounds = {  # of each sentence's occurrences in by_sentence
        key: [0, *np.cumsum(np.bincount(each.token_sentences, minlength=len(each.sentences))).tolist()]
        for key, each in snapshot.segments.items()
    }
    for document in list(old.documents()):
        _, text = old.document(document.document_id)
        found: dict[int, list[OccurrenceRow]] = defaultdict(list)
        for entry in document_occurrences(old, document.key):
            found[entry.sentence].append(entry)
        sentences = []
        for sentence, start, end in old.document_sentences(document.key):
            stream = tokens_of.of_sentence(sentence) or []
            segment, row = rows[sentence]
            ids, stored_tokens, stored_sentences, stored_defaults = plain[segment]
            places = by_sentence[segment][slice(*bounds[segment][row : row + 2])]
            by_id = dict(zip(ids[places].tolist(), places.tolist(), strict=True))
            entries = found[sentence]
            tokens = np.asarray(stored_tokens[[by_id[entry.key] for entry in entries]], np.float32)  # (n, d)
            vector = np.asarray(stored_sentences[row], np.float32)  # (e,)
            default = np.asarray(stored_defaults[row], np.float32)  # (dim,)
            if number:
                tokens, vector, default = _moved(tokens, rng), *(_moved(v[None, :], rng)[0] for v in (vector, default))
            occurrences = tuple(OccurrenceEntry(e.position, e.start, e.end, *types[e.type]) for e in entries)
            words, offsets = tuple(word for _, word in stream), np.array([offset for offset, _ in stream], np.int32)
            sentences.append(SentenceEntry(start, end, occurrences, vector, tokens, default, words, offsets))
        key = f"{number:03}/{document.document_id}"
        copy = Document(key, text, document.metadata)
        yield DocumentPart(copy, 0, tuple(sentences), True)


def _moved(rows: Array, rng: np.random.Generator) -> Array:
    """Return unit rows, each moved by NOISE in its own random direction.  (n, d)"""
    return unit(rows + NOISE * unit(rng.standard_normal(rows.shape)))
