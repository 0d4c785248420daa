"""Draw the tab Collocates: the words near a word, by window, position and part of speech. A click shows their lines."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.statistics.collocates import MEASURES, Collocates
from . import cache, controls, figures
from .actions import COLLOCATES
from .address import NO_SENSE, PageQuery
from .html import base, graph, senses
from .html import counts as html
from .language import plural_html, say, say_html
from .listing import Answer
from .tab import MAX_WINDOW, ORDERS, VIEWS

POS = ("NOUN", "PROPN", "VERB", "ADJ", "ADV", "ADP", "NUM")
"""Parts of speech that are offered."""


def draw(searcher: Searcher, inventory: SenseInventory, found: Answer, query: PageQuery) -> None:
    """Draw the collocates of the word, or of its chosen sense, inside the filters. Then those of each sense."""
    tab = query.tab
    with st.container(horizontal=True, key="words-choices", vertical_alignment="bottom"):
        controls.number(say("Words left"), "left", tab.left, MAX_WINDOW)
        controls.number(say("Words right"), "right", tab.right, MAX_WINDOW)
        order = controls.select(say("Order"), "order", MEASURES, tab.order, named_order, key="words-order")
        controls.several(say("Parts of speech"), "pos", POS, tab.pos, base.pos_name)
        view = controls.segments(say("Show as"), "view", VIEWS, tab.view)
    asked = _key(inventory, found, query, order)
    try:
        near = cache.cached(searcher, asked, lambda: _find(searcher, inventory, found, query, order))
    except PolysemeError as error:
        st.session_state[COLLOCATES] = None
        st.warning(base.label(str(error), 500))
        return
    st.session_state[COLLOCATES] = near
    explained = f'<p class="pol-quiet">{_explained(near, query)}</p>'
    if view == "graph" and near.words:
        windows = cache.cached(searcher, ("graph", *asked), lambda: graph.arrangements(near))
        shown = graph.collocates(near, windows, named_order(near.measure))
        legend = "" if query.sense is not None else senses.legend(inventory)
        st.html(explained + shown + legend)
        _draw_files(searcher, inventory, near, query)
    else:
        st.html(explained + html.collocates(near))
        figures.draw(
            searcher,
            query,
            "collocates",
            near.plot if near.words else None,
            near.to_dicts,
            near.cited,
            say(
                "Collocates of {word}, on the left and on the right. The table above has the same numbers.",
                word=inventory.word,
            ),
        )
    if not query.dictionary:
        title = say_html("Words that distinguish the senses")
        st.html(f'<h3 class="pol-title">{title}</h3>' + senses.collocate_tables(inventory, query.sense))


def _draw_files(searcher: Searcher, inventory: SenseInventory, near: Collocates, query: PageQuery) -> None:
    """Draw the files of the graph and of its links."""
    figures.draw(
        searcher,
        query,
        "collocates-graph",
        partial(near.plot, figure="graph"),
        near.to_dicts,
        near.cited,
        say("Collocates of {word} as a graph. The table has the same numbers.", word=inventory.word),
        near.links.to_dicts,
    )


def named_order(name: str) -> str:
    """Return what orders collocates and keywords in words."""
    return say(ORDERS[name])


def _explained(near: Collocates, query: PageQuery) -> str:
    if query.sense is None:
        return plural_html(
            "Words near the {number} occurrence, inside its sentence. Click one to see its lines.",
            "Words near the {number} occurrences, inside their sentence. Click one to see its lines.",
            near.occurrences,
        )
    if query.sense == NO_SENSE:
        return plural_html(
            "Words near the {number} occurrence of no sense, inside its sentence. Click one to see its lines.",
            "Words near the {number} occurrences of no sense, inside their sentence. Click one to see its lines.",
            near.occurrences,
        )
    return plural_html(
        "Words near the {number} occurrence of sense {sense}, inside its sentence. Click one to see its lines.",
        "Words near the {number} occurrences of sense {sense}, inside their sentence. Click one to see its lines.",
        near.occurrences,
        sense=str(query.sense),
    )


def _key(inventory: SenseInventory, found: Answer, query: PageQuery, order: str) -> tuple[object, ...]:
    """Return everything that decides the collocates."""
    tab, where = query.tab, tuple(found.question.within)
    return "collocates", cache.cut_of(inventory), query.known, query.sense, where, tab.left, tab.right, order, tab.pos


def _find(searcher: Searcher, inventory: SenseInventory, found: Answer, query: PageQuery, order: str) -> Collocates:
    """Count the collocates of the word with their senses, or those of its chosen sense."""
    tab, where, match = query.tab, tuple(found.question.within), str(inventory.match)
    within: frozenset[int] | None = None
    if query.sense is not None:
        within = frozenset(key for key, number in inventory.assignments.items() if (number or NO_SENSE) == query.sense)
    near = searcher.collocates(
        inventory.word, match, where or None, within, tab.left, tab.right, measure=order, pos=tab.pos
    )
    return near if query.sense is not None else near.with_senses(inventory.assignments, inventory.sense_names())
