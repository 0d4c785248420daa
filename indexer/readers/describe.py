"""Say how a file would be read, without reading it: its encoding, and the columns of a table."""

from contextlib import suppress
from pathlib import Path

from ..errors import DocumentError
from . import kind_of
from .columns import Column, columns_of
from .encodings import file_encoding, python_codec
from .html import declared_encoding
from .records import ReadOptions, UnreadableError, open_file

BINARY_TABLES = frozenset({".parquet", ".arrow", ".feather", ".xlsx", ".xlsm", ".ods"})
"""Suffixes of tables whose beginning alone cannot be read."""
TABLES = BINARY_TABLES | {".csv", ".tsv", ".json", ".jsonl", ".ndjson"}
"""Suffixes of files that may be tables."""
_HEAD = 2**16


def encoding_of(path: Path, options: ReadOptions) -> str:
    """Return the encoding that a text file is read in, such as `utf-8`. Empty for a file of another format."""
    found = kind_of(path)
    if found is None or found.module not in ("plain", "rows", "json_rows", "html"):
        return ""
    with suppress(UnreadableError, OSError):
        codec = file_encoding(path, options.encoding)
        if found.module == "html" and options.encoding is None:
            codec = _declared(path) or codec
        return codec.removesuffix("-sig")
    return ""


def columns_if_table(path: Path, options: ReadOptions) -> tuple[Column, ...]:
    """Return the columns of a table with their first values. Empty for a file that is no table, or cannot be read."""
    with suppress(DocumentError):
        return columns_of(path, options)
    return ()


def _declared(path: Path) -> str | None:
    """Return the codec of a page's own declaration, if its bytes do not contradict it."""
    with open_file(path) as file:
        head = file.read(_HEAD)
    declared = declared_encoding(head)
    codec = python_codec(declared) if declared else None
    if codec is None or b"\0" in head or head.startswith(b"\xef\xbb\xbf"):
        return None
    try:
        file_encoding(path, codec)
    except UnreadableError:
        return None
    return codec
