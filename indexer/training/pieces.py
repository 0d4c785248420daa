"""Arrays that a training prepares on disk in pieces. A piece has its name only when it is complete."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..files import flush
from ..vectors.arrays import Array, Half

_LARGEST_HALF = float(np.finfo(np.float16).max)


def to_half(array: Array) -> Half:
    """Return an array in half precision. What is beyond it becomes its largest number."""
    return np.clip(array, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)


def piece_path(folder: Path, name: str, start: int) -> Path:
    """Return the path of a piece that begins with the text or word of number `start`."""
    return folder / f"{name}-{start:08}.npy"


def write_piece(path: Path, array: Half) -> None:
    """Write a piece.

    Raises:
        ModelError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def read_piece(path: Path, shape: tuple[int, int]) -> Half:
    """Return a piece, memory-mapped.

    Raises:
        ModelError: It is damaged.
    """
    try:
        found: Half = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path, error) from error
    if found.shape != shape or found.dtype != np.float16:
        raise damaged(path, f"its shape is {found.shape}, not {shape}")
    return found


def require_space(folder: Path, needed: int, advice: str) -> None:
    """Check that a folder's disk has `needed` bytes for states.

    Raises:
        ModelError: It has less. The message ends with the advice.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ModelError(
            f"the states need {needed / 1e9:.1f} GB in {folder}, which has {free / 1e9:.1f} GB left; {advice}"
        )


def unwritable(folder: Path, error: OSError) -> ModelError:
    """Return the error for a folder that cannot be written."""
    return ModelError(
        f"{folder} cannot be written ({error.strerror}); resolve this, then run the same command to resume"
    )


def damaged(path: Path, reason: object) -> ModelError:
    """Return the error for a damaged file of prepared text."""
    return ModelError(f"{path} is damaged ({reason}); remove it, then run the same command to resume")
