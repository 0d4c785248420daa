"""Write and read a file of tagged lines that were encoded once, so that an import needs neither them nor their text.

A sense takes a byte for each number of its sum of unit vectors, and a scale.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..elmo.formats.tensor_file import NUMBERS, read_tensors
from ..elmo.sources import model_folder
from ..errors import DocumentError, ModelError
from ..vectors.arrays import Bytes
from .records import LONGEST_NAME, MOST_SENSES
from .tagged import TaggedSenses

TAGGED_FILE = "tagged_senses.safetensors"
"""Name of the file in a model folder. The imports of collections of that model use it."""
SUFFIX = ".safetensors"
_LONGEST_KEYS = 2**27  # bytes of all ids together
_MOST_LINES = 2**30  # lines of a sense
AGAIN = "make it again with `polyseme dictionary tagged`"
"""Next step for a file that cannot be used."""


@dataclass(frozen=True, slots=True)
class TaggedFile:
    """Encoded lines, with the space that they can be compared in.

    Attributes:
        model_id: Digest of the model.
        space: Digest of the layer and transform (`vectorise.space_of`).
    """

    senses: TaggedSenses
    model_id: str
    space: str


def write_tagged(path: Path, found: TaggedFile) -> None:
    """Write a file of encoded lines.

    Raises:
        DocumentError: The file exists, or cannot be written.
    """
    from safetensors.numpy import save

    keys = sorted(found.senses.counts)
    sums = np.stack([found.senses.sums[key] for key in keys])  # (s, d)
    scales = np.maximum(np.abs(sums).max(axis=1), 1e-6) / 127  # (s,)
    text = "\n".join([found.model_id, found.space, *keys])
    data = save(
        {
            "keys": np.frombuffer(zlib.compress(text.encode(), 9), np.int8),
            "vectors": np.rint(sums / scales[:, None]).astype(np.int8),
            "scales": scales.astype(np.float32),
            "counts": np.array([found.senses.counts[key] for key in keys], np.int32),
        }
    )
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise DocumentError(f"{path} cannot be written ({error.strerror or error}); choose another place") from error


def read_tagged(path: Path) -> TaggedFile:
    """Read a file of encoded lines.

    Raises:
        DocumentError: It cannot be read, or is damaged.
    """
    try:
        tensors = read_tensors(path, NUMBERS)
    except ModelError as error:
        raise DocumentError(str(error).replace("get the model again", AGAIN)) from error
    try:
        keys, vectors, scales, counts = (tensors[name] for name in ("keys", "vectors", "scales", "counts"))
        model_id, space, *senses = _unpacked(np.asarray(keys, np.int8)).decode().split("\n")
        fits = vectors.ndim == 2 and (len(senses),) == vectors.shape[:1] == scales.shape == counts.shape
        if not fits or keys.ndim != 1 or vectors.dtype != np.int8 or counts.dtype != np.int32:
            raise ValueError("its tensors do not fit each other")
        if len(senses) > MOST_SENSES or len(set(senses)) < len(senses) or max(map(len, senses)) > LONGEST_NAME:
            raise ValueError("its ids are too many, too long or not distinct")
        if not (np.isfinite(scales).all() and (scales > 0).all() and (scales < 2**20).all()):
            raise ValueError("its scales are not positive numbers")
        if not ((counts > 0) & (counts < _MOST_LINES)).all():
            raise ValueError("its counts are not positive")
    except (KeyError, ValueError, zlib.error) as error:
        raise DocumentError(f"{path} is damaged ({error}); {AGAIN}") from error
    sums = vectors.astype(np.float32) * np.asarray(scales, np.float32)[:, None]  # (s, d)
    tagged = TaggedSenses(dict(zip(senses, sums, strict=True)), dict(zip(senses, counts.tolist(), strict=True)))
    return TaggedFile(tagged, model_id, space)


def _unpacked(packed: Bytes) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed.tobytes(), _LONGEST_KEYS)
    if not unpacker.eof:
        raise ValueError("its ids are cut off or too long")
    return text


def read_fitting(path: Path, model_id: str, space: str) -> TaggedSenses:
    """Read the lines of a file that a collection's vectors can be compared with.

    Raises:
        DocumentError: The file is damaged, or of another model or layer.
    """
    found = read_tagged(path)
    if (found.model_id, found.space) != (model_id, space):
        raise DocumentError(f"{path} was made with another model or layer than the collection; {AGAIN}")
    return found.senses


def read_bundled(source: str, model_id: str, space: str) -> TaggedSenses | None:
    """Return the encoded lines in the folder of a model. None if it has none, or if the collection has other vectors.

    Args:
        source: Source of the collection's model.

    Raises:
        DocumentError: The file is damaged.
    """
    folder = model_folder(source)
    if folder is None or not (folder / TAGGED_FILE).is_file():
        return None
    found = read_tagged(folder / TAGGED_FILE)
    return found.senses if (found.model_id, found.space) == (model_id, space) else None
