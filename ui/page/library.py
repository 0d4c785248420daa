"""The library: the collections in one folder, which the page offers. Names from visitors never lead out of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ...indexer.collection.replacement import is_beside
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.errors import PolysemeError
from .language import say

ENDING = ".pol"
"""Suffix of a collection that the page creates."""
FILES = ".files"
"""Suffix of the folder that holds the files sent to a collection."""
MAX_NAME = 120
"""Maximum length of a file name, in bytes."""
_NOT_IN_NAMES = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+'
)
# Windows reserves these names for devices, also when an extension follows.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Library:
    """A folder and the names of the collections in it.

    Args:
        first: The collection that the page opens first, or "" if the library is empty.
        alone: Whether only the first collection may be opened, and no other created.
    """

    folder: Path
    names: tuple[str, ...]
    first: str
    alone: bool = False

    def path(self, name: str) -> Path | None:
        """Return the folder of a collection, or None if it is not in the library. An empty name means the first."""
        chosen = name or self.first
        return self.folder / chosen if chosen and chosen in {*self.names, self.first} else None


def is_collection(path: Path) -> bool:
    """Return whether a folder holds a collection."""
    return (path / DATABASE_NAME).is_file()


def is_library(path: Path) -> bool:
    """Return whether a path is a folder for collections: it contains some, or it is empty.

    Hidden files do not count. Folders that a run created before its collection do not count either.
    """
    if not path.is_dir() or is_collection(path):
        return False
    inside = [child for child in path.iterdir() if not child.name.startswith(".")]
    return any(map(is_collection, inside)) or all(map(_is_begun, inside))


def _is_begun(path: Path) -> bool:
    return path.is_dir() and path.name.endswith((ENDING, ENDING + FILES))


def library_at(given: Path, alone: bool = False) -> Library:
    """Return the library of a path: the path itself, or the folder that contains the collection.

    Args:
        alone: Whether to offer only the given collection.
    """
    if is_library(given):
        names = _names(given)
        return Library(given, names, names[0] if names else "")
    if alone:
        return Library(given.parent, (given.name,) if is_collection(given) else (), given.name, alone=True)
    return Library(given.parent, _names(given.parent), given.name)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        names = (child.name for child in folder.iterdir() if is_collection(child) and not is_beside(child.name))
        return tuple(sorted(names))
    except OSError:
        return ()


def safe_name(name: str) -> str:
    """Return a file name that stays in its folder on every operating system.

    Everything up to the last separator is dropped, so `../../etc/passwd` becomes `passwd`.

    Raises:
        PolysemeError: Nothing usable is left of the name.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = _NOT_IN_NAMES.sub("_", last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept.encode()) > MAX_NAME:
        short = (stem if dot else kept).encode()[: MAX_NAME - len(ending.encode()[:20]) - 1].decode(errors="ignore")
        kept = f"{short}.{ending.encode()[:20].decode(errors='ignore')}" if dot else short
    if _DEVICES.match(kept):
        kept = f"_{kept}"
    if not kept.strip("._ "):
        raise PolysemeError(say("{name} is not a usable name; give one with letters or digits", name=repr(name[:40])))
    return kept


def new_path(folder: Path, name: str) -> Path:
    """Return the path of a new collection.

    Raises:
        PolysemeError: The name is unusable, or already exists.
    """
    kept = safe_name(name)
    path = folder / (kept if kept.endswith(ENDING) else kept + ENDING)
    if path.exists():
        text = say("{name} already exists; choose another name, or open it and add documents to it", name=path.name)
        raise PolysemeError(text)
    return path
