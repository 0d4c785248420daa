"""Draw the files of a tab: its figure as SVG, PDF and PNG, its numbers as CSV, with what to cite."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.citation import Citation
from ...search.searcher import Searcher
from ..formats import csv_text
from . import cache
from .address import PageQuery
from .export import file_name
from .html import base
from .language import say, say_html
from .session import current, set_tab, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIME = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
"""Formats of figures, by their suffixes."""
_DRAWING = threading.Lock()
"""One figure is drawn at a time, because the style of matplotlib holds for the whole process."""


def draw(
    searcher: Searcher,
    query: PageQuery,
    what: str,
    plot: Callable[[], Figure] | None,
    rows: Callable[[], Sequence[Mapping[str, object]]],
    cited: Citation | None,
    description: str,
    links: Callable[[], Sequence[Mapping[str, object]]] | None = None,
) -> None:
    """Draw the buttons that download a tab's figure and numbers, and the figure if the address asks for it.

    Args:
        what: What the files show, for their names, such as `frequency`.
        plot: Draws the figure. None if there is nothing to draw. A figure is drawn when it is asked for.
        rows: Returns the numbers.
        description: Text of the figure for visitors who do not see it.
        links: Returns the links of a graph as rows. None for another figure.
    """
    with st.container(horizontal=True, key="tab-files", vertical_alignment="center", gap="small"):
        for suffix, mime in MIME.items():
            st.download_button(
                suffix.upper(),
                partial(figure_file, plot, suffix),
                _file_name(query, what, suffix),
                mime,
                key=f"figure-{suffix}",
                on_click="ignore",
                disabled=plot is None,
                help=say("Download this figure as {format}, with the method and what to cite", format=suffix.upper()),
            )
        st.download_button(
            "CSV",
            partial(numbers_file, rows, cited),
            _file_name(query, what, "csv"),
            "text/csv",
            key="figure-csv",
            on_click="ignore",
            help=say("Download the numbers of this figure, with their intervals and what to cite"),
        )
        if links is not None:
            st.download_button(
                say("Links as CSV"),
                partial(numbers_file, links, cited),
                _file_name(query, f"{what}-links", "csv"),
                "text/csv",
                key="figure-links",
                on_click="ignore",
                help=say("Download the links between the words, as programs for graphs read them"),
            )
        show("figure", query.tab.figure)
        st.toggle(say("Show the figure"), key="figure", on_change=_toggled)
    if query.tab.figure and plot is not None:
        # What to cite has the question with its settings, except what the tab decides about the drawing alone.
        key = ("figure", what, str(cited), description, query.tab, query.sense, query.senses, query.known)
        try:
            content = cache.cached(searcher, key, partial(figure_file, plot, "png"))
        except PolysemeError as error:
            st.warning(base.label(str(error), 500))
            return
        picture = base64.b64encode(content).decode()
        st.html(f'<img class="pol-figure" alt="{base.escape(description)}" src="data:image/png;base64,{picture}">')
    if cited is not None:
        text = say_html("To cite: {citation}", citation=base.escape(str(cited)))
        st.html(f'<p class="pol-quiet pol-cited">{text}</p>')


def _toggled() -> None:
    set_tab(replace(current().tab, figure=bool(st.session_state["figure"])))


def figure_file(plot: Callable[[], Figure] | None, suffix: str) -> bytes:
    """Draw a figure and return its file. Without a figure, return no bytes."""
    from ...search.figures.style import figure_bytes

    if plot is None:
        return b""
    with _DRAWING:
        return figure_bytes(plot(), suffix)


def numbers_file(rows: Callable[[], Sequence[Mapping[str, object]]], cited: Citation | None) -> bytes:
    """Return rows as CSV in UTF-8 with a byte order mark for spreadsheets. The last column is what to cite."""
    citation = {} if cited is None else {"citation": str(cited)}
    return ("\ufeff" + csv_text([{**row, **citation} for row in rows()])).encode()


def _file_name(query: PageQuery, what: str, suffix: str) -> str:
    name = file_name(query, suffix)
    return f"{name.removesuffix('.' + suffix)}-{what}.{suffix}"
