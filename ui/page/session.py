"""Hold what one visitor asks: a single query, which the widgets and the browser's address always agree with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from . import language
from . import marks as kept
from .address import PageQuery, id_lists, is_long, read_address, with_lists, write_address
from .asked import asks_for_sentences
from .language import say
from .tab import Tab
from .visits import HELD

QUERY, ADDRESS, PROBLEMS, OPENED, READ, EXPANDED, TRAIL, ADOPTED, MESSAGE = (
    "query",
    "address",
    "problems",
    "opened",
    "read",
    "expanded",
    "trail",
    "adopted marks",
    "last message",
)
SENTENCES = "_sentences"
"""Ending of the name of a list of sentences in a selection."""
ANSWERED = "answered query"
"""Key of the query whose answer the page shows, in the session state."""
LABELS = "labels"
"""Key of the texts of each widget's options in the last run, in the session state."""
NAMES = "selections"
"""Key of the selections that this visit has kept or read, in the session state: (collection, name) -> lists."""
UNWRITTEN = "unwritten"
"""Key of whether the address waits until the lists of the query are kept, in the session state."""
MAX_TRAIL = 200
"""Maximum number of queries that one visit remembers."""


@dataclass(slots=True)
class Trail:
    """The queries of this visit in order, and the place of the current one."""

    queries: list[PageQuery] = field(default_factory=list)
    place: int = -1

    def go(self, query: PageQuery) -> None:
        """Move to a query: to a neighbour if it is that query, else to a new end of the trail."""
        for place in (self.place, self.place - 1, self.place + 1):
            if 0 <= place < len(self.queries) and self.queries[place] == query:
                self.place = place
                return
        self.queries = [*self.queries[: self.place + 1], query][-MAX_TRAIL:]
        self.place = len(self.queries) - 1

    def beside(self, step: int) -> PageQuery | None:
        """Return the query a number of steps away, or None beyond either end."""
        place = self.place + step
        return self.queries[place] if 0 <= place < len(self.queries) else None


def current() -> PageQuery:
    """Return the current query."""
    query: PageQuery = st.session_state[QUERY]
    return query


def trail() -> Trail:
    """Return the queries of this visit."""
    found: Trail = st.session_state.setdefault(TRAIL, Trail())
    return found


def marks() -> Mapping[int, int]:
    """Return the marks of the kind of lines that the page shows: id -> 1 for +, -1 for -."""
    return kept.of(current().collection, kept.shown())


def adopt_marks() -> None:
    """Mark the lines that the current query searches again from, once for each such query."""
    query = current()
    if st.session_state.get(ADOPTED) == (query.like, query.unlike):
        return
    st.session_state[ADOPTED] = (query.like, query.unlike)
    for sign, keys in ((1, query.like), (-1, query.unlike)):
        for key in keys:
            kept.put(query.collection, kept.shown(), key, sign)


def has_answer() -> bool:
    """Return whether the page shows the answer to a query."""
    return ANSWERED in st.session_state


def settle(query: PageQuery) -> None:
    """Put a query in the place of the current one, which means the same. Nothing on the page changes."""
    found = trail()
    found.queries = [query if each == current() else each for each in found.queries]
    st.session_state[QUERY] = query


def note_selection(collection: str, name: str, lists: Mapping[str, tuple[int, ...]]) -> None:
    """Remember the lists of a selection of a collection. A name that the collection does not have, has no lists."""
    names = _names()
    names[collection, name] = dict(lists)
    while len(names) > MAX_TRAIL:
        names.pop(next(iter(names)))


def forget_selections(collection: str) -> None:
    """Forget the lists of all selections of a collection, since their ids mean other lines now.

    The queries of this visit name their selections instead, which are read again.
    """
    found = trail()
    st.session_state[QUERY], *found.queries = [_unread(query, collection) for query in (current(), *found.queries)]
    for key in [key for key in _names() if key[0] == collection]:
        del _names()[key]


def _unread(query: PageQuery, collection: str) -> PageQuery:
    name = selection_of(query) if query.collection == collection else ""
    return replace(query, picked=(), like=(), unlike=(), selection=name) if name else query


