"""Read safetensors files. The header is checked before the library sees it, as a file may come from a stranger."""

import json
import math
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...vectors.arrays import Reals
from ..limits import MAX_HEADER_BYTES, MAX_TENSOR_FILE_BYTES, MAX_TENSORS, MAX_TEXT_BYTES, MAX_WORDS, one_line, shown

Shape = tuple[int, ...]

FLOATS = {"F16": 2, "F32": 4, "F64": 8}  # type -> bytes of a number
NUMBERS = FLOATS | {"I8": 1, "I32": 4, "I64": 8}
MAX_LAYERS = 64
"""Maximum number of layers that a part of a model reads."""
_LENGTH_BYTES = 8  # of the number that says how long the header is


def read_tensors(path: Path, types: Mapping[str, int], shapes: Mapping[str, Shape] | None = None) -> dict[str, Reals]:
    """Read all tensors of a file.

    Args:
        types: Types that may occur, `FLOATS` or `NUMBERS`.
        shapes: Shape of each tensor that has to be there. No memory is asked for if one differs.

    Raises:
        ModelError: The file cannot be read, or its header is damaged or describes something else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        declared = _declared_shapes(path, types)
        for name, shape in (shapes or {}).items():
            if name in declared and declared[name] != shape:
                given = shown(declared[name])
                raise ModelError(f"{path}: {name} has shape {given}, its configuration asks for {shape}; correct it")
        tensors: dict[str, Reals] = load_file(path)
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({one_line(error)}); get the model again") from error
    return tensors


def _declared_shapes(path: Path, types: Mapping[str, int]) -> dict[str, Shape]:
    """Return the shapes in the header of a file, which fill the rest of the file without a gap.

    Raises:
        ValueError: The header is too long, damaged, or has a type that no model of ours has.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_TENSOR_FILE_BYTES:
        raise ValueError(f"it is not a plain file of up to {MAX_TENSOR_FILE_BYTES:,} bytes")
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if length > min(MAX_HEADER_BYTES, found.st_size - _LENGTH_BYTES):
            raise ValueError(f"its header has {length:,} bytes, more than the file or than {MAX_HEADER_BYTES:,}")
        header = json.loads(stream.read(length), object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise ValueError(f"it declares {len(header):,} tensors, more than {MAX_TENSORS}")
    parts = sorted((_part(name, entry, types) for name, entry in header.items()), key=lambda part: part[1:3])
    place = 0
    for name, begin, end, _ in parts:
        if begin != place:
            raise ValueError(f"{shown(name)} does not begin where the tensor before it ends")
        place = end
    if place != found.st_size - _LENGTH_BYTES - length:
        raise ValueError(f"it declares {place:,} bytes of tensors and holds {found.st_size - _LENGTH_BYTES - length:,}")
    return {name: shape for name, _, _, shape in parts}


def _part(name: str, entry: Any, types: Mapping[str, int]) -> tuple[str, int, int, Shape]:
    """Return name, begin, end and shape of a tensor's entry."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the entry of {shown(name)} is not that of a tensor")
    if entry["dtype"] not in tuple(types):
        raise ValueError(f"{shown(name)} is of type {shown(entry['dtype'])}, not {', '.join(types)}")
    shape, offsets = _sizes(entry["shape"], name), _sizes(entry["data_offsets"], name)
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * types[entry["dtype"]]:
        raise ValueError(f"the bytes of {shown(name)} do not fit its shape")
    return name, *offsets, shape


def _sizes(values: Any, name: str) -> Shape:
    if not isinstance(values, list) or len(values) > 8 or any(type(size) is not int or size < 0 for size in values):
        raise ValueError(f"{shown(name)} has the sizes {shown(values)}")
    return tuple(values)


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("its header has a key twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")


def text_lines(stored: npt.NDArray[Any], name: str) -> list[str]:
    """Return the lines of a text that is stored as a tensor of bytes. An empty text has one empty line.

    Raises:
        ValueError: It is no text, or is too long.
    """
    if stored.dtype != np.uint8 or stored.ndim != 1 or len(stored) > MAX_TEXT_BYTES:
        raise ValueError(f"its {name} are not a text")
    lines = stored.tobytes().decode().split("\n")
    if len(lines) > MAX_WORDS:
        raise ValueError(f"it has more than {MAX_WORDS:,} {name}")
    return lines


def rows_of_words(words: Sequence[str]) -> dict[str, int]:
    """Return the row of each word of a table.

    Raises:
        ValueError: A word is there twice.
    """
    found = {word: row for row, word in enumerate(words)}
    if len(found) < len(words):
        raise ValueError("it has a word twice")
    return found


def distinct_layers(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return the layers that a part of a model reads.

    Raises:
        ValueError: There are none or too many, or one is there twice.
    """
    layers = tuple(numbers)
    if not 0 < len(layers) <= MAX_LAYERS or len(set(layers)) < len(layers):
        raise ValueError(f"it reads the layers {shown(layers)}")
    return layers
