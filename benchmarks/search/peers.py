"""Compare search for any word with txtai, hnswlib, usearch and LanceDB on the same vectors, where they are installed.

    pip install txtai hnswlib usearch lancedb

Each library has its default settings. Only the effort of a query is raised, until recall is at least `ENOUGH`.
One process builds each index with all threads. Another opens it from the disk and searches on one thread.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.faiss_index import build_index
from polyseme.indexer.vectors.arrays import Array, sense_word_vector
from polyseme.indexer.vectors.rows import SCAN_ROWS
from polyseme.search.query.scope import Scope
from polyseme.search.retrieval.any_word import nearest_any

from benchmarks.lib.fresh_process import anonymous_memory, one_thread, trimmed_memory
from benchmarks.lib.sql import vector_bytes
from benchmarks.lib.stored import K, load_stored
from benchmarks.search.measures import QUERIES, Times, clock, times

ENOUGH = 0.98
"""Minimum recall at which a library is timed."""
EFFORTS = (32, 64, 128, 256, 512, 1024)
"""Values of a library's effort parameter, tried in this order."""
TIE = 1e-5
"""A row counts as right if its score is at most this much below the K-th best score, because of rounding."""
ROWS = "rows.npy"
Search = Callable[[Array, int], Sequence[int]]
"""(unit vector (d,), k) -> rows of the k nearest."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Vectors to index, and queries.

    Attributes:
        file: File of the n vectors (n, d).
        rows: Rows of the queries (q,). A query is not an answer to itself.
        least: The K-th best score of each query (q,).
    """

    file: Path
    rows: list[int]
    least: list[float]


@dataclass(frozen=True, slots=True)
class Peer:
    """Cost and recall of one library.

    Attributes:
        build_seconds: Wall time.
        build_cpu: CPU seconds.
        disk: Bytes on disk for each vector.
        memory: Bytes of anonymous memory for each vector.
        effort: The library's effort parameter.
        known: Latency of a query whose vector is given.
        processor_ms: CPU milliseconds of a query over all threads. They exceed wall time if a library used several
            threads.
    """

    name: str
    build_seconds: float
    build_cpu: float
    disk: float
    memory: float
    effort: int | None
    recall_at_10: float
    known: Times
    processor_ms: float


@dataclass(frozen=True, slots=True)
class Kind:
    """How to build, open and measure a library.

    Attributes:
        modules: Modules that must be installed.
        build: Builds an index of vectors (n, d) in a folder.
        open: Returns a search function for each effort.
        disk: Returns the bytes of an index on disk.
        uses_collection: Whether it opens the collection itself.
    """

    title: str
    modules: tuple[str, ...]
    build: Callable[[Array, Path], object]
    open: Callable[[Path, ExitStack], Mapping[int | None, Search]]
    disk: Callable[[Path], int]
    uses_collection: bool = False


def prepare(path: Path, folder: Path) -> Workload:
    """Write the vectors of a collection into a folder, and find the exact answers. Run it with `in_fresh_process`.

    Raises:
        ValueError: Documents were removed from the collection, so that ids are not row numbers plus one.
    """
    with Collection.open(path) as collection, collection.reading() as snapshot:
        stored = load_stored(collection, snapshot)
        order = np.argsort(stored.ids)  # (n,)
        if not np.array_equal(stored.ids[order], np.arange(1, len(order) + 1)):
            raise ValueError(f"{path} has lost occurrences; build it again, so that each row is an id minus one")
        words = stored.words[stored.types[order]]  # (n, p)
        rows = sense_word_vector(stored.sense[order], words, collection.settings.word_weight)  # (n, d)
    np.save(folder / ROWS, rows)
    asking = np.random.default_rng(1).choice(len(rows), min(QUERIES, len(rows)), replace=False)
    best = np.full((len(asking), K), -np.inf, np.float32)
    for first in range(0, len(rows), SCAN_ROWS):
        scores = rows[asking] @ rows[first : first + SCAN_ROWS].T  # (q, rows)
        own = np.flatnonzero((asking >= first) & (asking < first + SCAN_ROWS))
        scores[own, asking[own] - first] = -np.inf
        best = np.sort(np.concatenate([best, scores], axis=1), axis=1)[:, -K:]
    return Workload(folder / ROWS, asking.tolist(), best[:, 0].tolist())


