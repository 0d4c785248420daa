"""Draw the page: sidebar, search box, senses and lines. Streamlit runs `main` once for each interaction."""

from __future__ import annotations

import functools
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import streamlit as st

from ...indexer.errors import PolysemeError
from ...indexer.text import TokenKind
from ...search.hits import Match, OccurrenceHit
from ...search.query.sentence import parse_sentence
from ...search.query.target import Target
from ...search.searcher import Searcher
from ..messages import LONGEST, is_expected, problem
from . import (
    actions,
    annotate,
    cache,
    document,
    documents,
    fetch,
    indexing,
    language,
    listing,
    login,
    marks,
    results,
    search_box,
    selections,
    senses,
    session,
    sidebar,
)
from .address import PageQuery, Sort, narrowed
from .asked import Asked, PatternText
from .cache import Contents
from .html import annotate as signs
from .html import base, concordance, meetings
from .html.groups import by_word, grouped, grouped_by_word
from .language import plural, say
from .library import Library, is_collection, library_at
from .listing import Answer

SHORT = 0.2
"""How long the start page waits for queries to start with, in seconds."""
STATIC = Path(__file__).parent / "static"


@functools.cache
def static(name: str) -> str:
    """Read a file of the folder `static`."""
    return (STATIC / name).read_text(encoding="utf-8").strip()


def main() -> None:
    """Draw the page."""
    given = cache.given_path()
    title = "Polyseme" if given is None else f"{given.name} · Polyseme"
    st.set_page_config(page_title=title, page_icon=static("icon.svg"), layout="wide")
    st.html(f"<style>\n{static('page.css')}\n</style>")
    session.choose_language()
    announce_language()
    if not login.admitted():
        return
    session.begin()
    session.write()  # before the search, so that the browser's history has this query even while it runs
    if given is None:
        st.html(base.heading("", None))
        text = say("The page needs a collection. Start it with one, or with a folder in which to keep collections:")
        st.html(base.message(say("No collection here"), text, "polyseme ui my.pol"))
        return
    with reporting_errors():
        draw(library_at(given, alone=login.is_served_beyond()))


def draw(library: Library) -> None:
    """Draw the page for the current collection of a library."""
    path = library.path(session.current().collection)
    if path is None and session.current().collection:
        draw_unknown(library, session.current().collection)
        return
    if path is not None and not is_collection(path) and cache.was_open(path) and not indexing.jobs().of(path):
        st.html(base.heading(path.name, None))
        text = say("{path} was open, and it is not there any more. Put it back, or open another collection.", path=path)
        st.html(base.message(say("This collection has vanished"), text))
        return
    if path is None or not is_collection(path):
        draw_first_run(library, path)
        return
    searcher = opened(path)
    if searcher is None:
        with st.sidebar:
            sidebar.collection_choice(library, usable=False)
        return
    selections.settle(searcher)
    contents = cache.contents(searcher)
    st.html(base.heading(path.resolve().name, contents.info))
    is_indexing = indexing.is_open() or not contents.info.documents
    with_answer = session.has_answer() and not is_indexing and not documents.is_open()
    if not with_answer:
        draw_sidebar(library, searcher, contents)
    if is_indexing:
        indexing.draw(library, path, first=not contents.info.documents and not indexing.is_open())
        draw_message()
        return
    with st.container():
        indexing.draw_notice(path)
    if documents.is_open():
        listen(searcher)
        documents.draw(path, searcher, contents)
        draw_message()
        return
    search_box.search_box(searcher.analyser)
    with st.container():
        for problem in session.problems_of_address():
            st.warning(base.label(problem, 1000))
        draw_message()
    if not with_answer:
        draw_answer(searcher, contents, lambda: None)
        return
    # The visitor waits for the answer. The sidebar of the answer before is still there.
    aside = functools.cache(functools.partial(draw_sidebar, library, searcher, contents))
    try:
        draw_answer(searcher, contents, aside)
    except Exception:
        aside()
        raise
    aside()


def draw_sidebar(library: Library, searcher: Searcher, contents: Contents) -> None:
    """Draw the sidebar of a collection that is open."""
    with st.sidebar:
        sidebar.collection_choice(library, usable=True)
        sidebar.draw(searcher, contents)
        sidebar.language_choice()


def draw_unknown(library: Library, name: str) -> None:
    """Draw the page for an address that names a collection which is not in the library."""
    st.html(base.heading(name, None))
    text = say("There is no collection '{name}' in {folder}.", name=name, folder=library.folder)
    if login.is_served_beyond():
        text = say("There is no collection '{name}' here.", name=name)
    st.html(base.message(say("No such collection"), text))
    if library.first:
        with st.container(key="message"):
            label = base.label(say("Open {name}", name=library.first), 80)
            st.button(label, type="primary", on_click=session.ask, args=(PageQuery(),))


