"""What a reader is told, and what it hands back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_WHOLE_FILE = 256 * 2**20
"""Bytes. Formats that must be read whole (all but csv, tsv, jsonl and pdf) are refused above it."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are read.

    globs: inside folders only files that match one of them; none means every known format. A pattern without `/`
        is held against the file's name at any depth, one with `/` against the path relative to the folder.
    text_column, id_column: columns (CSV, TSV) or fields (JSONL, JSON) that hold text and id; the rest is metadata.
    metadata: a CSV or TSV file whose rows describe documents.
    encoding: for every text file, instead of detection.
    """

    globs: tuple[str, ...] = ()
    text_column: str = "text"
    id_column: str = "id"
    metadata: Path | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """One document as its file holds it. `id` is empty where the file gives none; `row` is 0 for a whole file."""

    text: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    row: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or the part `where` of it ("row 3", a chapter), that could not be read; `row` as in Extract."""

    reason: str
    where: str = ""
    row: int = 0


class UnreadableError(Exception):
    """This file cannot be read; the text is the reason, without the file's name. Never leaves `indexer.readers`."""


def whole_file(path: Path) -> bytes:
    """Return the bytes of a file that has to be read at once, or refuse one too large for that."""
    size = path.stat().st_size
    if size > MAX_WHOLE_FILE:
        raise UnreadableError(f"larger than {MAX_WHOLE_FILE // 2**20} MiB; split it, or make it JSONL")
    return path.read_bytes()


def with_year(fields: dict[str, object]) -> dict[str, object]:
    """Return a format's own fields with `date` cut to the day, where it is an ISO date, and `year` taken from it."""
    date = fields.get("date")
    if isinstance(date, str) and (match := re.match(r"(\d{4})(-\d\d(-\d\d)?)?(?=$|[T ])", date, re.ASCII)):
        return {**fields, "date": match[0], "year": match[1]}
    return fields


def plain_newlines(text: str) -> str:
    """Return the text with every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
