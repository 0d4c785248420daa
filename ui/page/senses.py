"""Draw the senses of the query's word: their rows, a map, a timeline, collocates, and a form to name a sense."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.timeline import restricted
from ...search.statistics.parts import year_of
from . import cache, dictionary, fetch, judged
from .actions import PERIODS
from .address import Listing, PageQuery, Sort
from .cache import Contents
from .facets import Facet, FacetKind
from .html import base, senses
from .html import dictionary as html
from .listing import Answer, is_sense
from .session import change, current, marks, show, show_message

VIEWS = {"": "Lines only", "map": "Map", "time": "Over time", "words": "Collocates"}
PERIOD_YEARS = (1, 5, 10, 20, 25, 50, 100)
MAX_PERIODS = 14
"""Maximum number of periods that the default period length makes. The page is wide enough for them."""
MAX_SENSES = 30
"""Maximum number of senses that the slider gives. The command line gives more."""
MAX_POINTS = 3000
"""Maximum number of points on the map."""


def draw(searcher: Searcher, contents: Contents, found: Answer) -> None:
    """Draw the panel of the senses, if the query asks for a word of the collection."""
    inventory, query = found.inventory, current()
    if inventory is None:
        return
    with st.container(key="senses", border=True, gap="small"):
        with st.container(horizontal=True, key="senses-head", vertical_alignment="center"):
            _draw_title(inventory, bool(found.query.dictionary))
            if "pane" not in st.session_state:
                st.session_state["pane"] = ""
            dictionary.draw_choice(searcher, query)
            st.segmented_control(
                "Also show",
                [name for name in VIEWS if name != "words" or not query.dictionary],
                format_func=lambda name: VIEWS[name],
                key="pane",
                required=True,
                label_visibility="collapsed",
            )
        if found.query.dictionary:
            st.html(dictionary.entry(searcher, inventory, found.query, found.inside))
        else:
            if query.dictionary:
                st.html(html.missing(query.dictionary, inventory.word))
            _draw_grain(inventory, query)
            _draw_known(searcher, inventory, query)
            described = judged.definitions(searcher, inventory)
            st.html(senses.entry(inventory, query.sense, found.inside, described))
            judged.draw(searcher, found, inventory)
        pane = st.session_state["pane"]
        if pane == "map":
            _draw_map(searcher, inventory, found, query)
        elif pane == "time":
            _draw_timeline(searcher, inventory, contents.facets, found.inside)
        elif pane == "words":
            st.html(senses.collocate_tables(inventory, query.sense))
        _draw_chosen(searcher, query, inventory)


def _draw_grain(inventory: SenseInventory, query: PageQuery) -> None:
    """Draw the slider that divides the word into fewer or more senses."""
    most = min(inventory.most, max(MAX_SENSES, len(inventory.senses)))
    if most < 2:
        return
    show("grain", len(inventory.senses))

    def changed() -> None:
        number = st.session_state["grain"]
        # Another cut has other senses, so the chosen one is dropped.
        wanted = None if number == inventory.usual else number
        change(replace(query, senses=wanted, sense=None, listing=Listing.HITS))

    with st.container(horizontal=True, key="senses-grain", vertical_alignment="center", gap="small"):
        st.html('<p class="pol-quiet">coarser</p>', width="content")
        st.slider(
            "Number of senses, from coarser to finer",
            1,
            most,
            key="grain",
            on_change=changed,
            label_visibility="collapsed",
            width=180,
        )
        st.html('<p class="pol-quiet">finer</p>', width="content")
        if query.senses is not None:
            usual = replace(query, senses=None, sense=None, listing=Listing.HITS)
            st.button(f"Usual: {inventory.usual}", key="usual-grain", type="tertiary", on_click=change, args=(usual,))


def _draw_known(searcher: Searcher, inventory: SenseInventory, query: PageQuery) -> None:
    """Draw the named senses of the word, to hold some fixed."""
    names = [item.name for item in searcher.named_senses() if item.word == inventory.word]
    if not names:
        return
    show("known", list(query.known))

    def changed() -> None:
        # The senses are others, so the chosen one is dropped. The named ones set the least number.
        known = tuple(st.session_state["known"])
        change(replace(query, known=known, senses=None, sense=None, listing=Listing.HITS))

    st.pills(
        "Hold fixed",
        names,
        selection_mode="multi",
        key="known",
        on_change=changed,
        help="The lines of these named senses stay together, and the other lines are grouped around them.",
    )


def _draw_title(inventory: SenseInventory, of_dictionary: bool) -> None:
    number = len(dictionary.with_lines(inventory).senses) if of_dictionary else len(inventory.senses)
    status = "one was found" if number == 1 else f"{number} were found. Click one to see its lines"
    name = base.escape(base.cut_right(inventory.word, 40))
    st.html(f'<h2 class="pol-title">Senses of <i>{name}</i>: {status}</h2>')


def _draw_map(searcher: Searcher, inventory: SenseInventory, found: Answer, query: PageQuery) -> None:
    method = "pca"
    if importlib.util.find_spec("umap") is not None:
        method = st.segmented_control("Projection", ["pca", "umap"], default="pca", key="projection", required=True)
    try:
        places = cache.places(searcher, inventory, method)
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))
        return
    # Only points inside the filters are drawn, so that each point has a line.
    every = list(inventory.assignments)
    drawn = [n for n, key in enumerate(every) if found.inside is None or key in found.inside]
    step = max(1, -(-len(drawn) // MAX_POINTS))
    drawn = drawn[::step]
    ids = [every[n] for n in drawn]
    numbers = [inventory.assignments[key] for key in ids]
    tips = {hit.occurrence_id: hit for hit in _occurrences(found.lines)}
    shown = senses.occurrence_map(places[drawn], ids, numbers, tips, query.picked)
    st.html(shown + senses.legend(dictionary.with_lines(inventory)))
    few = "" if found.inside is None else " Occurrences outside the filters are not drawn."
    few += "" if step == 1 else f" One in {step} occurrences is drawn."
    st.html(
        '<p class="pol-quiet">Points that are close together have similar senses. Click a point to see its line, or'
        " draw a frame around several. Hold Shift to add to the picked lines. The arrow keys go from point to point."
        f"{few}</p>"
    )


def _occurrences(lines: Sequence[SentenceHit]) -> list[OccurrenceHit]:
    return [hit for hit in lines if isinstance(hit, OccurrenceHit)]


def _draw_timeline(
    searcher: Searcher, inventory: SenseInventory, offered: Sequence[Facet], inside: frozenset[int] | None
) -> None:
    fields = dated([with_values(searcher, facet) for facet in offered])
    if not fields:
        st.html(
            '<p class="pol-quiet">No document here has a year or a date. Add it as metadata (a column year in'
            " metadata.csv, or front matter), and index the documents again.</p>"
        )
        return
    with st.container(horizontal=True, key="time-choices", vertical_alignment="bottom"):
        names = [facet.field for facet in fields]
        name = st.selectbox("Date", names, key="time-field", width=180, filter_mode=None) or names[0]
        facet = fields[names.index(name)]
        usual = period_for(facet)
        years = st.selectbox(
            "Years per period",
            PERIOD_YEARS,
            index=PERIOD_YEARS.index(usual),
            key=f"period-{name}",
            width=180,
            filter_mode=None,
        )
    whole = cache.timeline(searcher, inventory, name, years or usual)
    # Only lines inside the filters are counted, so that a count is the number of lines that a click shows.
    found = whole if inside is None else restricted(whole, inside)
    st.session_state[PERIODS] = found
    note = "" if inside is None else '<p class="pol-quiet">Lines outside the filters are not counted.</p>'
    st.html(senses.timeline(found, dictionary.with_lines(inventory)) + note)


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


def _draw_chosen(searcher: Searcher, query: PageQuery, inventory: SenseInventory) -> None:
    """Draw what can be done with the chosen lines."""
    chosen = is_sense(query.sense, inventory)
    if query.sense is None and not query.picked:
        return
    with st.container(horizontal=True, key="narrowed", vertical_alignment="center", gap="small"):
        if query.picked:
            picked = base.count(len(query.picked), "line")
            st.html(f'<p class="pol-status">{picked} picked</p>', width="content")
        if query.sense is not None or query.picked:
            everything = replace(query, sense=None, picked=(), listing=Listing.HITS)
            st.button("Show all lines", key="all-lines", icon=":material/close:", on_click=change, args=(everything,))
        if chosen and query.listing is Listing.OTHERS:
            back = replace(query, listing=Listing.HITS, sort=Sort.SCORE, picked=())
            st.button("Back to this word", key="others", on_click=change, args=(back,))
        if chosen:
            _draw_naming(searcher, query, inventory, chosen)


def name_marked(searcher: Searcher, found: Answer) -> None:
    """Draw the form that names the sense of the lines marked +, unless a sense is chosen, which has its own form."""
    inventory, query = found.inventory, current()
    if inventory is not None and not is_sense(query.sense, inventory):
        _draw_naming(searcher, query, inventory, chosen=False)


def _draw_naming(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    # A new key makes a new popover, which is closed. So the popover closes when the sense is saved.
    key = f"save-{len(searcher.named_senses())}"
    with st.popover("Name this sense" if chosen else "Name the sense of the marked lines", key=key):
        _draw_form(searcher, query, inventory, chosen)


def _draw_form(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    st.html(
        '<p class="pol-quiet">A named sense is stored in this collection. It filters any search, here and with'
        " <code>--where sense=NAME</code>.</p>"
    )
    word = inventory.word
    label = inventory.senses[query.sense - 1].labels if chosen and query.sense is not None else ()
    usual = "_".join([word, *(item.lemma for item in label[:1])])
    with st.form("save-form", border=False, enter_to_submit=True):
        st.text_input("Name", value=usual, key="sense-name", max_chars=100)
        st.form_submit_button("Save", on_click=_save, args=(searcher, query, inventory, chosen), type="primary")


def _save(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    name = str(st.session_state["sense-name"]).strip()
    try:
        if chosen:
            made = searcher.save_named_sense(name, inventory, query.sense)
        else:
            plus, minus = ([key for key, sign in marks().items() if sign == wanted] for wanted in (1, -1))
            made = searcher.save_named_sense(
                name,
                positive=_occurrences(searcher.live_hits(plus)),
                negative=_occurrences(searcher.live_hits(minus)),
            )
    except PolysemeError as error:
        show_message(str(error))
        return
    show_message(f"Saved as {made.name}. It is listed under Named senses in the sidebar")


def named_senses(searcher: Searcher) -> None:
    """Draw the named senses, to filter by one or to delete one."""
    kept = searcher.named_senses()
    if not kept:
        return
    st.subheader("Named senses", anchor=False)
    names = [item.name for item in kept]
    chosen = fetch.named_sense(current().where)
    show("named-sense", chosen if chosen in names else None)
    sizes = {item.name: f"{item.name} ({item.word}, from {base.count(item.size, 'line')})" for item in kept}

    def changed() -> None:
        rest = tuple(text for text in current().where if not text.startswith(fetch.SENSE_FILTER))
        name = st.session_state["named-sense"]
        where = (*rest, fetch.SENSE_FILTER + name) if name else rest
        change(replace(current(), where=where, picked=(), sense=None))

    st.selectbox(
        "Only lines in the sense",
        names,
        index=None,
        format_func=lambda name: sizes[name],
        key="named-sense",
        on_change=changed,
        placeholder="any",
    )
    with st.popover("Delete a named sense", type="tertiary", key="delete"):
        for n, name in enumerate(names):
            st.button(base.label(f"Delete {name}", 60), key=f"delete-{n}", on_click=_delete, args=(searcher, name))


def _delete(searcher: Searcher, name: str) -> None:
    try:
        searcher.remove_named_sense(name)
    except PolysemeError as error:
        show_message(str(error))
        return
    rest = tuple(text for text in current().where if text != fetch.SENSE_FILTER + name)
    change(replace(current(), where=rest))
