"""Read Parquet and Arrow (Feather) files, one document per row.

pyarrow reads them, from the extra `polyseme[parquet]`. Rows are read in small batches. A few bytes of such a file can
claim a billion rows, so the number of rows is limited by the size of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .cells import plain
from .fields import as_text, as_written, column_advice, distinct_names, doubled_columns, longest, row_document, take
from .records import Extract, Failure, ReadOptions, UnreadableError, open_file

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema

MAX_COLUMNS = 10_000
"""Maximum number of columns of a table."""
ROWS_PER_BYTE = 50
"""Maximum number of rows for each byte of the file. A row whose text is its own takes more than a byte."""
_ROWS = 256  # number of rows that are in memory at once as Python objects
_STREAM, _FILE, _FEATHER_1 = b"\xff\xff\xff\xff", b"ARROW1", b"FEA1"


def read_parquet(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the rows of a Parquet file."""
    with open_file(path) as file:
        yield from _documents(_parquet_batches(file), options)


def read_arrow(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the rows of an Arrow file, as a stream or a file (Feather)."""
    with open_file(path) as file:
        yield from _documents(_arrow_batches(file), options)


def _documents(batches: Iterator[RecordBatch], options: ReadOptions) -> Iterator[Extract | Failure]:
    chosen, number = options, 0
    for batch in _checked(batches):
        columns, doubled = distinct_names(batch.schema.names)
        rows = [plain(row) for row in batch.rename_columns(list(columns)).to_pylist()]
        if number == 0:
            chosen = as_written(options, columns)
            _check_columns(rows, columns, chosen)
            yield from doubled_columns(chosen, doubled)
        for row in rows:
            number += 1
            yield row_document(row, chosen, number, f"row {number}", text=chosen.text_path)


def _checked(batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
    """Yield small parts of batches. What the library raises for damage becomes an `UnreadableError`."""
    try:
        import pyarrow
    except ImportError:
        raise UnreadableError("it needs pyarrow; install the extra: pip install 'polyseme[parquet]'") from None
    try:
        for batch in batches:
            batch.validate(full=True)  # else a wrong offset reads memory that is not the file's
            for start in range(0, batch.num_rows, _ROWS):
                yield batch.slice(start, _ROWS)
    except MemoryError:
        raise UnreadableError(
            "damaged, or it unpacks to more than fits into memory; if it is sound, write it with smaller row groups"
        ) from None
    except (pyarrow.ArrowException, OSError, ValueError, TypeError) as error:
        raise UnreadableError(f"damaged: {(str(error).splitlines() or ['not a table'])[0][:200]}") from None


def _parquet_batches(file: BinaryIO) -> Iterator[RecordBatch]:
    from pyarrow.parquet import ParquetFile

    table = ParquetFile(file, buffer_size=2**20, pre_buffer=False)
    about = table.metadata
    _check_size(table.schema_arrow, about.num_rows, file)
    yield from table.iter_batches(batch_size=_ROWS, use_threads=False)


def _arrow_batches(file: BinaryIO) -> Iterator[RecordBatch]:
    from pyarrow import ipc

    start = file.read(6)
    file.seek(0)
    if start.startswith(_FEATHER_1):
        raise UnreadableError("Feather version 1, which is not read; write it again as Parquet")
    reader: Any = ipc.open_file(file) if start == _FILE else ipc.open_stream(file)
    _check_size(reader.schema, 0, file)
    batches = (reader.get_batch(n) for n in range(reader.num_record_batches)) if start == _FILE else iter(reader)
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        _check_size(reader.schema, rows, file)
        yield batch


def _check_size(schema: Schema, rows: int, file: BinaryIO) -> None:
    if len(schema.names) > MAX_COLUMNS:
        raise UnreadableError(f"more than {MAX_COLUMNS:,} columns")
    if rows > ROWS_PER_BYTE * os.fstat(file.fileno()).st_size:
        raise UnreadableError(f"damaged: {rows:,} rows in a file of this size")


def _check_columns(rows: Sequence[Mapping[str, object]], columns: Sequence[str], options: ReadOptions) -> None:
    """Refuse a table without the columns that the user asked for.

    Raises:
        UnreadableError: A column is missing.
    """
    if options.preview:
        return
    for path, option in (
        (options.text_path or options.text_column, "--text-column"),
        (options.translation_column, "--translation-column"),
    ):
        if path and path not in columns and all(take(row, path)[0] is None for row in rows):
            values = [[as_text(row.get(column)) for row in rows] for column in columns]
            guess = longest(values) if option == "--text-column" else None
            raise UnreadableError(f"no column {path!r}; {column_advice(columns, guess, option)}")
