"""A training's state on disk: one safetensors file of plain arrays, with the rest as JSON in its header. No pickle.

The file is written under a temporary name, flushed and renamed. If the process is killed, the previous checkpoint
remains intact.
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
class Checkpoint:
    """Content of a checkpoint: plain arrays, and a state that JSON can represent."""

    arrays: Mapping[str, npt.NDArray[np.generic]]
    state: Mapping[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write or replace the checkpoint in `folder`, which is created with the first one.

    Raises:
        ModelError: The checkpoint cannot be written. An earlier one is kept.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    plain = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    header = {"state": json.dumps(checkpoint.state), "sha256": _digest(plain)}
    temporary = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        save_file(plain, temporary / FILE, header)
        flush(temporary / FILE)
        if folder.is_dir():
            (temporary / FILE).replace(folder / FILE)
            temporary.rmdir()
        else:
            flush(temporary)
            temporary.rename(folder)
        flush(folder)
        flush(folder.parent)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{folder} cannot be written ({error}); resolve this, then run the same command to resume"
        ) from error


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the last checkpoint. Return None if there is no checkpoint yet.

    Raises:
        ModelError: The checkpoint is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not folder.is_dir():
        return None
    try:
        with safe_open(folder / FILE, "numpy") as stream:
            header = stream.metadata()
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        state: dict[str, Any] = json.loads(header["state"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder / FILE} cannot be read ({error}); remove {folder} to begin again") from error
    if _digest(arrays) != header.get("sha256"):
        raise ModelError(f"{folder / FILE} is damaged; remove {folder} to begin again")
    return Checkpoint(arrays, state)


def _digest(arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
