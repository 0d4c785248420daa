"""Give records as rows with typed columns: data frames of pandas and polars, tables of Arrow, and tables in notebooks.

The columns are those of the CSV files: `Records.to_dicts` has the rows, and `flat` gives nested fields their columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..indexer.errors import QueryError
from ..indexer.readers.fields import distinct_names
from ..indexer.readers.metadata import storable
from .markup import rows_table, shown_value
from .text_table import table

if TYPE_CHECKING:
    import polars
    import pyarrow
    from pandas import DataFrame

Row = Mapping[str, object]
SHOWN = 40
"""Maximum number of rows that a terminal shows."""
CELL = 60
"""Maximum number of characters of a cell on a terminal."""
_LARGEST = 2**63
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


class Kind(StrEnum):
    """The type of a column's values. Each cell may also be empty."""

    WHOLE = "whole numbers"
    NUMBER = "numbers"
    TRUTH = "true or false"
    TEXT = "text"
    DATE = "dates"
    MOMENT = "dates with times"
    UTC = "dates with times in UTC"
    LIST = "lists"


@dataclass(frozen=True, slots=True)
class Column:
    """A column with values of one type.

    Attributes:
        values: Its cells, of which empty ones are None. Cells of `LIST` are lists of `items`, or of dictionaries.
        items: The type of the items of its lists, or None for dictionaries.
    """

    name: str
    kind: Kind
    values: Sequence[Any]
    items: Kind | None = None


class Records:
    """What can be given as rows. A class that inherits this defines `to_dicts`."""

    __slots__ = ()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary for each row, with plain values. The fields of a nested one become columns."""
        raise NotImplementedError

    def column_types(self) -> Mapping[str, type]:
        """Return the types of columns whose cells may all be empty, and of all columns if there are no rows."""
        return {}

    def to_pandas(self) -> DataFrame:
        """Return a data frame of pandas, with columns such as `metadata.year`.

        Raises:
            QueryError: pandas is not installed.
        """
        return pandas_frame(columns_of(self.to_dicts(), self.column_types()))

    def to_polars(self) -> polars.DataFrame:
        """Return a data frame of polars, with the same columns.

        Raises:
            QueryError: polars is not installed.
        """
        return polars_frame(columns_of(self.to_dicts(), self.column_types()))

    def to_arrow(self) -> pyarrow.Table:
        """Return a table of Arrow, with the same columns.

        Raises:
            QueryError: pyarrow is not installed.
        """
        return arrow_table(columns_of(self.to_dicts(), self.column_types()))

    def _repr_html_(self) -> str:
        """Return the rows as a table, for a notebook."""
        return rows_table(self._title, self._shown_rows)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the rows as a table in IPython."""
        printer.text(self._title if cycle else f"{self._title}\n{rows_text(self._shown_rows)}")

    @property
    def _title(self) -> str:
        """What the rows are, above them."""
        return type(self).__name__

    @property
    def _shown_rows(self) -> list[dict[str, object]]:
        """Rows as they are shown, without lists of ids."""
        return [
            {name: value for name, value in flat(row).items() if not name.endswith("_ids")} for row in self.to_dicts()
        ]


def flat(row: Row) -> dict[str, object]:
    """Return the row with one column per nested field, such as `metadata.year`."""
    out: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            out |= {f"{key}.{field}": item for field, item in value.items()}
        else:
            out[key] = value
    return out


def names_of(rows: Sequence[Row]) -> list[str]:
    """Return the names of the columns of flat rows: those of every row, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row))


def rows_text(rows: Sequence[Row]) -> str:
    """Return flat rows as an aligned table for a terminal, with long cells cut."""
    names = names_of(rows)
    cells = [[_cut(shown_value(row.get(name))) for name in names] for row in rows[:SHOWN]]
    numbers = [name for name in names if all(isinstance(row.get(name), int | float | None) for row in rows)]
    more = f"... and {len(rows) - SHOWN:,} more\n" if len(rows) > SHOWN else ""
    return (table(names, cells, right=numbers) + more).rstrip("\n") if names else "no rows"


def columns_of(rows: Sequence[Row], types: Mapping[str, type] | None = None) -> list[Column]:
    """Return the columns of rows.

    Args:
        types: Types of columns whose cells may all be empty. Without rows these are all columns.
    """
    known = dict(types or {})
    flattened = [flat(row) for row in rows]
    plain = {key for row in rows for key, value in row.items() if not isinstance(value, Mapping)}
    names = names_of(flattened) if flattened else list(known)
    shown, _ = distinct_names([storable(name) for name in names])
    return [
        _column(written, [row.get(name) for row in flattened], known.get(name), name not in plain)
        for name, written in zip(names, shown, strict=True)
    ]


def pandas_frame(columns: Sequence[Column]) -> DataFrame:
    """Return columns as a data frame of pandas."""
    pandas = _library("pandas")
    found: DataFrame = pandas.DataFrame({column.name: _pandas_series(pandas, column) for column in columns})
    return found


def polars_frame(columns: Sequence[Column]) -> polars.DataFrame:
    """Return columns as a data frame of polars."""
    library = _library("polars")
    types = {
        Kind.WHOLE: library.Int64,
        Kind.NUMBER: library.Float64,
        Kind.TRUTH: library.Boolean,
        Kind.TEXT: library.String,
        Kind.DATE: library.Date,
        Kind.MOMENT: library.Datetime("us"),
        Kind.UTC: library.Datetime("us", "UTC"),
    }
    found: polars.DataFrame = library.DataFrame(
        [library.Series(c.name, c.values, _nested(c, types, library.List)) for c in columns]
    )
    return found


def arrow_table(columns: Sequence[Column]) -> pyarrow.Table:
    """Return columns as a table of Arrow."""
    pyarrow = _library("pyarrow")
    types = {
        Kind.WHOLE: pyarrow.int64(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.TRUTH: pyarrow.bool_(),
        Kind.TEXT: pyarrow.string(),
        Kind.DATE: pyarrow.date32(),
        Kind.MOMENT: pyarrow.timestamp("us"),
        Kind.UTC: pyarrow.timestamp("us", "UTC"),
    }
    arrays = [pyarrow.array(column.values, _nested(column, types, pyarrow.list_)) for column in columns]
    return pyarrow.table(arrays, [column.name for column in columns])


def _nested(column: Column, types: Mapping[Kind, Any], list_of: Callable[[Any], Any]) -> Any:
    """Return a library's type of a column, or None for lists of dictionaries, whose fields it finds itself."""
    if column.kind is not Kind.LIST:
        return types[column.kind]
    return None if column.items is None else list_of(types[column.items])


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise QueryError(f"to_{name.removeprefix('py')}() needs {name}; install it: pip install {name}") from None


