"""The page: one place to type, hits by sentence or by the sense of a word. Streamlit runs this file from top to end."""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import streamlit as st

from ...indexer.errors import PolysemeError
from ...indexer.text.analyser import TokenKind
from ...search.query.target import Target
from ...search.searcher import Searcher
from .. import heading
from . import actions, login, session, sidebar
from . import cache as loading
from . import document as document_panel
from . import indexing as adding
from . import listing as answering
from . import results as list_panel
from . import search_box as question_panel
from . import senses as sense_panel
from .address import PageQuery, narrowed
from .cache import Contents
from .html import base as views
from .html import concordance as kwic_view
from .library import Shelf, is_collection, shelf
from .listing import Answer


STATIC = Path(__file__).parent / "static"


@cache
def static(name: str) -> str:
    """Read a file of the folder `static`."""
    return (STATIC / name).read_text(encoding="utf-8").strip()


def main() -> None:
    """Draw the page."""
    given = loading.given_path()
    title = "Polyseme" if given is None else f"{given.name} · Polyseme"
    st.set_page_config(page_title=title, page_icon=static("icon.svg"), layout="wide")
    st.html(f"<style>\n{static('page.css')}\n</style>")
    if not login.admitted():
        return
    problems = session.begin()
    session.write()  # at once, so that the way back leads here even while the lines are still being found
    if given is None:
        st.html(views.heading("", None))
        text = "The page shows a collection of documents, and none was named. Name one, or a folder to keep some in:"
        st.html(views.message("No collection here", text, "polyseme ui my.pol"))
        return
    with told():
        page(shelf(given, alone=login.is_served_beyond()), problems)


def page(kept: Shelf, problems: tuple[str, ...]) -> None:
    """The page on one collection of the shelf."""
    path = kept.path(session.current().collection)
    if path is None and session.current().collection:
        st.html(views.heading(session.current().collection, None))
        where = "here" if login.is_served_beyond() else f"in {kept.folder}"
        text = f"There is no collection {session.current().collection!r} {where}."
        st.html(views.message("No such collection", text))
        if kept.first:
            with st.container(key="message"):
                name = views.label(f"Open {kept.first}", 80)
                st.button(name, type="primary", on_click=session.ask, args=(PageQuery(),))
        return
    if path is None or not is_collection(path):
        nothing_yet(kept, path)
        return
    searcher = opened(path)
    with st.sidebar:
        sidebar.collection_choice(kept, usable=searcher is not None)
    if searcher is None:
        return
    contents = loading.contents(searcher)
    st.html(views.heading(path.resolve().name, contents.info))
    with st.sidebar:
        sidebar.draw(searcher, contents)
    if adding.is_open() or not contents.info.documents:
        adding.draw(kept, path, first=not contents.info.documents and not adding.is_open())
        tell()
        return
    with st.container():
        adding.notice(path)
    question_panel.search_box(searcher.analyser)
    with st.container():
        for problem in problems:
            st.warning(views.label(problem, 1000))
        tell()
    answer(searcher, contents)


def nothing_yet(kept: Shelf, path: Path | None) -> None:
    """Where there is no collection yet, the page makes one."""
    st.html(views.heading(path.name if path is not None else kept.folder.name, None))
    if path is not None and path.exists() and any(path.iterdir()) and not adding.jobs().of(path):
        text = f"{path} is no collection, and is not empty. Make one of the files in it, or open another:"
        st.html(views.message("No collection here", text, f"polyseme index {path.name}.pol {path}"))
        return
    adding.draw(kept, path, first=True)
    tell()


def opened(path: Path) -> Searcher | None:
    """The searcher, or None after the page has said why there is none."""
    try:
        return loading.open_searcher(path)
    except PolysemeError as error:
        st.html(views.heading(path.name, None))
        step = "\n".join(re.findall(r"`([^`]+)`", str(error)))
        st.html(views.message("This collection cannot be opened", str(error), step))
        return None


@contextmanager
def told() -> Iterator[None]:
    """Say in one line what went wrong, with the next step; what is no visitor's doing goes to the server's log too."""
    try:
        yield
    except PolysemeError as error:
        st.error(views.label(str(error), 1000))
    except (sqlite3.Error, OSError) as error:
        st.error(views.label(f"the collection cannot be read now ({error}); reload the page", 1000))
    except Exception as error:
        traceback.print_exc()
        st.error(
            views.label(f"{type(error).__name__}: {error}; reload the page, or see where `polyseme ui` was started")
        )


def tell() -> None:
    """What the last action has to say."""
    if line := st.session_state.get(session.TOLD):
        st.info(views.label(line, 1000))


def answer(searcher: Searcher, contents: Contents) -> None:
    """The words of the sentence, the senses, and the lines."""
    browser = st.components.v2.component("polyseme_browser", js=static("page.js"))
    browser(key=actions.KEY, on_act_change=partial(actions.act, searcher))
    query = session.current()
    if not query.text and not any(text.startswith("sense=") for text in query.where):
        question_panel.examples(loading.examples(searcher))
        return
    if query.text:
        asked = answering.target_of(searcher, query)
        target = Target(asked, 0, 0) if isinstance(asked, str) else asked
        question_panel.words(searcher.analyser.tokens(target.sentence), target)
    found = answering.answer(searcher, query)
    # Each part has its place whether or not it is there, so that nothing below is drawn anew when one comes or goes.
    above, notices, senses, choices, marked, listed, below = (st.container() for _ in range(7))
    with above, st.container(horizontal=True, key="above", vertical_alignment="center"):
        st.html(heading.headline(found))
        if found.target is not None:
            list_panel.match_choice(answering.matches(searcher, query))
        elif answering.orders_anew(found.query):
            list_panel.hybrid_choice()
    with notices:
        # A word without a sentence asks for no sense, so that none can be missing.
        bare = found.target is not None and len(found.target.sentence) == found.target.end - found.target.start
        if found.verdict and not bare:
            st.html(views.notice(f"{found.verdict}: even the nearest line is no nearer than chance"))
        if found.notice:
            st.html(views.notice(found.notice))
    with listed:
        lines(searcher, found)
    with below:
        list_panel.pages(found)
    with choices:
        list_panel.choices(searcher, found)
    with marked:
        list_panel.marked_lines()
    with senses:
        sense_panel.draw(searcher, contents, found)
    if st.session_state[session.OPENED] is not None:
        document_panel.draw(searcher, found.lines, found.target)


def lines(searcher: Searcher, found: Answer) -> None:
    """The lines of the page, or why there are none."""
    if not found.lines:
        nothing()
        return

    def words(sentence: str) -> list[tuple[int, int]]:
        tokens = searcher.analyser.tokens(sentence)
        return [(token.start, token.end) for token in tokens if token.kind is not TokenKind.PUNCTUATION]

    st.html(kwic_view.concordance(found.shown, found.page.first + 1, words, found.numbers))
    # Apart from the lines, which are not drawn anew by a mark: they keep the focus and the place.
    st.html(kwic_view.marks(session.marks()))


def nothing() -> None:
    """What the page shows where no line is left, with the way on."""
    query = session.current()
    chosen = query.sense is not None or bool(query.picked)
    if chosen:
        title, text = "No line is left", "None of the chosen lines is inside the filters. Show all lines again."
    elif query.where:
        title, text = "No hit within the filters", f"Widen or clear them: {', '.join(query.where)}"
    else:
        title, text = "No hit", "Try another word, or match any word."
    st.html(views.message(title, text))
    if query.where and not chosen:
        with st.container(key="message"):
            st.button("Clear these filters", key="unfilter", on_click=session.ask, args=(narrowed(query, ()),))
