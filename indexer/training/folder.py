"""The folder of a training: settings, prepared text and checkpoint while it runs; a model folder when it is done.

settings.json    what was asked for: another command is refused
prepared/        the text as numbers (`training_corpus`)
checkpoint/      the state (`checkpoint`), from the first one to the end
files.json       which files were read for it, and what was skipped; there once the text is prepared
lock             held by the process that trains

training.json    at the end, beside the model's own files: settings and results. What is above is gone then.
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
from ..files import flush, flush_files, write_whole
from .text import TextFile, TextRead

SETTINGS, FILES, RECORD, LOCK = "settings.json", "files.json", "training.json", "lock"
_AT_WORK = (SETTINGS, "prepared", FILES, "checkpoint", LOCK)
Json = dict[str, Any]


class TrainingFolder:
    """One training's folder, held by this process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def prepared(self) -> Path:
        """Where the text lies as numbers."""
        return self.path / "prepared"

    @property
    def checkpoint(self) -> Path:
        """Where the state lies."""
        return self.path / "checkpoint"

    def reading(self) -> TextRead | None:
        """What was read for the prepared text; None if it is not whole yet, and then it is not there."""
        found = _read_json(self.path / FILES)
        if found is None or not self.prepared.is_dir():
            shutil.rmtree(self.prepared, ignore_errors=True)
            return None
        return TextRead([TextFile(**file) for file in found["files"]], found["skipped"])

    def keep_reading(self, read: TextRead) -> None:
        """Write down what was read, after which the prepared text counts."""
        self._write(FILES, {"files": [asdict(file) for file in read.files], "skipped": read.skipped})

    def record(self) -> Json | None:
        """Settings and results of a finished training, else None."""
        return _read_json(self.path / RECORD)

    def claim(self, settings: Mapping[str, object]) -> None:
        """Write the settings, or compare them with those of an earlier run; raises `ModelError` if they differ."""
        record = self.record()
        before = record["settings"] if record else _read_json(self.path / SETTINGS)
        if before is None:
            foreign = sorted(p.name for p in self.path.iterdir() if p.name != LOCK and not p.name.startswith("."))
            if foreign:
                raise ModelError(f"{self.path} holds {foreign[0]}, and no training; choose another folder for --out")
            self._write(SETTINGS, settings)
            return
        for name in sorted({*settings, *before}):
            if settings.get(name) != before.get(name):
                asked, had = (json.dumps(each.get(name), ensure_ascii=False) for each in (settings, before))
                raise ModelError(
                    f"{self.path} was begun with {name} {had}, not {asked}; give the same options, or another --out"
                )

    def finish(self, model: Model, output: OutputLayer, card: str, record: Json) -> None:
        """Put the model folder's files in their place, `training.json` last, and clear the rest away.

        Raises:
            ModelError: they cannot be written; the checkpoint is still there.
        """
        aside = self.path / ".model"
        for left in (aside, *self.path.glob(f".{aside.name}.*.partial")):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        write_model(aside, model, card, output_layer=output)
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        try:
            (aside / RECORD).write_text(text, encoding="utf-8", newline="\n")
            with (aside / SUMS).open("a", encoding="utf-8") as sums:
                sums.write(f"{hashlib.sha256(text.encode()).hexdigest()}  {RECORD}\n")
            flush_files(aside)
            last = (WEIGHTS, CONFIG, RECORD)
            for path in sorted(aside.iterdir(), key=lambda path: last.index(path.name) if path.name in last else -1):
                path.replace(self.path / path.name)
            aside.rmdir()
            flush(self.path)
        except OSError as error:
            raise self._unwritable(error) from error
        self.clear()

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        try:
            write_whole(self.path / name, (json.dumps(content, indent=1) + "\n").encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ModelError:
        return ModelError(f"{self.path} cannot be written ({error.strerror}); make room, the same command goes on")

    def clear(self) -> None:
        """Remove what only a running training needs."""
        for name in _AT_WORK:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def held_folder(path: Path) -> Iterator[TrainingFolder]:
    """Make the folder if it is not there, and hold it.

    Raises:
        ModelError: another process trains there, or it cannot be made.
    """
    made = not path.exists()
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
        if made and not any(path.iterdir()):
            path.rmdir()


def _read_json(path: Path) -> Json | None:
    try:
        content: Json = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}); remove {path.parent} to begin again") from error
    return content
