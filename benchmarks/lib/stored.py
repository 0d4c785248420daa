"""Everything that a collection stores about its occurrences, and queries drawn from it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.snapshot import Snapshot
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.search.query.encode import Asked, QueryEncoder, ask
from polyseme.search.searcher import Searcher

K = 10


@dataclass(frozen=True, slots=True)
class Query:
    """A stored occurrence and where it stands."""

    occurrence_id: int
    sentence: str
    position: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that a snapshot stores of n occurrences of types with p-wide identity vectors."""

    ids: Ids  # (n,)
    sense: Array  # (n, d)
    types: Ids  # (n,) row of each occurrence's type in words
    words: Array  # (types, p)
    forms: list[str]  # of each type

    def scores(self, sense: Array, word: Array, weight: float) -> Array:
        """What ``match="any"`` orders by: cosine in sense (d,) and, weighted, in identity (p,).  -> (n,)"""
        identity = (self.words @ word)[self.types]  # (n,)
        return np.asarray((self.sense @ sense + weight * identity) / (1 + weight), np.float32)


def load_stored(collection: Collection, snapshot: Snapshot) -> Stored:
    rows = collection.db.execute("SELECT id, form, vector FROM types ORDER BY id").fetchall()
    keys = np.array([row[0] for row in rows], np.int64)  # (types,)
    words = np.stack([np.frombuffer(row[2], np.float16) for row in rows]).astype(np.float32)  # (types, p)
    ids, sense, types = [], [], []
    for segment in snapshot.segments.values():
        kinds = np.empty(len(segment.tokens), np.int64)
        ranges = collection.db.execute("SELECT type, first, count FROM ranges WHERE segment = ?", [segment.key])
        for kind, first, count in ranges:
            kinds[first : first + count] = kind
        ids.append(np.asarray(segment.token_ids))
        sense.append(np.asarray(segment.tokens[:], np.float32))
        types.append(np.searchsorted(keys, kinds))
    return Stored(np.concatenate(ids), np.concatenate(sense), np.concatenate(types), words, [row[1] for row in rows])


def draw_queries(searcher: Searcher, count: int) -> list[Query]:
    with searcher.collection.reading() as snapshot:
        ids = np.concatenate([np.asarray(segment.token_ids) for segment in snapshot.segments.values()])
        drawn = random.Random(1).sample(np.sort(ids).tolist(), min(count, len(ids)))
        queries = []
        for key in drawn:
            row = searcher.collection.db.execute("SELECT sentence, position FROM occurrences WHERE id = ?", [key])
            sentence, position = row.fetchone()
            queries.append(Query(key, searcher.collection.sentence_text(sentence), position))
    return queries


def vectors_of(
    searcher: Searcher, snapshot: Snapshot, queries: Sequence[Query]
) -> Iterator[tuple[Query, Asked, Array, Array]]:
    """Each query as it is asked, with the vectors of its word: sense (d,) and identity (p,)."""
    encode = QueryEncoder(Vectoriser(searcher.encoder, searcher.settings.layer, snapshot.transforms))
    for query in queries:
        asked = ask(searcher.analyser, (query.sentence, query.position), searcher.settings.function_words)
        yield query, asked, encode.sense(asked), encode.identity(asked)


def overlap(found: Sequence[int], exact: Sequence[int], own: int) -> float:
    """Share of the K best, the asking occurrence left out, that was found; both lists hold K + 1 or more."""
    wanted = [key for key in exact if key != own][:K]
    return len(set(wanted) & set([key for key in found if key != own][:K])) / len(wanted)
