"""Measure one collection for `benchmarks.search.tables`: each table in a fresh process, on one thread."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.faiss_index import build_index, search_index
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectorise import Vectoriser
from polyseme.search.hits import Match
from polyseme.search.query.encode import QueryEncoder
from polyseme.search.query.scope import Scope
from polyseme.search.retrieval.any_word import AnyWord
from polyseme.search.searcher import Searcher

from benchmarks.lib.fresh_process import anonymous_memory, drop_page_cache, one_thread, trimmed_memory
from benchmarks.lib.sql import lemma_size
from benchmarks.lib.stored import K, Query, draw_queries, load_stored, overlap, vectors_of
from benchmarks.search.exact import Lemmas, best_sentences, best_stored

if TYPE_CHECKING:
    from polyseme.indexer.elmo import Encoder

QUERIES = 200
"""Number of queries of each kind."""
COLD = 15
"""Number of words that are searched with an empty page cache."""
LARGEST_WORD = 20_000
"""Maximum number of occurrences of a word for which the latency goal of the same word holds."""
FILTERS = {"1 %": "part=0", "10 %": "part=0..9", "90 %": "part=0..89"}
"""Share of the documents that a filter keeps, and the filter."""
_LONG = 300
"""Number of words in a sentence that is too long for numpy, so that TensorFlow encodes it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Wall milliseconds over some queries: median and 99th percentile."""

    queries: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class SameWord:
    """Latency of search for the same word, and its recall.

    Attributes:
        known: Latency with cached query vectors.
        encoded: Latency if the query is encoded first.
        by_size: Latency with cached query vectors, by the word's number of occurrences.
    """

    known: Times
    encoded: Times
    by_size: dict[str, Times]
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class Approximate:
    """Approximate search.

    Attributes:
        known: Latency with cached query vectors.
        encoded: Latency if the query is encoded first.
        exact: Share of the queries whose hits a bound proves exact.
        scored: Median number of scored rows.
    """

    recall_at_10: float
    known: Times
    encoded: Times
    exact: float | None = None
    scored: float | None = None


@dataclass(frozen=True, slots=True)
class Cold:
    """Milliseconds of a first answer with an empty page cache: opening the collection, then encoding and searching."""

    opened: float
    answered: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Growth of anonymous memory in bytes: after opening, and after every kind of search."""

    opened: int
    served: int


def warm(encoder: Encoder, analyser: TextAnalyser, long_ones: bool = True) -> None:
    """Load the libraries and weights that queries need. Long ones need TensorFlow and its copy of the weights."""
    tokens = [token.text for token in analyser.tokens("The libraries' dictionaries are read now.")]
    encoder.represent([tokens])
    if long_ones:
        encoder.represent([list(map(str, range(_LONG)))])
    row = np.eye(1, 8, dtype=np.float32)  # (1, 8)
    search_index(build_index(1, lambda rows: row[rows]), row[0], 1)


@contextmanager
def opened(path: Path) -> Iterator[Searcher]:
    """Open a collection for search on one thread, with everything loaded."""
    with one_thread(), Searcher.open(path) as searcher:
        warm(searcher.encoder, searcher.analyser)
        yield searcher


def times(milliseconds: Sequence[float]) -> Times:
    """Return the number, median and 99th percentile of some latencies."""
    p50, p99 = np.percentile(milliseconds, [50, 99]) if milliseconds else (0.0, 0.0)
    return Times(len(milliseconds), round(float(p50), 2), round(float(p99), 2))


def clock(call: Callable[[], object]) -> float:
    """Return the wall milliseconds of a call."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def twice(queries: Sequence[Query], search: Callable[[Query], object]) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each query, encoded first and with cached vectors. The first three also warm up."""
    for query in queries[:3]:
        search(query)
    encoded, known = [], []
    for query in reversed(queries):  # in reverse order, because the cache still holds the first ones
        encoded.append(clock(lambda query=query: search(query)))  # type: ignore[misc]
        known.append(clock(lambda query=query: search(query)))  # type: ignore[misc]
    return encoded[::-1], known[::-1]


