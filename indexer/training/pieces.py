"""Arrays that a training prepares on disk in pieces. A piece has its name only when it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..files import flush
from ..vectors.arrays import Array, Half, Ids

STATE_PIECE = 2_000
"""Number of texts in a piece of states."""
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


def prepare_states(
    folder: Path,
    lengths: Sequence[int],
    width: int,
    encode: Callable[[int, int], Iterable[Half]],
    on_piece: Callable[[int, int], None],
    advice: str,
) -> list[Half]:
    """Return the states of the tokens of texts, memory-mapped: (tokens, width) for each piece of `STATE_PIECE` texts.

    Pieces of an earlier run are read, and the others are written.

    Args:
        lengths: Number of tokens of each text.
        width: Length of the states of a token.
        encode: Yields the states of the texts from a first to a last number, the last excluded: (t, width) each.
        on_piece: Receives the numbers of texts done and of all texts.
        advice: What to do if the disk is too small.

    Raises:
        ModelError: A piece cannot be written or read, or the disk is too small.
    """
    count = len(lengths)
    firsts = range(0, count, STATE_PIECE)
    ends = [min(first + STATE_PIECE, count) for first in firsts]
    paths = [piece_path(folder, "states", first) for first in firsts]
    tokens = [sum(lengths[first:end]) for first, end in zip(firsts, ends, strict=True)]
    missing = sum(size for size, path in zip(tokens, paths, strict=True) if not path.exists())
    require_space(folder, missing * width * 2, advice)
    found = []
    for first, end, path, size in zip(firsts, ends, paths, tokens, strict=True):
        if not path.exists():
            write_piece(path, np.concatenate(list(encode(first, end))))
        found.append(read_piece(path, (size, width)))
        on_piece(end, count)
    return found


def batch_states(states: Sequence[Half], starts: Ids, numbers: Ids) -> tuple[Array, Ids, Ids]:
    """Return the states of a batch of n texts with T tokens, the numbers of its tokens, and where each text starts.

    Args:
        states: The pieces, as `prepare_states` returns them.
        starts: Number of the first token of each text, and of all tokens.
        numbers: Numbers of the texts of the batch (n,).

    Returns:
        (T, width), (T,) and (n + 1,).
    """
    found, tokens = [], []
    for number in numbers.tolist():
        piece, first, end = number // STATE_PIECE, int(starts[number]), int(starts[number + 1])
        before = int(starts[piece * STATE_PIECE])
        found.append(states[piece][first - before : end - before])
        tokens.append(np.arange(first, end))
    own = np.concatenate([[0], np.cumsum(starts[numbers + 1] - starts[numbers])])
    return np.concatenate(found).astype(np.float32), np.concatenate(tokens), own


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
