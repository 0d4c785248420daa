"""Load all stored vectors of a collection, and draw queries from its occurrences."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.snapshot import Snapshot
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.search.query.encode import QueryEncoder, TargetQuery, read_target_query
from polyseme.search.searcher import Searcher

from benchmarks.lib.sql import occurrence_place, type_ranges, type_rows

K = 10
"""Number of hits that a benchmark asks for."""


@dataclass(frozen=True, slots=True)
class Query:
    """A stored occurrence as a query: its sentence and the position of its token."""

    occurrence_id: int
    sentence: str
    position: int


@dataclass(frozen=True, slots=True)
class Stored:
    """The n occurrences of a snapshot, with their sense vectors and the identity vectors of their types."""

    ids: Ids  # (n,)
    sense: Array  # (n, d)
    types: Ids  # (n,) row of each occurrence's type in `words`
    words: Array  # (types, p)
    lemmas: list[str]  # of each type

    def scores(self, sense: Array, word: Array, weight: float) -> Array:
        """Return the scores of `match="any"`: sense cosine plus weighted identity cosine.  (d,), (p,) -> (n,)"""
        identity = (self.words @ word)[self.types]  # (n,)
        return np.asarray((self.sense @ sense + weight * identity) / (1 + weight), np.float32)


def load_stored(collection: Collection, snapshot: Snapshot) -> Stored:
    """Read the vectors of every occurrence and type into memory as float32."""
    rows = type_rows(collection)
    keys = np.array([row.key for row in rows], np.int64)  # (types,)
    words = np.stack([np.frombuffer(row.vector, np.float16) for row in rows]).astype(np.float32)  # (types, p)
    ids, sense, types = [], [], []
    for segment in snapshot.segments.values():
        kinds = np.empty(len(segment.tokens), np.int64)
        for kind, first, count in type_ranges(collection, segment.key):
            kinds[first : first + count] = kind
        ids.append(np.asarray(segment.token_ids))
        sense.append(np.asarray(segment.tokens[:], np.float32))
        types.append(np.searchsorted(keys, kinds))
    return Stored(np.concatenate(ids), np.concatenate(sense), np.concatenate(types), words, [row.lemma for row in rows])


def draw_queries(searcher: Searcher, count: int) -> list[Query]:
    """Draw at most `count` occurrences at random. Every run draws the same ones."""
    with searcher.collection.reading() as snapshot:
        ids = np.concatenate([np.asarray(segment.token_ids) for segment in snapshot.segments.values()])
        drawn = random.Random(1).sample(np.sort(ids).tolist(), min(count, len(ids)))
        queries = []
        for key in drawn:
            sentence, position = occurrence_place(searcher.collection, key)
            queries.append(Query(key, searcher.collection.sentence_text(sentence), position))
    return queries


def vectors_of(
    searcher: Searcher, snapshot: Snapshot, queries: Sequence[Query]
) -> Iterator[tuple[Query, TargetQuery, Array, Array]]:
    """Yield each query with its target and the target's vectors: sense (d,) and identity (p,)."""
    encode = QueryEncoder(Vectoriser.of(searcher.settings, searcher.encoder, snapshot.transforms))
    for query in queries:
        asked = read_target_query(searcher.analyser, (query.sentence, query.position), searcher.settings.function_words)
        yield query, asked, encode.sense(asked), encode.identity(asked)


def overlap(found: Sequence[int], exact: Sequence[int], own: int) -> float:
    """Return recall@K without the query's own occurrence `own`. Both lists hold K + 1 ids or more."""
    wanted = [key for key in exact if key != own][:K]
    return len(set(wanted) & set([key for key in found if key != own][:K])) / len(wanted)
