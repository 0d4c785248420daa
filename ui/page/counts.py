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
from .language import say, to_translate
from .listing import Answer
from .over_time import PERIOD_YEARS, dated, with_values
from .tab import COUNTED, MEASURES, Tab

_WHOLES = {"": html.ALL, DOCUMENT: to_translate("documents")}
"""What a word is counted in, besides the values of a field."""


def draw(
    searcher: Searcher, inventory: SenseInventory, offered: Sequence[Facet], found: Answer, query: PageQuery
) -> None:
    """Draw the counts of a word with their settings. Filters narrow the documents, and the chosen sense does not."""
    tab = query.tab
    where = tuple(found.question.within)
    with st.container(horizontal=True, key="counts-choices", vertical_alignment="bottom"):
        counted = controls.segments(say("Counts"), "counted", COUNTED, tab.counted)
        field, period = _draw_parts(searcher, offered, tab, counted)
        if counted == "frequency":
            measures = {name: MEASURES[name] for name in ("per-million", "count")}
            measure = controls.segments(say("Shows"), "measure", measures, tab.measure)
            controls.text(say("Compare with a word"), "other", tab.other, say("Type another word, to count both."))
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
        say("By") if counted == "frequency" else say("Over"),
        "field",
        options,
        usual if usual in options else whole,
        lambda name: say(_WHOLES[name]) if name in _WHOLES else base.cut_right(name, 40),
        key=f"count-field-{counted}",
    )
    if counted == "dispersion" or field not in of_date:
        return field or None, None
    years = controls.select(
        say("Years per period"),
        "period",
        sorted({0, *PERIOD_YEARS, tab.period}),
        tab.period,
        lambda years: say("each value") if not years else str(years),
        key=f"count-period-{field}",
    )
    return field, years or None


def _draw_against(tab: Tab) -> None:
    controls.filters(
        say("Compare with a filter"),
        tab.against,
        say(
            "Type a filter such as genre=letter, to count the word in its documents too. Separate several by a"
            " semicolon."
        ),
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
        names = "; ".join(where) or html.ALL, "; ".join(tab.against)
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
        say("Frequency of {word}. The table above has the same numbers.", word=inventory.word),
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
        say("Places of {word} in the documents. The table above has the same numbers.", word=inventory.word),
    )
