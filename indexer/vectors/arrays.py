"""Vectors and their FAISS indexes; the only file that imports faiss. Scores are cosines: higher is nearer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import CollectionError
from indexer.vectors.int8 import ByteRows

Array = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]
TokenRows = Half | ByteRows
Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

FLAT_LIMIT = 20_000
"""Up to this many vectors an exhaustive half-precision index is as quick as an inverted file and loses nothing."""
FEWEST_LISTS = 40
"""Lists of an inverted file that a search reads at least: of a small one, more than the share of a large one."""
SCAN_ROWS = 65_536
"""Rows that an exact scan converts to float32 at a time."""
BUILD_ROWS = 16_384
"""Rows that are read at a time where an index is built: each is held some four times over meanwhile."""


def unit(vectors: npt.ArrayLike) -> Array:
    """Rows scaled to length 1; a zero row stays zero.  (n, d) -> (n, d) float32"""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)  # (n, 1)
    scaled: Array = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return scaled


def unit_parts(parts: Sequence[Array]) -> list[Array]:
    """``unit`` of each part, done at once: a row's length does not depend on the rows beside it."""
    return parts_of(unit(np.concatenate(parts)), parts)


def parts_of(rows: Array, like: Sequence[Array]) -> list[Array]:
    """Rows cut into as many parts, and of as many rows, as others have."""
    return np.split(rows, np.cumsum([len(part) for part in like])[:-1])


class Normalisation(StrEnum):
    """What is done to raw vectors before cosines are taken."""

    NONE = "none"
    CENTRED = "centred"
    WHITENED = "whitened"


@dataclass(frozen=True, slots=True)
class Transform:
    """Affine map followed by scaling to unit length: ``unit((x - mean) @ matrix)``.

    mean: (d,) float32; matrix: (d, d') float32, or None for the identity.
    """

    mean: Array
    matrix: Array | None = None

    def __call__(self, vectors: npt.ArrayLike) -> Array:
        """(n, d) -> (n, d') float32 unit rows."""
        rows = np.asarray(vectors, dtype=np.float32) - self.mean  # (n, d)
        return unit(rows if self.matrix is None else rows @ self.matrix)

    def of_each(self, parts: Sequence[Array]) -> list[Array]:
        """What each of the parts gives by itself, to the last bit, in less time.  list of (n_i, d) -> list of (n_i, d')

        Only the product is done part by part: BLAS rounds a row by how many stand beside it.
        """
        rows = np.concatenate(parts) - self.mean  # (sum n_i, d)
        if self.matrix is None:
            return unit_parts(parts_of(rows, parts))
        return unit_parts([part @ self.matrix for part in parts_of(rows, parts)])

    @property
    def dim(self) -> int:
        """Length of the vectors that come out."""
        return int(self.mean.shape[0] if self.matrix is None else self.matrix.shape[1])


def fit_centring(sample: Array) -> Transform:
    """Subtract the sample's mean, weighted n / (n + 32) so that a handful of rows does not erase itself.  (n, d)"""
    n = len(sample)
    mean = sample.mean(axis=0) * (n / (n + 32.0)) if n else np.zeros(sample.shape[1])  # (d,)
    return Transform(mean.astype(np.float32))


LEAST_SHRINKAGE = 0.5
"""Full whitening serves retrieval badly (docs/quality.md): the small components are mostly noise."""


def fit_whitening(sample: Array) -> Transform:
    """Centre and half decorrelate: the covariance is shrunk by max(1/2, d / (d + n)) towards a multiple of identity.

    Whitening of sentence vectors: Su et al. 2021, "Whitening Sentence Representations for Better Semantics and Faster
    Retrieval". The shrinkage makes it fade into centring for samples smaller than the dimension.  (n, d)
    """
    n, d = sample.shape
    mean = fit_centring(sample).mean
    centred = (sample - mean).astype(np.float64)  # (n, d)
    covariance = centred.T @ centred / max(n, 1)  # (d, d)
    shrinkage = max(LEAST_SHRINKAGE, d / (d + n))
    level = np.trace(covariance) / d or 1.0
    covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(d)
    values, vectors = np.linalg.eigh(covariance)  # (d,), (d, d)
    matrix = (vectors / np.sqrt(values)) @ vectors.T * np.sqrt(level)  # (d, d), symmetric: keeps the axes
    return Transform(mean, matrix.astype(np.float32))


