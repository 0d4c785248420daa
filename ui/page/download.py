"""The list as a file: every line that the query finds, with what was asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ...search.searcher import Searcher
from . import cache as loading
from . import listing as answering
from .address import PageQuery
from .export import (
    MIME,
    MOST,
    Export,
    ExportFormat,
    csv_bytes,
    file_name,
    id_lists,
    jsonl_bytes,
    settings,
    xlsx_bytes,
)
from .listing import Answer

_FILES: dict[ExportFormat, Callable[[Export], bytes]] = {
    ExportFormat.CSV: csv_bytes,
    ExportFormat.XLSX: xlsx_bytes,
    ExportFormat.JSONL: jsonl_bytes,
}
_NAMES = {ExportFormat.CSV: "CSV", ExportFormat.XLSX: "Excel (XLSX)", ExportFormat.JSONL: "JSONL"}


def draw(searcher: Searcher, query: PageQuery, found: Answer) -> None:
    """The button that opens a choice of formats."""
    with st.popover("Export", icon=":material/download:", key="export"):
        _exports(searcher, query, found)


def _exports(searcher: Searcher, query: PageQuery, found: Answer) -> None:
    st.html(f'<p class="pol-quiet">{told(found)}</p>')
    info = loading.contents(searcher).info

    def made(form: ExportFormat) -> bytes:
        whole = answering.everything(searcher, query)
        asked = settings(whole.query, info, whole.cut)
        return _FILES[form](Export(whole.lines, whole.numbers, asked, id_lists(whole.query)))

    for form, name in _NAMES.items():
        st.download_button(
            name,
            partial(made, form),
            file_name(query, form),
            MIME[form],
            key=f"export-{form}",
            on_click="ignore",
            disabled=not found.lines,
            width="stretch",
        )


def told(found: Answer) -> str:
    """What a file will hold."""
    number = len(found.lines)
    if found.complete and number <= MOST:
        lines = "The line" if number == 1 else f"All {number:,} lines"
        return f"{lines} of this list, not only this page, with what was asked."
    return (
        f"All lines of this list, not only this page, with what was asked. Of more than {MOST:,} lines it is the first"
        " ones, and the file says so."
    )
