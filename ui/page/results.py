"""What stands around the lines: which words answer, order, layer and number, what to do with marks, the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from ...indexer.collection.records import Layer
from ...search.hits import Match
from ...search.searcher import Searcher
from . import download as export_panel
from .address import Listing, Sort
from .html import base as views
from .listing import Answer, orders_anew
from .session import ask, change, current, marks, show

Option = TypeVar("Option", bound=str)
_MATCHES = {Match.LEMMA: "Same lemma", Match.FORM: "Same form", Match.ANY: "Any word"}
_SORTS = {
    Sort.SCORE: "nearest first",
    Sort.LEFT: "left context",
    Sort.RIGHT: "right context",
    Sort.DATE: "date",
    Sort.DOCUMENT: "document",
    Sort.ODD: "odd ones first",
}


def match_choice(offered: Sequence[Match]) -> None:
    """Which words may answer, the usual choice first."""
    now = current().match if current().match in offered else offered[0]
    show("match", now)

    def changed() -> None:
        match = st.session_state["match"] or now
        change(replace(current(), match=match, sense=None, picked=(), listing=Listing.HITS))

    st.segmented_control(
        "Which words may answer",
        list(offered),
        format_func=lambda match: _MATCHES[match],
        key="match",
        on_change=changed,
        label_visibility="collapsed",
    )


def hybrid_choice() -> None:
    """Whether sentences that share the query's words come up too."""
    show("hybrid", current().hybrid)
    st.toggle(
        "Count shared words too",
        key="hybrid",
        help="Orders by meaning and by keywords together (hybrid); the figures stay those of meaning.",
        on_change=lambda: change(replace(current(), hybrid=st.session_state["hybrid"])),
    )


def choices(searcher: Searcher, found: Answer) -> None:
    """Order, layer, lines a page, export, address: what stands between the senses and the lines."""
    query = current()
    with st.container(horizontal=True, key="choices", vertical_alignment="center", gap="small"):
        choose("sort", "Order", _sorts(found), query.sort, lambda sort: change(replace(current(), sort=sort)))
        if found.target is not None and orders_anew(found.query):
            stored = searcher.settings.layer
            layers = {"": f"{stored} (stored)"} | {str(layer): str(layer) for layer in Layer if layer is not stored}
            choose("layer", "Layer", layers, str(query.layer or ""), _by_layer)
        _lines_a_page()
        export_panel.draw(searcher, query, found)
        st.html('<button type="button" class="pol-copy" data-copy="1">Copy address</button>', width="content")
        st.html(
            '<details class="pol-keys"><summary>Keys</summary><p>Tab to a line. Arrow keys go from word to word and'
            " from line to line, Enter searches from the word, + and \N{MINUS SIGN} mark the line, o opens its"
            " document."
            "</p></details>",
            width="content",
        )


def _sorts(found: Answer) -> dict[Sort, str]:
    odd = found.inventory is not None and found.query.listing is Listing.HITS
    return {sort: name for sort, name in _SORTS.items() if sort is not Sort.ODD or odd}


def choose(key: str, name: str, options: Mapping[Option, str], value: Option, act: Callable[[Option], None]) -> None:
    """A small list to choose one from; ``act`` is told the choice."""
    show(key, value if value in options else next(iter(options)))
    st.selectbox(
        name,
        list(options),
        format_func=lambda option: f"{name}: {options[option]}",
        key=key,
        on_change=lambda: act(st.session_state[key]),
        width=210,
        filter_mode=None,
        label_visibility="collapsed",
    )


def _by_layer(name: str) -> None:
    change(replace(current(), layer=Layer(name) if name else None))


def _lines_a_page() -> None:
    sizes = sorted({20, 50, 100, 200, current().k})
    show("k", current().k)
    st.selectbox(
        "Lines a page",
        sizes,
        format_func=lambda size: f"{size} lines a page",
        key="k",
        on_change=lambda: change(replace(current(), k=st.session_state["k"])),
        width=160,
        filter_mode=None,
        label_visibility="collapsed",
    )


def marked_lines() -> None:
    """What can be done with the lines that are marked, where some are."""
    query = current()
    plus = tuple(sorted(key for key, sign in marks().items() if sign > 0))
    minus = tuple(sorted(key for key, sign in marks().items() if sign < 0))
    if not (plus or minus):
        return
    with st.container(horizontal=True, key="marked", vertical_alignment="center"):
        told = f"{views.count(len(plus), 'line')} marked +, {len(minus)} marked \N{MINUS SIGN}"
        st.html(f'<p class="pol-told" role="status">{told}</p>', width="content")
        again = replace(query, like=plus, unlike=minus, page=1, picked=())
        if query.listing is Listing.OTHERS:
            # What is like other words is of no sense of this one.
            again = replace(again, listing=Listing.HITS, match=Match.ANY, sense=None)
        st.button(
            "Search again from these",
            key="again",
            type="primary",
            disabled=not plus or (plus, minus) == (query.like, query.unlike),
            help=None if plus else "Mark at least one line +",
            on_click=ask,
            args=(again,),
        )
        st.button("Clear marks", key="unmark", on_click=_unmark)


def _unmark() -> None:
    marks().clear()
    if current().like or current().unlike:
        change(replace(current(), like=(), unlike=()))


def pages(found: Answer) -> None:
    """Which page of the lines is shown, and the way to the others."""
    page, query = found.page, current()
    if page.number == 1 and not page.more:
        return
    known = -(-len(found.lines) // query.k)
    last = known if found.complete else max(known, page.number + 1)
    with st.container(horizontal=True, key="pages", vertical_alignment="center", horizontal_alignment="center"):
        for name, number, icon, usable in (
            ("First", 1, "first_page", page.number > 1),
            ("Previous", page.number - 1, "chevron_left", page.number > 1),
            ("Next", page.number + 1, "chevron_right", page.more),
            ("Last", last, "last_page", found.complete and page.more),
        ):
            if name == "Next":
                of = f" of {known:,}" if found.complete else ""
                st.html(f'<p class="pol-page">Page {page.number:,}{of}</p>', width="content")
            st.button(
                name,
                key=f"page-{name.lower()}",
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not usable,
                on_click=ask,
                args=(replace(query, page=max(1, number)),),
            )
