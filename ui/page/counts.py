"""Draw the tab Counts: how frequent a word is by a field or period, and how evenly documents have it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.query.scope import DOCUMENT
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.statistics.frequency import Frequency, FrequencyComparison, compare_frequencies
from . import cache, controls, figures
from .address import PageQuery
from .facets import Facet
from .html import base
from .html import counts as html
from .listing import Answer
from .over_time import PERIOD_YEARS, dated, with_values
from .tab import COUNTED, MEASURES, Tab

ALL = "\N{EN DASH}"
"""Shown instead of a field: all documents together."""


def draw(
    searcher: Searcher, inventory: SenseInventory, offered: Sequence[Facet], found: Answer, query: PageQuery
) -> None:
    """Draw the counts of a word with their settings. Filters narrow the documents, and the chosen sense does not."""
    tab = query.tab
    where = tuple(found.question.within)
    with st.container(horizontal=True, key="counts-choices", vertical_alignment="bottom"):
        counted = controls.segments("Counts", "counted", COUNTED, tab.counted)
        field, period = _draw_parts(searcher, offered, tab, counted)
        if counted == "frequency":
            measure = controls.segments(
                "Shows", "measure", {name: MEASURES[name] for name in ("per-million", "count")}, tab.measure
            )
            controls.text("Compare with a word", "other", tab.other, "Type another word, to count both.")
            _draw_against(tab)
    try:
        if counted == "dispersion":
            _draw_dispersion(searcher, inventory, query, where, field)
        else:
            _draw_frequency(searcher, inventory, query, where, field, period, measure)
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))


def _draw_parts(searcher: Searcher, offered: Sequence[Facet], tab: Tab, counted: str) -> tuple[str | None, int | None]:
    """Draw what divides the documents. Return the field, or None for all together, and the years of a period."""
    names = [facet.field for facet in offered if facet.field != DOCUMENT]
    whole = "" if counted == "frequency" else DOCUMENT
    options = [whole, *names] if counted == "dispersion" else ["", *names, DOCUMENT]
    of_date = [facet.field for facet in dated([with_values(searcher, facet) for facet in offered])]
    usual = tab.field or (of_date[0] if of_date and counted == "frequency" else whole)
    field = controls.select(
        "By" if counted == "frequency" else "Over",
        "field",
        options,
        usual if usual in options else whole,
        lambda name: "all documents" if not name else "documents" if name == DOCUMENT else base.cut_right(name, 40),
        key=f"count-field-{counted}",
    )
    if counted == "dispersion" or field not in of_date:
        return field or None, None
    years = controls.select(
        "Years per period",
        "period",
        sorted({0, *PERIOD_YEARS, tab.period}),
        tab.period,
        lambda years: "each value" if not years else str(years),
        key=f"count-period-{field}",
    )
    return field, years or None


def _draw_against(tab: Tab) -> None:
    controls.filters(
        "Compare with a filter",
        tab.against,
        "Type a filter such as genre=letter, to count the word in its documents too. Separate several by a semicolon.",
    )


def _draw_frequency(
    searcher: Searcher,
    inventory: SenseInventory,
    query: PageQuery,
    where: tuple[str, ...],
    field: str | None,
    period: int | None,
    measure: str,
) -> None:
    tab, match = query.tab, str(inventory.match)

    def counted(word: str, within: tuple[str, ...]) -> Frequency:
        key = ("frequency", word, match, within, field, period)
        return cache.cached(searcher, key, lambda: searcher.frequency(word, field, period, match, within or None))

    first = counted(inventory.word, where)
    compared: FrequencyComparison | None = None
    if tab.other:
        compared = compare_frequencies(first, counted(tab.other, where))
    elif tab.against:
        names = " and ".join(where) or "all documents", " and ".join(tab.against)
        compared = compare_frequencies(first, counted(inventory.word, tab.against), names)
    shown = compared or first
    if first.notice:
        st.html(base.notice(first.notice))
    st.html(html.frequency(first, measure) if compared is None else html.comparison(compared))
    figures.draw(
        searcher,
        query,
        "frequency",
        lambda: shown.plot(measure),
        shown.to_dicts,
        first.cited,
        f"Frequency of {inventory.word}. The table above has the same numbers.",
    )


def _draw_dispersion(
    searcher: Searcher, inventory: SenseInventory, query: PageQuery, where: tuple[str, ...], field: str | None
) -> None:
    by, match = field or DOCUMENT, str(inventory.match)
    key = ("dispersion", inventory.word, match, where, by)
    found = cache.cached(searcher, key, lambda: searcher.dispersion(inventory.word, by, match, where or None))
    measures = {name: value for name, value in found.summary().items() if name.startswith(("dp", "juilland", "range"))}
    if found.notice:
        st.html(base.notice(found.notice))
    st.html(html.dispersion(found))
    figures.draw(
        searcher,
        query,
        "dispersion",
        found.plot if found.parts else None,
        lambda: [row | measures for row in found.to_dicts()],
        found.cited,
        f"Places of {inventory.word} in the documents. The table above has the same numbers.",
    )
