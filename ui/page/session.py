"""Hold what one visitor asks: a single query, which the widgets and the browser's address always agree with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .address import PageQuery, read_address, write_address
from .visits import HELD

QUERY, ADDRESS, PROBLEMS, OPENED, READ, EXPANDED, TRAIL, MARKS, MESSAGE = (
    "query",
    "address",
    "problems",
    "opened",
    "read",
    "expanded",
    "trail",
    "marks",
    "last message",
)
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


def marks() -> dict[int, int]:
    """Return the marked lines: id -> 1 for +, -1 for -."""
    found: dict[int, int] = st.session_state.setdefault(MARKS, {})
    return found


def expanded() -> set[tuple[str, int]]:
    """Return what is open under lines: what it is, and the id of the sentence."""
    found: set[tuple[str, int]] = st.session_state.setdefault(EXPANDED, set())
    return found


def ask(query: PageQuery) -> None:
    """Make a query the current one. This closes an open document, and a new text also clears the marks."""
    before: PageQuery | None = st.session_state.get(QUERY)
    if before is None or (before.text, before.collection) != (query.text, query.collection):
        st.session_state[MARKS] = dict.fromkeys(query.like, 1) | dict.fromkeys(query.unlike, -1)
    st.session_state[QUERY] = query
    st.session_state[PROBLEMS] = ()
    st.session_state[OPENED] = st.session_state[READ] = None
    st.session_state[EXPANDED] = set()
    st.session_state.pop(MESSAGE, None)
    trail().go(query)


def change(query: PageQuery) -> None:
    """Ask for other lines of the same question, starting at the first page."""
    ask(replace(query, page=1))


def go(step: int) -> None:
    """Move a number of steps along the trail."""
    if (query := trail().beside(step)) is not None:
        ask(query)


def show_message(text: str) -> None:
    """Show a line on the page until the next query."""
    st.session_state[MESSAGE] = text


def begin() -> tuple[str, ...]:
    """Read the query from the address in the first run, and when the visitor goes back or forward in the browser.

    Other runs ignore the address, which may be older than the query. The browser learns a new address only after a
    run, and the next click may leave the browser before that.

    Returns:
        One line for each part of the address that cannot be understood.
    """
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if QUERY not in st.session_state or _is_history_navigation():
        query, problems = read_address(given)
        if QUERY not in st.session_state or query != current():
            ask(query)
        st.session_state[PROBLEMS] = problems
    st.session_state[ADDRESS] = given
    found: tuple[str, ...] = st.session_state[PROBLEMS]
    return found


def _is_history_navigation() -> bool:
    """Return whether the browser's back or forward button caused this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def write() -> None:
    """Write the current query into the address, unless the address already means that query."""
    wanted = write_address(current())
    lists = {key: [value] if isinstance(value, str) else value for key, value in wanted.items()}
    if lists != st.session_state[ADDRESS] and read_address(st.session_state[ADDRESS]) != (current(), ()):
        st.query_params.from_dict(wanted)


def free_uploads() -> None:
    """Free the memory of the files that this visitor has sent, once they are on the disk."""
    if (context := get_script_run_ctx()) is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        HELD.drop(context.session_id)


def show(key: str, value: object) -> None:
    """Set the value of a widget only if it differs, so that a visitor's input is not interrupted."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
