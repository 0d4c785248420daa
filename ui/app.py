"""The page: one place to type, hits by sentence or by the sense of a word. Streamlit runs this file from top to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from indexer.errors import PolysemeError
from indexer.text import Token
from search.hits import SentenceHit
from search.query import Target
from search.searcher import Searcher
from ui import loading, panels, session, views
from ui.address import read_text
from ui.loading import Contents
from ui.looks import ICON, SCRIPT, STYLE

browser = st.components.v2.component("polyseme_browser", js=SCRIPT)


def main() -> None:
    """Draw the page."""
    path = loading.collection_path()
    title = "Polyseme" if path is None else f"{path.name} · Polyseme"
    st.set_page_config(page_title=title, page_icon=ICON, layout="wide")
    st.html(STYLE)
    problems = session.begin()
    searcher = opened(path)
    if searcher is None or path is None:
        return
    with told():
        contents = loading.contents(searcher)
        st.html(views.heading(path.resolve().name, contents.info))
        with st.sidebar:
            st.header(views.label(path.resolve().name, 60), anchor=False)
            panels.side(contents)
        if not contents.info.documents:
            st.html(
                views.message(
                    "This collection is empty",
                    "Index some documents into it, then reload this page:",
                    f"polyseme index {path} PATH...",
                )
            )
            return
        panels.search_box()
        for problem in problems:
            st.warning(views.label(problem, 1000))
        answer(searcher, contents)
    session.write()


def opened(path: Path | None) -> Searcher | None:
    """The searcher, or None after the page has said why there is none."""
    if path is None or not path.exists():
        st.html(views.heading("" if path is None else path.name, None))
        text = "The page shows one collection of documents, and "
        text += "none was named." if path is None else f"there is none at {path} yet."
        step = f"polyseme index {path or 'my.pol'} PATH...\npolyseme ui {path or 'my.pol'}"
        st.html(views.message("No collection here", f"{text} Make one from your files, then open it:", step))
        return None
    try:
        return loading.open_searcher(path)
    except PolysemeError as error:
        st.html(views.heading(path.name, None))
        st.html(views.message("This collection cannot be opened", str(error)))
        return None


@contextmanager
def told() -> Iterator[None]:
    """Say what a visitor or another process can cause in one line, with the next step."""
    try:
        yield
    except PolysemeError as error:
        st.error(views.label(str(error), 1000))
    except (sqlite3.Error, OSError) as error:
        st.error(views.label(f"the collection cannot be read now ({error}); reload the page", 1000))


def answer(searcher: Searcher, contents: Contents) -> None:
    """The words of the sentence, and the hits."""
    query = session.current()
    if not query.text:
        panels.examples(contents.examples)
        return
    asked = read_text(query.text)
    target = Target(asked, 0, 0) if isinstance(asked, str) else asked
    tokens = searcher.analyser.tokens(target.sentence)
    panels.words(tokens, target)
    hits = sentences(searcher, asked) if isinstance(asked, str) else occurrences(searcher, asked, tokens)
    browser(key="browser", on_open_change=open_hit)
    if st.session_state[session.OPENED] is not None:
        panels.document_dialog(searcher, hits)


def sentences(searcher: Searcher, text: str) -> Sequence[SentenceHit]:
    """Draw the hits of a query by sentence."""
    query = session.current()
    hits = searcher.sentences(text, query.k, query.where, query.hybrid)
    with st.container(horizontal=True, key="above", vertical_alignment="center"):
        st.html(views.found_sentences(hits, query.where))
        panels.hybrid_choice()
    st.html(views.sentence_list(hits) if hits else nothing(query.where))
    return hits


def occurrences(searcher: Searcher, asked: Target, tokens: Sequence[Token]) -> Sequence[SentenceHit]:
    """Draw the hits of a query by word in context, and the senses of the word."""
    query = session.current()
    hits = searcher.occurrences(query.text, query.k, query.match, query.where)
    with st.container(horizontal=True, key="above", vertical_alignment="center"):
        st.html(views.found_occurrences(hits, asked.sentence[asked.start : asked.end], query.where))
        panels.match_choice()
    if hits.notice:
        st.html(views.notice(hits.notice))
    marked = [token for token in tokens if token.start < asked.end and token.end > asked.start]
    if len(marked) == 1:
        panels.sense_panel(searcher, marked[0], query.match)
    st.html(views.concordance(hits) if hits else nothing(query.where))
    return hits


def nothing(where: Sequence[str]) -> str:
    """What the page shows where no hit is left."""
    if where:
        return views.message("No hit within the filters", f"Widen or clear them: {', '.join(where)}")
    return views.message("No hit", "Try another word, or match any word.")


def open_hit() -> None:
    """Open the document whose title was clicked."""
    st.session_state[session.OPENED] = st.session_state["browser"]["open"]


main()
