"""Records that readers take and return."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from ..given import GivenSentence

MAX_WHOLE_FILE = 256 * 2**20
"""Maximum size in bytes of a file that must be read whole: text, Markdown and HTML."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading sources.

    Attributes:
        globs: Patterns for files inside folders. Without any, all files of known formats are read. A pattern without
            `/` is matched against the file's name at any depth. A pattern with `/` is matched against the path relative
            to the folder.
        text_column: Column of a table, or field of JSON, that holds the text. In JSON and Parquet it may be a path such
            as `post.body`. A number is the column of a table without a header, from 1.
        id_column: Column or field that holds the id. All other columns are metadata.
        metadata: CSV or TSV file whose rows describe documents.
        encoding: Encoding of every text file, or None to detect it.
        text_path: Path of the text in JSON and Parquet, or None for `text_column`.
        translation_column: Column or field with the translation of the text. It is stored as the field `translation`.
        language: Code of the language of the texts. It chooses the side of a translation memory that is indexed.
        preview: Yield each row of a table as metadata without a text, to show what there is.
        comments: Whether the comments of Word documents are read too.
        report: File that a run writes its report to. It is no document.
        columns: Names of the columns of vertical files in order, or none for the usual ones. `word`, `lemma`, `pos`,
            `tag` and `lempos` are read.
        metadata_columns: Columns or fields of a row that become metadata, or None for all that are left.
        whole_page: Whether menus and other parts beside the article of a web page are kept.
    """

    globs: tuple[str, ...] = ()
    text_column: str = "text"
    id_column: str = "id"
    metadata: Path | None = None
    encoding: str | None = None
    text_path: str | None = None
    translation_column: str | None = None
    language: str = "en"
    preview: bool = False
    comments: bool = False
    report: Path | None = None
    columns: tuple[str, ...] = ()
    whole_page: bool = False
    metadata_columns: tuple[str, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the options of a reader, as JSON can hold them. Those of a whole run are left out."""
        return {name: value for name, value in asdict(self).items() if name not in ("globs", "metadata", "report")}

    @classmethod
    def from_json(cls, options: dict[str, Any]) -> Self:
        """Return the options that `as_json` returned."""
        found: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in options.items()}
        return cls(**found)


@dataclass(frozen=True, slots=True)
class Extract:
    """A document as read from its file.

    Attributes:
        id: Its id, or "" if the file gives none.
        row: Number of the row, or 0 for a whole file.
        where: The place in the file, such as "row 3".
        warning: What may have been misread, in one line, such as a doubtful encoding. The document is indexed.
        sentences: Those that the file marks, with their tokens. Their offsets are those in `text`.
        member: Path of the document in an archive or a mail, or "".
    """

    text: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    row: int = 0
    where: str = ""
    warning: str = ""
    sentences: tuple[GivenSentence, ...] = ()
    member: str = ""

    @property
    def ending(self) -> str:
        """What follows the file's path in the id of the document."""
        return _ending(self.member, self.row)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, or a part of it: `where` is "row 3" or a chapter. The rest is as in `Extract`."""

    reason: str
    where: str = ""
    row: int = 0
    member: str = ""

    @property
    def ending(self) -> str:
        """What follows the file's path in the id that the document would have had."""
        return _ending(self.member, self.row)


def _ending(member: str, row: int) -> str:
    return (f"/{member}" if member else "") + (f"#{row}" if row else "")


class UnreadableError(Exception):
    """A file cannot be read. The text is the reason, without the file's name. Never leaves `indexer.readers`."""


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading. A pipe, which would wait for its writer, or a device is never opened.

    Raises:
        OSError: The file cannot be opened.
        UnreadableError: The path is not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError("not a regular file")
    return os.fdopen(descriptor, "rb")


def whole_file(path: Path) -> bytes:
    """Return the bytes of a file that must be read whole.

    Raises:
        UnreadableError: The file is larger than `MAX_WHOLE_FILE`.
    """
    with open_file(path) as file:
        # The file may grow, so the size is not trusted. Reading with a limit alone would reserve the whole limit.
        too_large = os.fstat(file.fileno()).st_size > MAX_WHOLE_FILE
        data = b"" if too_large else file.read()
    if too_large or len(data) > MAX_WHOLE_FILE:
        raise UnreadableError(f"larger than {MAX_WHOLE_FILE // 2**20} MiB; split it, or make it JSONL")
    return data


def with_year(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields with ISO dates cut to the day and the years derived from them.

    `date` gives `year`, and `file_date` gives `file_year`. A text's own date and its file's are kept apart: a letter of
    1850 may be in a file of 2013.
    """
    found = dict(fields)
    for prefix in ("", "file_"):
        date = fields.get(f"{prefix}date")
        if isinstance(date, str) and (match := re.match(r"(\d{4})(-\d\d(-\d\d)?)?(?=$|[T ])", date, re.ASCII)):
            found |= {f"{prefix}date": match[0], f"{prefix}year": match[1]}
    return found


def joined(values: list[str]) -> str | list[str]:
    """Return the only value of a field, or all of them as a list."""
    return values[0] if len(values) == 1 else values


def plain_newlines(text: str) -> str:
    """Return the text with `\\n` for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
