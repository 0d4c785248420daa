"""Build, write, read and search FAISS indexes. The only file that imports FAISS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CollectionError
from ..vectors.arrays import Array, Ids, Mask

FLAT_LIMIT = 20_000
"""Up to this many vectors an exhaustive half-precision index is as quick as an inverted file and loses nothing."""


FEWEST_LISTS = 40
"""Lists of an inverted file that a search reads at least: of a small one, more than the share of a large one."""


BUILD_ROWS = 16_384
"""Rows that are read at a time where an index is built: each is held some four times over meanwhile."""


def _faiss() -> Any:
    import faiss

    return faiss


@dataclass(frozen=True, slots=True)
class Lists:
    """How the lists of an inverted file over n vectors are found: ``factor`` times the root of n, by k-means over so
    many rows a list and in so many rounds. More rows and rounds cost time, and find no more (docs/performance.md)."""

    factor: int = 1
    rows: int = 64
    rounds: int = 4


def new_lists(n: int, rows: Callable[[Ids], Array], lists: Lists = Lists()) -> Any:
    """An empty inverted file for n unit rows, its lists found; rows: as for ``build_index``."""
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
    """Add n rows to an inverted file whose lists are known; rows: as for ``build_index``.

    Each list has its size from the start: lists that grow hold up to twice as much memory as they use.
    """
    numbers = np.empty(n, np.int64)  # (n,) list of each row
    for part in _pieces(n):
        numbers[part] = index.quantizer.assign(rows(np.arange(part.start, part.stop)), 1)[:, 0]
    for number, count in enumerate(np.bincount(numbers, minlength=index.nlist).tolist()):
        index.invlists.resize(number, count)
        index.invlists.resize(number, 0)  # what was reserved stays so
    pointer = _faiss().swig_ptr
    for part in _pieces(n):
        block = np.ascontiguousarray(rows(np.arange(part.start, part.stop)), np.float32)
        index.add_core(len(block), pointer(block), None, pointer(numbers[part]))


def _pieces(n: int) -> Iterator[slice]:
    """n rows, some at a time."""
    return (slice(first, min(first + BUILD_ROWS, n)) for first in range(0, n, BUILD_ROWS))


def build_index(n: int, rows: Callable[[Ids], Array]) -> Any:
    """A FAISS inner-product index over n unit rows: exhaustive when small, inverted lists with 4 bits a number above.

    It only proposes: what it proposes is scored exactly, so that four bits a number lose no more than eight.

    rows: row numbers (m,) -> (m, d) float32, read in pieces so that memory stays bounded.
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
    """Write an index file (not atomic: the caller writes aside and renames)."""
    _faiss().write_index(index, str(path))


def read_index(path: Path, rows: int) -> Any:
    """Map an index file into memory; CollectionError when it is damaged or holds another number of vectors."""
    faiss = _faiss()
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise CollectionError(f"{path} is not a readable FAISS index; run `polyseme verify --repair`") from error
    if index.ntotal != rows:
        raise CollectionError(f"{path} holds {index.ntotal} vectors, not {rows}; run `polyseme verify --repair`")
    return index


def search_index(index: Any, query: Array, k: int, allowed: Mask | None = None, effort: float = 1.0) -> Ids:
    """Row numbers of about the k best rows, in no order that matters (scores are computed again from the vectors).

    query: (d,); allowed: (n,) bool or None; effort: multiplies the share of inverted lists that are read.
    """
    faiss = _faiss()
    # One query does not gain by more threads, which only wait for each other at full speed.
    faiss.omp_set_num_threads(1)
    selector = None if allowed is None else faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    parameters = None
    if hasattr(index, "nlist"):
        probes = min(index.nlist, max(FEWEST_LISTS, int(effort * index.nlist / 12)))
        parameters = faiss.SearchParametersIVF(nprobe=probes, sel=selector)
    elif selector is not None:
        parameters = faiss.SearchParameters(sel=selector)
    _, rows = index.search(query[None, :], min(k, index.ntotal), params=parameters)
    # A number that a damaged file made up is no row.
    found: Ids = rows[0][(rows[0] >= 0) & (rows[0] < index.ntotal)].astype(np.int64)
    return found