def same_word(path: Path) -> SameWord:
    """Measure `match="lemma"`. The latency goal excludes words of more than LARGEST_WORD occurrences."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def search(query: Query) -> list[int]:
            hits = searcher.occurrences((query.sentence, query.position), k=K, match=Match.LEMMA)
            return [hit.occurrence_id for hit in hits]

        encoded, known = twice(queries, search)
        sizes = np.array([lemma_size(searcher.collection, query.occurrence_id) for query in queries])
        bounds = [0, 100, 1_000, 5_000, LARGEST_WORD, 10**9]
        by_size = {}
        for low, high in itertools.pairwise(bounds):
            chosen = np.flatnonzero((sizes > low) & (sizes <= high))
            name = f"{low + 1:,} to {high:,}" if high < 10**9 else f"above {low:,}"
            by_size[name] = times([known[n] for n in chosen])
        recalls = []
        with searcher.collection.reading() as snapshot:
            exact = Lemmas(load_stored(searcher.collection, snapshot))
            for query, asked, sense, _ in vectors_of(searcher, snapshot, queries):
                best = exact.best(asked.target_tokens[0].lemma, sense, K)
                recalls.append(len(set(search(query)) & set(best)) / max(len(best), 1))
        within = np.flatnonzero(sizes <= LARGEST_WORD)
        return SameWord(
            times([known[n] for n in within]),
            times([encoded[n] for n in within]),
            by_size,
            round(float(np.mean(recalls)), 4),
        )


def different_words(path: Path, count: int) -> list[Query]:
    """Return queries for `count` words of different lemmas."""
    with Searcher.open(path) as searcher:
        found: dict[str, Query] = {}
        for query in draw_queries(searcher, QUERIES):
            found.setdefault(searcher.analyser.tokens(query.sentence)[query.position].lemma, query)
        return list(found.values())[:count]


def cold(path: Path, query: Query) -> Cold:
    """Measure the first answer of a process that has loaded libraries, analyser and model, but no collection.

    `drop_page_cache` says which pages may still be in memory.
    """
    encoder, analyser = parts_of(path)
    with one_thread():
        warm(encoder, analyser, long_ones=False)
        drop_page_cache(path)
        started = time.perf_counter()
        with Searcher.open(path, encoder) as searcher:
            opening = 1000 * (time.perf_counter() - started)
            searcher.analyser = analyser
            place = query.sentence, query.position
            return Cold(opening, clock(lambda: searcher.occurrences(place, k=K, match=Match.LEMMA)))


def parts_of(path: Path) -> tuple[Encoder, TextAnalyser]:
    """Load the encoder and the analyser that a searcher of a collection needs."""
    with Collection.open(path) as collection:
        settings = collection.settings
    return load_encoder(settings.model, precision=settings.precision), TextAnalyser(settings.language)


def any_word(path: Path) -> Approximate:
    """Measure `match="any"`: recall against exhaustive scoring, latency, and how often a bound proves it exact."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def search(query: Query) -> list[int]:
            hits = searcher.occurrences((query.sentence, query.position), k=K + 1, match=Match.ANY)
            return [hit.occurrence_id for hit in hits]

        encoded, known = twice(queries, search)
        weight = searcher.settings.word_weight
        with searcher.collection.reading() as snapshot:
            stored = load_stored(searcher.collection, snapshot)
            recalls, exact, scored = [], [], []
            for query, _, sense, word in vectors_of(searcher, snapshot, queries):
                best = best_stored(stored, stored.scores(sense, word, weight), K + 1)
                recalls.append(overlap(search(query), best, query.occurrence_id))
                bounded = AnyWord(searcher.collection.types(), Scope(snapshot), sense, word, weight, K + 1)
                exact.append(bounded.scan_types())
                scored.append(bounded.scored)
        return Approximate(
            round(float(np.mean(recalls)), 4),
            times(known),
            times(encoded),
            float(np.mean(exact)),
            float(np.median(scored)),
        )


def sentences(path: Path) -> Approximate:
    """Measure recall and latency of search by sentence. Recall leaves out the query's own sentence."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def search(query: Query) -> list[int]:
            return [hit.sentence_id for hit in searcher.sentences(query.sentence, k=K + 1)]

        encoded, known = twice(queries, search)
        with searcher.collection.reading() as snapshot:
            encode = QueryEncoder(Vectoriser.of(searcher.settings, searcher.encoder, snapshot.transforms))
            vectors = np.stack([encode(searcher.analyser.tokens(query.sentence)).sentence for query in queries])
            exact = best_sentences(list(snapshot.segments.values()), vectors, K + 1)
        recalls = [overlap(search(query), best, best[0]) for query, best in zip(queries, exact, strict=True)]
        return Approximate(round(float(np.mean(recalls)), 4), times(known), times(encoded))


def filtered(path: Path) -> dict[str, dict[str, Times]]:
    """Measure each kind of search within each filter, with cached query vectors."""
    found: dict[str, dict[str, Times]] = {}
    with opened(path) as searcher:
        queries = draw_queries(searcher, 40)
        for name, where in {"all": None, **FILTERS}.items():
            kinds: dict[str, Callable[[Query], object]] = {
                "same word": lambda q, where=where: searcher.occurrences((q.sentence, q.position), k=K, where=where),  # type: ignore[misc]
                "any word": lambda q, where=where: searcher.occurrences(  # type: ignore[misc]
                    (q.sentence, q.position), k=K, where=where, match=Match.ANY
                ),
                "sentences": lambda q, where=where: searcher.sentences(q.sentence, k=K, where=where),  # type: ignore[misc]
            }
            found[name] = {kind: times(twice(queries, search)[1]) for kind, search in kinds.items()}
    return found


def queries_of(path: Path) -> list[Query]:
    """Return the queries that every table uses."""
    with Searcher.open(path) as searcher:
        return draw_queries(searcher, QUERIES)


def memory(path: Path, queries: Sequence[Query]) -> Memory:
    """Measure by how much opening a collection and searching it increases the memory of a process.

    Libraries, analyser and model are loaded before, and all queries are encoded once, so that they do not count.
    """
    encoder, analyser = parts_of(path)
    with one_thread():
        warm(encoder, analyser)
        for query in queries:
            encoder.represent([[token.text for token in analyser.tokens(query.sentence)]])
        before = trimmed_memory()
        with Searcher.open(path, encoder) as searcher:
            searcher.analyser = analyser
            with searcher.collection.reading() as snapshot:
                snapshot.sentence_mask(next(iter(snapshot.segments.values())))
            opening = anonymous_memory() - before
            for query in queries:
                for match in (Match.LEMMA, Match.ANY):
                    searcher.occurrences((query.sentence, query.position), k=K, match=match)
                searcher.sentences(query.sentence, k=K)
            with searcher.collection.reading() as snapshot:
                for segment in snapshot.segments.values():  # loads the index, which a query needs where the bound fails
                    assert segment.token_index.ntotal
            return Memory(opening, anonymous_memory() - before)


def disk(path: Path) -> dict[str, int]:
    """Return the bytes of the files of each name."""
    found: dict[str, int] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file():
            found[file.name] = found.get(file.name, 0) + file.stat().st_size
    return found
