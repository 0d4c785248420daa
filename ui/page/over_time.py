"""Draw the senses of a word over time: shares, numbers or rates by period, the figure, and the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.timeline import restricted
from ...search.statistics.parts import year_of
from . import cache, controls, dictionary, figures
from .actions import PERIODS
from .address import PageQuery
from .facets import Facet, FacetKind
from .html import base, senses
from .language import plural, say
from .listing import Answer
from .tab import MEASURES, SMOOTHING

PERIOD_YEARS = (1, 5, 10, 20, 25, 50, 100)
MAX_PERIODS = 14
"""Maximum number of periods that the default period length makes. The page is wide enough for them."""


def draw(
    searcher: Searcher, inventory: SenseInventory, offered: Sequence[Facet], found: Answer, query: PageQuery
) -> None:
    """Draw the timeline with its settings."""
    fields, tab = dated([with_values(searcher, facet) for facet in offered]), query.tab
    if not fields:
        text = say(
            "No document here has a year or a date. Add it as metadata (a column year in metadata.csv, or front"
            " matter), and index the documents again."
        )
        st.html(base.remark(text))
        return
    names = [facet.field for facet in fields]
    with st.container(horizontal=True, key="time-choices", vertical_alignment="bottom"):
        name = controls.select(say("Date"), "field", names, tab.field, key="time-field")
        usual = period_for(fields[names.index(name)])
        years = controls.select(
            say("Years per period"),
            "period",
            sorted({*PERIOD_YEARS, *filter(None, [tab.period])}),
            tab.period or usual,
            key=f"period-{name}",
        )
        measure = controls.segments(say("Shows"), "measure", MEASURES, tab.measure or "share")
        smoothing = controls.select(say("Smoothing"), "smoothing", SMOOTHING, tab.smoothing, _smoothing_name)
    where, inside = tuple(found.question.within), found.inside
    try:
        whole = cache.timeline(searcher, inventory, name, years, where)
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))
        return
    # Only lines inside the filters are counted, so that a count is the number of lines that a click shows.
    counted = whole if inside is None else restricted(whole, inside)
    described = dictionary.with_lines(inventory)
    shown = counted.smoothed(smoothing)
    st.session_state[PERIODS] = shown
    note = "" if inside is None else base.remark(say("Lines outside the filters are not counted."))
    st.html(senses.timeline(shown, described, measure, smoothing) + note)
    figures.draw(
        searcher,
        query,
        "time",
        (lambda: counted.plot(measure, smoothing)) if counted.periods else None,
        lambda: counted.rows(smoothing),
        counted.cited,
        say(
            "Senses of {word} by {field}: {measure}. The table above has the same numbers.",
            word=inventory.word,
            field=name,
            measure=say(MEASURES[measure]),
        ),
    )


def _smoothing_name(periods: int) -> str:
    return say("none") if periods == 1 else plural("over {number} period", "over {number} periods", periods)


def with_values(searcher: Searcher, facet: Facet) -> Facet:
    """Read the values of a date field that has too many to be listed."""
    if facet.options or not _has_date_name(facet):
        return facet
    with searcher.collection.reading():
        return replace(facet, options=searcher.collection.values(facet.field))


def dated(offered: Sequence[Facet]) -> list[Facet]:
    """Return the fields with dates: `year` and `date` first. Values without a year, such as "n.d.", are undated."""
    found = [facet for facet in offered if facet.kind is FacetKind.DATE or (_has_date_name(facet) and _years(facet))]
    return sorted(found, key=lambda facet: (facet.field not in ("year", "date"), facet.field))


def _has_date_name(facet: Facet) -> bool:
    return facet.field.casefold() in ("year", "date", "published")


def _years(facet: Facet) -> list[int]:
    """Return the years that the timeline reads from a field's values."""
    return [year for value in facet.options if (year := year_of(value)) is not None]


def period_for(facet: Facet) -> int:
    """Return the shortest period, in years, that divides the field's values into at most `MAX_PERIODS` periods."""
    years = _years(facet)
    span = max(years) - min(years) + 1 if years else 1
    return next((years for years in PERIOD_YEARS if span / years <= MAX_PERIODS), PERIOD_YEARS[-1])
