"""Build, write, read and search FAISS indexes. This is the only module that imports FAISS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DamageError
from ..vectors.arrays import Array, Ids, Mask

FLAT_LIMIT = 20_000
"""Maximum number of vectors in an exhaustive float16 index. Up to there it is exact and as fast as an inverted file."""
MIN_PROBES = 40
"""Minimum number of lists that a search reads. In a small index this is more than the share read in a large one."""
BUILD_ROWS = 16_384
"""Number of rows that are read at a time while an index is built. Up to four copies of each are in memory then."""

WRITE_BYTES = 1 << 20
"""Maximum number of bytes that are written to an index file at a time."""


def _faiss() -> Any:
    import faiss

    return faiss


@dataclass(frozen=True, slots=True)
class ListTraining:
    """Parameters of k-means, which trains the lists of an inverted file over n vectors.

    More rows and more rounds cost time and do not improve recall (docs/results/performance.md).

    Attributes:
        factor: Number of lists, as a multiple of the square root of n.
        rows: Number of training rows per list.
        rounds: Number of k-means iterations.
    """

    factor: int = 1
    rows: int = 64
    rounds: int = 4


def new_lists(n: int, rows: Callable[[Ids], Array], lists: ListTraining = ListTraining()) -> Any:
    """Return an empty inverted file for n unit rows, with trained lists. For `rows` see `build_index`."""
    faiss = _faiss()
    number = int(2 ** np.round(np.log2(lists.factor * np.sqrt(n))))
    index = faiss.index_factory(rows(np.zeros(0, np.int64)).shape[1], f"IVF{number},SQ4", faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = 1
    index.cp.niter = lists.rounds
    chosen = np.linspace(0, n - 1, min(n, lists.rows * number)).astype(np.int64)
    sample = np.empty((len(chosen), index.d), np.float32)
    for part in _pieces(len(chosen)):
        sample[part] = rows(chosen[part])
    index.train(sample)
    return index


def fill(index: Any, n: int, rows: Callable[[Ids], Array]) -> None:
    """Add n rows to an inverted file with trained lists. For `rows` see `build_index`.

    Each list gets its final capacity first. ListTraining that grow can hold twice the memory that they use.
    """
    numbers = np.empty(n, np.int64)  # (n,) list of each row
    for part in _pieces(n):
        numbers[part] = index.quantizer.assign(rows(np.arange(part.start, part.stop)), 1)[:, 0]
    for number, count in enumerate(np.bincount(numbers, minlength=index.nlist).tolist()):
        index.invlists.resize(number, count)
        index.invlists.resize(number, 0)  # keeps the capacity
    pointer = _faiss().swig_ptr
    for part in _pieces(n):
        block = np.ascontiguousarray(rows(np.arange(part.start, part.stop)), np.float32)
        index.add_core(len(block), pointer(block), None, pointer(numbers[part]))


def _pieces(n: int) -> Iterator[slice]:
    """Yield n rows as slices of at most `BUILD_ROWS`."""
    return (slice(first, min(first + BUILD_ROWS, n)) for first in range(0, n, BUILD_ROWS))


def build_index(n: int, rows: Callable[[Ids], Array]) -> Any:
    """Return a FAISS inner-product index over n unit rows.

    Up to `FLAT_LIMIT` rows it is exhaustive, above that an inverted file with 4 bits per number. It only proposes
    candidates, which are scored again exactly. So 4 bits lose no more than 8.

    Args:
        rows: Reads rows by number, (m,) -> (m, d) float32. It is called in pieces, so that memory stays bounded.
    """
    faiss = _faiss()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    if n <= FLAT_LIMIT:
        d = rows(np.zeros(0, np.int64)).shape[1]
        index = faiss.index_factory(d, "SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.train(np.zeros((1, d), np.float32))
        for part in _pieces(n):
            index.add(rows(np.arange(part.start, part.stop)))
    else:
        index = new_lists(n, rows)
        fill(index, n, rows)
    return index


def write_index(index: Any, path: Path) -> None:
    """Write an index file. This is not atomic: the caller writes to a temporary folder and renames it.

    Raises:
        OSError: The file cannot be written. FAISS itself would overlook an error when it closes the file.
    """
    faiss = _faiss()
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, WRITE_BYTES))


def read_index(path: Path, rows: int, numbers: int | None = None) -> Any:
    """Map an index file into memory.

    Only the two kinds that `build_index` writes are read, and their parts must fit each other. So a strange file is
    refused before FAISS searches it.

    Args:
        rows: Number of its vectors.
        numbers: Length of its vectors, if it is known.

    Raises:
        DamageError: The file is damaged, or its vectors are not those.
    """
    faiss = _faiss()
    try:
        with path.open("rb") as file:
            kind = file.read(4)
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC) if kind in _KINDS else None
    except (RuntimeError, MemoryError, OSError) as error:
        raise DamageError(f"{path} is not a readable FAISS index; run `polyseme verify --repair`") from error
    if index is None or not _KINDS[kind](index):
        raise DamageError(f"{path} is not such an index as Polyseme writes; run `polyseme verify --repair`")
    if (index.ntotal, index.d) != (rows, numbers or index.d):
        raise DamageError(f"{path} holds {index.ntotal} vectors, not these {rows}; run `polyseme verify --repair`")
    return index


def _is_flat(index: Any) -> bool:
    """Return whether an index is a sound exhaustive index in float16."""
    scalar = index.sq
    return bool(
        index.metric_type == _faiss().METRIC_INNER_PRODUCT
        and scalar.qtype == _faiss().ScalarQuantizer.QT_fp16
        and scalar.d == index.d
        and scalar.code_size == index.code_size == 2 * index.d
        and index.codes.size() == index.ntotal * index.code_size
    )


def _is_inverted_file(index: Any) -> bool:
    """Return whether an index is a sound inverted file with four bits per number."""
    faiss = _faiss()
    scalar, lists, quantizer = index.sq, index.invlists, faiss.downcast_index(index.quantizer)
    return bool(
        index.metric_type == faiss.METRIC_INNER_PRODUCT
        and scalar.qtype == faiss.ScalarQuantizer.QT_4bit
        and scalar.d == index.d
        and scalar.trained.size() == 2 * index.d
        and scalar.code_size == index.code_size == lists.code_size == (index.d + 1) // 2
        and isinstance(quantizer, faiss.IndexFlat)
        and quantizer.d == index.d
        and quantizer.ntotal == index.nlist == lists.nlist
        and quantizer.codes.size() == quantizer.ntotal * 4 * index.d
        and sum(lists.list_size(number) for number in range(index.nlist)) == index.ntotal
    )


_KINDS = {b"IxSQ": _is_flat, b"IwSq": _is_inverted_file}
"""The first bytes of the files that are read, and the check of what they hold."""


def search_index(index: Any, query: Array, k: int, allowed: Mask | None = None, effort: float = 1.0) -> Ids:
    """Return the numbers of approximately the k best rows, in no particular order. The caller scores them exactly.

    Args:
        query: Unit vector.  (d,)
        allowed: Rows that may be returned, or None for all.  (n,)
        effort: Factor by which the share of lists that are read is multiplied.

    Raises:
        DamageError: The index is over vectors of another length.
    """
    if index.d != len(query):
        raise DamageError(f"an index is over {index.d} numbers, not {len(query)}; run `polyseme verify --repair`")
    faiss = _faiss()
    # More threads do not speed up a single query. They busy-wait for each other.
    faiss.omp_set_num_threads(1)
    selector = None if allowed is None else faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    parameters = None
    if hasattr(index, "nlist"):
        probes = min(index.nlist, max(MIN_PROBES, int(effort * index.nlist / 12)))
        parameters = faiss.SearchParametersIVF(nprobe=probes, sel=selector)
    elif selector is not None:
        parameters = faiss.SearchParameters(sel=selector)
    _, rows = index.search(query[None, :], min(k, index.ntotal), params=parameters)
    # A damaged file can give numbers outside the index.
    found: Ids = rows[0][(rows[0] >= 0) & (rows[0] < index.ntotal)].astype(np.int64)
    return found
