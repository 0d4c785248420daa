"""What `benchmarks/search.py` measures of one collection, each table in a process of its own, on one thread."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from alone import anonymous_memory, forget_files, memory_before, one_thread
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.faiss_index import build_index, search_index
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.text.analyser import TextAnalyser
from polyseme.indexer.vectorise import Vectoriser
from polyseme.search.hits import Match
from polyseme.search.query.encode import QueryEncoder
from polyseme.search.query.scope import Scope
from polyseme.search.retrieval.any_word import AnyWord
from polyseme.search.searcher import Searcher
from search_exact import Lemmas, best_sentences, best_stored
from searching import K, Query, draw_queries, load_stored, overlap, vectors_of
from wider import as_it_is

if TYPE_CHECKING:
    from polyseme.indexer.elmo import Encoder

Prepare = Callable[["Encoder"], "Encoder"]
QUERIES = 200
COLD = 15
"""Words that are asked for with nothing of the collection in memory."""
LARGEST_WORD = 20_000
"""Occurrences of a word up to which the goal for the same word holds."""
FILTERS = {"1 %": "part=0", "10 %": "part=0..9", "90 %": "part=0..89"}
_MANY = 300
"""Words in a sentence that is not encoded as short queries are: TensorFlow is imported for it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds by the clock over some queries."""

    queries: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class SameWord:
    """Search for a word: its vectors at hand, and encoded first; recall against all occurrences of its lemma."""

    known: Times
    encoded: Times
    by_size: dict[str, Times]
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class Approximate:
    """Search that need not be exact; exact: the share of queries that a bound proved exact; scored: median rows."""

    recall_at_10: float
    known: Times
    encoded: Times
    exact: float | None = None
    scored: float | None = None


@dataclass(frozen=True, slots=True)
class Cold:
    """Milliseconds of a first answer, files not in memory: to open the collection, and to encode, find and show."""

    opened: float
    answered: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Growth of anonymous memory in bytes: on opening, and after every kind of question was asked."""

    opened: int
    served: int


def warm(encoder: Encoder, analyser: TextAnalyser, long_ones: bool = True) -> None:
    """Have libraries imported and weights at hand that queries need; long ones need TensorFlow and its weights."""
    tokens = [token.text for token in analyser.tokens("The libraries' dictionaries are read now.")]
    encoder.represent([tokens])
    if long_ones:
        encoder.represent([list(map(str, range(_MANY)))])
    row = np.eye(1, 8, dtype=np.float32)  # (1, 8)
    search_index(build_index(1, lambda rows: row[rows]), row[0], 1)


@contextmanager
def opened(path: Path, prepare: Prepare = as_it_is) -> Iterator[Searcher]:
    """A collection to ask on one thread, warm; prepare: what is done to its encoder."""
    with one_thread(), Searcher.open(path) as searcher:
        prepare(searcher.encoder)
        warm(searcher.encoder, searcher.analyser)
        yield searcher


def times(milliseconds: Sequence[float]) -> Times:
    p50, p99 = np.percentile(milliseconds, [50, 99]) if milliseconds else (0.0, 0.0)
    return Times(len(milliseconds), round(float(p50), 2), round(float(p99), 2))


