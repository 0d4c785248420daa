"""Keep the files that visitors send in one folder beside the collection, under names that cannot leave that folder."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...indexer.errors import PolysemeError
from ...indexer.files import write_atomically
from ...indexer.readers.metadata import MetadataTable
from ...indexer.readers.records import UnreadableError
from ...indexer.readers.walk import METADATA_NAMES
from .language import numeral, say
from .library import FILES, safe_name

MAX_FILE = 200
"""Maximum size of one file, in MiB."""
MAX_TOTAL = 1000
"""Maximum total size of the files sent at once, in MiB."""


class Upload(Protocol):
    """A file as Streamlit hands it over."""

    @property
    def name(self) -> str:
        """The name that the browser sent."""

    @property
    def size(self) -> int:
        """The size in bytes."""

    def getbuffer(self) -> memoryview:
        """Return the content."""


def folder_for(collection: Path) -> Path:
    """Return the folder for the files that are sent to a collection."""
    return collection.with_name(collection.name + FILES)


def keep(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write files into a folder, and return the paths of the documents among them.

    Each file is written in one step and replaces a file of the same name. A metadata table is merged with the one in
    the folder, so documents that were sent earlier keep their metadata.

    Raises:
        PolysemeError: A file is too large, a name is unusable, or two files have the same name. Or the folder or a file
            in it is a link, or a metadata table cannot be used.
    """
    limit = MAX_FILE * 2**20
    for upload in uploads:
        if upload.size > limit:
            text = say(
                "{file} is larger than {limit} MiB; index it with `polyseme index`",
                file=repr(upload.name),
                limit=numeral(MAX_FILE),
            )
            raise PolysemeError(text)
    if sum(upload.size for upload in uploads) > MAX_TOTAL * 2**20:
        limit_of_all = numeral(MAX_TOTAL, "")
        raise PolysemeError(
            say("the files are larger than {limit} MiB together; send them in parts", limit=limit_of_all)
        )
    named = [(folder / safe_name(upload.name), upload) for upload in uploads]
    twice = [path.name for path, count in Counter(path for path, _ in named).items() if count > 1]
    if twice:
        text = say("two files are called {file}, and one would replace the other; rename one", file=repr(twice[0]))
        raise PolysemeError(text)
    # The folder may come from a stranger, together with its collection.
    links = [path for path in (folder, *(folder.iterdir() if folder.is_dir() else ())) if path.is_symlink()]
    if links:
        text = say("{file} is a link, and files are not sent through links; remove it", file=repr(links[0].name))
        raise PolysemeError(text)
    folder.mkdir(parents=True, exist_ok=True)
    for path, upload in named:
        if path.name in METADATA_NAMES:
            _merge(path.name, upload.getbuffer(), folder)
        else:
            write_atomically(path, upload.getbuffer())
    return [path for path, _ in named if path.name not in METADATA_NAMES]


def _merge(name: str, sent: memoryview, folder: Path) -> None:
    """Write a metadata table with its new rows and the rows of the earlier table that it does not replace."""
    place = folder / METADATA_NAMES[0]
    before = next((folder / name for name in METADATA_NAMES if (folder / name).is_file()), None)
    try:
        with tempfile.TemporaryDirectory() as apart:
            # The reader recognises the delimiter by the suffix.
            table = Path(apart) / f"sent{Path(name).suffix}"
            table.write_bytes(sent)
            new = MetadataTable(table)
        if new.problems:
            where, reason = new.problems[0]
            text = say(
                "the metadata table, {where}: {reason}; correct it and send it again", where=where, reason=reason
            )
            raise PolysemeError(text)
        rows = (MetadataTable(before).rows if before else {}) | new.rows
    except UnreadableError as error:
        text = say("the metadata table cannot be used: {error}; correct it and send it again", error=error)
        raise PolysemeError(text) from None
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    merged = io.StringIO(newline="")
    writer = csv.DictWriter(merged, columns, restval="")
    writer.writeheader()
    writer.writerows(rows.values())
    write_atomically(place, merged.getvalue().encode())
    if before is not None and before != place:
        before.unlink()
