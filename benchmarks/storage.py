"""What ways to store token vectors take and lose: half precision, a byte a number, 1,024 dimensions. Prints a table.

    python benchmarks/storage.py COLLECTION [--occurrences 1000000] [--work FOLDER]

COLLECTION: stored in half precision, of a model with a sense space, as `search.py --work` leaves one. Its first
documents are stored anew in each way, in FOLDER. 1,024 dimensions, as a layer of the largest published model has: the
same vectors in a wider space (`wider.py`), and a word's identity in 512. recall@10: of what scoring everything in half
precision finds; questions are asked on one thread, with the query's vectors at hand.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from alone import alone
from copies import copy_collection
from polyseme.indexer.vectors.int8 import Storage
from polyseme.search.hits import Match
from search_exact import Lemmas, best_stored
from search_measures import QUERIES, Prepare, Times, disk, memory, opened, times, twice
from searching import K, Query, draw_queries, load_stored, overlap, vectors_of
from wider import TOKENS, as_it_is, widen


@dataclass(frozen=True, slots=True)
class Way:
    """A way to store token vectors."""

    title: str
    storage: Storage
    wide: bool

    @property
    def prepare(self) -> Prepare:
        """What makes the encoder's vectors such."""
        return widen if self.wide else as_it_is


WAYS = [
    Way(f"{dimensions}, {title}", storage, wide)
    for dimensions, wide in (("64", False), (f"{TOKENS:,}", True))
    for title, storage in (("half precision", Storage.HALF), ("a byte a number", Storage.BYTES))
]


@dataclass(frozen=True, slots=True)
class Exact:
    """Queries and what scoring everything gives for each: ids among the word's lemma and of any word, best first."""

    queries: Sequence[Query]
    lemma: Sequence[Sequence[int]]
    any: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Answers:
    """One kind of question."""

    times: Times
    recall: float


def exact_answers(path: Path) -> Exact:
    """What is to be found, from a collection in half precision."""
    with opened(path) as searcher, searcher.collection.reading() as snapshot:
        queries = draw_queries(searcher, QUERIES)
        stored = load_stored(searcher.collection, snapshot)
        lemmas = Lemmas(searcher.collection, stored)
        of_lemma, of_any = [], []
        for _, asked, sense, word in vectors_of(searcher, snapshot, queries):
            of_lemma.append(lemmas.best(asked.target_tokens[0].lemma, sense, K + 1))
            of_any.append(best_stored(stored, stored.scores(sense, word, searcher.settings.word_weight), K + 1))
    return Exact(queries, of_lemma, of_any)


def answers(path: Path, exact: Exact, match: Match, prepare: Prepare) -> Answers:
    """Latency and recall of one kind of question."""
    wanted = exact.lemma if match is Match.LEMMA else exact.any
    with opened(path, prepare) as searcher:

        def ask_one(query: Query) -> list[int]:
            hits = searcher.occurrences((query.sentence, query.position), k=K + 1, match=match)
            return [hit.occurrence_id for hit in hits]

        _, known = twice(exact.queries, ask_one)
        recalls = [
            overlap(ask_one(query), best, query.occurrence_id)
            for query, best in zip(exact.queries, wanted, strict=True)
            if set(best) - {query.occurrence_id}
        ]
    return Answers(times(known), float(np.mean(recalls)))


@click.command()
@click.argument("collection", type=click.Path(path_type=Path, exists=True))
@click.option("--occurrences", default=1_000_000, show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Where the copies are made.  [a temporary folder]")
def main(collection: Path, occurrences: int, work: Path | None) -> None:
    """Print the table."""
    if work:
        work.mkdir(parents=True, exist_ok=True)
    exact: Exact | None = None
    with tempfile.TemporaryDirectory(dir=work) as folder:
        for way in WAYS:
            path = Path(folder) / "copy.pol"
            copied = alone(copy_collection, collection, path, occurrences, way.storage, way.wide)
            if exact is None:  # the first way is that of the source
                exact = alone(exact_answers, path)
                print(f"{copied.occurrences:,} occurrences; bytes are an occurrence's,", end=" ")
                print(f"milliseconds p50 and p99 of {len(exact.queries)} queries")
                print(f"{'token vectors':26}{'vectors':>9}{'index':>8}{'disk':>8}{'opened':>8}{'served':>8}", end="")
                print(f"{'same word, ms':>18}{'recall@10':>11}{'any word, ms':>18}{'recall@10':>11}")
            files, held = disk(path), alone(memory, path, exact.queries, way.prepare)
            sizes = [files["tokens.npy"], files["tokens.faiss"], sum(files.values()), held.opened, held.served]
            vectors, index, whole, at_once, later = (size / copied.occurrences for size in sizes)
            print(f"{way.title:26}{vectors:9.0f}{index:8.0f}{whole:8.0f}{at_once:8.1f}{later:8.1f}", end="")
            for match in (Match.LEMMA, Match.ANY):
                found = alone(answers, path, exact, match, way.prepare)
                print(f"{found.times.p50_ms:10.1f}{found.times.p99_ms:8.1f}{found.recall:11.4f}", end="")
            print(flush=True)
            shutil.rmtree(path)


if __name__ == "__main__":
    main()
