"""What a user would otherwise pick, on the same joint vectors: txtai, hnswlib, usearch, LanceDB, where installed.

    pip install txtai hnswlib usearch lancedb

Their settings are their own defaults, but for what is searched at query time, which is raised until recall is enough.
Each is built in one process, with all threads, and opened from the disk in another, which asks on one thread.
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

from benchmarks.lib.fresh_process import anonymous_memory, memory_before, one_thread
from benchmarks.lib.stored import K, load_stored
from benchmarks.search.measures import QUERIES, Times, clock, times

ENOUGH = 0.98
EFFORTS = (32, 64, 128, 256, 512, 1024)
ALIKE = 1e-5
"""Below the score of the last of the best a row counts as one of them: there are equal ones."""
ROWS = "rows.npy"
Ask = Callable[[Array, int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The n vectors that are indexed, as a file (n, d), those of them that ask, and the least score of a right answer.

    rows: of the ones that ask (q,), which are no answers to themselves; least: (q,).
    """

    file: Path
    rows: list[int]
    least: list[float]


@dataclass(frozen=True, slots=True)
class Peer:
    """Time to build by the clock and of the processor; bytes on disk and of anonymous memory a vector; the answers.

    processor_ms: of all threads, a query; more than the time by the clock where more than one ran all the same.
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
    """How one of them is made of vectors (n, d) in a folder, and opened again: by effort, how to ask.

    modules: what must be there; uses_collection: it is opened where the collection lies.
    """

    title: str
    modules: tuple[str, ...]
    build: Callable[[Array, Path], object]
    open: Callable[[Path, ExitStack], Mapping[int | None, Ask]]
    disk: Callable[[Path], int]
    uses_collection: bool = False


def prepare(path: Path, folder: Path) -> Asked:
    """Write what is indexed into a folder, and find the exact answers; through `alone`."""
    with Collection.open(path) as collection, collection.reading() as snapshot:
        stored = load_stored(collection, snapshot)
        order = np.argsort(stored.ids)  # (n,)
        if not np.array_equal(stored.ids[order], np.arange(1, len(order) + 1)):
            raise ValueError(f"{path} has lost occurrences; make it anew, so that a row is an id less one")
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
    return Asked(folder / ROWS, asking.tolist(), best[:, 0].tolist())


def build(name: str, asked: Asked, folder: Path) -> tuple[float, float]:
    """Make one of them; seconds by the clock and of the processor, from vectors in memory to files; through `alone`."""
    kind = KINDS[name]
    for module in kind.modules:
        importlib.import_module(module)
    rows = np.load(asked.file)  # (n, d)
    (folder / name).mkdir()
    began, cpu = time.perf_counter(), time.process_time()
    kind.build(rows, folder / name)
    return time.perf_counter() - began, time.process_time() - cpu


def answer(name: str, asked: Asked, place: Path, built: tuple[float, float]) -> Peer:
    """Open one of them where it lies and ask it, with the first effort whose recall is enough; through `alone`."""
    kind = KINDS[name]
    rows = np.load(asked.file, mmap_mode="r")  # (n, d)
    queries = np.array(rows[asked.rows])  # (q, d)
    with one_thread(), ExitStack() as stack:
        for module in kind.modules:
            importlib.import_module(module)
        before = memory_before()
        efforts = kind.open(place, stack)
        effort, ask, recall = _enough(efforts, rows, queries, asked)
        cpu = time.process_time()
        spent = [clock(functools.partial(ask, query, K + 1)) for query in queries]
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


def _enough(
    efforts: Mapping[int | None, Ask], rows: Array, queries: Array, asked: Asked
) -> tuple[int | None, Ask, float]:
    """The first effort whose recall is enough, or the last; how to ask with it, and its recall."""
    for effort, ask in efforts.items():
        right = 0
        for row, query, least in zip(asked.rows, queries, asked.least, strict=True):
            found = list(dict.fromkeys(key for key in ask(query, K + 1) if key != row))[:K]
            right += int((rows[found] @ query >= least - ALIKE).sum())
        recall = right / (K * len(queries))
        if recall >= ENOUGH or effort == list(efforts)[-1]:
            return effort, ask, recall
    raise AssertionError("there is always a last effort")


def _by_effort(ask: Callable[[int, Array, int], Sequence[int]]) -> dict[int | None, Ask]:
    return {effort: functools.partial(ask, effort) for effort in EFFORTS}


def _all_files(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _build_hnswlib(rows: Array, folder: Path) -> None:
    index: Any = importlib.import_module("hnswlib").Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), ef_construction=200, M=16)
    index.add_items(rows)
    index.save_index(str(folder / f"index.{rows.shape[1]}"))


def _open_hnswlib(folder: Path, _: ExitStack) -> Mapping[int | None, Ask]:
    (file,) = folder.iterdir()
    index: Any = importlib.import_module("hnswlib").Index(space="ip", dim=int(file.suffix[1:]))
    index.load_index(str(file))
    index.set_num_threads(1)

    def ask(effort: int, vector: Array, k: int) -> Sequence[int]:
        index.set_ef(effort)
        return list(map(int, index.knn_query(vector, k)[0][0]))

    return _by_effort(ask)


def _build_usearch(rows: Array, folder: Path) -> None:
    index: Any = importlib.import_module("usearch.index").Index(ndim=rows.shape[1], metric="ip", dtype="f16")
    index.add(np.arange(len(rows)), rows)
    index.save(str(folder / "index"))


def _open_usearch(folder: Path, _: ExitStack) -> Mapping[int | None, Ask]:
    index: Any = importlib.import_module("usearch.index").Index.restore(str(folder / "index"), view=True)

    def ask(effort: int, vector: Array, k: int) -> Sequence[int]:
        index.expansion_search = effort
        return list(map(int, index.search(vector, k, threads=1).keys))

    return _by_effort(ask)


def _build_lancedb(rows: Array, folder: Path) -> None:
    lancedb, arrow = importlib.import_module("lancedb"), importlib.import_module("pyarrow")
    ivf: Any = importlib.import_module("lancedb.index").IvfPq
    n, d = rows.shape
    flat = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.ravel()), d)
    table = lancedb.connect(folder).create_table("v", arrow.table({"id": np.arange(n), "vector": flat}))
    lists = int(np.sqrt(n))
    table.create_index("vector", config=ivf(distance_type="dot", num_partitions=lists, num_sub_vectors=d // 4))


def _open_lancedb(folder: Path, _: ExitStack) -> Mapping[int | None, Ask]:
    importlib.import_module("pyarrow").set_cpu_count(1)
    table: Any = importlib.import_module("lancedb").connect(folder).open_table("v")

    def ask(effort: int, vector: Array, k: int) -> Sequence[int]:
        asked = table.search(vector).distance_type("dot").nprobes(effort).refine_factor(10).limit(k)
        return [int(key) for key in asked.select(["id", "_distance"]).to_arrow()["id"].to_pylist()]

    return _by_effort(ask)


def _txtai(transform: Callable[[Sequence[str]], Array]) -> dict[str, Any]:
    """Vectors from outside, FAISS, and SQLite, which keeps a text with each: here the row's number."""
    return {"method": "external", "transform": transform, "backend": "faiss", "content": True}