def draw_first_run(library: Library, path: Path | None) -> None:
    """Draw the form that creates the first collection."""
    st.html(base.heading(path.name if path is not None else library.folder.name, None))
    if path is not None and path.exists() and any(path.iterdir()) and not indexing.jobs().of(path):
        text = say(
            "{path} is not a collection, and it is not empty. Index the files in it, or open another folder:", path=path
        )
        st.html(base.message(say("No collection here"), text, f"polyseme index {path.name}.pol {path}"))
        return
    with st.sidebar:
        sidebar.language_choice()
    indexing.draw(library, path, first=True)
    draw_message()


def opened(path: Path) -> Searcher | None:
    """Return the searcher of a collection. If it cannot be opened, draw the reason and return None."""
    try:
        return cache.open_searcher(path)
    except PolysemeError as error:
        st.html(base.heading(path.name, None))
        step = "\n".join(re.findall(r"`([^`]+)`", str(error)))
        st.html(base.message(say("This collection cannot be opened"), str(error), step))
        return None


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Show an error as one line with the next step. Log the traceback of errors that have no known cause."""
    try:
        yield
    except Exception as error:
        if not is_expected(error):
            traceback.print_exc()
        st.error(base.label(problem(error, "read the log where `polyseme ui` was started"), LONGEST))


def draw_message() -> None:
    """Draw the message of the last action, if any."""
    if line := st.session_state.get(session.MESSAGE):
        st.info(base.label(line, 1000))


def listen(searcher: Searcher) -> None:
    """Draw the component that sends clicks, keys and frames."""
    browser = st.components.v2.component("polyseme_browser", js=static("page.js"))
    data = {"documents": searcher.settings.language, **browser_texts()}
    browser(key=actions.KEY, data=data, on_act_change=functools.partial(actions.act, searcher))


def browser_texts() -> dict[str, str]:
    """Return the texts that the browser shows itself, by the names that `page.js` has for them."""
    return {
        "copy": say("Copy address"),
        "copied": say("Address copied"),
        "copiedHere": say("Copied: it opens on this machine only"),
        "skip": say("Skip to the lines"),
    }


def announce_language() -> None:
    """Tell the browser the language of the page, for screen readers and hyphenation."""
    browser = st.components.v2.component("polyseme_language", js=static("language.js"))
    browser(key="language-of-page", data=language.current())


def draw_answer(searcher: Searcher, contents: Contents, aside: Callable[[], None]) -> None:
    """Draw the words of the sentence, the senses, and the lines. The lines come first, then the senses.

    Args:
        aside: Draws what is beside the answer. It is called before what takes long.
    """
    listen(searcher)
    query = session.current()
    if not query.text and not any(text.startswith("sense=") for text in query.where):
        draw_start(searcher)
        return
    target = listing.read_target(searcher, query)
    if query.text:
        draw_understood(searcher, target)
    # Each part keeps its own container, also when it is empty. So Streamlit does not redraw the parts below it.
    above, notices, upper, parts, choices, listed, below, marked_lines = (st.container() for _ in range(8))
    with upper:
        panel = st.empty()
    with listed:
        lines = st.empty()
    if session.is_new_answer():
        # The old answer does not stay while the new one is computed.
        lines.html(base.working(say("Searching …")))
    if session.is_new_word():
        panel.empty()
    marks.show(marks.Kind.SENTENCE if query.text and isinstance(target, str) else marks.Kind.OCCURRENCE)
    session.adopt_marks()
    try:
        question = listing.understand(searcher, query, target, session.marks())
        found = listing.answer(searcher, question)
    except Exception:
        lines.empty()  # the error is shown in the place of what was worked on
        raise
    with lines.container():
        draw_lines(searcher, found)
    with below:
        results.pages(found)
    with above, st.container(horizontal=True, key="above", vertical_alignment="center"):
        st.html(results.headline(found))
        if found.target is not None:
            results.match_choice(question.matches, searcher, found)
        elif isinstance(target, PatternText):
            if found.query.like:
                results.match_choice(question.matches, searcher, found)
        elif listing.ranks_by_text(found.query):
            results.sentence_choices(found.query, fetch.only_default(searcher.settings))
    selections.keep_marks(searcher)
    with notices:
        if isinstance(target, str) and listing.ranks_by_text(found.query):
            st.html(results.choice_help(found.query))
            if remark := fetch.vectors_notice(searcher.settings, found.query):
                st.html(base.notice(remark))
        # A bare word has no context, so it asks for no particular sense, and none can be missing.
        if found.verdict and not question.is_bare:
            st.html(base.notice(results.verdict_text(found)))
        if found.notice:
            st.html(base.notice(found.notice))
        if line := selections.left_out(query.collection):
            st.html(base.notice(line))
    with choices:
        results.choices(searcher, found)
    with parts:
        results.pos_choice(listing.parts_of_speech(searcher, found), found)
    if question.has_senses and session.is_new_word():
        text = say("Grouping the lines by sense …")
        if found.complete:
            text = plural(
                "Grouping the {number} line by sense …", "Grouping the {number} lines by sense …", found.found
            )
        panel.html(base.working(text, tall=True))
        _ = question.inventory  # it is computed here, while the line above is shown
    with panel.container():
        undescribed = senses.draw(searcher, contents, found)
    with listed:
        keys = [hit.occurrence_id for hit in found.shown if isinstance(hit, OccurrenceHit)]
        st.html(concordance.senses(keys, found.numbers))
        st.html(signs.of_lines(found.shown))
        # A separate element, so that a mark does not redraw the lines. They keep the focus and the scroll position.
        st.html(concordance.marks(session.marks(), marks.write(query.collection)))
        st.html(concordance.answered(*session.parts_of_answer()))
    with marked_lines:
        form = functools.partial(annotate.draw_marked, searcher, found)
        results.marked_lines(found, functools.partial(senses.name_marked, searcher, found), form)
    session.note_answer()
    if undescribed is not None:
        aside()
        senses.describe(undescribed, searcher, found)
    if st.session_state[session.OPENED] is not None:
        read = st.session_state[session.READ]
        hits = found.lines if read is None else searcher.live_hits([read], sentences=True)
        document.draw(searcher, hits, found.target, found.first if read is None else 0, found.size)


def draw_start(searcher: Searcher) -> None:
    """Draw queries to start with. A visitor need not wait for them, but may ask at once."""
    found = cache.examples(searcher, SHORT)
    search_box.examples(found)
    if found is None:
        await_examples(searcher)


@st.fragment(run_every=1.0)
def await_examples(searcher: Searcher) -> None:
    """Draw the page again as soon as there are queries to start with."""
    if cache.examples(searcher) is not None:
        st.rerun()


def draw_understood(searcher: Searcher, asked: Asked) -> None:
    """Draw how the text was understood, and the words of its sentence."""
    parsed = parse_sentence(asked) if isinstance(asked, str) else None
    with st.container(horizontal=True, key="understood", vertical_alignment="center", gap="small"):
        search_box.understood(asked, parsed)
        if not isinstance(asked, PatternText):
            marked = Target(parsed.text, 0, 0) if parsed else asked
            assert isinstance(marked, Target)
            search_box.words(searcher.analyser.tokens(marked.sentence), marked)


def draw_lines(searcher: Searcher, found: Answer) -> None:
    """Draw the lines of the current page, or why there are none."""
    if not found.shown:
        draw_no_lines(found)
        return

    def words(sentence: str) -> list[tuple[int, int]]:
        tokens = searcher.analyser.tokens(sentence)
        return [(token.start, token.end) for token in tokens if token.kind is not TokenKind.PUNCTUATION]

    shown, query = found.shown, found.query
    opened = listing.expanded(searcher, shown, session.expanded())
    question, context = found.question, query.context or base.CONTEXT
    if any(hit.meetings for hit in shown):
        st.html(meetings.query_line(parse_sentence(str(question.target)).text, shown))
    if groups := found.groups:
        st.html(grouped(groups, words, opened))
    elif found.match is Match.ANY and question.of_words and query.sort is Sort.SCORE:
        style = concordance.Style(words, {}, opened, scored=question.has_scores, context=context, whole=query.whole)
        of_words = [hit for hit in shown if isinstance(hit, OccurrenceHit)]
        st.html(grouped_by_word(by_word(of_words, found.page.first + 1), style))
    else:
        first, is_scored = found.page.first + 1, question.has_scores
        st.html(
            concordance.concordance(shown, first, words, opened, question.of_pattern, is_scored, context, query.whole)
        )


def draw_no_lines(found: Answer) -> None:
    """Draw why no line is left, and what to do about it."""
    query, question = session.current(), found.question
    chosen = query.sense is not None or bool(query.picked) or query.marked
    absent = question.is_bare and not chosen and not question.has_senses
    if query.marked:
        title = say("No marked line")
        text = say("None of the marked lines belongs to this list. Show all lines again.")
    elif chosen:
        title, text = say("No line is left"), say("None of the chosen lines passes the filters. Show all lines again.")
    elif query.where:
        title = say("No hit within the filters")
        text = say("Widen or clear them: {filters}", filters=", ".join(query.where))
    elif question.of_pattern:
        title = say("No hit")
        text = say("No words in a row fit this pattern. Leave out a condition, or use lemma instead of word.")
    elif absent:
        title = say("This word does not occur")
        text = say("Check its spelling, or look for other words in a similar sense.")
    else:
        title, text = say("No hit"), say("Try another word, or match any word.")
    st.html(base.message(title, text))
    with st.container(key="message"):
        if query.where and not chosen:
            st.button(say("Clear these filters"), key="unfilter", on_click=session.ask, args=(narrowed(query, ()),))
        if query.marked:
            every = replace(query, marked=False, page=1)
            st.button(say("Show all lines"), key="unmarked", on_click=session.ask, args=(every,))
        if absent and not query.where:
            others = replace(query, match=Match.ANY, page=1)
            st.button(say("Other words in a similar sense"), key="similar", on_click=session.ask, args=(others,))
