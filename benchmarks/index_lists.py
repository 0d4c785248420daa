"""What the index for any word costs to build, and what it finds, by how its lists are made. Prints a table.

    python benchmarks/index_lists.py COLLECTION [--queries 200]

Joint vectors of all occurrences, and of 80,000 (a segment as it is committed), one thread. recall@10 of what the index
proposes (500 rows, scored exactly), the asking row left out, at the share of lists that the product reads and at parts
and multiples of it.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import faiss
import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.faiss_index import Lists, fill, new_lists, search_index
from polyseme.indexer.vectors.arrays import Array, sense_word_vector, top
from polyseme.search.retrieval.exact import CANDIDATES
from searching import K, load_stored

COMMITTED = 80_000
EFFORTS = (0.25, 0.5, 1.0, 2.0)
WAYS = {
    "the product": Lists(),
    "fewer rows": Lists(rows=32),
    "more rounds": Lists(rounds=10),
    "twice the lists, fewer rows (before)": Lists(2, 32),
    "four times the lists, more rounds": Lists(4, 64, 10),
}


def measured(rows: Array, asking: list[int], best: list[set[int]], way: Lists) -> str:
    """A row of the table: seconds of the processor to train and to build, recall and milliseconds by effort."""
    n, began = len(rows), time.process_time()
    index = new_lists(n, rows.__getitem__, way)
    trained = time.process_time() - began
    fill(index, n, rows.__getitem__)
    built = time.process_time() - began
    cells = [f"{index.nlist:,}", f"{trained:.1f}", f"{built:.1f}", f"{1e6 * built / n:.0f}"]
    for effort in EFFORTS:
        began, recall = time.process_time(), 0.0
        for row, wanted in zip(asking, best, strict=True):
            found = search_index(index, rows[row], CANDIDATES, None, effort)
            found = found[found != row]
            nearest = found[top(rows[found] @ rows[row], K)]
            recall += len(set(nearest.tolist()) & wanted) / K / len(asking)
        cells.append(f"{recall:.4f}, {1000 * (time.process_time() - began) / len(asking):.1f} ms")
    return " | ".join(cells)


@click.command()
@click.argument("collection", type=click.Path(path_type=Path, exists=True))
@click.option("--queries", default=200, show_default=True)
def main(collection: Path, queries: int) -> None:
    """Print the table."""
    faiss.omp_set_num_threads(1)
    with Collection.open(collection) as opened, opened.reading() as snapshot:
        stored = load_stored(opened, snapshot)
        weight = opened.settings.word_weight
    rng = np.random.default_rng(1)
    head = ["occurrences", "lists made with", "lists", "train, s", "build, s", "microseconds each"]
    print("| " + " | ".join([*head, *(f"effort {effort:g}" for effort in EFFORTS)]) + " |")
    print("|" + "---|" * (len(head) + len(EFFORTS)))
    for n in dict.fromkeys((len(stored.ids), min(COMMITTED, len(stored.ids)))):
        chosen = np.sort(rng.choice(len(stored.ids), n, replace=False))
        rows = sense_word_vector(stored.sense[chosen], stored.words[stored.types[chosen]], weight)  # (n, d + p)
        asking = rng.choice(n, min(queries, n), replace=False).tolist()
        best = []
        for row in asking:
            scores = rows @ rows[row]  # (n,)
            scores[row] = -2
            best.append(set(top(scores, K).tolist()))
        for name, way in WAYS.items():
            print(f"| {n:,} | {name} | {measured(rows, asking, best, way)} |", flush=True)


if __name__ == "__main__":
    main()