def _build_txtai(rows: Array, folder: Path) -> None:
    embeddings: Any = importlib.import_module("txtai").Embeddings(_txtai(lambda texts: rows[list(map(int, texts))]))
    embeddings.index((n, str(n), None) for n in range(len(rows)))
    embeddings.save(str(folder / "index"))


def _open_txtai(folder: Path, stack: ExitStack) -> Mapping[int | None, Ask]:
    vectors: list[Array] = []
    embeddings: Any = importlib.import_module("txtai").Embeddings()
    embeddings.load(str(folder / "index"), config=_txtai(lambda texts: np.array(vectors)))
    stack.callback(embeddings.close)

    def ask(effort: int, vector: Array, k: int) -> Sequence[int]:
        vectors[:] = [vector]
        embeddings.config["faiss"] = {"nprobe": effort}
        return [int(hit["id"]) for hit in embeddings.search("the vector at hand", k)]

    return _by_effort(ask)


def _build_ours(rows: Array, folder: Path) -> None:
    build_index(len(rows), lambda some: rows[some])


def _open_ours(path: Path, stack: ExitStack) -> Mapping[int | None, Ask]:
    """The bound on the words' identity and the segments' indexes, as the product searches."""
    collection = stack.enter_context(Collection.open(path))
    snapshot = stack.enter_context(collection.reading())
    segments = list(snapshot.segments.values())
    weight, dim = collection.settings.word_weight, segments[0].tokens.shape[1]

    def ask(vector: Array, k: int) -> Sequence[int]:
        scaled = vector * np.sqrt(1 + weight)
        best = nearest_any(collection, Scope(snapshot), scaled[:dim], scaled[dim:] / np.sqrt(weight), k)
        return [key - 1 for key in best.ids.tolist()]

    for segment in segments:  # asked where the bound does not close
        assert segment.token_index.ntotal == len(segment.tokens)
    return {None: ask}


def _our_files(path: Path) -> int:
    """Of what the other ones keep too: vectors, indexes over them, ids."""
    names = ("tokens.npy", "tokens.faiss", "token_ids.npy", "token_sentences.npy")
    with Collection.open(path) as collection:
        (words,) = collection.db.execute("SELECT sum(length(vector)) FROM types").fetchone()
    return int(words) + sum(file.stat().st_size for name in names for file in path.glob(f"segments/*/{name}"))


OURS = "polyseme"
KINDS = {
    OURS: Kind("Polyseme", (), _build_ours, _open_ours, _our_files, uses_collection=True),
    "txtai": Kind("txtai, FAISS and SQLite", ("txtai",), _build_txtai, _open_txtai, _all_files),
    "hnswlib": Kind("hnswlib", ("hnswlib",), _build_hnswlib, _open_hnswlib, _all_files),
    "usearch": Kind("usearch, f16, mapped", ("usearch.index",), _build_usearch, _open_usearch, _all_files),
    "lancedb": Kind("LanceDB, IVF-PQ", ("lancedb", "pyarrow"), _build_lancedb, _open_lancedb, _all_files),
}


def missing() -> list[str]:
    """Those of the peers that cannot be imported."""
    tops = {name: [module.partition(".")[0] for module in kind.modules] for name, kind in KINDS.items()}
    return [name for name, modules in tops.items() if not all(map(importlib.util.find_spec, modules))]
