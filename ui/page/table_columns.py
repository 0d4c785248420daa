"""Ask which column of a table holds the text, with values of each column, before the table is indexed."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import streamlit as st

from ...indexer.documents import ReadOptions
from ...indexer.readers.columns import Column
from ...indexer.readers.describe import BINARY_TABLES, TABLES, columns_if_table
from ...indexer.readers.walk import METADATA_NAMES, files_under
from .html import base
from .language import keyed, plural_html, say, say_html
from .uploads import Upload

NUMBERED = ""
"""Choice of no id column."""
MAX_COLUMNS = 30
"""Maximum number of columns whose values are shown."""
_FOUND = "columns of tables"  # key in the session state
_HEAD = 8 * 2**20  # number of bytes of a table that are looked at
_FILES = 2000  # number of files of a folder that are looked at
_TABLES = 5  # number of tables of a folder that are looked at


def draw(uploads: Sequence[Upload], path: str) -> ReadOptions:
    """Draw the choice if there is a table among the files, and return how tables are read."""
    columns = merged([*_of_uploads(uploads), *_of_path(path)])
    if not columns:
        return ReadOptions()
    st.html(columns_table(columns))
    names = list(columns)
    text = st.selectbox(say("Column with the text"), names, index=names.index(likely_text(columns)), key="text-column")
    ids = [NUMBERED, *(name for name in names if name != text)]
    usual = ids.index("id") if "id" in ids else 0
    none = say("(none: number the rows)")
    id_column = st.selectbox(
        say("Column with the id of each text"),
        ids,
        index=usual,
        format_func=lambda name: name or none,
        key=keyed("id-column"),
    )
    # Without a column `id`, the usual setting numbers the rows too.
    return ReadOptions(text_column=text, id_column="id" if not id_column and "id" not in names else id_column)


def merged(tables: Sequence[Sequence[Column]]) -> dict[str, tuple[str, ...]]:
    """Return the columns of several tables by name, with their first values."""
    found: dict[str, tuple[str, ...]] = {}
    for column in itertools.chain.from_iterable(tables):
        if column.name:
            found[column.name] = found.get(column.name) or column.values
    return found


def likely_text(columns: dict[str, tuple[str, ...]]) -> str:
    """Return the column that most likely holds the text: the one of that name, else the one with the most letters."""
    usual = ReadOptions().text_column
    return usual if usual in columns else max(columns, key=lambda name: sum(map(str.isalpha, "".join(columns[name]))))


def columns_table(columns: dict[str, tuple[str, ...]]) -> str:
    """Return the columns with their first values as a table."""
    shown = list(columns.items())[:MAX_COLUMNS]
    rows = "".join(
        f'<tr><th scope="row"><bdi>{base.escape(base.cut_right(name, 60))}</bdi></th>'
        f"<td><bdi>{base.escape(_first_of(values))}</bdi></td></tr>"
        for name, values in shown
    )
    rest = len(columns) - len(shown)
    others = plural_html("and {number} other column", "and {number} other columns", rest)
    more = f'<p class="pol-quiet">{others}</p>' if rest > 0 else ""
    return (
        f'<table class="pol-words"><caption>{say_html("Columns of the table")}</caption><thead><tr><th scope="col">'
        f'{say_html("column")}</th><th scope="col">{say_html("first values")}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}"
    )


def _first_of(values: Sequence[str]) -> str:
    return " · ".join(base.cut_right(value, 70) for value in values) or say("empty")


def _of_uploads(uploads: Sequence[Upload]) -> Iterator[tuple[Column, ...]]:
    """Yield the columns of the tables among files that a visitor chose. They are looked at once."""
    before: dict[tuple[str, int], tuple[Column, ...]] = st.session_state.get(_FOUND, {})
    now = {}
    for upload in uploads:
        suffix = Path(upload.name).suffix.lower()
        if suffix in TABLES and Path(upload.name).name not in METADATA_NAMES:
            key = (upload.name, upload.size)
            now[key] = before[key] if key in before else _of_upload(upload, suffix)
            yield now[key]
    st.session_state[_FOUND] = now


def _of_upload(upload: Upload, suffix: str) -> tuple[Column, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{suffix}"
        path.write_bytes(upload.getbuffer()[: None if suffix in BINARY_TABLES else _HEAD])
        return columns_if_table(path, ReadOptions())


def _of_path(given: str) -> Iterator[tuple[Column, ...]]:
    """Yield the columns of a table of this machine, or of the first tables of a folder."""
    try:
        path = Path(given.strip()).expanduser()
        if not given.strip() or not path.exists():
            return
    except (OSError, RuntimeError, ValueError):  # reported when the button is pressed
        return
    files = itertools.islice(files_under(path, ()), _FILES)
    tables = (file.path for file in files if not file.problem and file.path.suffix.lower() in TABLES)
    for table in itertools.islice(tables, _TABLES):
        yield columns_if_table(table, ReadOptions())
