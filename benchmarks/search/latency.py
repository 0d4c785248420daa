"""Print the latency of every kind of search on a collection, and the recall of search for any word.

    python -m benchmarks.search.latency COLLECTION [--queries 200]

Queries are occurrences of the collection, drawn at random and asked in their own sentences. Every run draws the same
ones. Wall times depend on the load of the machine. CPU times depend on it less.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import top
from polyseme.indexer.vectors.rows import scan
from polyseme.search.hits import Match
from polyseme.search.retrieval.exact import CANDIDATES
from polyseme.search.searcher import Searcher

from benchmarks.lib.stored import K, Query, draw_queries, load_stored, overlap, vectors_of


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one kind of search: median and 99th percentile of wall time, mean CPU time.

    Attributes:
        fresh_median: Median if the query is encoded first.
        fresh_99: 99th percentile of the same.
        known_median: Median if the query's vectors are cached from the call before.
        known_99: 99th percentile of the same.
        processor: Mean CPU time of both.
    """

    kind: str
    fresh_median: float
    fresh_99: float
    known_median: float
    known_99: float
    processor: float


def measure_latency(searcher: Searcher, count: int) -> list[Latency]:
    """Measure every kind of search with `count` queries."""
    queries = draw_queries(searcher, count)

    def occurrences(match: Match) -> Callable[[Query], object]:
        return lambda query: searcher.occurrences((query.sentence, query.position), match=match)

    kinds: dict[str, Callable[[Query], object]] = {
        "same form": occurrences(Match.FORM),
        "same lemma": occurrences(Match.LEMMA),
        "any word": occurrences(Match.ANY),
        "sentences": lambda query: searcher.sentences(query.sentence),
        "sentences, hybrid": lambda query: searcher.sentences(query.sentence, hybrid=True),
    }
    return [_latency(name, search, queries) for name, search in kinds.items()]


def _latency(name: str, search: Callable[[Query], object], queries: Sequence[Query]) -> Latency:
    for query in queries[:3]:  # the first calls read indexes and warm up TensorFlow
        search(query)
    fresh: list[float] = []
    known: list[float] = []
    processor = time.process_time()
    # In reverse order, because the cache may still hold the first queries from the kind before.
    for query in reversed(queries):
        for times in (fresh, known):
            started = time.perf_counter()
            search(query)
            times.append(1000 * (time.perf_counter() - started))
    processor = 1000 * (time.process_time() - processor) / (2 * len(queries))
    (a, b), (c, d) = (np.percentile(times, [50, 99]) for times in (fresh, known))
    return Latency(name, float(a), float(b), float(c), float(d), processor)


def print_latency(found: Sequence[Latency]) -> None:
    """Print a row for each kind of search."""
    print(f"{'milliseconds, 20 hits':24}{'query encoded first':>22}{'query cached':>18}{'CPU, both':>18}")
    print(f"{'':24}{'median':>12}{'99 %':>10}{'median':>10}{'99 %':>8}{'mean':>18}")
    for row in found:
        print(f"{row.kind:24}{row.fresh_median:12.1f}{row.fresh_99:10.1f}", end="")
        print(f"{row.known_median:10.1f}{row.known_99:8.1f}{row.processor:18.1f}")


def measure_recall(searcher: Searcher, count: int) -> list[float]:
    """Return recall@K of `match="any"` for each query, against scoring every occurrence."""
    weight = searcher.settings.word_weight
    recalls = []
    with searcher.collection.reading() as snapshot:
        stored = load_stored(searcher.collection, snapshot)
        for query, _, sense, word in vectors_of(searcher, snapshot, draw_queries(searcher, count)):
            scores = stored.scores(sense, word, weight)
            exact = stored.ids[top(scores, K + 1, stored.ids)].tolist()
            hits = searcher.occurrences((query.sentence, query.position), k=K + 1, match=Match.ANY)
            recalls.append(overlap([hit.occurrence_id for hit in hits], exact, query.occurrence_id))
    return recalls


def exhaustive_milliseconds(searcher: Searcher, count: int) -> float:
    """Return the CPU milliseconds of scoring the sense vector of every occurrence. An index must be faster."""
    with searcher.collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        queries = [np.asarray(segments[0].tokens[row], np.float32) for row in range(min(count, 20))]
        started = time.process_time()
        for query in queries:
            for segment in segments:
                scan(segment.tokens, query)
        return 1000 * (time.process_time() - started) / len(queries)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print the latency of every kind of search and recall of match=any.")
    parser.add_argument("collection", type=Path, help="folder of the collection")
    parser.add_argument("--queries", type=int, default=200, help="number of queries of each kind")
    arguments = parser.parse_args()
    try:
        with Searcher.open(arguments.collection) as searcher:
            info = searcher.collection.info()
            print(f"{info.occurrences:,} occurrences, {info.sentences:,} sentences, {info.segments} segments\n")
            print_latency(measure_latency(searcher, arguments.queries))
            recalls = measure_recall(searcher, arguments.queries)
            print(f"\nany word: recall@{K} {np.mean(recalls):.4f} over {len(recalls)} queries, ", end="")
            print(f"{CANDIDATES} proposed by each segment; lowest {min(recalls):.1f}")
            milliseconds = exhaustive_milliseconds(searcher, arguments.queries)
            print(f"scoring every sense vector: {milliseconds:.1f} ms of CPU")
    except PolysemeError as error:
        print(f"latency: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
