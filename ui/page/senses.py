"""The senses of the word that is asked for: their rows, a map, a timeline, collocates, and a name for one of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.timeline import restricted, year_of
from . import cache as loading
from . import fetch as asking
from .actions import PERIODS
from .address import Listing, PageQuery, Sort
from .cache import Contents
from .facets import Facet, FacetKind
from .html import base as views
from .html import senses as sense_view
from .listing import Answer, is_sense
from .session import change, current, marks, show, tell

VIEWS = {"": "Lines only", "map": "Map", "time": "Over time", "words": "Collocates"}
PERIOD_YEARS = (1, 5, 10, 20, 25, 50, 100)
MOST_PERIODS = 14
"""Periods that the page's width shows well."""
MOST_POINTS = 3000
"""Points that are drawn of a word with more occurrences."""


def draw(searcher: Searcher, contents: Contents, found: Answer) -> None:
    """The panel of the senses."""
    inventory, query = found.inventory, current()
    if inventory is None:
        return
    with st.container(key="senses", border=True, gap="small"):
        with st.container(horizontal=True, key="senses-head", vertical_alignment="center"):
            _title(inventory)
            if "pane" not in st.session_state:
                st.session_state["pane"] = ""
            st.segmented_control(
                "Show beside the lines",
                list(VIEWS),
                format_func=lambda name: VIEWS[name],
                key="pane",
                required=True,
                label_visibility="collapsed",
            )
        st.html(sense_view.entry(inventory, query.sense, found.inside))
        pane = st.session_state["pane"]
        if pane == "map":
            _map(searcher, inventory, found, query)
        elif pane == "time":
            _timeline(searcher, inventory, contents.facets, found.inside)
        elif pane == "words":
            st.html(sense_view.collocate_tables(inventory, query.sense))
        _narrowed(searcher, query, found, inventory)


def _title(inventory: SenseInventory) -> None:
    number = len(inventory.senses)
    told = "one is told apart" if number == 1 else f"{number} are told apart; click one for its lines"
    name = views.escape(views.cut_right(inventory.word, 40))
    st.html(f'<h2 class="pol-title">Senses of <i>{name}</i>: {told}</h2>')


