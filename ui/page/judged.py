"""Draw what a lexicographer does with the senses of a word: edit those that lines were given, find examples, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from ...indexer.collection.judgements import JudgedSense
from ...indexer.errors import PolysemeError
from ...search.hits import Match
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ..entries import SUFFIXES, EntryFormat, entry_bytes
from . import annotate, cache
from .actions import word_of
from .address import MAX_IDS, Listing, Sort
from .html import annotate as html
from .html import base
from .language import numeral, say
from .listing import Answer
from .session import change, current, show_message

PER_SENSE = 3
"""Number of examples of each sense."""
TO_JUDGE = 10
"""Number of lines that a visitor is asked about."""
DATES = ("year", "date", "published")
"""Fields that an entry may count by, the first one that a collection has."""
_FORMATS: Mapping[EntryFormat, tuple[str, str]] = {
    EntryFormat.MARKDOWN: ("Markdown", "text/markdown"),
    EntryFormat.DOCX: (
        "Word (DOCX)",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    EntryFormat.HTML: ("HTML", "text/html"),
    EntryFormat.JSON: ("JSON", "application/json"),
    EntryFormat.LMF: ("LMF", "application/xml"),
    EntryFormat.TEI: ("TEI Lex-0", "application/tei+xml"),
}


def senses_of(searcher: Searcher, inventory: SenseInventory) -> tuple[JudgedSense, ...]:
    """Return the edited senses of the word of an inventory."""
    word = inventory.word
    found: tuple[JudgedSense, ...] = cache.cached(searcher, ("judged", word), lambda: searcher.judged_senses(word))
    return tuple(sense for sense in found if sense.word == word)


def definitions(searcher: Searcher, inventory: SenseInventory) -> dict[str, str]:
    """Return the definitions of the edited senses of a word by their names."""
    return {sense.name: sense.definition for sense in senses_of(searcher, inventory) if sense.definition}


def draw(searcher: Searcher, found: Answer, inventory: SenseInventory) -> None:
    """Draw a menu for each edited sense, and the buttons for examples, for lines to judge and for the entry."""
    judged = senses_of(searcher, inventory)
    with st.container(horizontal=True, key="edited", vertical_alignment="center", gap="small"):
        if judged:
            st.html(base.remark(say("Edited senses:")), width="content")
            for sense in judged:
                _draw_menu(searcher, sense, judged)
        st.button(
            say("Three examples of each sense"),
            key="three-examples",
            help=say("Lists the lines that are the best examples for a dictionary"),
            on_click=_list_examples,
            args=(searcher, found, inventory),
        )
        if inventory.match is Match.LEMMA:
            st.button(
                say("Ask me ten lines"),
                key="to-judge",
                help=say("Lists the ten lines whose judgement would settle most"),
                on_click=_list_to_judge,
                args=(searcher, found, inventory),
            )
            _draw_entry(searcher, found, inventory)
    if judged:
        agreed = cache.cached(searcher, ("agreement", inventory.word), lambda: searcher.agreement(inventory.word))
        if text := html.agreement(agreed):
            st.html(text)


def _draw_menu(searcher: Searcher, sense: JudgedSense, judged: Sequence[JudgedSense]) -> None:
    """Draw the menu of an edited sense: rename, describe, merge, forget."""
    # A new key makes a new popover, which is closed. So the popover closes when something was saved.
    key = f"edit-{sense.number}-{searcher.annotation_state()}"
    word, name = sense.word, sense.name
    with st.popover(base.label(f"{name} {numeral(len(sense.lines))}", 60), key=key):
        with st.form(f"{key}-form", border=False):
            st.text_input(say("Name"), value=name, key=f"{key}-name", max_chars=100)
            st.text_area(say("Definition"), value=sense.definition, key=f"{key}-text", max_chars=10_000, height=90)
            st.form_submit_button(say("Save"), type="primary", on_click=_save, args=(searcher, sense, key))
        others = [other.name for other in judged if other.number != sense.number]
        if others:
            shown = base.distinct(others, 60)
            st.selectbox(
                say("Give its lines to"),
                others,
                index=None,
                format_func=lambda other: shown.get(other, other),
                key=f"{key}-into",
                placeholder=say("another sense"),
                filter_mode=None,
            )
            st.button(
                say("Merge"),
                key=f"{key}-merge",
                disabled=st.session_state.get(f"{key}-into") is None,
                on_click=_merge,
                args=(searcher, word, name, f"{key}-into"),
            )
        sure = st.checkbox(say("Forget this sense. Its lines then have none"), key=f"{key}-sure")
        st.button(
            say("Forget"),
            key=f"{key}-forget",
            disabled=not sure,
            help=say("Undo brings it back"),
            on_click=_forget,
            args=(searcher, word, name),
        )


def _save(searcher: Searcher, sense: JudgedSense, key: str) -> None:
    name = str(st.session_state[f"{key}-name"]).strip()
    text = str(st.session_state[f"{key}-text"]).strip()
    new_name = None if name == sense.name else name
    definition = None if text == sense.definition else text
    if new_name is None and definition is None:
        show_message(say("Nothing was changed. Type another name or a definition"))
        return
    annotate.change(lambda author: searcher.edit_sense(sense.word, sense.name, new_name, definition, author))


def _merge(searcher: Searcher, word: str, name: str, key: str) -> None:
    into = st.session_state.get(key)
    if into is not None:
        _dropping_choice(annotate.change(lambda author: searcher.merge_senses(word, name, str(into), author)))


def _forget(searcher: Searcher, word: str, name: str) -> None:
    _dropping_choice(annotate.change(lambda author: searcher.forget_sense(word, name, author)))


def _dropping_choice(is_done: bool) -> None:
    """Show all lines if a sense has gone. The chosen number may be that of another one now."""
    if is_done and current().sense is not None:
        change(replace(current(), sense=None, listing=Listing.HITS))


def _list_examples(searcher: Searcher, found: Answer, inventory: SenseInventory) -> None:
    try:
        examples = searcher.good_examples(inventory.word, PER_SENSE, list(found.question.within), inventory)
    except PolysemeError as error:
        show_message(str(error))
        return
    inside = found.inside
    ids = [one.hit.occurrence_id for each in examples.values() for one in each]
    _pick([key for key in ids if inside is None or key in inside], say("No line is a good example"), Sort.EXAMPLES)


def _list_to_judge(searcher: Searcher, found: Answer, inventory: SenseInventory) -> None:
    try:
        hits = searcher.to_judge(inventory.word, TO_JUDGE, list(found.question.within))
    except PolysemeError as error:
        show_message(str(error))
        return
    _pick([hit.occurrence_id for hit in hits], say("No line is left to judge"), current().sort)


def _pick(ids: Sequence[int], none: str, sort: Sort) -> None:
    """Keep only these lines, or say that there are none."""
    if not ids:
        show_message(none)
        return
    picked = tuple(sorted(ids)[:MAX_IDS])
    change(replace(word_of(current()), picked=picked, sense=None, listing=Listing.HITS, sort=sort))


def _draw_entry(searcher: Searcher, found: Answer, inventory: SenseInventory) -> None:
    """Draw a button that opens a choice of formats. The entry is made when a format is clicked."""
    word, where = inventory.word, list(found.question.within)
    with st.popover(say("Entry"), icon=":material/menu_book:", key="entry"):
        text = say("Senses with names and definitions, shares, examples, collocates and counts over time.")
        st.html(base.remark(text))

        def make(output_format: EntryFormat) -> bytes:
            fields = {facet.field for facet in cache.contents(searcher).facets}
            field = next((name for name in DATES if name in fields), DATES[0])
            key = ("entry", word, where, field)
            made = cache.cached(searcher, key, lambda: searcher.entry(word, PER_SENSE, where, field))
            return entry_bytes(made, output_format)

        name = "".join(sign if sign.isalnum() else "-" for sign in word)[:60]
        for output_format, (label, mime) in _FORMATS.items():
            st.download_button(
                label,
                partial(make, output_format),
                f"{name}-entry.{SUFFIXES.get(output_format, output_format)}",
                mime,
                key=f"entry-{output_format}",
                on_click="ignore",
                width="stretch",
            )
