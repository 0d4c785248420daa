"""The models that the user has named on this machine, by digest, in a file of the user's configuration.

A collection may come from a stranger. It says which model it needs by the model's digest, but never where to load it
from: that place comes from the user. Naming a model once, for a build or with `--model`, records its digest and place.
"""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from ..errors import ModelError
from ..files import flush
from .sources import is_handle

FORMAT = 1
MAX_SOURCES = 8  # places that are kept for one model, the latest first
_MAX_BYTES = 1 << 24
_LOCK_SECONDS = 5.0

_log = logging.getLogger(__name__)


def named_models_file() -> Path:
    """Return the file that records the named models, in the user's configuration folder."""
    variable, default = ("APPDATA", "AppData/Roaming") if sys.platform == "win32" else ("XDG_CONFIG_HOME", ".config")
    folder = Path(os.environ.get(variable) or "")
    if not folder.is_absolute():
        try:
            folder = Path.home() / default
        except RuntimeError:  # the user has no home, so nothing can be recorded
            folder = Path(os.devnull)
    return folder / "polyseme" / "models.json"


def named_sources(model_id: str) -> tuple[str, ...]:
    """Return the sources under which the user has named the model with this digest, the latest first.

    Raises:
        ModelError: The file of named models is damaged.
    """
    return tuple(_read(named_models_file()).get(model_id, ()))


def remember_model(model_id: str, source: str, option: str = "--model") -> None:
    """Record that the user has named a model at a path or handle. Bundled names need no record.

    Args:
        option: Option that names the model on the command line.

    A place that cannot be written is reported in the log, since the model itself can be used.

    Raises:
        ModelError: The file of named models is damaged.
    """
    if not (Path(source).is_absolute() or is_handle(source)):
        return
    file = named_models_file()
    if _read(file).get(model_id, [""])[0] == source:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(f"{file}.lock", timeout=_LOCK_SECONDS, mode=0o600):
            models = _read(file)
            others = [place for place in models.get(model_id, []) if place != source]
            models[model_id] = [source, *others][:MAX_SOURCES]
            _write(file, json.dumps({"format": FORMAT, "models": models}, indent=1) + "\n")
    except OSError as error:  # also filelock's Timeout
        reason = error.strerror or type(error).__name__
        _log.warning("%s cannot be written (%s); next time name the model again with %s", file, reason, option)


def _write(file: Path, text: str) -> None:
    """Replace a file in one step. Only its owner may read it."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        flush(temporary)
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _read(file: Path) -> dict[str, list[str]]:
    try:
        with file.open("rb") as stream:
            content = json.loads(stream.read(_MAX_BYTES))
        models = content["models"]
        if content["format"] != FORMAT or not all(_is_list_of_texts(sources) for sources in models.values()):
            raise ValueError("another format")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        reason = type(error).__name__
        raise ModelError(
            f"{file}, your list of named models, cannot be read ({reason}); remove or correct it"
        ) from error
    return dict(models)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