def fit_pca(blocks: list[Array], dim: int) -> Transform:
    """Centre each block, scale it to mean length 1, put them side by side and keep the first ``dim`` components.

    blocks: list of (n, d_i); Transform: (sum d_i, min(dim, sum d_i, n)).
    """
    means = [fit_centring(block).mean for block in blocks]
    centred = [block - mean for block, mean in zip(blocks, means, strict=True)]
    scales = [float(np.linalg.norm(block, axis=1).mean()) or 1.0 for block in centred]
    scale = np.concatenate([np.full(b.shape[1], 1 / s, np.float32) for b, s in zip(centred, scales, strict=True)])
    rows = (np.concatenate(centred, axis=1) * scale).astype(np.float64)  # (n, d)
    values, vectors = np.linalg.eigh(rows.T @ rows)  # (d,), (d, d), ascending
    keep = np.argsort(values)[::-1][: min(dim, rows.shape[1], max(len(rows), 1))]
    components = vectors[:, keep]  # (d, dim)
    signs = np.sign(components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])])
    matrix = scale[:, None] * components * np.where(signs == 0, 1, signs)
    return Transform(np.concatenate(means), matrix.astype(np.float32))


def fit(normalisation: Normalisation, sample: Array) -> Transform | None:
    """The transform that a normalisation asks for, fitted on a sample (n, d); None where nothing is done."""
    if normalisation is Normalisation.NONE:
        return None
    return fit_centring(sample) if normalisation is Normalisation.CENTRED else fit_whitening(sample)


def joint(sense: Array, word: Array, weight: float) -> Array:
    """Sense and identity of the word in one unit vector, so that its cosine is (sense + weight * word) / (1 + weight).

    sense: (n, d) unit rows; word: (n, p) unit rows -> (n, d + p) float32
    """
    return np.concatenate([sense, np.sqrt(weight) * word], axis=1, dtype=np.float32) / np.float32(np.sqrt(1 + weight))


def row_products(rows: Array, query: Array) -> Array:
    """Inner product of each row with a vector: (n, d), (d,) -> (n,).

    Not ``rows @ query``: BLAS sums a row in another order by its place in the block, so that equal rows would score
    unequally in the last bit, and ties would not be settled by ids.
    """
    products: Array = np.einsum("nd,d->n", rows, query)
    return products


def joint_rows(tokens: TokenRows, words: Half, kinds: Ids | Places, weight: float) -> Callable[[Ids], Array]:
    """Reader of joint vectors by row, for building an index in pieces.

    tokens: (n, d) unit rows; words: (T, p) unit rows; kinds: (n,) row of ``words`` -> rows (m,) -> (m, d + p)
    """

    def read(rows: Ids) -> Array:
        return joint(tokens[rows].astype(np.float32), words[kinds[rows]].astype(np.float32), weight)

    return read


def scan(vectors: TokenRows, query: Array, rows: Ids | None = None) -> Array:
    """Exact cosines of stored unit rows with a unit query.

    vectors: (n, d), memory-mapped; query: (d,); rows: (m,) or None for all -> (m,) or (n,) float32
    """
    n = len(vectors) if rows is None else len(rows)
    scores = np.empty(n, np.float32)
    for first in range(0, n, SCAN_ROWS):
        part = slice(first, first + SCAN_ROWS)
        block = vectors[part if rows is None else together(rows[part])]  # (<= SCAN_ROWS, d)
        scores[part] = row_products(np.asarray(block, np.float32), query)
    return scores


def together(rows: Ids) -> slice | Ids:
    """Rows as a slice where they follow one another, as those of one word do: a mapped file is then read in place."""
    n = len(rows)
    if n and rows[-1] - rows[0] == n - 1 and bool((rows[1:] > rows[:-1]).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def top(scores: Array, k: int, ids: Ids | None = None) -> Ids:
    """Places of the k best scores, best first, equal scores in the order of ids (or places).  (n,) -> (<= k,)"""
    if 0 < k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(~(scores < edge))  # what is no number, in a damaged file, hides nothing
    else:
        places = np.arange(len(scores))
    tie = places if ids is None else ids[places]
    return places[np.lexsort((tie, -scores[places]))][:k]


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