def _pandas_series(pandas: Any, column: Column) -> Any:
    has_gaps = None in column.values
    match column.kind:
        case Kind.WHOLE:
            return pandas.Series(column.values, dtype="Int64" if has_gaps else "int64")
        case Kind.NUMBER:
            return pandas.Series(column.values, dtype="float64")
        case Kind.TRUTH:
            return pandas.Series(column.values, dtype="boolean" if has_gaps else "bool")
        case Kind.DATE:
            days = pandas.Series([None if day is None else day.isoformat() for day in column.values], dtype=object)
            return days.astype("datetime64[s]")
        case Kind.MOMENT | Kind.UTC:
            plain = [None if moment is None else moment.replace(tzinfo=None).isoformat() for moment in column.values]
            moments = pandas.Series(plain, dtype=object).astype("datetime64[us]")
            return moments.dt.tz_localize("UTC") if column.kind is Kind.UTC else moments
        case Kind.TEXT if any(value is not None for value in column.values):
            return pandas.Series(column.values)
    return pandas.Series(list(column.values), dtype=object)


def _column(name: str, values: Sequence[object], known: type | None, is_metadata: bool) -> Column:
    """Return a column with values of one type, which is the narrowest that fits all cells that are not empty."""
    filled = [value for value in values if value is not None]
    if any(isinstance(value, list | tuple) for value in filled) or (known is list and not filled):
        return _list_column(name, values)
    kind = _kind(filled, is_metadata) if filled else _KNOWN.get(known or str, Kind.TEXT)
    if known is float and kind is Kind.WHOLE:
        kind = Kind.NUMBER
    return Column(name, kind, [_converted(value, kind) for value in values])


def _list_column(name: str, values: Sequence[object]) -> Column:
    """Return a column of lists. A value beside lists becomes a list of one."""
    lists = [None if v is None else list(v) if isinstance(v, list | tuple) else [v] for v in values]
    items = [item for each in lists if each is not None for item in each]
    if items and all(isinstance(item, Mapping) for item in items):
        if len({_shape(item) for item in items}) == 1:
            return Column(name, Kind.LIST, lists, None)
        texts = [None if each is None else json.dumps(each, ensure_ascii=False, default=str) for each in lists]
        return Column(name, Kind.TEXT, [None if text is None else storable(text) for text in texts])
    kind = _kind([item for item in items if item is not None], False) if items else Kind.TEXT
    cells = [None if each is None else [_converted(item, kind) for item in each] for each in lists]
    return Column(name, Kind.LIST, cells, kind)


def _shape(item: object) -> object:
    """Return the keys of a dictionary with the types of their values. Dictionaries of one shape are of one type."""
    if isinstance(item, Mapping):
        return tuple((key, _shape(value)) for key, value in item.items())
    return tuple(map(_shape, item)) if isinstance(item, list | tuple) else type(item)


_KNOWN = {int: Kind.WHOLE, float: Kind.NUMBER, bool: Kind.TRUTH, str: Kind.TEXT}


def _kind(values: Sequence[object], is_metadata: bool) -> Kind:
    if all(isinstance(value, bool) for value in values):
        return Kind.TRUTH if values else Kind.TEXT
    if all(map(_is_whole, values)):
        return Kind.WHOLE
    if all(isinstance(value, float) or _is_whole(value) for value in values):
        return Kind.NUMBER
    if is_metadata and all(isinstance(value, str) for value in values):
        for kind in (Kind.DATE, Kind.MOMENT, Kind.UTC):
            if all(_moment(str(value), kind) is not None for value in values):
                return kind
    return Kind.TEXT


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _moment(text: str, kind: Kind) -> date | datetime | None:
    """Return an ISO date of this kind, or None for any other text."""
    if not (_DATE if kind is Kind.DATE else _MOMENT).fullmatch(text):
        return None
    try:
        if kind is Kind.DATE:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
        if (found.tzinfo is None) is (kind is Kind.UTC):
            return None
        return found if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _converted(value: object, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.NUMBER:
        return float(value)  # type: ignore[arg-type]
    if kind in (Kind.DATE, Kind.MOMENT, Kind.UTC):
        return _moment(str(value), kind)
    return storable(str(value)) if kind is Kind.TEXT else value


def _cut(text: str) -> str:
    return text if len(text) <= CELL else text[: CELL - 1] + "…"
