"""What one visitor asks: one query, held beside the widgets and in the address, which always say the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .address import PageQuery, read_address, write_address

QUERY, ADDRESS, PROBLEMS, OPENED, TRAIL, MARKS, TOLD = (
    "query",
    "address",
    "problems",
    "opened",
    "trail",
    "marks",
    "told",
)
LONGEST_TRAIL = 200


@dataclass(slots=True)
class Trail:
    """The queries of this visit in their order, and which of them is asked now."""

    queries: list[PageQuery] = field(default_factory=list)
    place: int = -1

    def go(self, query: PageQuery) -> None:
        """Move to a query: to the one before or after if it is that, else to a new one that ends the trail."""
        for place in (self.place, self.place - 1, self.place + 1):
            if 0 <= place < len(self.queries) and self.queries[place] == query:
                self.place = place
                return
        self.queries = [*self.queries[: self.place + 1], query][-LONGEST_TRAIL:]
        self.place = len(self.queries) - 1

    def beside(self, step: int) -> PageQuery | None:
        """The query so many steps away, or None at the ends."""
        place = self.place + step
        return self.queries[place] if 0 <= place < len(self.queries) else None


def current() -> PageQuery:
    """The query that is asked now."""
    query: PageQuery = st.session_state[QUERY]
    return query


def trail() -> Trail:
    """The queries of this visit."""
    found: Trail = st.session_state.setdefault(TRAIL, Trail())
    return found


def marks() -> dict[int, int]:
    """Ids of the lines that are marked: 1 for +, -1 for -."""
    found: dict[int, int] = st.session_state.setdefault(MARKS, {})
    return found


def ask(query: PageQuery) -> None:
    """Ask another query; a document that was open belongs to the old one, and so do marks once the text differs."""
    before: PageQuery | None = st.session_state.get(QUERY)
    if before is None or (before.text, before.collection) != (query.text, query.collection):
        st.session_state[MARKS] = dict.fromkeys(query.like, 1) | dict.fromkeys(query.unlike, -1)
    st.session_state[QUERY] = query
    st.session_state[PROBLEMS] = ()
    st.session_state[OPENED] = None
    st.session_state.pop(TOLD, None)
    trail().go(query)


def change(query: PageQuery) -> None:
    """Ask for other lines of the same question, from its first page."""
    ask(replace(query, page=1))


def go(step: int) -> None:
    """Back or forth along the trail."""
    if (query := trail().beside(step)) is not None:
        ask(query)


def tell(text: str) -> None:
    """Say a line on the page until something else is asked."""
    st.session_state[TOLD] = text


def begin() -> tuple[str, ...]:
    """Take the query from the address at the first run, and when the visitor goes back or forth in the browser.

    At other runs the address may be older than the query: the browser hears of a new one only after a run, and the
    next click can be on its way before that.

    Returns one line for each part of the address that cannot be understood.
    """
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if QUERY not in st.session_state or _came_by_history():
        query, problems = read_address(given)
        if QUERY not in st.session_state or query != current():
            ask(query)
        st.session_state[PROBLEMS] = problems
    st.session_state[ADDRESS] = given
    found: tuple[str, ...] = st.session_state[PROBLEMS]
    return found


def _came_by_history() -> bool:
    """Whether this run was asked for by the browser's own way back or forth."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def write() -> None:
    """Let the address say what is asked, unless it does so in its own words."""
    wanted = write_address(current())
    lists = {key: [value] if isinstance(value, str) else value for key, value in wanted.items()}
    if lists != st.session_state[ADDRESS] and read_address(st.session_state[ADDRESS]) != (current(), ()):
        st.query_params.from_dict(wanted)


def show(key: str, value: object) -> None:
    """Let a widget show a value; only where it differs, so that nothing is taken from under the visitor's hands."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
