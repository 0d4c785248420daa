"""Draw the document of a hit, with the hit highlighted, buttons to its neighbours, and an explanation of its score."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.query.target import Target
from ...search.searcher import Searcher
from .html import base
from .language import say
from .session import OPENED

MAX_WORDS = 6
"""Maximum number of context words that an explanation names."""


def draw(
    searcher: Searcher, lines: Sequence[SentenceHit], target: Target | None, first: int = 0, size: int = 0
) -> None:
    """Draw the document of the opened line, if a line is open.

    Args:
        lines: The lines that were read, of which one is open.
        first: Number of lines of the list before the first of these.
        size: Number of lines of the list.
    """
    last = first + len(lines)

    def go(number: int | None) -> None:
        st.session_state[OPENED] = number

    @st.dialog(say("In its document"), width="medium", on_dismiss=lambda: go(None))
    def document() -> None:
        number = st.session_state[OPENED]
        if number is None or not first < number <= last:
            return
        hit = lines[number - 1 - first]
        with st.container(horizontal=True, key="neighbours", vertical_alignment="center"):
            before, after = (-1, say("Previous hit"), "previous", "back"), (1, say("Next hit"), "next", "forward")
            for step, name, key, icon in (before, after):
                st.button(
                    name,
                    key=key,
                    icon=f":material/arrow_{icon}:",
                    disabled=not first < number + step <= last,
                    on_click=go,
                    args=(number + step,),
                )
            explained = (
                isinstance(hit, OccurrenceHit) and target is not None and st.toggle(say("Explain the score"), key="why")
            )
        try:
            _, text = searcher.collection.document(hit.document_id)
            st.html(base.document_head(hit, max(size, last), number))
            if explained and isinstance(hit, OccurrenceHit) and target is not None:
                _draw_explanation(searcher, hit, target)
        except PolysemeError as error:
            st.error(base.label(str(error), 1000))
            return
        st.html(base.document_page(text, hit, number))

    document()


def _draw_explanation(searcher: Searcher, hit: OccurrenceHit, target: Target) -> None:
    found = searcher.explain(hit, target)
    words = [word for word in found.words if word.drop > 0][:MAX_WORDS]
    st.html(base.explanation(words, found.layers))
