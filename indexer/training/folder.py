"""The folder of a training: settings, prepared text and checkpoint while it runs, a model folder when it is done.

While the training runs:

settings.json    the options of the command. A command with other options is refused.
prepared/        the text as numbers (see `corpus` and `sentence_space/prepared.py`)
checkpoint/      the last checkpoint (see `checkpoint`)
files.json       the files that were read and the documents that were skipped, written when `prepared/` is complete
lock             held by the training process

When it is done these are removed, and `training.json` with settings and results is beside the model's own files.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..elmo.formats.model_folder import CONFIG, SUMS, WEIGHTS, write_model
from ..elmo.model import Model, OutputLayer
from ..errors import ModelError
from ..files import flush, flush_files, read_bounded, write_atomically
from .text import TextFile, TextRead

SETTINGS, FILES, RECORD, LOCK = "settings.json", "files.json", "training.json", "lock"
_WHILE_TRAINING = (SETTINGS, "prepared", FILES, "checkpoint", LOCK)
LARGEST_JSON = 256 * 2**20
"""Maximum size of a file of JSON, in bytes. The list of the texts that were read is the longest."""
Json = dict[str, Any]


class TrainingFolder:
    """The folder of one training, locked by this process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def prepared(self) -> Path:
        """Folder of the prepared text."""
        return self.path / "prepared"

    @property
    def checkpoint(self) -> Path:
        """Folder of the checkpoint."""
        return self.path / "checkpoint"

    def text_read(self) -> TextRead | None:
        """Return what was read for the prepared text. Delete an incomplete prepared text and return None."""
        content = _read_json(self.path / FILES)
        if content is None or not self.prepared.is_dir():
            shutil.rmtree(self.prepared, ignore_errors=True)
            return None
        try:
            return TextRead([TextFile(**file) for file in content["files"]], content["skipped"])
        except (KeyError, TypeError) as error:
            raise self._damaged(FILES) from error

    def write_text_read(self, read: TextRead) -> None:
        """Record what was read. This marks the prepared text as complete."""
        self._write(FILES, {"files": [asdict(file) for file in read.files], "skipped": read.skipped})

    def record(self) -> Json | None:
        """Return settings and results of a finished training, None if it is not finished."""
        return _read_json(self.path / RECORD)

    def claim(self, settings: Mapping[str, object]) -> None:
        """Write the settings, or compare them with those of an earlier run.

        Raises:
            ModelError: The settings differ, or the folder has other files and no training.
        """
        record = self.record()
        before = record.get("settings", "") if record else _read_json(self.path / SETTINGS)
        if not isinstance(before, dict | None):
            raise self._damaged(RECORD)
        if before is None:
            foreign = sorted(p.name for p in self.path.iterdir() if p.name != LOCK and not p.name.startswith("."))
            if foreign:
                raise ModelError(f"{self.path} holds {foreign[0]}, and no training; choose another folder for --out")
            self._write(SETTINGS, settings)
            return
        for name in sorted({*settings, *before}):
            if settings.get(name) != before.get(name):
                given, earlier = (json.dumps(each.get(name), ensure_ascii=False) for each in (settings, before))
                raise ModelError(
                    f"{self.path} was begun with {name} {earlier}, not {given}; give the same options, or another --out"
                )

    def finish(self, model: Model, output: OutputLayer | None, card: str, record: Json, half: bool = False) -> None:
        """Move the model's files into the folder, `training.json` last, and remove the files of the running training.

        Args:
            half: Store the weights in half precision.

        Raises:
            ModelError: The files cannot be written. The checkpoint is kept.
        """
        temporary = self.path / ".model"
        for left in (temporary, *self.path.glob(f".{temporary.name}.*.partial")):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        write_model(temporary, model, card, output_layer=output, half=half)
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        try:
            (temporary / RECORD).write_text(text, encoding="utf-8", newline="\n")
            with (temporary / SUMS).open("a", encoding="utf-8") as sums:
                sums.write(f"{hashlib.sha256(text.encode()).hexdigest()}  {RECORD}\n")
            flush_files(temporary)
            last = (WEIGHTS, CONFIG, RECORD)
            files = sorted(temporary.iterdir(), key=lambda path: last.index(path.name) if path.name in last else -1)
            for path in files:
                path.replace(self.path / path.name)
            temporary.rmdir()
            flush(self.path)
        except OSError as error:
            raise self._unwritable(error) from error
        self.clear()

    def clear(self) -> None:
        """Remove the files that only a running training needs."""
        for name in _WHILE_TRAINING:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        try:
            write_atomically(self.path / name, (json.dumps(content, indent=1) + "\n").encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def _damaged(self, name: str) -> ModelError:
        return ModelError(f"{self.path / name} is damaged; choose another --out, or remove {self.path} to begin again")

    def _unwritable(self, error: OSError) -> ModelError:
        return ModelError(
            f"{self.path} cannot be written ({error.strerror}); resolve this, then run the same command to resume"
        )


@contextlib.contextmanager
def locked_folder(path: Path) -> Iterator[TrainingFolder]:
    """Create the folder if it does not exist, and hold its lock.

    Raises:
        ModelError: Another process is training there, or the folder cannot be created.
    """
    created = not path.exists()
    lock = FileLock(path / LOCK, timeout=0, thread_local=False)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ModelError(f"{path} is being trained by another process; wait for it or choose another --out") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be made or written ({error.strerror}); choose another --out") from error
    try:
        yield TrainingFolder(path)
    finally:
        lock.release()
        if not any((path / name).exists() for name in ("prepared", "checkpoint")):
            for name in (SETTINGS, FILES, LOCK):
                (path / name).unlink(missing_ok=True)
        if created and not any(path.iterdir()):
            path.rmdir()


def _read_json(path: Path) -> Json | None:
    """Return the content of a JSON file, None if the file does not exist."""
    try:
        content = json.loads(read_bounded(path, LARGEST_JSON).decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); remove {path.parent} to begin again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object; remove {path.parent} to begin again")
    return content
