"""Show the senses of a dictionary on the page: choose the dictionary, and list its senses with their lines."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ...indexer.errors import QueryError
from ...search.hits import Match
from ...search.searcher import Searcher
from ...search.senses.dictionary import DictionarySenses
from ...search.senses.inventory import SenseInventory
from . import cache
from .address import Listing, PageQuery
from .html import base
from .html import dictionary as html
from .language import keyed, say
from .session import change, show

INDUCED = ""
"""The choice of senses that are induced from the texts."""


def senses(searcher: Searcher, word: str, match: Match, name: str) -> DictionarySenses | None:
    """Return the senses of a dictionary with the lines of a word. None if it has none, or there is no such dictionary.

    Filters do not change them.
    """
    if not name:
        return None

    def find() -> DictionarySenses | None:
        try:
            return searcher.dictionary_senses(word, name, match)
        except QueryError:
            return None

    found: DictionarySenses | None = cache.cached(searcher, ("dictionary", name, word, match), find)
    return found


def inventory(searcher: Searcher, word: str, match: Match, name: str) -> SenseInventory | None:
    """Return the senses of a dictionary as an inventory. Each sense is named by its definition."""
    found = senses(searcher, word, match, name)
    if found is None:
        return None
    named = tuple(replace(sense, name=html.short_name(found, sense.number)) for sense in found.inventory.senses)
    return replace(found.inventory, senses=named)


def with_lines(found: SenseInventory) -> SenseInventory:
    """Return an inventory without senses that have no line. Most senses of a large dictionary have none."""
    return replace(found, senses=tuple(sense for sense in found.senses if sense.size))


def entry(searcher: Searcher, found: SenseInventory, query: PageQuery, inside: frozenset[int] | None) -> str:
    """Return the senses of a dictionary as HTML, one row for each that has lines."""
    known = senses(searcher, found.word, found.match, query.dictionary)
    return "" if known is None else html.entry(known, query.sense, inside)


def draw_choice(searcher: Searcher, query: PageQuery) -> None:
    """Draw the choice between induced senses and those of a dictionary, if the collection has one."""
    names = [found.name for found in searcher.dictionaries()]
    if not names:
        return
    key = keyed("dictionary")
    show(key, query.dictionary if query.dictionary in names else INDUCED)

    def changed() -> None:
        name = str(st.session_state[key] or INDUCED)
        # The senses are others, so the chosen one is dropped.
        change(replace(query, dictionary=name, senses=None, sense=None, picked=(), listing=Listing.HITS))

    induced = say("these texts")
    st.selectbox(
        say("Senses from"),
        [INDUCED, *names],
        format_func=lambda name: base.label(name, 40) if name else induced,
        key=key,
        on_change=changed,
        label_visibility="collapsed",
        width=180,
        filter_mode=None,
    )
