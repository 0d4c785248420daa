"""Draw the export button: every line of the list as a file, with the query that found them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ...search.citation import question_text
from ...search.hits import Match
from ...search.searcher import Searcher
from . import cache, listing
from .address import NO_SENSE, Listing, PageQuery, id_lists
from .export import (
    MIME,
    Export,
    ExportFormat,
    csv_bytes,
    file_name,
    jsonl_bytes,
    settings,
    xlsx_bytes,
)
from .language import numeral, plural_html, say, say_html
from .lines import most_lines
from .listing import Answer

_FILES: dict[ExportFormat, Callable[[Export], bytes]] = {
    ExportFormat.CSV: csv_bytes,
    ExportFormat.XLSX: xlsx_bytes,
    ExportFormat.JSONL: jsonl_bytes,
}
_NAMES = {ExportFormat.CSV: "CSV", ExportFormat.XLSX: "Excel (XLSX)", ExportFormat.JSONL: "JSONL"}


def draw(searcher: Searcher, query: PageQuery, found: Answer) -> None:
    """Draw a button that opens a choice of formats. The file is made when a format is clicked."""
    with st.popover(say("Export"), icon=":material/download:", key="export"):
        st.html(f'<p class="pol-quiet">{content_text(found)}</p>')
        info = cache.contents(searcher).info

        def make(output_format: ExportFormat) -> bytes:
            full = listing.everything(searcher, found.question)
            cited = searcher.cite(question_of(full.query, found.match))
            described = settings(full.query, info, len(full.lines) if full.cut else None, cited)
            made = Export(full.lines, full.numbers, described, id_lists(full.query), full.documents)
            return _FILES[output_format](made)

        for output_format, name in _NAMES.items():
            st.download_button(
                name,
                partial(make, output_format),
                file_name(query, output_format),
                MIME[output_format],
                key=f"export-{output_format}",
                on_click="ignore",
                disabled=not found.lines,
                width="stretch",
            )


def question_of(query: PageQuery, match: Match) -> str:
    """Return the question of a list in words, for its citation."""
    chosen = None if query.sense is None else "of no sense" if query.sense == NO_SENSE else f"of sense {query.sense}"
    narrowed = [
        chosen,
        f"of {len(query.picked):,} picked" if query.picked else None,
        "marked" if query.marked else None,
        f"a sample of {query.sample:,} with seed {query.seed}" if query.sample else None,
    ]
    what = "other words in the sense" if query.listing is Listing.OTHERS else "lines"
    start = f"{what} of {query.text}" if query.text else what
    return question_text(start, query.where, f"match {match}", *narrowed)


def content_text(found: Answer) -> str:
    """Return in words what a file will contain, as HTML."""
    number, most = found.size if not found.question.of_documents else len(found.lines), most_lines(found.query)
    if found.complete and number <= most:
        return plural_html(
            "The line of this list, not only this page, with the query.",
            "All {number} lines of this list, not only this page, with the query.",
            number,
        )
    if found.question.of_documents:
        return say_html(
            "All lines of this list, not only this page, with the query. A list of more than {limit} documents is cut,"
            " and the file says so.",
            limit=numeral(most),
        )
    return say_html(
        "All lines of this list, not only this page, with the query. A list of more than {limit} lines is cut, and the"
        " file says so.",
        limit=numeral(most),
    )