def build(name: str, workload: Workload, folder: Path) -> tuple[float, float]:
    """Build an index and write it. Return wall and CPU seconds. Run it with `in_fresh_process`."""
    kind = KINDS[name]
    for module in kind.modules:
        importlib.import_module(module)
    rows = np.load(workload.file)  # (n, d)
    (folder / name).mkdir()
    began, cpu = time.perf_counter(), time.process_time()
    kind.build(rows, folder / name)
    return time.perf_counter() - began, time.process_time() - cpu


def answer(name: str, workload: Workload, place: Path, built: tuple[float, float]) -> Peer:
    """Open an index and time it at the first effort with enough recall. Run it with `in_fresh_process`."""
    kind = KINDS[name]
    rows = np.load(workload.file, mmap_mode="r")  # (n, d)
    queries = np.array(rows[workload.rows])  # (q, d)
    with one_thread(), ExitStack() as stack:
        for module in kind.modules:
            importlib.import_module(module)
        before = trimmed_memory()
        efforts = kind.open(place, stack)
        effort, search, recall = first_good_effort(efforts, rows, queries, workload)
        cpu = time.process_time()
        spent = [clock(functools.partial(search, query, K + 1)) for query in queries]
        cpu = time.process_time() - cpu
        memory = anonymous_memory() - before
    n = len(rows)
    return Peer(
        kind.title,
        round(built[0], 1),
        round(built[1], 1),
        kind.disk(place) / n,
        memory / n,
        effort,
        round(recall, 4),
        times(spent),
        round(1000 * cpu / len(queries), 2),
    )


def first_good_effort(
    efforts: Mapping[int | None, Search], rows: Array, queries: Array, workload: Workload
) -> tuple[int | None, Search, float]:
    """Return the first effort with enough recall, or the last one, with its search function and recall."""
    for effort, search in efforts.items():
        right = 0
        for row, query, least in zip(workload.rows, queries, workload.least, strict=True):
            found = list(dict.fromkeys(key for key in search(query, K + 1) if key != row))[:K]
            right += int((rows[found] @ query >= least - TIE).sum())
        recall = right / (K * len(queries))
        if recall >= ENOUGH or effort == list(efforts)[-1]:
            return effort, search, recall
    raise AssertionError("the last effort is always returned")


def _by_effort(search: Callable[[int, Array, int], Sequence[int]]) -> dict[int | None, Search]:
    return {effort: functools.partial(search, effort) for effort in EFFORTS}


def _all_files(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _build_hnswlib(rows: Array, folder: Path) -> None:
    index: Any = importlib.import_module("hnswlib").Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), ef_construction=200, M=16)
    index.add_items(rows)
    index.save_index(str(folder / f"index.{rows.shape[1]}"))


def _open_hnswlib(folder: Path, _: ExitStack) -> Mapping[int | None, Search]:
    (file,) = folder.iterdir()
    index: Any = importlib.import_module("hnswlib").Index(space="ip", dim=int(file.suffix[1:]))
    index.load_index(str(file))
    index.set_num_threads(1)

    def search(effort: int, vector: Array, k: int) -> Sequence[int]:
        index.set_ef(effort)
        return list(map(int, index.knn_query(vector, k)[0][0]))

    return _by_effort(search)


def _build_usearch(rows: Array, folder: Path) -> None:
    index: Any = importlib.import_module("usearch.index").Index(ndim=rows.shape[1], metric="ip", dtype="f16")
    index.add(np.arange(len(rows)), rows)
    index.save(str(folder / "index"))


def _open_usearch(folder: Path, _: ExitStack) -> Mapping[int | None, Search]:
    index: Any = importlib.import_module("usearch.index").Index.restore(str(folder / "index"), view=True)

    def search(effort: int, vector: Array, k: int) -> Sequence[int]:
        index.expansion_search = effort
        return list(map(int, index.search(vector, k, threads=1).keys))

    return _by_effort(search)


