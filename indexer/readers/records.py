"""Records that readers take and return."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_WHOLE_FILE = 256 * 2**20
"""Maximum size in bytes of a file that must be read whole: every format but csv, tsv, jsonl and pdf."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading sources.

    Attributes:
        globs: Patterns for files inside folders. Without any, all files of known formats are read. A pattern without
            `/` is matched against the file's name at any depth. A pattern with `/` is matched against the path relative
            to the folder.
        text_column: Column (CSV, TSV) or field (JSONL, JSON) that holds the text.
        id_column: Column or field that holds the id. All other columns are metadata.
        metadata: CSV or TSV file whose rows describe documents.
        encoding: Encoding of every text file, or None to detect it.
    """

    globs: tuple[str, ...] = ()
    text_column: str = "text"
    id_column: str = "id"
    metadata: Path | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """A document as read from its file. `id` is empty if the file gives none. `row` is 0 for a whole file."""

    text: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    row: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, or a part of it: `where` is "row 3" or a chapter. `row` is as in `Extract`."""

    reason: str
    where: str = ""
    row: int = 0


class UnreadableError(Exception):
    """A file cannot be read. The text is the reason, without the file's name. Never leaves `indexer.readers`."""


def whole_file(path: Path) -> bytes:
    """Return the bytes of a file that must be read whole.

    Raises:
        UnreadableError: The file is larger than `MAX_WHOLE_FILE`.
    """
    size = path.stat().st_size
    if size > MAX_WHOLE_FILE:
        raise UnreadableError(f"larger than {MAX_WHOLE_FILE // 2**20} MiB; split it, or make it JSONL")
    return path.read_bytes()


def with_year(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields with an ISO `date` cut to the day and a `year` derived from it."""
    date = fields.get("date")
    if isinstance(date, str) and (match := re.match(r"(\d{4})(-\d\d(-\d\d)?)?(?=$|[T ])", date, re.ASCII)):
        return {**fields, "date": match[0], "year": match[1]}
    return fields


def plain_newlines(text: str) -> str:
    """Return the text with `\\n` for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
