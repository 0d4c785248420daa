"""What is asked: the place to type, queries to begin with, the words of the sentence to click."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ...indexer.text.analyser import TextAnalyser, Token, TokenKind
from ...search.query.target import Target, parse_query, write_query
from .address import PageQuery, asked_anew
from .html import base as views
from .session import ask, current, go, show, trail

WORDS = 150
"""Words of a long text that can be clicked; the others are marked with brackets."""


def search_box(analyser: TextAnalyser) -> None:
    """The one place to type, and the way back and forth."""
    show("text", current().text)
    with st.container(horizontal=True, key="box", vertical_alignment="bottom", gap="small"):
        for name, step, icon in (("Back", -1, "arrow_back"), ("Forward", 1, "arrow_forward")):
            st.button(
                name,
                key=f"go{step}",
                icon=f":material/{icon}:",
                disabled=trail().beside(step) is None,
                on_click=go,
                args=(step,),
                help=f"{name} in the searches of this visit",
            )
        st.text_input(
            "A word, a sentence, or one [word] in a sentence",
            key="text",
            placeholder="Type a word or a sentence and press Enter",
            on_change=lambda: ask(asked_anew(current(), _meant(st.session_state["text"].strip(), analyser))),
            autocomplete="off",
        )


def _meant(text: str, analyser: TextAnalyser) -> str:
    """A word that is typed by itself asks for the word: its senses and its lines, not for sentences of one word."""
    tokens = analyser.tokens(text) if text and not re.search(r"[\s\[\]\\]", text) else ()
    alone = len(tokens) == 1 and tokens[0].kind is not TokenKind.PUNCTUATION
    return write_query(text, tokens[0].start, tokens[0].end) if alone else text


def examples(queries: Sequence[str]) -> None:
    """Queries to begin with."""
    with st.container(key="examples"):
        st.html(
            '<p class="pol-quiet">Type a word to see its senses. Type a sentence to find sentences that mean something'
            " like it, then click a word of it to find that word in the same sense. Or begin with one of these:</p>"
        )
        for number, text in enumerate(queries):
            asked = parse_query(" ".join(text.split()))
            target = Target(asked, 0, 0) if isinstance(asked, str) else asked
            parts = (target.sentence[: target.start], target.sentence[target.end :])
            node = views.label(target.sentence[target.start : target.end])
            shown = "".join([views.edged(parts[0]), f"**{node}**" if node else "", views.edged(parts[1])])
            query = PageQuery(" ".join(text.split()), collection=current().collection)
            st.button(shown, key=f"example-{number}", type="tertiary", on_click=ask, args=(query,))


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
            text = write_query(asked.sentence, token.start, token.end)
            st.button(
                views.label(token.text, 30),
                key=f"word-{position}",
                type="primary" if inside else "tertiary",
                on_click=ask,
                args=(asked_anew(query, text),),
            )
        if len(tokens) > WORDS:
            st.html('<p class="pol-quiet">… put [brackets] around a later word</p>', width="content")
        if marked:
            whole = asked_anew(query, write_query(asked.sentence))
            st.button(
                "the whole sentence", key="whole", type="tertiary", icon=":material/close:", on_click=ask, args=(whole,)
            )