def clock(ask_one: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    started = time.perf_counter()
    ask_one()
    return 1000 * (time.perf_counter() - started)


def twice(queries: Sequence[Query], ask_one: Callable[[Query], object]) -> tuple[list[float], list[float]]:
    """Milliseconds of each query, encoded first and with its vectors at hand; the first three warm up."""
    for query in queries[:3]:
        ask_one(query)
    encoded, known = [], []
    for query in reversed(queries):  # backwards, so that the first ones are not remembered
        encoded.append(clock(lambda query=query: ask_one(query)))  # type: ignore[misc]
        known.append(clock(lambda query=query: ask_one(query)))  # type: ignore[misc]
    return encoded[::-1], known[::-1]


def word_sizes(searcher: Searcher, queries: Sequence[Query]) -> list[int]:
    """How many occurrences the lemma of each query has."""
    sql = (
        "SELECT sum(r.count) FROM ranges r JOIN types t ON t.id = r.type WHERE t.lemma ="
        " (SELECT t.lemma FROM occurrences o JOIN types t ON t.id = o.type WHERE o.id = ?)"
    )
    db = searcher.collection.db
    return [int(db.execute(sql, (query.occurrence_id,)).fetchone()[0]) for query in queries]


def same_word(path: Path) -> SameWord:
    """Latency of `match="lemma"` for occurrences drawn at random; those of larger words stand apart."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def ask_one(query: Query) -> list[int]:
            hits = searcher.occurrences((query.sentence, query.position), k=K, match=Match.LEMMA)
            return [hit.occurrence_id for hit in hits]

        encoded, known = twice(queries, ask_one)
        sizes = np.array(word_sizes(searcher, queries))
        bounds = [0, 100, 1_000, 5_000, LARGEST_WORD, 10**9]
        by_size = {}
        for low, high in itertools.pairwise(bounds):
            chosen = np.flatnonzero((sizes > low) & (sizes <= high))
            name = f"{low + 1:,} to {high:,}" if high < 10**9 else f"above {low:,}"
            by_size[name] = times([known[n] for n in chosen])
        recalls = []
        with searcher.collection.reading() as snapshot:
            exact = Lemmas(searcher.collection, load_stored(searcher.collection, snapshot))
            for query, asked, sense, _ in vectors_of(searcher, snapshot, queries):
                best = exact.best(asked.target_tokens[0].lemma, sense, K)
                recalls.append(len(set(ask_one(query)) & set(best)) / max(len(best), 1))
        within = np.flatnonzero(sizes <= LARGEST_WORD)
        return SameWord(
            times([known[n] for n in within]),
            times([encoded[n] for n in within]),
            by_size,
            round(float(np.mean(recalls)), 4),
        )


def different_words(path: Path, count: int) -> list[Query]:
    """Queries for words of different lemmas."""
    with Searcher.open(path) as searcher:
        found: dict[str, Query] = {}
        for query in draw_queries(searcher, QUERIES):
            found.setdefault(searcher.analyser.tokens(query.sentence)[query.position].lemma, query)
        return list(found.values())[:count]


def cold(path: Path, query: Query) -> Cold:
    """The first answer of a process whose libraries, analyser and model are loaded, but nothing of the collection.

    See `forget_files` for what cannot be kept from being in memory.
    """
    encoder, analyser = parts_of(path)
    with one_thread():
        warm(encoder, analyser, long_ones=False)
        forget_files(path)
        started = time.perf_counter()
        with Searcher.open(path, encoder) as searcher:
            there = 1000 * (time.perf_counter() - started)
            searcher.analyser = analyser
            place = query.sentence, query.position
            return Cold(there, clock(lambda: searcher.occurrences(place, k=K, match=Match.LEMMA)))


def parts_of(path: Path) -> tuple[Encoder, TextAnalyser]:
    """What a searcher holds beside the collection."""
    with Collection.open(path) as collection:
        settings = collection.settings
    return load_encoder(settings.model, precision=settings.precision), TextAnalyser(settings.language)


def any_word(path: Path) -> Approximate:
    """Recall of `match="any"` against scoring everything that is stored, its latency, and how it came about."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def ask_one(query: Query) -> list[int]:
            hits = searcher.occurrences((query.sentence, query.position), k=K + 1, match=Match.ANY)
            return [hit.occurrence_id for hit in hits]

        encoded, known = twice(queries, ask_one)
        weight = searcher.settings.word_weight
        with searcher.collection.reading() as snapshot:
            stored = load_stored(searcher.collection, snapshot)
            recalls, exact, scored = [], [], []
            for query, _, sense, word in vectors_of(searcher, snapshot, queries):
                best = best_stored(stored, stored.scores(sense, word, weight), K + 1)
                recalls.append(overlap(ask_one(query), best, query.occurrence_id))
                search = AnyWord(searcher.collection.types(), Scope(snapshot), sense, word, weight, K + 1)
                exact.append(search.scan_types())
                scored.append(search.scored)
        return Approximate(
            round(float(np.mean(recalls)), 4),
            times(known),
            times(encoded),
            float(np.mean(exact)),
            float(np.median(scored)),
        )


def sentences(path: Path) -> Approximate:
    """Recall and latency of search by sentence, the asking sentence left out."""
    with opened(path) as searcher:
        queries = draw_queries(searcher, QUERIES)

        def ask_one(query: Query) -> list[int]:
            return [hit.sentence_id for hit in searcher.sentences(query.sentence, k=K + 1)]

        encoded, known = twice(queries, ask_one)
        with searcher.collection.reading() as snapshot:
            encode = QueryEncoder(Vectoriser(searcher.encoder, searcher.settings.layer, snapshot.transforms))
            vectors = np.stack([encode(searcher.analyser.tokens(query.sentence)).sentence for query in queries])
            exact = best_sentences(list(snapshot.segments.values()), vectors, K + 1)
        recalls = [overlap(ask_one(query), best, best[0]) for query, best in zip(queries, exact, strict=True)]
        return Approximate(round(float(np.mean(recalls)), 4), times(known), times(encoded))


def filtered(path: Path) -> dict[str, dict[str, Times]]:
    """Latency of each kind of search inside filters that leave a share of the documents, vectors at hand."""
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
            found[name] = {kind: times(twice(queries, ask_one)[1]) for kind, ask_one in kinds.items()}
    return found


def queries_of(path: Path) -> list[Query]:
    """The queries that every table asks."""
    with Searcher.open(path) as searcher:
        return draw_queries(searcher, QUERIES)


def memory(path: Path, queries: Sequence[Query], prepare: Prepare = as_it_is) -> Memory:
    """What opening a collection and answering from it adds to the memory of a process that holds all else.

    Libraries, analyser and model are loaded before, and the queries encoded, so that none of it counts.
    """
    encoder, analyser = parts_of(path)
    prepare(encoder)
    with one_thread():
        warm(encoder, analyser)
        for query in queries:
            encoder.represent([[token.text for token in analyser.tokens(query.sentence)]])
        before = memory_before()
        with Searcher.open(path, encoder) as searcher:
            searcher.analyser = analyser
            with searcher.collection.reading() as snapshot:
                snapshot.sentence_mask(next(iter(snapshot.segments.values())))
            there = anonymous_memory() - before
            for query in queries:
                for match in (Match.LEMMA, Match.ANY):
                    searcher.occurrences((query.sentence, query.position), k=K, match=match)
                searcher.sentences(query.sentence, k=K)
            with searcher.collection.reading() as snapshot:
                for segment in snapshot.segments.values():  # a question that the bound does not close asks them
                    assert segment.token_index.ntotal
            return Memory(there, anonymous_memory() - before)


def disk(path: Path) -> dict[str, int]:
    """Bytes of each kind of file."""
    found: dict[str, int] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file():
            found[file.name] = found.get(file.name, 0) + file.stat().st_size
    return found
