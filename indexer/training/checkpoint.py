"""A training's state on disk: one safetensors file of plain arrays, with the rest as JSON in its header.

It is written aside, flushed and renamed: a kill leaves the checkpoint before, whole. No pickle.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..files import flush

FILE = "state.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What a checkpoint holds: plain arrays, and what JSON can say."""

    arrays: Mapping[str, npt.NDArray[np.generic]]
    state: Mapping[str, Any]


def save_checkpoint(folder: Path, saved: Saved) -> None:
    """Write or replace the checkpoint; the folder appears with its first one.

    Raises:
        ModelError: it cannot be written; an earlier one is still there.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    plain = {name: np.asarray(array, order="C") for name, array in saved.arrays.items()}
    header = {"state": json.dumps(saved.state), "sha256": _digest(plain)}
    aside = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        save_file(plain, aside / FILE, header)
        flush(aside / FILE)
        if folder.is_dir():
            (aside / FILE).replace(folder / FILE)
            aside.rmdir()
        else:
            flush(aside)
            aside.rename(folder)
        flush(folder)
        flush(folder.parent)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be written ({error}); make room, the same command goes on") from error


def load_checkpoint(folder: Path) -> Saved | None:
    """The last checkpoint, or None where there is none; raises `ModelError` if it is damaged."""
    from safetensors import SafetensorError, safe_open

    if not folder.is_dir():
        return None
    try:
        with safe_open(folder / FILE, "numpy") as stream:
            header = stream.metadata()
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        state: dict[str, Any] = json.loads(header["state"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / FILE} cannot be read ({error}); remove {folder} to begin again") from error
    if _digest(arrays) != header.get("sha256"):
        raise ModelError(f"{folder / FILE} is damaged; remove {folder} to begin again")
    return Saved(arrays, state)


def _digest(arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
