"""The collections that the page offers: those in one folder. Names that visitors give never lead out of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.errors import PolysemeError

ENDING = ".pol"
FILES = ".files"
"""Ends the name of the folder of files that were sent for a collection."""
LONGEST = 120
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\ud800-\udfff\u202a-\u202e\u2066-\u2069]+')
# Windows takes these for devices, whatever follows the first dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder, the names of the collections in it, and the one that the page opens first ("": none yet).

    alone: no other collection may be opened or made.
    """

    folder: Path
    names: tuple[str, ...]
    first: str
    alone: bool = False

    def path(self, name: str) -> Path | None:
        """The folder of a collection of the shelf, or of the one that the page was opened on; None for another."""
        chosen = name or self.first
        return self.folder / chosen if chosen and chosen in {*self.names, self.first} else None


def is_collection(path: Path) -> bool:
    """Whether a folder holds a collection."""
    return (path / DATABASE_NAME).is_file()


def is_shelf(path: Path) -> bool:
    """Whether a path is a folder to keep collections in: with some in it, or empty.

    Hidden files do not count, nor what a run leaves there that has not made its collection yet.
    """
    if not path.is_dir() or is_collection(path):
        return False
    inside = [child for child in path.iterdir() if not child.name.startswith(".")]
    return any(map(is_collection, inside)) or all(map(_is_begun, inside))


def _is_begun(path: Path) -> bool:
    return path.is_dir() and path.name.endswith((ENDING, ENDING + FILES))


def shelf(given: Path, alone: bool = False) -> Shelf:
    """The shelf that a path means: the path itself, or the folder that the collection stands in.

    alone: offer no other collection than the one given.
    """
    if is_shelf(given):
        names = _names(given)
        return Shelf(given, names, names[0] if names else "")
    if alone:
        return Shelf(given.parent, (given.name,) if is_collection(given) else (), given.name, alone=True)
    return Shelf(given.parent, _names(given.parent), given.name)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(child.name for child in folder.iterdir() if is_collection(child)))
    except OSError:
        return ()


def safe_name(name: str) -> str:
    """A file's name that stays in its folder on every system; PolysemeError for one of which nothing is left.

    What comes before the last separator is left out, so ``../../etc/passwd`` is ``passwd``.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = _NOT_IN_NAMES.sub("_", last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept.encode()) > LONGEST:
        short = (stem if dot else kept).encode()[: LONGEST - len(ending.encode()[:20]) - 1].decode(errors="ignore")
        kept = f"{short}.{ending.encode()[:20].decode(errors='ignore')}" if dot else short
    if _DEVICES.match(kept):
        kept = f"_{kept}"
    if not kept.strip("._ "):
        raise PolysemeError(f"{name[:40]!r} is no name; give one with letters or digits")
    return kept


def new_path(folder: Path, name: str) -> Path:
    """Where a collection of this name goes; PolysemeError when the name is none, or taken."""
    kept = safe_name(name)
    path = folder / (kept if kept.endswith(ENDING) else kept + ENDING)
    if path.exists():
        raise PolysemeError(f"{path.name} is there already; choose another name, or open it and add documents to it")
    return path