def _map(searcher: Searcher, inventory: SenseInventory, found: Answer, query: PageQuery) -> None:
    method = "pca"
    if importlib.util.find_spec("umap") is not None:
        method = st.segmented_control("Projection", ["pca", "umap"], default="pca", key="projection", required=True)
    try:
        places = loading.places(searcher, inventory, method)
    except PolysemeError as error:
        st.warning(views.label(str(error), 500))
        return
    # As the lines are: a point that is drawn has a line.
    every = list(inventory.assignments)
    drawn = [n for n, key in enumerate(every) if found.inside is None or key in found.inside]
    step = max(1, -(-len(drawn) // MOST_POINTS))
    drawn = drawn[::step]
    ids = [every[n] for n in drawn]
    numbers = [inventory.assignments[key] for key in ids]
    tips = {hit.occurrence_id: hit for hit in _occurrences(found.lines)}
    shown = sense_view.occurrence_map(places[drawn], ids, numbers, tips, query.picked)
    st.html(shown + sense_view.legend(inventory))
    few = "" if found.inside is None else " Occurrences outside the filters are not drawn."
    few += "" if step == 1 else f" One in {step} occurrences is drawn."
    st.html(
        '<p class="pol-quiet">Near on the map means alike in sense. Click a point for its line, draw a frame around'
        f" several, hold Shift to add to them; arrow keys go from point to point.{few}</p>"
    )


def _occurrences(lines: Sequence[SentenceHit]) -> list[OccurrenceHit]:
    return [hit for hit in lines if isinstance(hit, OccurrenceHit)]


def _timeline(
    searcher: Searcher, inventory: SenseInventory, offered: Sequence[Facet], inside: frozenset[int] | None
) -> None:
    fields = dated([with_values(searcher, facet) for facet in offered])
    if not fields:
        st.html(
            '<p class="pol-quiet">No document here has a year or a date. Give them one as metadata (a column year in'
            " metadata.csv, or front matter) and index them again.</p>"
        )
        return
    with st.container(horizontal=True, key="time-choices", vertical_alignment="bottom"):
        names = [facet.field for facet in fields]
        name = st.selectbox("Date", names, key="time-field", width=180, filter_mode=None) or names[0]
        facet = fields[names.index(name)]
        usual = period_for(facet)
        years = st.selectbox(
            "Years a period",
            PERIOD_YEARS,
            index=PERIOD_YEARS.index(usual),
            key=f"period-{name}",
            width=180,
            filter_mode=None,
        )
    whole = loading.timeline(searcher, inventory, name, years or usual)
    # As the lines are: a point says how many lines a click on it leaves.
    found = whole if inside is None else restricted(whole, inside)
    st.session_state[PERIODS] = found
    note = "" if inside is None else '<p class="pol-quiet">Lines outside the filters are not counted.</p>'
    st.html(sense_view.timeline(found, inventory) + note)


def with_values(searcher: Searcher, facet: Facet) -> Facet:
    """A field of very many values lists none, yet dates may be among them."""
    if facet.options or not _is_named_so(facet):
        return facet
    with searcher.collection.reading():
        return replace(facet, options=searcher.collection.values(facet.field))


def dated(offered: Sequence[Facet]) -> list[Facet]:
    """The fields that tell a time, those named so first. What has another text there ("n.d.") is undated."""
    found = [facet for facet in offered if facet.kind is FacetKind.DATE or (_is_named_so(facet) and _years(facet))]
    return sorted(found, key=lambda facet: (facet.field not in ("year", "date"), facet.field))


def _is_named_so(facet: Facet) -> bool:
    return facet.field.casefold() in ("year", "date", "published")


def _years(facet: Facet) -> list[int]:
    """The years that the timeline reads of a field's values."""
    return [year for value in facet.options if (year := year_of(value)) is not None]


def period_for(facet: Facet) -> int:
    """The shortest period of which few enough cover the field's values."""
    years = _years(facet)
    span = max(years) - min(years) + 1 if years else 1
    return next((years for years in PERIOD_YEARS if span / years <= MOST_PERIODS), PERIOD_YEARS[-1])


def _narrowed(searcher: Searcher, query: PageQuery, found: Answer, inventory: SenseInventory) -> None:
    """What can be done with the lines that are chosen."""
    chosen = is_sense(query.sense, inventory)
    # A word may be asked as a sentence; then sentences are marked, and only occurrences make a sense.
    plus = [key for key, sign in marks().items() if sign > 0 and found.target is not None]
    if query.sense is None and not query.picked and not plus:
        return
    with st.container(horizontal=True, key="narrowed", vertical_alignment="center", gap="small"):
        if query.picked:
            told = f"{views.count(len(query.picked), 'line')} picked"
            st.html(f'<p class="pol-told">{told}</p>', width="content")
        if query.sense is not None or query.picked:
            everything = replace(query, sense=None, picked=(), listing=Listing.HITS)
            st.button("Show all lines", key="all-lines", icon=":material/close:", on_click=change, args=(everything,))
        if chosen:
            others = query.listing is Listing.OTHERS
            other = replace(query, listing=Listing.HITS if others else Listing.OTHERS, sort=Sort.SCORE, picked=())
            name = "Back to this word" if others else "Other words in this sense"
            st.button(name, key="others", on_click=change, args=(other,))
        if chosen or plus:
            # Another key is another popover: once the sense is saved, it is closed.
            key = f"save-{len(searcher.named_senses())}"
            with st.popover("Save this sense" if chosen else "Save the marked lines as a sense", key=key):
                _save(searcher, query, inventory, chosen)


def _save(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    st.html(
        '<p class="pol-quiet">A saved sense has a name in this collection. It filters any search, here and with'
        " <code>--where sense=NAME</code>.</p>"
    )
    word = inventory.word
    label = inventory.senses[query.sense - 1].labels if chosen and query.sense is not None else ()
    usual = "_".join([word, *(item.lemma for item in label[:1])])
    with st.form("save-form", border=False, enter_to_submit=True):
        st.text_input("Name", value=usual, key="sense-name", max_chars=100)
        st.form_submit_button("Save", on_click=_saved, args=(searcher, query, inventory, chosen), type="primary")


def _saved(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    name = str(st.session_state["sense-name"]).strip()
    try:
        if chosen:
            made = searcher.save_named_sense(name, inventory, query.sense)
        else:
            plus, minus = ([key for key, sign in marks().items() if sign == wanted] for wanted in (1, -1))
            made = searcher.save_named_sense(
                name,
                positive=_occurrences(asking.hits_of(searcher, plus, words=True)),
                negative=_occurrences(asking.hits_of(searcher, minus, words=True)),
            )
    except PolysemeError as error:
        tell(str(error))
        return
    tell(f"Saved as {made.name}; it is among the saved senses at the side")


def saved_senses(searcher: Searcher) -> None:
    """The saved senses, each to filter by or to forget."""
    kept = searcher.named_senses()
    if not kept:
        return
    st.subheader("Saved senses", anchor=False)
    names = [item.name for item in kept]
    chosen = asking.saved_sense(current().where)
    show("saved", chosen if chosen in names else None)
    sizes = {item.name: f"{item.name} ({item.word}, from {views.count(item.size, 'line')})" for item in kept}

    def changed() -> None:
        rest = tuple(text for text in current().where if not text.startswith(asking.SENSE_FILTER))
        name = st.session_state["saved"]
        where = (*rest, asking.SENSE_FILTER + name) if name else rest
        change(replace(current(), where=where, picked=(), sense=None))

    st.selectbox(
        "Only lines in the sense",
        names,
        index=None,
        format_func=lambda name: sizes[name],
        key="saved",
        on_change=changed,
        placeholder="any",
    )
    with st.popover("Forget a saved sense", type="tertiary", key="forget"):
        for n, name in enumerate(names):
            st.button(views.label(f"Forget {name}", 60), key=f"forget-{n}", on_click=_forget, args=(searcher, name))


def _forget(searcher: Searcher, name: str) -> None:
    try:
        searcher.remove_named_sense(name)
    except PolysemeError as error:
        tell(str(error))
        return
    rest = tuple(text for text in current().where if text != asking.SENSE_FILTER + name)
    change(replace(current(), where=rest))
