"""The tensors of a sentence space, as stored in `sentence_space.safetensors`.

format         1
words          (bytes,) uint8, the words of the table in UTF-8, joined by newlines
table          (words, e) int8, vectors of words
scales         (words,) scale of each row of the table
word_factors   (words,) logarithm of each word's factor
layers         (n,) layers that are read
reads_sense    1 if the sense vector is read as well, else 0
map            (width, e)
shift          (e,)
state_factors  (width,)
bias           constant part of the logarithm of a token's factor
rarity         relative frequency at which a word's weight is a half
centre         (e,)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ..limits import one_line, shown
from ..sentence_space import SentenceSpace
from .tensor_file import NUMBERS, distinct_layers, read_tensors, rows_of_words, text_lines

Tensors = Mapping[str, npt.NDArray[Any]]

FORMAT = 1
MAX_DIM = 4096
_TYPES = NUMBERS | {"U8": 1}
_ARRAYS = {"scales": 1, "word_factors": 1, "map": 2, "shift": 1, "state_factors": 1, "centre": 1}
"""Number of axes of each array in single precision. Its name is that of a field."""
_NUMBERS = ("bias", "rarity")
"""Fields that are one number."""


def sentence_space_to_tensors(space: SentenceSpace) -> dict[str, npt.NDArray[np.generic]]:
    """Return the tensors of a sentence space.

    Raises:
        ModelError: A word of the table has a newline, so that the file could not be read back.
    """
    words = sorted(space.words, key=space.words.__getitem__)
    if any("\n" in word for word in words):
        raise ModelError("a word of the sentence space has a newline; leave it out of the table")
    arrays = {name: np.asarray(getattr(space, name), np.float32) for name in _ARRAYS}
    numbers = {name: np.asarray(getattr(space, name), np.float64) for name in _NUMBERS}
    return {
        **arrays,
        **numbers,
        "format": np.asarray(FORMAT, np.int64),
        "words": np.frombuffer("\n".join(words).encode(), np.uint8),
        "table": space.table,
        "layers": np.asarray(space.layers, np.int64),
        "reads_sense": np.asarray(space.reads_sense, np.int64),
    }


def read_sentence_space(path: Path) -> SentenceSpace:
    """Read `sentence_space.safetensors`.

    Raises:
        ModelError: The file cannot be read, is damaged, or has a format that this Polyseme does not read.
    """
    return sentence_space_from_tensors(read_tensors(path, _TYPES), str(path))


def sentence_space_from_tensors(tensors: Tensors, where: str) -> SentenceSpace:
    """Build a sentence space from its tensors. Error messages call the file `where`.

    Raises:
        ModelError: A tensor is missing, has another shape, or holds what is no number, or the format is another one.
    """
    try:
        if (found := int(tensors["format"])) != FORMAT:
            raise ModelError(
                f"{where} has format {shown(found)}, this Polyseme reads {FORMAT};"
                " fit it again with `polyseme train --sentence-space`, or upgrade Polyseme"
            )
        if wrong := [name for name, array in tensors.items() if not np.isfinite(array).all()]:
            raise ValueError(f"its tensor {shown(wrong[0])} holds values that are not numbers")
        words = _words(tensors["words"])
        arrays = {name: _array(tensors[name], axes, name) for name, axes in _ARRAYS.items()}
        table = tensors["table"]
        width, dim = arrays["map"].shape
        if table.dtype != np.int8 or not 0 < dim <= MAX_DIM:
            raise ValueError(f"its table has the type {table.dtype}, its vectors have {dim} numbers")
        _require_shape(table, (len(words), dim), "table")
        for name, shape in _shapes(len(words), width, dim).items():
            _require_shape(arrays[name], shape, name)
        layers = distinct_layers([int(layer) for layer in _array(tensors["layers"], 1, "layers").tolist()])
        numbers = {name: float(tensors[name]) for name in _NUMBERS}
        if not 0 < numbers["rarity"] <= 1:
            raise ValueError(f"its rarity is {shown(numbers['rarity'])}")
        reads_sense = bool(int(tensors["reads_sense"]))
        return SentenceSpace(
            words=words,
            table=table,
            scales=arrays["scales"],
            word_factors=arrays["word_factors"],
            layers=layers,
            reads_sense=reads_sense,
            map=arrays["map"],
            shift=arrays["shift"],
            state_factors=arrays["state_factors"],
            bias=numbers["bias"],
            rarity=numbers["rarity"],
            centre=arrays["centre"],
        )
    except KeyError as error:
        raise ModelError(f"{where} lacks the tensor {error}; get the model again") from error
    except (IndexError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{where} is not a sentence space ({one_line(error)}); get the model again") from error


def _shapes(words: int, width: int, dim: int) -> dict[str, tuple[int, ...]]:
    """Return the shape that each array must have."""
    return {
        "scales": (words,),
        "word_factors": (words,),
        "shift": (dim,),
        "state_factors": (width,),
        "centre": (dim,),
    }


def _words(stored: npt.NDArray[Any]) -> dict[str, int]:
    """Return the row of each word."""
    if not stored.size:
        raise ValueError("its words are not a text")
    return rows_of_words(text_lines(stored, "words"))


def _array(array: npt.NDArray[Any], axes: int, name: str) -> npt.NDArray[np.float32]:
    if array.ndim != axes:
        raise ValueError(f"{name} has the shape {shown(array.shape)}")
    with np.errstate(over="ignore"):
        found = array.astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError(f"its tensor {name} holds numbers beyond single precision")
    return found


def _require_shape(array: npt.NDArray[Any], shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {shown(array.shape)}, not {shown(shape)}")
