"""The parts of the page: the words to click, the filters, the senses, a document. Each is one function that draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from indexer.errors import PolysemeError
from indexer.text import Token, TokenKind
from search.hits import Match, SentenceHit
from search.query import Target
from search.searcher import Searcher
from ui import views
from ui.address import MOST, PageQuery, write_text
from ui.facets import Facet, FacetKind, Selection, filters, select
from ui.loading import Contents, senses
from ui.session import OPENED, ask, current, show

WORDS = 150
"""Words of a long text that can be clicked; the others are marked with brackets."""


def search_box() -> None:
    """The one place to type."""
    show("text", current().text)
    st.text_input(
        "A sentence, or a sentence with one [word] in brackets",
        key="text",
        placeholder="Type a sentence and press Enter",
        on_change=lambda: ask(replace(current(), text=st.session_state["text"].strip())),
        autocomplete="off",
    )


def examples(sentences: Sequence[str]) -> None:
    """Sentences to begin with."""
    with st.container(key="examples"):
        st.html('<p class="pol-quiet">Or begin with a sentence of this collection:</p>')
        for number, sentence in enumerate(sentences):
            query = PageQuery(write_text(" ".join(sentence.split())))
            st.button(views.label(sentence), key=f"example-{number}", type="tertiary", on_click=ask, args=(query,))


def words(tokens: Sequence[Token], asked: Target) -> None:
    """The sentence's words as buttons, each for itself although words may be equal; a click asks for its sense."""
    query = current()
    marked = asked.start < asked.end
    with st.container(horizontal=True, key="words"):
        st.html('<p class="pol-quiet">Click a word for its sense:</p>', width="content")
        for position, token in enumerate(tokens[:WORDS]):
            if token.kind is TokenKind.PUNCTUATION:
                sign = views.escape(views.cut_right(token.text, 20))
                st.html(f'<p class="pol-sign">{sign}</p>', width="content")
                continue
            inside = marked and token.start < asked.end and token.end > asked.start
            text = write_text(asked.sentence, token.start, token.end)
            st.button(
                views.label(token.text, 30),
                key=f"word-{position}",
                type="primary" if inside else "tertiary",
                on_click=ask,
                args=(replace(query, text=text),),
            )
        if len(tokens) > WORDS:
            st.html('<p class="pol-quiet">… put [brackets] around a later word</p>', width="content")
        if marked:
            whole = replace(query, text=write_text(asked.sentence))
            st.button(
                "the whole sentence", key="whole", type="tertiary", icon=":material/close:", on_click=ask, args=(whole,)
            )


def match_choice() -> None:
    """Which words may answer."""
    names = {Match.LEMMA: "Same lemma", Match.FORM: "Same form", Match.ANY: "Any word"}
    show("match", current().match)
    st.segmented_control(
        "Which words may answer",
        list(names),
        format_func=lambda match: names[match],
        key="match",
        on_change=lambda: ask(replace(current(), match=st.session_state["match"] or current().match)),
        label_visibility="collapsed",
    )


def hybrid_choice() -> None:
    """Whether sentences that share the query's words come up too."""
    show("hybrid", current().hybrid)
    st.toggle(
        "Count shared words too",
        key="hybrid",
        help="Orders by meaning and by keywords together (hybrid); the figures stay those of meaning.",
        on_change=lambda: ask(replace(current(), hybrid=st.session_state["hybrid"])),
    )


def side(contents: Contents) -> None:
    """What the collection is, how many hits to show, and the filters."""
    st.html(views.collection_facts(contents.info))
    show("k", current().k)
    st.number_input(
        "Hits at most",
        min_value=1,
        max_value=MOST,
        step=10,
        key="k",
        on_change=lambda: ask(replace(current(), k=int(st.session_state["k"]))),
    )
    chosen, rest = select(current().where, contents.facets)
    st.subheader("Filters", anchor=False)
    if current().where:
        st.button("Clear all filters", key="clear", on_click=ask, args=(replace(current(), where=()),))
    for facet in contents.facets:
        if facet.short:
            _facet(facet, chosen.get(facet.field, ()), contents.facets)
    more = [facet for facet in contents.facets if not facet.short]
    with st.expander("More fields", expanded=bool(rest) or any(facet.field in chosen for facet in more)):
        for facet in more:
            _facet(facet, chosen.get(facet.field, ()), contents.facets)
        _other_filters(rest, contents.facets)


