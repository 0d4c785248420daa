"""Files that visitors send: kept in one folder beside the collection, under names that cannot leave it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from indexer.errors import PolysemeError
from ui.shelf import safe_name

LARGEST = 200
"""MiB that one file may have."""
ALL_LARGEST = 1000
"""MiB that the files sent at once may have together."""
FOLDER = ".files"


class Upload(Protocol):
    """What Streamlit hands over for a file."""

    @property
    def name(self) -> str:
        """As the browser told it."""

    @property
    def size(self) -> int:
        """Bytes."""

    def getbuffer(self) -> memoryview:
        """What is in it."""


def folder_for(collection: Path) -> Path:
    """Where the files sent for a collection are kept."""
    return collection.with_name(collection.name + FOLDER)


def keep(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write files into a folder, each in one step and in the place of one of the same name.

    PolysemeError when they are too large, or a name is none.
    """
    limit = LARGEST * 2**20
    for upload in uploads:
        if upload.size > limit:
            raise PolysemeError(f"{upload.name!r} is larger than {LARGEST} MiB; index it with `polyseme index`")
    if sum(upload.size for upload in uploads) > ALL_LARGEST * 2**20:
        raise PolysemeError(f"the files are larger than {ALL_LARGEST} MiB together; send them in parts")
    named = [(folder / safe_name(upload.name), upload) for upload in uploads]
    folder.mkdir(parents=True, exist_ok=True)
    for path, upload in named:
        if path.resolve().parent != folder.resolve():
            raise PolysemeError(f"{upload.name!r} leads out of its folder; rename the file")
        aside = path.with_name(path.name + ".part")
        aside.write_bytes(upload.getbuffer())
        aside.replace(path)
    return [path for path, _ in named]
