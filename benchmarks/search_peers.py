"""What a user would otherwise pick, on the same joint vectors: hnswlib, usearch, LanceDB, where they are installed.

    pip install hnswlib usearch lancedb

Their settings are their own defaults, but for what is searched at query time, which is raised until recall is enough.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from alone import anonymous_memory
from search_measures import QUERIES, Times, clock, times
from searching import K, load_stored

from indexer.collection.collection import Collection
from indexer.collection.vectors import Array, build_index, joint, top
from search.any_word import nearest_any
from search.scope import Scope

ENOUGH = 0.98
EFFORTS = (32, 64, 128, 256, 512, 1024)
Ask = Callable[[Array, int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Seconds of the processor to build, bytes on disk and of anonymous memory a vector, recall and latency."""

    name: str
    build_cpu: float
    disk: float
    memory: float
    effort: int | None
    recall_at_10: float
    known: Times


@dataclass(frozen=True, slots=True)
class Vectors:
    """The joint vectors of a collection (n, d + p), and rows that ask, each with the rows that exact search gives."""

    rows: Array
    asking: list[int]
    best: list[set[int]]


def joint_vectors(path: Path) -> Vectors:
    """What is indexed, and the exact answers, the asking row left out."""
    with Collection.open(path) as collection, collection.reading() as snapshot:
        stored = load_stored(collection, snapshot)
        rows = joint(stored.sense, stored.words[stored.types], collection.settings.word_weight)
    asking = np.random.default_rng(1).choice(len(rows), QUERIES, replace=False).tolist()
    best = []
    for row in asking:
        scores = rows @ rows[row]  # (n,)
        scores[row] = -2
        best.append(set(top(scores, K).tolist()))
    return Vectors(rows, asking, best)


def measured(name: str, build_cpu: float, disk: int, memory: int, found: Vectors, asks: dict[int | None, Ask]) -> Peer:
    """The first effort whose recall is enough, or the last."""
    for effort, ask in asks.items():
        answers = [[key for key in ask(found.rows[row], K + 1) if key != row][:K] for row in found.asking]
        recall = float(np.mean([len(set(a) & b) / K for a, b in zip(answers, found.best, strict=True)]))
        if recall >= ENOUGH or effort == list(asks)[-1]:
            spent = [clock(lambda row=row, ask=ask: ask(found.rows[row], K + 1)) for row in found.asking]  # type: ignore[misc]
            n = len(found.rows)
            return Peer(name, round(build_cpu, 1), disk / n, memory / n, effort, round(recall, 4), times(spent))
    raise AssertionError("there is always a last effort")


def hnswlib(path: Path) -> Peer:
    """A graph in memory."""
    module: Any = importlib.import_module("hnswlib")
    found = joint_vectors(path)
    before, started = anonymous_memory(), time.process_time()
    index = module.Index(space="ip", dim=found.rows.shape[1])
    index.init_index(max_elements=len(found.rows), ef_construction=200, M=16)
    index.add_items(found.rows)
    spent, memory = time.process_time() - started, anonymous_memory() - before
    index.set_num_threads(1)
    with tempfile.NamedTemporaryFile() as file:
        index.save_index(file.name)
        disk = Path(file.name).stat().st_size

    def at(effort: int) -> Ask:
        def ask(vector: Array, k: int) -> Sequence[int]:
            index.set_ef(effort)
            return list(map(int, index.knn_query(vector, k)[0][0]))

        return ask

    return measured("hnswlib", spent, disk, memory, found, {effort: at(effort) for effort in EFFORTS})


def usearch(path: Path) -> Peer:
    """A graph in memory, half precision."""
    module: Any = importlib.import_module("usearch.index")
    found = joint_vectors(path)
    before, started = anonymous_memory(), time.process_time()
    index = module.Index(ndim=found.rows.shape[1], metric="ip", dtype="f16")
    index.add(np.arange(len(found.rows)), found.rows)
    spent, memory = time.process_time() - started, anonymous_memory() - before
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index"
        index.save(str(file))
        disk = file.stat().st_size

    def at(effort: int) -> Ask:
        def ask(vector: Array, k: int) -> Sequence[int]:
            index.expansion_search = effort
            return list(map(int, index.search(vector, k, threads=1).keys))

        return ask

    return measured("usearch, f16", spent, disk, memory, found, {effort: at(effort) for effort in EFFORTS})


def lancedb(path: Path) -> Peer:
    """Inverted lists with product quantisation on disk, its proposals scored again."""
    module: Any = importlib.import_module("lancedb")
    arrow: Any = importlib.import_module("pyarrow")
    found = joint_vectors(path)
    n, d = found.rows.shape
    with tempfile.TemporaryDirectory() as folder:
        before, started = anonymous_memory(), time.process_time()
        flat = arrow.FixedSizeListArray.from_arrays(arrow.array(found.rows.ravel()), d)
        table = module.connect(folder).create_table("v", arrow.table({"id": np.arange(n), "vector": flat}))
        table.create_index(metric="dot", num_partitions=int(np.sqrt(n)), num_sub_vectors=d // 4)
        spent, memory = time.process_time() - started, anonymous_memory() - before
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())

        def at(effort: int) -> Ask:
            def ask(vector: Array, k: int) -> Sequence[int]:
                asked = table.search(vector).distance_type("dot").nprobes(effort).refine_factor(10).limit(k)
                return [int(key) for key in asked.select(["id"]).to_arrow()["id"].to_pylist()]

            return ask

        return measured("LanceDB, IVF-PQ", spent, disk, memory, found, {effort: at(effort) for effort in EFFORTS})


def ours(path: Path) -> Peer:
    """The bound on the words' identity and the segments' indexes, as the product searches."""
    found = joint_vectors(path)
    with Collection.open(path) as collection, collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        weight, dim = collection.settings.word_weight, segments[0].tokens.shape[1]
        place = {int(key): row for row, key in enumerate(np.concatenate([s.token_ids for s in segments]).tolist())}
        before = anonymous_memory()

        def ask(vector: Array, k: int) -> Sequence[int]:
            scaled = vector * np.sqrt(1 + weight)
            best = nearest_any(collection, Scope(snapshot), scaled[:dim], scaled[dim:] / np.sqrt(weight), k)
            return [place[key] for key in best.ids.tolist()]

        ask(found.rows[0], K)
        for segment in segments:
            assert segment.token_index.ntotal == len(segment.tokens)
        memory = anonymous_memory() - before
        names = ("tokens.npy", "tokens.faiss", "token_ids.npy", "token_sentences.npy")
        disk = sum((segment.folder / name).stat().st_size for segment in segments for name in names)
        started = time.process_time()
        build_index(len(found.rows), lambda rows: found.rows[rows])
        return measured("Polyseme", time.process_time() - started, disk, memory, found, {None: ask})


PEERS: dict[str, Callable[[Path], Peer]] = {"hnswlib": hnswlib, "usearch": usearch, "lancedb": lancedb}


def installed() -> list[str]:
    """Those of the peers that can be imported."""
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]