def _facet(facet: Facet, selection: Selection, offered: Sequence[Facet]) -> None:
    name, key = views.label(facet.field, 60), f"facet-{facet.field}"
    if facet.kind is FacetKind.CHOICE:
        show(key, list(selection))
        st.multiselect(
            name,
            list(facet.options),
            format_func=lambda value: f"{views.cut_right(value, 80)} ({facet.options.get(value, 0)})",
            key=key,
            placeholder="all",
            on_change=lambda: _filter(facet, tuple(st.session_state[key]), offered),
        )
    elif facet.kind is FacetKind.TYPED:
        show(key, "".join(selection))
        st.text_input(
            name,
            key=key,
            placeholder="VALUE, A|B or A..B",
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
        with column:
            if facet.kind is FacetKind.NUMBER:
                number = None if not value else int(float(value)) if facet.whole else float(value)
                show(f"{key}-{end}", number)
                st.number_input(
                    f"{name} {end}",
                    value=None,
                    step=1 if facet.whole else None,
                    key=f"{key}-{end}",
                    placeholder=extreme,
                    on_change=changed,
                )
            else:
                show(f"{key}-{end}", value)
                st.text_input(f"{name} {end}", key=f"{key}-{end}", placeholder=extreme, on_change=changed)


def _filter(facet: Facet, selection: Selection, offered: Sequence[Facet]) -> None:
    chosen, rest = select(current().where, offered)
    ask(replace(current(), where=filters({**chosen, facet.field: selection}, offered, rest)))


def _other_filters(rest: Sequence[str], offered: Sequence[Facet]) -> None:
    def changed() -> None:
        chosen, _ = select(current().where, offered)
        lines = [line.strip() for line in st.session_state["other"].splitlines()]
        ask(replace(current(), where=filters(chosen, offered, [line for line in lines if line])))

    show("other", "\n".join(rest))
    st.text_area(
        "Other filters, one a line",
        key="other",
        placeholder="author!=Anon\ndocument=letters/12.txt",
        help="FIELD=VALUE, FIELD!=VALUE, FIELD=A..B (either end may be open) or FIELD=A|B",
        on_change=changed,
        height=100,
    )


def sense_panel(searcher: Searcher, word: Token, match: Match) -> None:
    """The senses of the word that was asked for, where the collection holds it."""
    by = Match.FORM if match is Match.FORM else Match.LEMMA
    try:
        inventory = senses(searcher, word.text.casefold() if by is Match.FORM else word.lemma, by)
    except PolysemeError:
        return  # any word may answer for one that the collection does not hold
    name = views.label(inventory.word, 40)
    count = len(inventory.senses)
    title = f"Senses of *{name}*: one is told apart" if count == 1 else f"Senses of *{name}*: {count} are told apart"
    with st.expander(title, key="senses", expanded=True):
        st.html(views.sense_cards(inventory))


def document_dialog(searcher: Searcher, hits: Sequence[SentenceHit]) -> None:
    """The document of the hit that is open, with the hit marked, and the ways to its neighbours in the list."""

    def go(rank: int | None) -> None:
        st.session_state[OPENED] = rank

    @st.dialog("In its document", width="medium", on_dismiss=lambda: go(None))
    def document() -> None:
        rank = st.session_state[OPENED]
        if rank is None or not 1 <= rank <= len(hits):
            return
        hit = hits[rank - 1]
        with st.container(horizontal=True, key="neighbours"):
            st.button(
                "Previous hit",
                key="previous",
                icon=":material/arrow_back:",
                disabled=rank == 1,
                on_click=go,
                args=(rank - 1,),
            )
            st.button(
                "Next hit",
                key="next",
                icon=":material/arrow_forward:",
                disabled=rank == len(hits),
                on_click=go,
                args=(rank + 1,),
            )
        try:
            _, text = searcher.collection.document(hit.document_id)
        except PolysemeError as error:
            st.error(views.label(str(error), 1000))
            return
        st.html(views.document_head(hit, len(hits), rank))
        st.html(views.document_page(text, hit))

    document()
