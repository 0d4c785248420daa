"""How quick search is, and how much of the exact answer the approximate one for any word holds. Prints tables.

    python benchmarks/searching.py COLLECTION [--queries 200] [--sweep]

Queries are occurrences drawn at random from the collection (the same at every run), asked in their own sentences. Wall
times depend on what else the machine does; processor times less so.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.faiss_index import search_index
from polyseme.indexer.collection.snapshot import Snapshot
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Array, Ids, sense_word_vector, top
from polyseme.indexer.vectors.rows import scan
from polyseme.search.hits import Match
from polyseme.search.query.encode import QueryEncoder, TargetQuery, read_target_query
from polyseme.search.retrieval.exact import CANDIDATES
from polyseme.search.searcher import Searcher

K = 10
EFFORTS = (0.25, 0.5, 1.0, 2.0, 4.0)
PROPOSED = (100, 200, 500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class Query:
    """A stored occurrence and where it stands."""

    occurrence_id: int
    sentence: str
    position: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one kind of search: median and 99th percentile by the clock, mean by the processor.

    fresh: the query is encoded first; known: its vectors are remembered from the call before.
    """

    kind: str
    fresh_median: float
    fresh_99: float
    known_median: float
    known_99: float
    processor: float


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
) -> Iterator[tuple[Query, TargetQuery, Array, Array]]:
    """Each query as it is asked, with the vectors of its word: sense (d,) and identity (p,)."""
    encode = QueryEncoder(Vectoriser(searcher.encoder, searcher.settings.layer, snapshot.transforms))
    for query in queries:
        asked = read_target_query(searcher.analyser, (query.sentence, query.position), searcher.settings.function_words)
        yield query, asked, encode.sense(asked), encode.identity(asked)


def measure_latency(searcher: Searcher, count: int) -> list[Latency]:
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
    return [_latency(name, ask_one, queries) for name, ask_one in kinds.items()]


def _latency(name: str, ask_one: Callable[[Query], object], queries: Sequence[Query]) -> Latency:
    for query in queries[:3]:  # indexes are read and TensorFlow warms up at the first
        ask_one(query)
    fresh: list[float] = []
    known: list[float] = []
    processor = time.process_time()
    # Backwards, so that the searcher does not remember the first ones from the kind before.
    for query in reversed(queries):
        for times in (fresh, known):
            started = time.perf_counter()
            ask_one(query)
            times.append(1000 * (time.perf_counter() - started))
    processor = 1000 * (time.process_time() - processor) / (2 * len(queries))
    (a, b), (c, d) = (np.percentile(times, [50, 99]) for times in (fresh, known))
    return Latency(name, float(a), float(b), float(c), float(d), processor)


def print_latency(found: Sequence[Latency]) -> None:
    print(f"{'milliseconds, 20 hits':24}{'query encoded first':>22}{'query known':>18}{'processor, both':>18}")
    print(f"{'':24}{'median':>12}{'99 %':>10}{'median':>10}{'99 %':>8}{'mean':>18}")
    for row in found:
        print(f"{row.kind:24}{row.fresh_median:12.1f}{row.fresh_99:10.1f}", end="")
        print(f"{row.known_median:10.1f}{row.known_99:8.1f}{row.processor:18.1f}")


def overlap(found: Sequence[int], exact: Sequence[int], own: int) -> float:
    """Share of the K best, the asking occurrence left out, that was found; both lists hold K + 1 or more."""
    wanted = [key for key in exact if key != own][:K]
    return len(set(wanted) & set([key for key in found if key != own][:K])) / len(wanted)


def measure_recall(searcher: Searcher, count: int) -> list[float]:
    """recall@10 of ``match="any"`` as the product answers it, against scoring everything."""
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


def print_sweep(searcher: Searcher, count: int) -> None:
    """recall@10 and processor time of the index alone, by the share of lists read and the rows that it proposes."""
    print(f"\n{'effort':>8}{'proposed':>10}{'recall@10':>11}{'index, ms':>11}")
    weight = searcher.settings.word_weight
    with searcher.collection.reading() as snapshot:
        stored = load_stored(searcher.collection, snapshot)
        place = {key: row for row, key in enumerate(stored.ids.tolist())}
        queries = draw_queries(searcher, count)
        rows = [place[query.occurrence_id] for query in queries]
        asked = [(stored.sense[row], stored.words[stored.types[row]]) for row in rows]
        everything = [stored.scores(sense, word, weight) for sense, word in asked]
        exact = [stored.ids[top(scores, K + 1, stored.ids)].tolist() for scores in everything]
        for effort in EFFORTS:
            for proposed in PROPOSED:
                recalls, spent = [], 0.0
                for (sense, word), scores, wanted, query in zip(asked, everything, exact, queries, strict=True):
                    both = sense_word_vector(sense[None, :], word[None, :], weight)[0]
                    started = time.process_time()
                    found = propose(snapshot, both, proposed, effort)
                    spent += time.process_time() - started
                    best = found[top(scores[[place[key] for key in found.tolist()]], K + 1, found)].tolist()
                    recalls.append(overlap(best, wanted, query.occurrence_id))
                print(f"{effort:8.2f}{proposed:10,}{np.mean(recalls):11.4f}{1000 * spent / count:11.2f}")


def propose(snapshot: Snapshot, query: Array, proposed: int, effort: float) -> Ids:
    """Ids of the occurrences that the segments' indexes propose for a sense_word_vector vector (d + p,)."""
    found = [
        np.asarray(segment.token_ids[search_index(segment.token_index, query, proposed, effort=effort)])
        for segment in snapshot.segments.values()
    ]
    return np.concatenate(found)


def exhaustive_milliseconds(searcher: Searcher, count: int) -> float:
    """Processor time of scoring the sense vector of every occurrence: what an index must beat."""
    with searcher.collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        queries = [np.asarray(segments[0].tokens[row], np.float32) for row in range(min(count, 20))]
        started = time.process_time()
        for query in queries:
            for segment in segments:
                scan(segment.tokens, query)
        return 1000 * (time.process_time() - started) / len(queries)


def main() -> int:
    parser = argparse.ArgumentParser(description="Latency of searches; recall of match=any.")
    parser.add_argument("collection", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--sweep", action="store_true", help="recall by the index's effort and its proposals")
    arguments = parser.parse_args()
    try:
        with Searcher.open(arguments.collection) as searcher:
            info = searcher.collection.info()
            print(f"{info.occurrences:,} occurrences, {info.sentences:,} sentences, {info.segments} segments\n")
            print_latency(measure_latency(searcher, arguments.queries))
            recalls = measure_recall(searcher, arguments.queries)
            print(f"\nany word: recall@{K} {np.mean(recalls):.4f} over {len(recalls)} queries, ", end="")
            print(f"{CANDIDATES} proposed by each segment; lowest {min(recalls):.1f}")
            print(
                f"every sense vector scored: {exhaustive_milliseconds(searcher, arguments.queries):.1f} ms of processor"
            )
            if arguments.sweep:
                print_sweep(searcher, arguments.queries)
    except PolysemeError as error:
        print(f"searching: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
