"""Prepare metadata for storage, and read tables that describe documents."""

import json
import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ..values import Scalar, Value, is_flat, json_list
from .records import UnreadableError
from .rows import table_rows

KEY_COLUMNS = ("id", "document_id", "path", "file", "filename")
"""Columns of a metadata table that identify the document of a row."""

RESERVED = frozenset({"sense", "document", "pos", "in"})
"""Names reserved by filters. Metadata of these names is stored as `meta.sense` and so on."""

MAX_TABLE = 64 * 2**20
"""Maximum size in bytes of a metadata table."""
MAX_CELLS = 2_000_000
"""Maximum number of cells of a metadata table."""
MAX_COLUMNS = 1000
"""Maximum number of columns of a metadata table."""
MAX_VALUE = 32_768
"""Maximum number of characters of a value in a metadata table."""

_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def storable(text: str) -> str:
    """Return the text with U+FFFD for lone surrogates and NUL, which SQLite cannot hold. The length stays."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)


def tidy_metadata(fields: Mapping[str, object], *, from_file: bool = True) -> dict[str, Value]:
    """Return the fields ready for storage: reserved names prefixed, empty values dropped, the rest text or numbers.

    Text from a file becomes a number if it is written plainly (`1987`, `3.5`). Text such as `007`, `1e5` or `1.10`
    stays, because a number could not be written back unchanged. A list of texts and numbers stays a list, and so does
    one that a file has as JSON text. Other lists and objects become JSON text, dates ISO text.
    """
    tidy: dict[str, Value] = {}
    for key, value in fields.items():
        name = storable(str(key)).strip()
        stored = _stored(value, from_file)
        if name and stored is not None:
            tidy[f"meta.{name}" if name in RESERVED else name] = stored
    return tidy


def _stored(value: object, from_file: bool) -> Value | None:
    if isinstance(value, str):
        text = storable(value).strip() if from_file else storable(value)
        if from_file and (items := json_list(text)) is not None:
            return _stored_list(items, from_file)
        return (_number(text) if from_file else text) if text else None
    if isinstance(value, list | tuple):
        items = [item for item in value if item is not None and item != ""]
        if is_flat(items):
            return _stored_list(items, from_file)
    if isinstance(value, dict | list | tuple):
        return storable(json.dumps(value, ensure_ascii=False, default=str)) if value else None
    return _stored_scalar(value)


def _stored_list(items: Sequence[object], from_file: bool) -> list[Scalar] | None:
    stored: dict[Scalar, None] = {}
    for item in items:
        text = storable(item).strip() if isinstance(item, str) else ""
        value = _number(text) if from_file and text else text or _stored_scalar(item)
        if value is not None and value != "":
            stored[value] = None
    return list(stored) or None


def _stored_scalar(value: object) -> Scalar | None:
    if isinstance(value, str):
        return storable(value).strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return storable(str(value)) if value is not None else None


def _number(text: str) -> Scalar:
    """Return a number if it would be written back as the same text, else the text."""
    if not _PLAIN_NUMBER.fullmatch(text) or len(text) > 18:
        return text
    number = float(text) if "." in text else int(text)
    return number if str(number) == text else text


class MetadataTable:
    """CSV or TSV file whose rows describe documents by id, path or file name."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        """Read the table.

        Raises:
            UnreadableError: The table has no column that identifies documents, or is too large.
        """
        if path.stat().st_size > MAX_TABLE:
            raise UnreadableError(f"larger than {MAX_TABLE // 2**20} MiB")
        self.path = path
        self.problems: list[tuple[str, str]] = []
        self._rows: list[Mapping[str, str]] = []
        self._by_key: dict[str, int] = {}
        self._used: set[int] = set()
        cells = 0
        for number, fields in table_rows(path, encoding, _names_documents, f"none of the columns {KEY_COLUMNS}"):
            if isinstance(fields, str):
                self.problems.append((f"row {number}", fields))
                continue
            cells += len(fields)
            if len(fields) > MAX_COLUMNS or cells > MAX_CELLS:
                raise UnreadableError(f"more than {MAX_COLUMNS:,} columns or {MAX_CELLS:,} cells")
            self._add(number, fields)

    def describe(self, document_id: str, file_id: str, root: Path | None) -> dict[str, str]:
        """Return a document's row, found by its id, the file's path in the folder `root`, or the file's name."""
        name = file_id.rpartition("/")[2]
        for key in (document_id, file_id, name):
            number = self._by_key.get(key)
            # A row for `a.txt` does not describe `old/a.txt` if the folder also has an `a.txt`.
            if number is None or (
                key not in (document_id, file_id) and root is not None and os.path.lexists(root / key)
            ):
                continue
            self._used.add(number)
            keys = (document_id, file_id, name)
            return {k: v for k, v in self._rows[number].items() if not (_is_key(k) and _plain_path(v) in keys)}
        return {}

    @property
    def rows(self) -> dict[str, Mapping[str, str]]:
        """All usable rows by their first key."""
        return {_plain_path(_first_key(row)): row for row in self._rows}

    def unmatched(self) -> list[str]:
        """Return the first key of every row that described no document."""
        return [_first_key(row) for number, row in enumerate(self._rows) if number not in self._used]

    def _add(self, number: int, fields: Mapping[str, str]) -> None:
        keys = [_plain_path(value) for name, value in fields.items() if _is_key(name) and value.strip()]
        if not keys:
            self.problems.append((f"row {number}", "it does not say which document it describes"))
        elif keys[0] in self._by_key:
            self.problems.append((f"row {number}", f"a second row for {keys[0]!r}; the first one is used"))
        elif any(len(value) > MAX_VALUE for value in fields.values()):
            self.problems.append((f"row {number}", f"a value has more than {MAX_VALUE:,} characters; it is not used"))
        else:
            for key in keys:
                self._by_key.setdefault(key, len(self._rows))
            self._rows.append(fields)


def _first_key(row: Mapping[str, str]) -> str:
    return next(value for column, value in row.items() if _is_key(column) and value.strip())


def _is_key(column: str) -> bool:
    return column.strip().lower() in KEY_COLUMNS


def _names_documents(columns: Collection[str]) -> bool:
    return any(_is_key(column) for column in columns)


def _plain_path(value: str) -> str:
    return storable(value.strip().replace("\\", "/").removeprefix("./"))
