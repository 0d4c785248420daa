"""Draw the senses of the query's word: their rows, a map, a timeline, collocates, and a form to name a sense."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.citation import question_text
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.sense_map import SenseMap
from . import cache, collocates, controls, counts, dictionary, fetch, figures, judged, keywords, over_time
from .address import Listing, PageQuery, Sort
from .cache import Contents
from .html import base, senses
from .html import dictionary as html
from .listing import Answer, is_sense
from .session import change, current, marks, set_tab, show, show_message
from .tab import PROJECTIONS, TABS

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
            dictionary.draw_choice(searcher, query)
            pane = _draw_tabs(query)
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
        with st.container(key="tab", gap="small"):
            if pane == "map":
                _draw_map(searcher, inventory, found, query)
            elif pane == "time":
                over_time.draw(searcher, inventory, contents.facets, found, query)
            elif pane == "counts":
                counts.draw(searcher, inventory, contents.facets, found, query)
            elif pane == "words":
                collocates.draw(searcher, inventory, found, query)
            elif pane == "keywords":
                keywords.draw(searcher, found, query)
        _draw_chosen(searcher, query, inventory)


def _draw_tabs(query: PageQuery) -> str:
    """Draw the tabs, and return the name of the open one."""
    offered = [name for name in TABS if name != "words" or not query.dictionary]
    if not keywords.filters_of(query):
        offered.remove("keywords")
    show("pane", query.tab.name if query.tab.name in offered else "")

    def changed() -> None:
        set_tab(replace(query.tab, name=st.session_state["pane"]))

    st.segmented_control(
        "Also show",
        offered,
        format_func=lambda name: TABS[name],
        key="pane",
        on_change=changed,
        required=True,
        label_visibility="collapsed",
    )
    return str(st.session_state["pane"])


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
        format_func=lambda name: base.label(name, 40),  # a pill formats its text
        selection_mode="multi",
        key="known",
        on_change=changed,
        help="The lines of these named senses stay together, and the other lines are grouped around them.",
    )


def _draw_title(inventory: SenseInventory, of_dictionary: bool) -> None:
    number = len(dictionary.with_lines(inventory).senses) if of_dictionary else len(inventory.senses)
    status = "one was found" if number == 1 else f"{number} were found. Click one to see its lines"
    name = base.escape(base.cut_right(inventory.word, 40))
    st.html(
        f'<div class="pol-senses-title"><h2 class="pol-title">Senses of <i>{name}</i>: {status}</h2>{base.FOLD}</div>'
    )


def _draw_map(searcher: Searcher, inventory: SenseInventory, found: Answer, query: PageQuery) -> None:
    method = "pca"
    if importlib.util.find_spec("umap") is not None:
        method = controls.segments(
            "Projection", "projection", {name: name for name in PROJECTIONS}, query.tab.projection
        )
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
    inside = np.array([n for n, key in enumerate(every) if found.inside is None or key in found.inside], np.int64)
    cited = searcher.cite(
        question_text(f"map of {inventory.word} ({inventory.match})", found.question.within, f"by {method}")
    )
    drawn_map = SenseMap(
        inventory.word,
        method,
        np.array(every, np.int64)[inside],
        np.array([inventory.assignments[key] or 0 for key in every], np.int64)[inside],
        places[inside],
        inventory.sense_names(),
        cited,
    )
    figures.draw(
        searcher,
        query,
        "map",
        drawn_map.plot if len(inside) else None,
        drawn_map.to_dicts,
        cited,
        f"Map of the occurrences of {inventory.word}, with a colour and a marker for each sense.",
    )


def _occurrences(lines: Sequence[SentenceHit]) -> list[OccurrenceHit]:
    return [hit for hit in lines if isinstance(hit, OccurrenceHit)]


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
