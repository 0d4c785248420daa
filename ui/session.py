"""What one visitor asks: one query, held beside the widgets and in the address, which always say the same."""

from __future__ import annotations

import streamlit as st

from ui.address import PageQuery, read_address, write_address

QUERY, ADDRESS, PROBLEMS, OPENED = "query", "address", "problems", "opened"


def current() -> PageQuery:
    """The query that is asked now."""
    query: PageQuery = st.session_state[QUERY]
    return query


def ask(query: PageQuery) -> None:
    """Ask another query; a document that was open belongs to the old one."""
    st.session_state[QUERY] = query
    st.session_state[PROBLEMS] = ()
    st.session_state[OPENED] = None


def begin() -> tuple[str, ...]:
    """Take the query from the address where that is new: at the first run, and when the visitor goes back.

    Returns one line for each part of the address that cannot be understood.
    """
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if QUERY not in st.session_state or given != st.session_state[ADDRESS]:
        query, problems = read_address(given)
        ask(query)
        st.session_state[PROBLEMS] = problems
        st.session_state[ADDRESS] = given
    found: tuple[str, ...] = st.session_state[PROBLEMS]
    return found


def write() -> None:
    """Let the address say what is asked."""
    wanted = write_address(current())
    lists = {key: [value] if isinstance(value, str) else value for key, value in wanted.items()}
    if lists != st.session_state[ADDRESS]:
        st.session_state[ADDRESS] = lists
        st.query_params.from_dict(wanted)


def show(key: str, value: object) -> None:
    """Let a widget show a value; only where it differs, so that nothing is taken from under the visitor's hands."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
