"""Read datasets of an HDF5 file. What a file from a stranger could hide is refused before anything is read.

HDF5 can take data from other files (links, external storage, virtual datasets), load programs (filters that are not
built in), and ask for any amount of memory. Published models need none of that.
"""

import math
import zlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from ...vectors.arrays import Reals
from ..limits import MAX_WEIGHTS, fits_packed, shown

if TYPE_CHECKING:
    import h5py

_MAX_CHUNKS = 1 << 16
_SLACK_BYTES = 1 << 12  # what filters may add to a chunk


def has_object(file: "h5py.File", name: str) -> bool:
    """Return whether a file has an object of that name directly in it. No link to elsewhere is followed."""
    import h5py

    key = name.encode()
    return bool(file.id.links.exists(key) and file.id.links.get_info(key).type == h5py.h5l.TYPE_HARD)


def read_dataset(file: "h5py.File", name: str, shapes: Collection[tuple[int, ...]], n_bytes: int) -> Reals:
    """Read a dataset of floats.

    Args:
        shapes: Shapes that it may have.
        n_bytes: Size of the file.

    Raises:
        KeyError: The file has no such dataset.
        ValueError: The dataset is not plain, has another shape, or needs far more memory than the file has bytes.
    """
    import h5py

    found = _open(file.id, name)
    dtype = found.dtype
    if dtype.kind != "f" or dtype.itemsize > 8:
        raise ValueError(f"{name} is of type {shown(str(dtype))}, not of floats")
    if found.shape not in shapes:
        raise ValueError(f"{name} has shape {shown(found.shape)}, its options ask for {' or '.join(map(str, shapes))}")
    needed = math.prod(found.shape) * dtype.itemsize
    if needed > MAX_WEIGHTS * 4 or not fits_packed(needed, n_bytes):
        raise ValueError(f"{name} declares {needed:,} bytes in a file of {n_bytes:,}")
    _check_storage(found, name, needed, dtype.itemsize)
    return np.asarray(h5py.Dataset(found)[()])


def _open(group: Any, name: str) -> Any:
    """Return the dataset of a path, which may not leave the file."""
    import h5py

    parts = name.split("/")
    for number, part in enumerate(parts):
        key = part.encode()
        if not isinstance(group, h5py.h5g.GroupID) or not group.links.exists(key):
            raise KeyError(name)
        if group.links.get_info(key).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"{'/'.join(parts[: number + 1])} is a link to another place")
        group = h5py.h5o.open(group, key)
    if not isinstance(group, h5py.h5d.DatasetID):
        raise ValueError(f"{name} is not a dataset")
    return group


def _check_storage(found: Any, name: str, needed: int, itemsize: int) -> None:
    """Check that a dataset's numbers are in the file itself, in chunks that do not unpack to more than they declare."""
    import h5py

    plan = found.get_create_plist()
    if plan.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED) or plan.get_external_count():
        raise ValueError(f"{name} takes its numbers from other files")
    filters = [plan.get_filter(number)[0] for number in range(plan.get_nfilters())]
    known = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
    if not set(filters) <= set(known) or len(set(filters)) != len(filters):
        raise ValueError(f"{name} is packed by a filter that no model needs")
    if plan.get_layout() != h5py.h5d.CHUNKED:
        if plan.get_layout() == h5py.h5d.CONTIGUOUS and found.get_storage_size() < needed:
            raise ValueError(f"{name} declares {needed:,} bytes and stores {found.get_storage_size():,}")
        return
    chunk = math.prod(plan.get_chunk()) * itemsize
    if chunk > 4 * needed + _SLACK_BYTES or not fits_packed(needed, found.get_storage_size()):
        raise ValueError(f"{name} has chunks of {chunk:,} bytes for {needed:,}")
    number = found.get_num_chunks()
    if number > _MAX_CHUNKS:
        raise ValueError(f"{name} has {number:,} chunks")
    for i in range(number):
        info = found.get_chunk_info(i)
        if info.size > 2 * chunk + _SLACK_BYTES:
            raise ValueError(f"{name} has a chunk of {info.size:,} bytes for {chunk:,}")
        if h5py.h5z.FILTER_DEFLATE in filters and not info.filter_mask:
            # The library unpacks a chunk to any length, so each is measured first.
            _, packed = found.read_direct_chunk(info.chunk_offset)
            limit = chunk + _SLACK_BYTES
            if len(zlib.decompressobj().decompress(packed, limit + 1)) > limit:
                raise ValueError(f"{name} has a chunk that unpacks to more than its {chunk:,} bytes")
