"""Files that visitors send: kept in one folder beside the collection, under names that cannot leave it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...indexer.errors import PolysemeError
from ...indexer.files import write_whole
from ...indexer.readers.metadata import MetadataTable
from ...indexer.readers.records import UnreadableError
from ...indexer.readers.walk import METADATA_NAMES
from .library import FILES, safe_name

LARGEST = 200
"""MiB that one file may have."""
ALL_LARGEST = 1000
"""MiB that the files sent at once may have together."""


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
    return collection.with_name(collection.name + FILES)


def keep(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write files into a folder, each in one step and in the place of one of the same name.

    A metadata table is joined with the one that is there: documents sent earlier keep what it said of them.

    PolysemeError when they are too large, a name is none or is that of two files, or a row of a metadata table says
    nothing.
    """
    limit = LARGEST * 2**20
    for upload in uploads:
        if upload.size > limit:
            raise PolysemeError(f"{upload.name!r} is larger than {LARGEST} MiB; index it with `polyseme index`")
    if sum(upload.size for upload in uploads) > ALL_LARGEST * 2**20:
        raise PolysemeError(f"the files are larger than {ALL_LARGEST} MiB together; send them in parts")
    named = [(folder / safe_name(upload.name), upload) for upload in uploads]
    twice = [path.name for path, count in Counter(path for path, _ in named).items() if count > 1]
    if twice:
        raise PolysemeError(f"two files are called {twice[0]!r}, and one would take the other's place; rename one")
    folder.mkdir(parents=True, exist_ok=True)
    for path, upload in named:
        if path.resolve().parent != folder.resolve():
            raise PolysemeError(f"{upload.name!r} leads out of its folder; rename the file")
        if path.name in METADATA_NAMES:
            _join(path.name, upload.getbuffer(), folder)
        else:
            write_whole(path, upload.getbuffer())
    return [path for path, _ in named if path.name not in METADATA_NAMES]


def _join(name: str, sent: memoryview, folder: Path) -> None:
    """Put a metadata table that was sent in its place, with the rows of an earlier one that it does not replace."""
    # Its name tells how it is cut into columns, so it must end as it did.
    table = folder / f".sent{Path(name).suffix}"
    table.write_bytes(sent)
    place = folder / METADATA_NAMES[0]
    before = next((folder / name for name in METADATA_NAMES if (folder / name).is_file()), None)
    try:
        new = MetadataTable(table)
        if new.problems:
            where, reason = new.problems[0]
            raise PolysemeError(f"the metadata table, {where}: {reason}; mend it and send it again")
        rows = (MetadataTable(before).rows if before else {}) | new.rows
    except UnreadableError as error:
        raise PolysemeError(f"the metadata table cannot be used: {error}; mend it and send it again") from None
    finally:
        table.unlink()
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    joined = io.StringIO(newline="")
    writer = csv.DictWriter(joined, columns, restval="")
    writer.writeheader()
    writer.writerows(rows.values())
    write_whole(place, joined.getvalue().encode())
    if before is not None and before != place:
        before.unlink()
