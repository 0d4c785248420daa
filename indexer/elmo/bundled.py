"""Locate the models that are installed with Polyseme (`data/models`)."""

import functools
import importlib.resources
from pathlib import Path

from ..errors import ModelError
from .formats.model_folder import is_model_folder, read_word_counts
from .sense_space import WordCounts

DEFAULT = "default"


def bundled_names() -> list[str]:
    """Return the names of the bundled models in alphabetical order."""
    folder = _models()
    return sorted(path.name for path in folder.iterdir() if is_model_folder(path)) if folder.is_dir() else []


def bundled_folder(name: str) -> Path | None:
    """Return the folder of a bundled model, or None for any other name.

    Raises:
        ModelError: The name is `default` and the bundled model is missing.
    """
    if name in bundled_names():
        return _models() / name
    if name == DEFAULT:
        raise ModelError(f"the bundled model is missing from {_models()}; install Polyseme again")
    return None


@functools.cache
def english_counts() -> WordCounts:
    """Return word counts of the bundled model's training text, for models without counts of their own."""
    folder = bundled_folder(DEFAULT)
    return (read_word_counts(folder) if folder else None) or WordCounts({}, 0)


def _models() -> Path:
    return Path(str(importlib.resources.files("polyseme.data"))) / "models"
