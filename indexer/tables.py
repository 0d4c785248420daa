"""Read rows of tables in memory: data frames of pandas and polars, tables of Arrow, and data sets of Hugging Face.

No such library is imported here. Without it, no source can be one of its tables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import DocumentError
from .readers.cells import plain
from .readers.fields import as_text, as_written, distinct_names, listed, longest, same_name, take
from .readers.records import ReadOptions

Row = Mapping[str, object]
Rows = Any
"""A table in memory. Its library need not be installed, so it has no type here."""
_AT_ONCE = 256
"""Number of rows of Arrow that are in memory at once as Python objects."""
_LOOKED_AT = 20
"""Number of rows that are looked at to guess the column with the text."""
_WHOLE = 2.0**53
"""Numbers below this that are whole have an exact float."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory.

    Attributes:
        columns: Names of its columns, of which no two are equal.
        size: Number of its rows, or None if it is unknown.
        rows: Returns its rows from the first on, with cells as the library has them.
        doubled: New names of columns whose name another column before has.
    """

    columns: tuple[str, ...]
    size: int | None
    rows: Callable[[], Iterator[Row]]
    doubled: Mapping[str, Sequence[str]]


def is_table(source: object) -> bool:
    """Return whether a source is a table of a library that is read here."""
    return any(_is_of(source, *kind) for kind in _KINDS) or _is_data_set(source)


def is_row(source: object) -> bool:
    """Return whether a source is a row: a mapping from columns to cells.

    Raises:
        DocumentError: Its values are tables, as in a data set of several splits.
    """
    if not isinstance(source, Mapping):
        return False
    if tables := [key for key, value in source.items() if is_table(value)]:
        raise DocumentError(f"the source is a dictionary of tables; choose one of them, such as [{tables[0]!r}]")
    return True


def table_of(source: Any) -> Table:
    """Return the table that a source is."""
    if _is_of(source, "pandas", "DataFrame"):
        return _pandas_table(source)
    if _is_of(source, "polars", "DataFrame"):
        columns, doubled = distinct_names(source.columns)
        return Table(columns, source.height, lambda: source.iter_rows(named=True), doubled)
    if _is_data_set(source):
        return Table(tuple(source.column_names or ()), _length(source), lambda: iter(source), {})
    names, doubled = distinct_names(source.schema.names)
    size = None if _is_of(source, "pyarrow", "RecordBatchReader") else source.num_rows
    return Table(names, size, lambda: _arrow_rows(source, names), doubled)


def plain_row(row: Row) -> dict[str, object]:
    """Return a row with its cells as JSON has them."""
    return {str(column): plain(cell) for column, cell in row.items()}


def check_columns(columns: Collection[str], options: ReadOptions, rows: Iterator[Row]) -> None:
    """Refuse a table without the columns that are named.

    Args:
        rows: Rows to guess the column with the text from.

    Raises:
        DocumentError: A column is missing. The message names those that there are.
    """
    chosen = as_written(options, columns)
    wanted = {"text": chosen.text_path or chosen.text_column, "translation": chosen.translation_column or ""}
    if chosen.id_column != ReadOptions().id_column:
        wanted["id"] = chosen.id_column
    wanted |= {f"metadata {name!r}": same_name(name, columns) or name for name in chosen.metadata_columns or ()}
    missing = {what: name for what, name in wanted.items() if name and name not in columns}
    first = [plain_row(row) for row, _ in zip(rows, range(_LOOKED_AT), strict=False)] if missing else []
    for what, name in missing.items():
        if any(take(row, name)[0] is not None for row in first):
            continue  # a path, such as post.body
        names = list(columns)
        advice = f"the columns are {listed(names)}" if names else "there are no columns"
        guess = longest([[as_text(row.get(column)) for row in first] for column in names]) if what == "text" else None
        step = "name another one" if guess is None else f"name the one with the text, as in text={names[guess]!r}"
        raise DocumentError(f"no column {name!r} in the table; {advice}; {step}")


def _is_of(source: object, library: str, name: str) -> bool:
    kind = getattr(sys.modules.get(library), name, None)
    return isinstance(kind, type) and isinstance(source, kind)


_KINDS = (
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("pyarrow", "Table"),
    ("pyarrow", "RecordBatch"),
    ("pyarrow", "RecordBatchReader"),
)


def _is_data_set(source: object) -> bool:
    """Return whether a source has the interface of a data set: named columns, and rows that are mappings."""
    return not isinstance(source, Mapping) and hasattr(source, "column_names") and hasattr(source, "__iter__")


def _length(source: Any) -> int | None:
    return len(source) if hasattr(source, "__len__") else None


def _pandas_table(frame: Any) -> Table:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index(allow_duplicates=True)
    given = [".".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    columns, doubled = distinct_names(given)
    whole = [_has_whole_numbers(frame.iloc[:, place]) for place in range(len(columns))]

    def rows() -> Iterator[Row]:
        for cells in frame.itertuples(index=False, name=None):
            yield {
                name: int(cell) if is_whole and cell == cell else cell
                for name, cell, is_whole in zip(columns, cells, whole, strict=True)
            }

    return Table(columns, len(frame), rows, doubled)


def _has_whole_numbers(column: Any) -> bool:
    """Return whether a column has whole numbers that pandas keeps as floats, since some cells are empty."""
    if getattr(column.dtype, "kind", "") != "f":
        return False
    filled = column.dropna()
    return len(filled) < len(column) and bool(((filled % 1 == 0) & (filled.abs() < _WHOLE)).all())


def _arrow_rows(source: Any, names: Sequence[str]) -> Iterator[Row]:
    batches = [source] if _is_of(source, "pyarrow", "RecordBatch") else source
    if _is_of(source, "pyarrow", "Table"):
        batches = source.to_batches(max_chunksize=_AT_ONCE)
    for batch in batches:
        for first in range(0, batch.num_rows, _AT_ONCE):
            yield from batch.slice(first, _AT_ONCE).rename_columns(list(names)).to_pylist()
