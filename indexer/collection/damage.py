"""Turn what reading a damaged collection raises into one line with the next step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from ..errors import CollectionError
from ..vectors.transforms import Transform
from .schema import DATABASE_NAME

DAMAGE = (
    *(sqlite3.Error, SafetensorError, ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError),
    *(SyntaxError, TokenError),  # numpy reads the header of a file as Python
)
"""What damaged rows and files raise where they are used: a text in place of a number, an id that no row has."""
_LONGEST = 120
"""Maximum length of the text of an error inside another, in characters."""


def damaged(folder: Path, error: BaseException) -> CollectionError:
    """Return the error for a collection that could not be read because of another error."""
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return CollectionError(f"{folder} was closed; open it again")
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return CollectionError(f"{folder} is busy ({error}); try again")
    reason = " ".join(str(error).split())[:_LONGEST]
    if isinstance(error, sqlite3.Error):
        return CollectionError(
            f"{folder / DATABASE_NAME} cannot be read ({reason}); restore it from a copy, or run `polyseme verify`"
        )
    return CollectionError(
        f"{folder} cannot be read ({type(error).__name__}: {reason}); run `polyseme verify`, or restore it from a copy"
    )


@contextmanager
def reading_rows(folder: Path) -> Iterator[None]:
    """Turn what damaged rows of a collection raise into a `CollectionError`."""
    try:
        yield
    except DAMAGE as error:
        raise damaged(folder, error) from error


def read_transform(path: Path, name: str, data: bytes) -> Transform:
    """Read a fitted transform from the table `arrays`.

    Args:
        path: The database, for the message.

    Raises:
        CollectionError: The transform is damaged.
    """
    try:
        arrays = load(data)
        mean, matrix = arrays["mean"], arrays.get("matrix")
        found = [array for array in (mean, matrix) if array is not None]
        if mean.ndim != 1 or (matrix is not None and (matrix.ndim != 2 or len(matrix) != len(mean))):
            raise ValueError("its shapes do not fit")
        if any(array.dtype != np.float32 or not np.isfinite(array).all() for array in found):
            raise ValueError("it has numbers that are not finite")
        return Transform(mean, matrix)
    except DAMAGE as error:
        raise CollectionError(
            f"{path}: the transform {name!r:.60} is damaged ({error});"
            " restore it from a copy or run `polyseme reencode`"
        ) from error
