"""The document of a hit, with the hit marked and in view, the ways to its neighbours, and why it is a hit."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.query.target import Target, write_query
from ...search.searcher import Searcher
from .html import base as views
from .session import OPENED

HELPERS = 6
"""Context words that are named as what makes a hit alike."""


def draw(searcher: Searcher, lines: Sequence[SentenceHit], target: Target | None) -> None:
    """The document of the line that is open."""

    def go(number: int | None) -> None:
        st.session_state[OPENED] = number

    @st.dialog("In its document", width="medium", on_dismiss=lambda: go(None))
    def document() -> None:
        number = st.session_state[OPENED]
        if number is None or not 1 <= number <= len(lines):
            return
        hit = lines[number - 1]
        with st.container(horizontal=True, key="neighbours", vertical_alignment="center"):
            for name, step, icon in (("Previous hit", -1, "arrow_back"), ("Next hit", 1, "arrow_forward")):
                st.button(
                    name,
                    key=name.split()[0].lower(),
                    icon=f":material/{icon}:",
                    disabled=not 1 <= number + step <= len(lines),
                    on_click=go,
                    args=(number + step,),
                )
            why = isinstance(hit, OccurrenceHit) and target is not None and st.toggle("Why is it near?", key="why")
        try:
            _, text = searcher.collection.document(hit.document_id)
            st.html(views.document_head(hit, len(lines), number))
            if why and isinstance(hit, OccurrenceHit) and target is not None:
                _why(searcher, hit, target)
        except PolysemeError as error:
            st.error(views.label(str(error), 1000))
            return
        st.html(views.document_page(text, hit, number))

    document()


def _why(searcher: Searcher, hit: OccurrenceHit, target: Target) -> None:
    found = searcher.explain(hit, write_query(target.sentence, target.start, target.end))
    words = [word for word in found.words if word.drop > 0][:HELPERS]
    st.html(views.why(words, found.layers))
