"""Draw the sidebar: the choice of collection, its size and model, the named senses, and filters by metadata."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...search.searcher import Searcher
from . import annotate, documents, indexing, language, senses, subcorpora
from .address import PageQuery, narrowed
from .cache import Contents
from .facets import Facet, FacetKind, Selection, filters, select
from .fetch import SENSE_FILTER
from .html import base
from .language import plural, say
from .library import Library
from .session import ask, browser_language, current, show

MAX_SHOWN = 6
"""Maximum number of fields that the sidebar shows at once."""
MAX_MORE = 8
"""Maximum number of further fields that are drawn at a time."""


def collection_choice(library: Library, usable: bool) -> None:
    """Draw the choice of collection, and a button to add documents if the collection can be opened."""
    names = sorted({*library.names, library.first} - {""})
    now = current().collection or library.first
    if len(names) > 1:
        show("collection", now if now in names else library.first)
        st.selectbox(
            say("Collection"),
            names,
            key="collection",
            on_change=lambda: ask(_in_collection(current(), st.session_state["collection"], library)),
        )
    else:
        st.header(base.label(now or say("No collection"), 60), anchor=False)
    if usable:
        st.button(say("Add documents"), key="add", icon=":material/add:", on_click=indexing.open_panel, width="stretch")
        st.button(say("Documents"), key="list", icon=":material/list:", on_click=documents.open_list, width="stretch")


def language_choice() -> None:
    """Draw the choice of the page's language. The address keeps a choice that is not the browser's own."""
    key = f"language-{language.current()}"

    def changed() -> None:
        wanted = str(st.session_state[key])
        st.session_state[language.CHOSEN] = "" if wanted == browser_language() else wanted

    codes = list(language.LANGUAGES)
    st.selectbox(
        say("Language"),
        codes,
        index=codes.index(language.current()),
        format_func=lambda code: language.LANGUAGES[code].name,
        key=key,
        on_change=changed,
        filter_mode=None,
    )


def _in_collection(query: PageQuery, name: str, library: Library) -> PageQuery:
    return PageQuery(query.text, query.match, query.k, collection="" if name == library.first else name)


def draw(searcher: Searcher, contents: Contents) -> None:
    """Draw the facts of the collection, the named senses, and the filters."""
    st.html(base.collection_facts(contents.info))
    senses.named_senses(searcher)
    judged = annotate.facets(searcher)
    offered = (*judged, *contents.facets)
    chosen, rest = select(current().where, offered)
    if contents.facets:
        st.subheader(say("Filters"), anchor=False)
    if current().where:
        st.button(say("Clear all filters"), key="clear", on_click=ask, args=(narrowed(current(), ()),))
    subcorpora.draw(searcher)
    # A collection may have many fields. The first ones are shown, and those that are in use.
    first = [facet for facet in contents.facets if facet.short][:MAX_SHOWN]
    shown = [facet for facet in contents.facets if facet in first or facet.field in chosen]
    for facet in shown:
        _facet(facet, chosen.get(facet.field, ()), offered)
    more = [facet for facet in contents.facets if facet not in shown]
    own = (SENSE_FILTER, subcorpora.FILTER)
    typed = tuple(text for text in rest if not text.startswith(own))
    with st.expander(say("More fields"), expanded=bool(typed)):
        for facet in _found(more):
            _facet(facet, (), offered)
        _other_filters(rest, offered)
    annotate.draw_author()
    if judged:
        st.subheader(say("Annotations"), anchor=False)
        for facet in judged:
            _facet(facet, chosen.get(facet.field, ()), offered)


def _found(facets: Sequence[Facet]) -> Sequence[Facet]:
    """Draw a search field if there are many fields, and return those that it finds."""
    if len(facets) <= MAX_MORE:
        return facets
    text = st.text_input(say("Find a field"), key="find-field").strip().casefold()
    found = [facet for facet in facets if text in facet.field.casefold()]
    hidden = len(found) - MAX_MORE
    if hidden > 0:
        remark = plural(
            "{number} more field. Type a part of the name of a field to find it.",
            "{number} more fields. Type a part of the name of a field to find it.",
            hidden,
        )
        st.html(base.remark(remark))
    return found[:MAX_MORE]


def _facet(facet: Facet, selection: Selection, offered: Sequence[Facet]) -> None:
    own = say(annotate.FACETS[facet.field]) if facet.field in annotate.FACETS else facet.field
    name, key = base.label(own, 60), f"facet-{facet.field}"
    if facet.kind is FacetKind.CHOICE:
        # Streamlit confuses options that have the same label.
        shown = base.distinct([*facet.options, *selection], 80)
        labels = {value: f"{shown.get(value, value)} ({number})" for value, number in facet.options.items()}
        show(key, list(selection), labels.values())
        st.multiselect(
            name,
            list(facet.options),
            format_func=lambda value: labels.get(value, f"{shown.get(value, value)} (0)"),
            key=key,
            placeholder=say("all"),
            on_change=lambda: _filter(facet, tuple(st.session_state[key]), offered),
        )
    elif facet.kind is FacetKind.TYPED:
        show(key, "".join(selection))
        st.text_input(
            name,
            key=key,
            placeholder=say("VALUE, A|B or A..B"),
            on_change=lambda: _filter(facet, (st.session_state[key].strip(),), offered),
        )
    else:
        _range(facet, name, key, selection or ("", ""), offered)


def _range(facet: Facet, name: str, key: str, ends: Selection, offered: Sequence[Facet]) -> None:
    def changed() -> None:
        given = (st.session_state[f"{key}-{end}"] for end in ("from", "to"))
        _filter(facet, tuple("" if value is None else str(value).strip() for value in given), offered)

    columns = st.columns(2)
    for column, end, value, extreme in zip(columns, ("from", "to"), ends, (facet.low, facet.high), strict=True):
        label = say("{name} from", name=name) if end == "from" else say("{name} to", name=name)
        with column:
            if facet.kind is FacetKind.NUMBER:
                number = None if not value else int(float(value)) if facet.whole else float(value)
                show(f"{key}-{end}", number)
                st.number_input(
                    label,
                    value=None,
                    step=1 if facet.whole else None,
                    key=f"{key}-{end}",
                    placeholder=extreme,
                    on_change=changed,
                )
            else:
                show(f"{key}-{end}", value)
                st.text_input(label, key=f"{key}-{end}", placeholder=extreme, on_change=changed)


def _filter(facet: Facet, selection: Selection, offered: Sequence[Facet]) -> None:
    chosen, rest = select(current().where, offered)
    ask(narrowed(current(), filters({**chosen, facet.field: selection}, offered, rest)))


def _other_filters(rest: Sequence[str], offered: Sequence[Facet]) -> None:
    def changed() -> None:
        chosen, _ = select(current().where, offered)
        lines = [line.strip() for line in st.session_state["other"].splitlines()]
        ask(narrowed(current(), filters(chosen, offered, [*by_sense, *(line for line in lines if line)])))

    by_sense = [text for text in rest if text.startswith((SENSE_FILTER, subcorpora.FILTER))]
    show("other", "\n".join(text for text in rest if text not in by_sense))
    st.text_area(
        say("Other filters, one per line"),
        key="other",
        placeholder="author!=Anon\ndocument=letters/12.txt",
        help=say("Write FIELD=VALUE, FIELD!=VALUE, FIELD=A..B (either end may be empty) or FIELD=A|B."),
        on_change=changed,
        height=100,
    )