def _build_lancedb(rows: Array, folder: Path) -> None:
    lancedb, arrow = importlib.import_module("lancedb"), importlib.import_module("pyarrow")
    ivf: Any = importlib.import_module("lancedb.index").IvfPq
    n, d = rows.shape
    flat = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.ravel()), d)
    table = lancedb.connect(folder).create_table("v", arrow.table({"id": np.arange(n), "vector": flat}))
    lists = int(np.sqrt(n))
    table.create_index("vector", config=ivf(distance_type="dot", num_partitions=lists, num_sub_vectors=d // 4))


def _open_lancedb(folder: Path, _: ExitStack) -> Mapping[int | None, Search]:
    importlib.import_module("pyarrow").set_cpu_count(1)
    table: Any = importlib.import_module("lancedb").connect(folder).open_table("v")

    def search(effort: int, vector: Array, k: int) -> Sequence[int]:
        query = table.search(vector).distance_type("dot").nprobes(effort).refine_factor(10).limit(k)
        return [int(key) for key in query.select(["id", "_distance"]).to_arrow()["id"].to_pylist()]

    return _by_effort(search)


def _txtai(transform: Callable[[Sequence[str]], Array]) -> dict[str, Any]:
    """Configure txtai with external vectors, FAISS, and SQLite, which stores the row number as each vector's text."""
    return {"method": "external", "transform": transform, "backend": "faiss", "content": True}


def _build_txtai(rows: Array, folder: Path) -> None:
    embeddings: Any = importlib.import_module("txtai").Embeddings(_txtai(lambda texts: rows[list(map(int, texts))]))
    embeddings.index((n, str(n), None) for n in range(len(rows)))
    embeddings.save(str(folder / "index"))


def _open_txtai(folder: Path, stack: ExitStack) -> Mapping[int | None, Search]:
    vectors: list[Array] = []
    embeddings: Any = importlib.import_module("txtai").Embeddings()
    embeddings.load(str(folder / "index"), config=_txtai(lambda texts: np.array(vectors)))
    stack.callback(embeddings.close)

    def search(effort: int, vector: Array, k: int) -> Sequence[int]:
        vectors[:] = [vector]
        embeddings.config["faiss"] = {"nprobe": effort}
        return [int(hit["id"]) for hit in embeddings.search("the vector above", k)]

    return _by_effort(search)


def _build_ours(rows: Array, folder: Path) -> None:
    build_index(len(rows), lambda some: rows[some])


def _open_ours(path: Path, stack: ExitStack) -> Mapping[int | None, Search]:
    """Search as the product does, with the bound on words' identity and the segments' indexes."""
    collection = stack.enter_context(Collection.open(path))
    snapshot = stack.enter_context(collection.reading())
    segments = list(snapshot.segments.values())
    weight, dim = collection.settings.word_weight, segments[0].tokens.shape[1]

    def search(vector: Array, k: int) -> Sequence[int]:
        scaled = vector * np.sqrt(1 + weight)
        best = nearest_any(collection, Scope(snapshot), scaled[:dim], scaled[dim:] / np.sqrt(weight), k)
        return [key - 1 for key in best.ids.tolist()]

    for segment in segments:  # load the indexes, which a query needs where the bound fails
        assert segment.token_index.ntotal == len(segment.tokens)
    return {None: search}


def _our_files(path: Path) -> int:
    """Return the bytes of what the other libraries store too: vectors, indexes over them, ids."""
    names = ("tokens.npy", "tokens.faiss", "token_ids.npy", "token_sentences.npy")
    with Collection.open(path) as collection:
        words = vector_bytes(collection)
    return words + sum(file.stat().st_size for name in names for file in path.glob(f"segments/*/{name}"))


OURS = "polyseme"
KINDS = {
    OURS: Kind("Polyseme", (), _build_ours, _open_ours, _our_files, uses_collection=True),
    "txtai": Kind("txtai, FAISS and SQLite", ("txtai",), _build_txtai, _open_txtai, _all_files),
    "hnswlib": Kind("hnswlib", ("hnswlib",), _build_hnswlib, _open_hnswlib, _all_files),
    "usearch": Kind("usearch, f16, mapped", ("usearch.index",), _build_usearch, _open_usearch, _all_files),
    "lancedb": Kind("LanceDB, IVF-PQ", ("lancedb", "pyarrow"), _build_lancedb, _open_lancedb, _all_files),
}


def missing() -> list[str]:
    """Return the names of the libraries that are not installed."""
    tops = {name: [module.partition(".")[0] for module in kind.modules] for name, kind in KINDS.items()}
    return [name for name, modules in tops.items() if not all(map(importlib.util.find_spec, modules))]
