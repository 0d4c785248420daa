"""Draw the subcorpora in the sidebar: filter by one, keep the current filters under a name, or remove one."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.query.subcorpora import IN
from ...search.searcher import Searcher
from .html import base
from .language import say, say_html
from .session import change, current, show, show_message

FILTER = f"{IN}="
"""Beginning of the filter by a subcorpus."""


def draw(searcher: Searcher) -> None:
    """Draw the choice of a subcorpus, and the form that keeps the current filters, if there are any."""
    try:
        found = searcher.collection.subcorpora()
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))
        return
    kept = found.filters
    if found.problem:
        st.warning(base.label(found.problem, 500))
    if kept:
        _draw_choice(kept)
    others = [text for text in current().where if not text.startswith(FILTER)]
    if others:
        # A new key makes a new popover, which is closed. So the popover closes when the filters are kept.
        with st.popover(say("Keep these filters"), key=f"keep-{len(kept)}"):
            option = "<code>--where in=NAME</code>"
            text = say_html("The name filters any search, here and with {option}.", option=option)
            st.html(f'<p class="pol-quiet">{text}</p>')
            with st.form("subcorpus-form", border=False):
                st.text_input(say("Name of the subcorpus"), key="subcorpus-name", max_chars=100)
                st.form_submit_button(say("Keep"), on_click=_save, args=(searcher,), type="primary")
    if kept:
        with st.popover(say("Remove a subcorpus"), type="tertiary", key="remove-subcorpus"):
            for n, name in enumerate(kept):
                label = base.label(say("Remove {name}", name=name), 60)
                st.button(label, key=f"subcorpus-{n}", on_click=_remove, args=(searcher, name))


def _draw_choice(kept: dict[str, tuple[str, ...]]) -> None:
    chosen = [text.removeprefix(FILTER) for text in current().where if text.startswith(FILTER)]
    names = list(kept)
    labels = base.distinct(names, 60)
    show("subcorpus", chosen[0] if len(chosen) == 1 and chosen[0] in names else None, labels.values())

    def changed() -> None:
        name = st.session_state["subcorpus"]
        rest = tuple(text for text in current().where if not text.startswith(FILTER))
        change(replace(current(), where=(*rest, FILTER + name) if name else rest, picked=()))

    st.selectbox(
        say("Subcorpus"),
        names,
        index=None,
        format_func=lambda name: labels[name],
        key="subcorpus",
        on_change=changed,
        placeholder=say("the whole collection"),
    )


def _save(searcher: Searcher) -> None:
    name = str(st.session_state["subcorpus-name"]).strip()
    try:
        searcher.save_subcorpus(name, current().where)
    except PolysemeError as error:
        show_message(str(error))
        return
    change(replace(current(), where=(FILTER + name,)))
    show_message(say("These filters are kept as {name}", name=name))


def _remove(searcher: Searcher, name: str) -> None:
    try:
        searcher.remove_subcorpus(name)
    except PolysemeError as error:
        show_message(str(error))
        return
    change(replace(current(), where=tuple(text for text in current().where if text != FILTER + name)))
