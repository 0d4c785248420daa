"""Read CSV, TSV, JSON Lines and JSON, one document per row.

Files are read row by row, except JSON, which is read whole. Rows are counted from 1: data rows after the header in
tables, lines in JSONL, list items in JSON.
"""

import csv
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

from .encodings import decode, file_encoding
from .records import Extract, Failure, ReadOptions, UnreadableError, plain_newlines, whole_file

_MAX_FIELD = 2**28  # maximum number of characters in a CSV field (default of the csv module: 131,072)
_DELIMITERS = ",;\t|"


def read_table(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the rows of a CSV or TSV file that has a header."""

    def names_text(columns: Collection[str]) -> bool:
        return options.text_column in columns

    wanted = f"no column {options.text_column!r}"
    for number, fields in table_rows(path, options.encoding, names_text, wanted):
        where = f"row {number}"
        if isinstance(fields, str):
            yield Failure(fields, where, number)
        else:
            yield _document(fields, options, number, where)


def read_json_lines(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the objects of a file with a JSON object on each line. Empty lines are skipped."""
    with path.open(encoding=file_encoding(path, options.encoding), errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _json_line(line.removeprefix("\ufeff"), options, number)


def read_json(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the objects of a JSON list."""
    try:
        items = json.loads(decode(whole_file(path), options.encoding))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"broken JSON: {error}") from None
    if not isinstance(items, list):
        raise UnreadableError("not a list of objects")
    for number, item in enumerate(items, start=1):
        yield _json_item(item, options, number, f"row {number}")


def table_rows(
    path: Path, encoding: str | None, fits: Callable[[Collection[str]], bool], wanted: str
) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Yield each data row's number with its fields by column, or with the reason why it cannot be read.

    The delimiter of .tsv is a tab. Elsewhere it is the first of `, ; tab |` that cuts the header into columns that
    `fits` accepts. A TSV file whose quotation marks do not pair is read without quoting, because they are often part of
    the text.

    Raises:
        UnreadableError: No delimiter fits. The message begins with `wanted`.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD))
    codec = file_encoding(path, encoding)
    delimiter, columns = _header(path, codec, fits, wanted)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if delimiter != "\t" or _pairs_quotes(path, codec) else csv.QUOTE_NONE
    with path.open(encoding=codec, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, quoting=quoting, strict=True)
        next(reader, None)
        number = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                number += 1
                yield number, f"broken row, line {reader.line_num}: {error}"
                continue
            if cells is None:
                return
            if cells:
                number += 1
                yield number, _fields(columns, cells)


def _fields(columns: list[str], cells: list[str]) -> Mapping[str, str] | str:
    if any(cells[len(columns) :]):
        return f"broken row: {len(cells)} cells under {len(columns)} columns"
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column}


def _header(path: Path, codec: str, fits: Callable[[Collection[str]], bool], wanted: str) -> tuple[str, list[str]]:
    delimiters = "\t" if path.suffix.lower() == ".tsv" else _DELIMITERS
    found: list[str] = []
    for delimiter in delimiters:
        with path.open(encoding=codec, errors="replace", newline="") as file:
            try:
                cells = next(csv.reader(file, delimiter=delimiter, strict=True), [])
            except csv.Error:
                continue
        columns = [cell.strip().removeprefix("\ufeff") for cell in cells]
        if fits(columns):
            return delimiter, columns
        found = found if len(found) > len(columns) else columns
    if not any(found):
        raise UnreadableError("no text in it")
    raise UnreadableError(f"{wanted}; its columns are {', '.join(map(repr, found[:20]))}")


def _pairs_quotes(path: Path, codec: str) -> bool:
    with path.open(encoding=codec, errors="replace", newline="") as file:
        try:
            for _ in csv.reader(file, delimiter="\t", strict=True):
                pass
        except csv.Error:
            return False
    return True


def _json_line(line: str, options: ReadOptions, number: int) -> Extract | Failure:
    where = f"line {number}"
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Failure(f"broken JSON: {error}", where, number)
    return _json_item(item, options, number, where)


def _json_item(item: object, options: ReadOptions, number: int, where: str) -> Extract | Failure:
    if not isinstance(item, dict):
        return Failure("not an object", where, number)
    return _document(item, options, number, where)


def _document(fields: Mapping[str, object], options: ReadOptions, number: int, where: str) -> Extract | Failure:
    text = fields.get(options.text_column)
    if not isinstance(text, str) or not text.strip():
        return Failure(f"no text in {options.text_column!r}", where, number)
    name = fields.get(options.id_column)
    if isinstance(name, dict | list | bool):
        return Failure(f"{options.id_column!r} is neither text nor a number", where, number)
    metadata = {key: value for key, value in fields.items() if key not in (options.text_column, options.id_column)}
    return Extract(plain_newlines(text), metadata, "" if name is None else str(name).strip(), number, where)
