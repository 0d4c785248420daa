"""Draw the senses of the query's word: their rows, a map, a timeline, collocates, and a form to name a sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ...indexer.errors import PolysemeError
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from . import collocates, counts, dictionary, fetch, judged, keywords, map_tab, over_time
from .address import Listing, PageQuery, Sort
from .cache import Contents
from .html import base, senses
from .html import dictionary as html
from .language import keyed, plural, plural_html, say, say_html
from .listing import Answer, is_sense
from .session import change, current, marks, set_tab, show, show_message
from .tab import TABS

MAX_SENSES = 30
"""Maximum number of senses that the slider gives. The command line gives more."""


def draw(searcher: Searcher, contents: Contents, found: Answer) -> DeltaGenerator | None:
    """Draw the panel of the senses, if the query asks for a word of the collection.

    Returns:
        The place of the rows, if they lack their descriptions. `describe` draws them.
    """
    inventory, query = found.inventory, current()
    rows = None
    if inventory is None:
        return None
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
            rows = st.empty()
            _draw_rows(rows, searcher, inventory, found)
            judged.draw(searcher, found, inventory)
        with st.container(key="tab", gap="small"):
            if pane == "map":
                map_tab.draw(searcher, inventory, contents.facets, found, query)
            elif pane == "time":
                over_time.draw(searcher, inventory, contents.facets, found, query)
            elif pane == "counts":
                counts.draw(searcher, inventory, contents.facets, found, query)
            elif pane == "words":
                collocates.draw(searcher, found.question.described or inventory, found, query)
            elif pane == "keywords":
                keywords.draw(searcher, found, query)
        _draw_chosen(searcher, query, inventory)
    return None if inventory.is_described else rows


def describe(rows: DeltaGenerator, searcher: Searcher, found: Answer) -> None:
    """Add the stability of the senses and their expected words to the rows. These come last, as they take long."""
    if (inventory := found.question.described) is not None:
        _draw_rows(rows, searcher, inventory, found)


def _draw_rows(rows: DeltaGenerator, searcher: Searcher, inventory: SenseInventory, found: Answer) -> None:
    described = judged.definitions(searcher, inventory)
    rows.html(senses.entry(inventory, current().sense, found.inside, described))


def _draw_tabs(query: PageQuery) -> str:
    """Draw the tabs, and return the name of the open one."""
    offered = [name for name in TABS if name != "words" or not query.dictionary]
    if not keywords.filters_of(query):
        offered.remove("keywords")
    key, names = keyed("pane"), {name: say(text) for name, text in TABS.items()}
    show(key, query.tab.name if query.tab.name in offered else "")

    def changed() -> None:
        set_tab(replace(query.tab, name=st.session_state[key]))

    st.segmented_control(
        say("Also show"),
        offered,
        format_func=names.__getitem__,
        key=key,
        on_change=changed,
        required=True,
        label_visibility="collapsed",
    )
    return str(st.session_state[key])


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
        st.html(base.remark(say("coarser")), width="content")
        st.slider(
            say("Number of senses, from coarser to finer"),
            1,
            most,
            key="grain",
            on_change=changed,
            label_visibility="collapsed",
            width=180,
        )
        st.html(base.remark(say("finer")), width="content")
        if query.senses is not None:
            usual = replace(query, senses=None, sense=None, listing=Listing.HITS)
            label = say("Usual: {senses}", senses=inventory.usual)
            st.button(label, key="usual-grain", type="tertiary", on_click=change, args=(usual,))


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
        say("Hold fixed"),
        names,
        format_func=lambda name: base.label(name, 40),  # a pill formats its text
        selection_mode="multi",
        key="known",
        on_change=changed,
        help=say("The lines of these named senses stay together, and the other lines are grouped around them."),
    )


def _draw_title(inventory: SenseInventory, of_dictionary: bool) -> None:
    number = len(dictionary.with_lines(inventory).senses) if of_dictionary else len(inventory.senses)
    title = plural_html(
        "Senses of {word}: {number} was found",
        "Senses of {word}: {number} were found. Click one to see its lines",
        number,
        word=f"<i>{base.escape(base.cut_right(inventory.word, 40))}</i>",
    )
    st.html(f'<div class="pol-senses-title"><h2 class="pol-title">{title}</h2>{base.fold_button()}</div>')


def _occurrences(lines: Sequence[SentenceHit]) -> list[OccurrenceHit]:
    return [hit for hit in lines if isinstance(hit, OccurrenceHit)]


def _draw_chosen(searcher: Searcher, query: PageQuery, inventory: SenseInventory) -> None:
    """Draw what can be done with the chosen lines."""
    chosen = is_sense(query.sense, inventory)
    if query.sense is None and not query.picked:
        return
    with st.container(horizontal=True, key="narrowed", vertical_alignment="center", gap="small"):
        if query.picked:
            picked = plural_html("{number} line picked", "{number} lines picked", len(query.picked))
            st.html(f'<p class="pol-status">{picked}</p>', width="content")
        if query.sense is not None or query.picked:
            everything = replace(query, sense=None, picked=(), listing=Listing.HITS)
            st.button(
                say("Show all lines"), key="all-lines", icon=":material/close:", on_click=change, args=(everything,)
            )
        if chosen and query.listing is Listing.OTHERS:
            back = replace(query, listing=Listing.HITS, sort=Sort.SCORE, picked=())
            st.button(say("Back to this word"), key="others", on_click=change, args=(back,))
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
    with st.popover(say("Name this sense") if chosen else say("Name the sense of the marked lines"), key=key):
        _draw_form(searcher, query, inventory, chosen)


def _draw_form(searcher: Searcher, query: PageQuery, inventory: SenseInventory, chosen: bool) -> None:
    text = say_html(
        "A named sense is stored in this collection. It filters any search, here and with {option}.",
        option="<code>--where sense=NAME</code>",
    )
    st.html(f'<p class="pol-quiet">{text}</p>')
    word = inventory.word
    label = inventory.senses[query.sense - 1].labels if chosen and query.sense is not None else ()
    usual = "_".join([word, *(item.lemma for item in label[:1])])
    with st.form("save-form", border=False, enter_to_submit=True):
        st.text_input(say("Name"), value=usual, key="sense-name", max_chars=100)
        st.form_submit_button(say("Save"), on_click=_save, args=(searcher, query, inventory, chosen), type="primary")


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
                any_pos=query.any_pos,
            )
    except PolysemeError as error:
        show_message(str(error))
        return
    show_message(say("Saved as {name}. It is listed under Named senses in the sidebar", name=made.name))


def named_senses(searcher: Searcher) -> None:
    """Draw the named senses, to filter by one or to delete one."""
    kept = searcher.named_senses()
    if not kept:
        return
    st.subheader(say("Named senses"), anchor=False)
    names = [item.name for item in kept]
    chosen = fetch.named_sense(current().where)
    key = keyed("named-sense")
    sizes = {
        item.name: plural(
            "{name} ({word}, from {number} line)",
            "{name} ({word}, from {number} lines)",
            item.size,
            name=item.name,
            word=item.word,
        )
        for item in kept
    }
    show(key, chosen if chosen in names else None, sizes.values())

    def changed() -> None:
        rest = tuple(text for text in current().where if not text.startswith(fetch.SENSE_FILTER))
        name = st.session_state[key]
        where = (*rest, fetch.SENSE_FILTER + name) if name else rest
        change(replace(current(), where=where, picked=(), sense=None))

    st.selectbox(
        say("Only lines in the sense"),
        names,
        index=None,
        format_func=lambda name: sizes[name],
        key=key,
        on_change=changed,
        placeholder=say("any"),
    )
    with st.popover(say("Delete a named sense"), type="tertiary", key="delete"):
        for n, name in enumerate(names):
            st.button(
                base.label(say("Delete {name}", name=name), 60),
                key=f"delete-{n}",
                on_click=_delete,
                args=(searcher, name),
            )


def _delete(searcher: Searcher, name: str) -> None:
    try:
        searcher.remove_named_sense(name)
    except PolysemeError as error:
        show_message(str(error))
        return
    rest = tuple(text for text in current().where if text != fetch.SENSE_FILTER + name)
    change(replace(current(), where=rest))
