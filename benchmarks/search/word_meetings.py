"""Print the latency of the order by words, stage by stage: candidates, scores of late interaction, meetings of hits.

    python -m benchmarks.search.word_meetings COLLECTION [--queries 100]

Queries are sentences of the collection, drawn at random. Every run draws the same ones. They are encoded before the
clock starts. Wall times depend on the load of the machine. CPU times depend on it less.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import Ids
from polyseme.search.context import View
from polyseme.search.hits import Order
from polyseme.search.query.sentence import write_sentence
from polyseme.search.retrieval.meetings import meetings_of, word_candidates, word_scores
from polyseme.search.retrieval.sentences import CANDIDATES, find_candidates, open_question
from polyseme.search.searcher import Searcher

from benchmarks.lib.stored import draw_queries

HITS = 20
"""Number of hits whose meetings are read."""
WARMING = 3
"""Number of queries before the clock starts. They read indexes and blocks of files."""
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Times:
    """Milliseconds of one stage for each query: wall and CPU."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def measure(self, run: Callable[[], Answer]) -> Answer:
        """Run a stage once, add its times and return its answer."""
        wall, processor = time.perf_counter(), time.process_time()
        answer = run()
        self.wall.append(1000 * (time.perf_counter() - wall))
        self.processor.append(1000 * (time.process_time() - processor))
        return answer

    def row(self) -> str:
        """Return medians and 99th percentiles in columns, without the first queries."""
        found = [np.percentile(times[WARMING:], [50, 99]) for times in (self.wall, self.processor)]
        return "".join(f"{value:10.1f}" for pair in found for value in pair)


def measure_query(view: View, text: str, stages: dict[str, Times]) -> Ids:
    """Time each stage for one query, and return its candidates."""
    view, question = open_question(view, text)
    asked = question.tokens, question.vectors.tokens
    stages["nearest words"].measure(lambda: word_candidates(view, *asked))
    found = stages["candidates and their scores"].measure(
        lambda: find_candidates(view, question, Order.WORDS, CANDIDATES)
    )
    scores = stages["scores of words alone"].measure(lambda: word_scores(view, *asked, found.ids))
    if scores is not None:
        best = found.ids[np.argsort(-scores, kind="stable")[:HITS]]
        stages[f"meetings of {HITS} hits"].measure(lambda: meetings_of(view, *asked, best))
    return found.ids


def measure(path: Path, queries: int) -> None:
    """Print the table.

    Raises:
        PolysemeError: The collection cannot be opened.
    """
    names = ("nearest words", "candidates and their scores", "scores of words alone", f"meetings of {HITS} hits")
    stages = {name: Times() for name in (*names, "whole search")}
    sizes = []
    with Searcher.open(path) as searcher:
        info = searcher.collection.info()
        print(f"{info.occurrences:,} occurrences, {info.sentences:,} sentences, {info.segments} segments")
        for query in draw_queries(searcher, queries + WARMING):
            text = write_sentence(query.sentence)
            with searcher._view() as view:
                sizes.append(len(measure_query(view, text, stages)))
            stages["whole search"].measure(lambda text=text: searcher.sentences(text, HITS, order=Order.WORDS))  # type: ignore[misc]
    print(f"{queries} queries, {np.mean(sizes):.0f} candidates in the mean\n")
    print(f"{'milliseconds':30}{'wall p50':>10}{'p99':>10}{'CPU p50':>10}{'p99':>10}")
    for name, times in stages.items():
        print(f"{name:30}{times.row()}")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print the latency of the order by words, stage by stage.")
    parser.add_argument("collection", type=Path, help="folder of the collection")
    parser.add_argument("--queries", type=int, default=100, help="number of queries")
    arguments = parser.parse_args()
    try:
        measure(arguments.collection, arguments.queries)
    except PolysemeError as error:
        print(f"word_meetings: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