def selection_of(query: PageQuery) -> str:
    """Return the name under which the lists of a query are known to be kept, or ""."""
    lists = kept_lists(query)
    names = (name for (of, name), kept_as in _names().items() if (of, kept_as) == (query.collection, lists))
    return next(names, "") if lists else ""


def kept_lists(query: PageQuery) -> dict[str, tuple[int, ...]]:
    """Return the lists of a query by the names that a selection has for them."""
    names = _list_names(query)
    return {names[name]: keys for name, keys in id_lists(query).items()}


def filled(query: PageQuery, lists: Mapping[str, tuple[int, ...]]) -> PageQuery:
    """Return a query with the lists of its selection. Lists of another kind of lines than its own are left out."""
    return with_lists(query, {name: lists.get(kept_as, ()) for name, kept_as in _list_names(query).items()})


def uses_lists(query: PageQuery, lists: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether lists of a selection are of the kind of lines that a query shows."""
    return any(lists.get(kept_as) for kept_as in _list_names(query).values())


def _list_names(query: PageQuery) -> dict[str, str]:
    """Return the names that a selection has for the lists of a query, by their names in an address.

    The lines of `like` and `unlike` are sentences if the query asks for sentences. Then their names say so.
    """
    ending = SENTENCES if asks_for_sentences(query.text) else ""
    return {"lines": "lines", "like": f"like{ending}", "unlike": f"unlike{ending}"}


def _recalled(query: PageQuery) -> PageQuery:
    """Return a query with the lists of its selection, if this visit has kept or read it. Else the query itself."""
    lists = _names().get((query.collection, query.selection))
    return query if lists is None else filled(query, lists)


def _names() -> dict[tuple[str, str], dict[str, tuple[int, ...]]]:
    found: dict[tuple[str, str], dict[str, tuple[int, ...]]] = st.session_state.setdefault(NAMES, {})
    return found


def is_new_answer() -> bool:
    """Return whether the page shows the answer to another query than the current one, or none."""
    return st.session_state.get(ANSWERED) != replace(current(), tab=Tab())


def is_new_word() -> bool:
    """Return whether the page shows senses of another word, number of senses or filter, or none."""
    before: PageQuery | None = st.session_state.get(ANSWERED)
    return before is None or _word_of(before) != _word_of(current())


def _word_of(query: PageQuery) -> tuple[object, ...]:
    return query.text, query.collection, query.match, query.senses, query.where


def parts_of_answer() -> tuple[object, object, object]:
    """Return what decides the word of the answer, its lines, and the content of the open tab."""
    query = current()
    lines = replace(query, text="", collection="", tab=Tab())
    return (query.text, query.collection), lines, (query.tab.name, query.tab.figure)


def note_answer() -> None:
    """Remember that the page shows the answer to the current query."""
    st.session_state[ANSWERED] = replace(current(), tab=Tab())  # a tab does not change the lines


def expanded() -> set[tuple[str, int]]:
    """Return what is open under lines: what it is, and the id of the sentence."""
    found: set[tuple[str, int]] = st.session_state.setdefault(EXPANDED, set())
    return found


def ask(query: PageQuery) -> None:
    """Make a query the current one. This closes an open document. Marks stay."""
    st.session_state[QUERY] = query
    st.session_state[PROBLEMS] = ()
    st.session_state[OPENED] = st.session_state[READ] = None
    st.session_state[EXPANDED] = set()
    st.session_state.pop(MESSAGE, None)
    trail().go(query)


def change(query: PageQuery) -> None:
    """Ask for other lines of the same question, starting at the first page."""
    ask(replace(query, page=1))


def set_tab(tab: Tab) -> None:
    """Show another tab, or the same one with other settings. The lines and an open document stay."""
    query = replace(current(), tab=tab)
    st.session_state[QUERY] = query
    trail().go(query)


def go(step: int) -> None:
    """Move a number of steps along the trail."""
    if (query := trail().beside(step)) is not None:
        ask(query)


def show_message(text: str) -> None:
    """Show a line on the page until the next query."""
    st.session_state[MESSAGE] = text


def choose_language() -> None:
    """Choose the language of this run: that of the address or of the visitor's choice, else that of the browser.

    The address counts when `begin` reads it. The language is kept beside the query, so another query never drops it.
    """
    if language.CHOSEN not in st.session_state or _is_history_navigation():
        given = st.query_params.get(language.PARAMETER, "")
        st.session_state[language.CHOSEN] = given if given in language.LANGUAGES else ""
    chosen: str = st.session_state[language.CHOSEN]
    language.speak(chosen or browser_language())


def browser_language() -> str:
    """Return the language that the visitor's browser asks for."""
    return language.preferred(st.context.headers.get("accept-language") or "", st.context.locale or "")


def begin() -> None:
    """Read the query from the address in the first run, and when the visitor goes back or forward in the browser.

    Other runs ignore the address, which may be older than the query. The browser learns a new address only after a
    run, and the next click may leave the browser before that.

    An address may name a selection, whose lists are in the collection, which is not open yet. What this visit has kept
    or read is known, so Back and Forward find the same query in the trail. Any other name stays in the query until
    `selections.settle` reads it.
    """
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if QUERY not in st.session_state or _is_history_navigation():
        query, problems = read_address(given)
        query = _recalled(query)
        wanted = given.get(language.PARAMETER, [""])[-1]
        if wanted not in ("", *language.LANGUAGES):
            known = ", ".join(language.LANGUAGES)
            problems += (say("language={given} in the address is not one of {known}", given=wanted[:40], known=known),)
        if QUERY not in st.session_state:
            problems += kept.read(query.collection, given)
        if QUERY not in st.session_state or query != current():
            ask(query)
        st.session_state[PROBLEMS] = problems
    st.session_state[ADDRESS] = given


def problems_of_address() -> tuple[str, ...]:
    """Return one line for each part of the address that could not be understood, until the next query."""
    found: tuple[str, ...] = st.session_state[PROBLEMS]
    return found


def add_problem(line: str) -> None:
    """Add a line about a part of the address."""
    st.session_state[PROBLEMS] = (*problems_of_address(), line)


def _is_history_navigation() -> bool:
    """Return whether the browser's back or forward button caused this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def write(is_last: bool = False) -> None:
    """Write the current query and a chosen language into the address, unless the address already means them.

    Long lists are written as the name under which the collection keeps them. If they have none yet, the address waits
    for `selections.settle`, which keeps them and writes it as soon as the collection is open.

    Args:
        is_last: Whether lists without a name are written out.
    """
    query, before = current(), st.session_state[ADDRESS]
    name = selection_of(query) if is_long(id_lists(query)) else ""
    wanted = write_address(query, name)
    lists = {key: [value] if isinstance(value, str) else value for key, value in wanted.items()}
    spoken = {language.PARAMETER: chosen} if (chosen := st.session_state[language.CHOSEN]) else {}
    read, problems = read_address(before)
    is_same = lists == before or (_recalled(read), problems) == (query, ())
    if is_same and before.get(language.PARAMETER, [""])[-1] == chosen:
        st.session_state[UNWRITTEN] = False
        return
    st.session_state[UNWRITTEN] = not name and is_long(id_lists(query)) and not is_last
    if not st.session_state[UNWRITTEN]:
        st.query_params.from_dict({**wanted, **kept.write(query.collection), **spoken})


def is_unwritten() -> bool:
    """Return whether the address waits until the lists of the query are kept."""
    return bool(st.session_state.get(UNWRITTEN))


def free_uploads() -> None:
    """Free the memory of the files that this visitor has sent, once they are on the disk."""
    if (context := get_script_run_ctx()) is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        HELD.drop(context.session_id)


def show(key: str, value: object, labels: Iterable[str] = ()) -> None:
    """Set the value of a widget only if it differs, so that a visitor's input is not interrupted.

    Args:
        labels: The texts of the widget's options. The browser holds a choice as its text, and Streamlit reads that text
            with the options of the last run. So a choice is also set when the texts have changed.
    """
    texts = tuple(labels)
    before: dict[str, tuple[str, ...]] = st.session_state.setdefault(LABELS, {})
    changed = before.get(key, texts) != texts
    before[key] = texts
    if changed or key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
