"""A collection made larger or smaller without an encoder: its documents again, their vectors a little moved.

Copies say more than they are worth about words: no new type comes with them, so that every word grows alike.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from alone import peak_memory
from clocks import Stopwatch
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.compaction import compact
from polyseme.indexer.collection.random_pairs import store_random_pairs
from polyseme.indexer.collection.records import DocumentPart, OccurrenceEntry, SentenceEntry
from polyseme.indexer.collection.segment import token_rows
from polyseme.indexer.collection.snapshot import Snapshot
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.indexer.vectors.int8 import Storage
from wider import TOKENS, WORDS, wider, wider_transforms

NOISE = 0.5
"""Length of what is added to a unit vector of a copy: its cosine with the original is about 0.9."""
SEGMENT_SENTENCES = 8192


@dataclass(frozen=True, slots=True)
class Copied:
    """Occurrences that were stored, and seconds of the processor for storing and for compacting.

    Storing is segments built and written, and rows inserted.
    Reading the source and moving its vectors is in neither. peak: bytes held at most at any time: the documents that
    wait to be stored, what building an index holds, and the pages of both collections' mapped files.
    """

    occurrences: int
    stored_cpu: float
    compacted_cpu: float
    peak: int


def copy_collection(
    source: Path, out: Path, occurrences: int, storage: Storage | None = None, wide: bool = False
) -> Copied:
    """Store at least so many occurrences of a source's documents, over and over; call it through `alone`.

    storage None: as in the source; wide: token vectors and words of more dimensions (`wider.py`).
    """
    storing, compacting = Stopwatch(), Stopwatch()
    rng = np.random.default_rng(1)
    with Collection.open(source) as old, old.reading() as snapshot:
        new = Collection.create(out, replace(old.settings, storage=storage or old.settings.storage))
        vectors = dict(old.db.execute("SELECT form, vector FROM types"))

        def identity(forms: Sequence[str]) -> Array:
            width = len(next(iter(vectors.values()))) // 2
            found = [np.frombuffer(vectors[form], np.float16) for form in forms]
            rows = np.array(found, np.float32).reshape(-1, width)
            return wider(rows, WORDS) if wide else rows  # (n, p)

        with new.writing() as writer:
            stored = 0
            parts: list[DocumentPart] = []
            transforms = wider_transforms(dict(snapshot.transforms)) if wide else dict(snapshot.transforms)
            for number in itertools.count():
                for part in _documents(old, snapshot, number, rng):
                    parts.append(_widened(part) if wide else part)
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
                compact(writer, full=False)
            store_random_pairs(new, writer)
            new.close()
    return Copied(stored, storing.seconds, compacting.seconds, peak_memory())


def _documents(old: Collection, snapshot: Snapshot, number: int, rng: np.random.Generator) -> Iterator[DocumentPart]:
    """Whole documents of one round; the first round is the source itself, the others are moved."""
    types = {key: (form, lemma) for key, form, lemma in old.db.execute("SELECT id, form, lemma FROM types")}
    rows = {
        int(key): (segment.key, row)
        for segment in snapshot.segments.values()
        for row, key in enumerate(segment.sentence_ids.tolist())
    }
    # Plain arrays over the mapped files: to read a number of a mapped array takes ten times as long.
    plain = {
        key: (np.asarray(each.token_ids), token_rows(np.asarray(each.stored_tokens)), np.asarray(each.sentences))
        for key, each in snapshot.segments.items()
    }
    inside = {key: np.argsort(segment.token_sentences, kind="stable") for key, segment in snapshot.segments.items()}
    bounds = {  # of each sentence's occurrences among those inside
        key: [0, *np.cumsum(np.bincount(each.token_sentences, minlength=len(each.sentences))).tolist()]
        for key, each in snapshot.segments.items()
    }
    for document in list(old.documents()):
        _, text = old.document(document.document_id)
        found: dict[int, list[tuple[int, int, int, int, int]]] = defaultdict(list)
        sql = (
            'SELECT o.sentence, o.id, o.position, o.start, o."end", o.type FROM occurrences o'
            " JOIN sentences s ON s.id = o.sentence WHERE s.document = ? ORDER BY o.sentence, o.position"
        )
        for sentence, *entry in old.db.execute(sql, (document.key,)):
            found[sentence].append((entry[0], entry[1], entry[2], entry[3], entry[4]))
        sentences = []
        for sentence, start, end in old.document_sentences(document.key):
            segment, row = rows[sentence]
            ids, stored_tokens, stored_sentences = plain[segment]
            places = inside[segment][slice(*bounds[segment][row : row + 2])]
            by_id = dict(zip(ids[places].tolist(), places.tolist(), strict=True))
            entries = found[sentence]
            tokens = np.asarray(stored_tokens[[by_id[entry[0]] for entry in entries]], np.float32)  # (n, d)
            vector = np.asarray(stored_sentences[row], np.float32)  # (e,)
            if number:
                tokens, vector = _moved(tokens, rng), _moved(vector[None, :], rng)[0]
            occurrences = tuple(OccurrenceEntry(p, a, b, *types[kind]) for _, p, a, b, kind in entries)
            sentences.append(SentenceEntry(start, end, occurrences, vector, tokens))
        key = f"{number:03}/{document.document_id}"
        copy = Document(key, text, document.metadata)
        yield DocumentPart(copy, 0, tuple(sentences), True)


def _widened(part: DocumentPart) -> DocumentPart:
    sentences = (replace(each, tokens=wider(np.asarray(each.tokens, np.float32), TOKENS)) for each in part.sentences)
    return replace(part, sentences=tuple(sentences))


def _moved(rows: Array, rng: np.random.Generator) -> Array:
    """Unit rows, each moved by NOISE in a direction of its own.  (n, d)"""
    return unit(rows + NOISE * unit(rng.standard_normal(rows.shape)))
