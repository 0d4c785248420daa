"""Draw the tab Keywords: words that are more frequent in the documents of the filters than in the rest."""

from __future__ import annotations

import streamlit as st

from ...indexer.errors import PolysemeError, QueryError
from ...search.query.filters import parse_where
from ...search.query.scope import SENSE
from ...search.searcher import Searcher
from ...search.statistics.keywords import ORDERS as KEYWORD_ORDERS
from . import cache, collocates, controls, figures
from .address import PageQuery, without_pos
from .html import base
from .html import counts as html
from .language import numeral, plural_html, say
from .listing import Answer


def filters_of(query: PageQuery) -> tuple[str, ...]:
    """Return the filters on documents. Those on senses, annotations and parts of speech do not choose documents."""
    return tuple(text for text in without_pos(query.where) if _is_of_documents(text))


def _is_of_documents(text: str) -> bool:
    try:
        return not any(each.field == SENSE or each.field.startswith("annotation.") for each in parse_where(text))
    except QueryError:  # the lines report it
        return False


def draw(searcher: Searcher, found: Answer, query: PageQuery) -> None:
    """Draw the keywords of the documents inside the filters, compared with the rest of the collection."""
    tab, where = query.tab, filters_of(found.query)
    with st.container(horizontal=True, key="keywords-choices", vertical_alignment="bottom"):
        named = collocates.named_order
        order = controls.select(say("Order"), "order", KEYWORD_ORDERS, tab.order, named, key="keywords-order")
        controls.several(say("Parts of speech"), "pos", collocates.POS, tab.pos, base.pos_name)
    key = ("keywords", where, order, tab.pos)
    try:
        made = cache.cached(searcher, key, lambda: searcher.keywords(where, order=order, pos=tab.pos))
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))
        return
    text = plural_html(
        "{number} document inside the filters ({filters}) against the other {rest}.",
        "{number} documents inside the filters ({filters}) against the other {rest}.",
        made.documents,
        filters=base.escape(", ".join(where)),
        rest=numeral(made.rest_documents),
    )
    st.html(f'<p class="pol-quiet">{text}</p>' + html.keywords(made))
    figures.draw(
        searcher,
        query,
        "keywords",
        made.plot if made.words else None,
        made.to_dicts,
        made.cited,
        say("Log ratio of each keyword with its interval. The table above has the same numbers."),
    )
