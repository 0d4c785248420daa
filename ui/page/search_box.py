"""Draw the search box, the example queries, and the clickable words of the query's sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ...indexer.text import TextAnalyser, Token, TokenKind
from ...search.query.patterns import is_pattern
from ...search.query.sentence import SentenceQuery, write_sentence
from ...search.query.target import Target, parse_query, write_query
from .address import PageQuery, new_question
from .asked import Asked, PatternText
from .html import base
from .language import say, say_html
from .session import ask, current, go, show, trail

PATTERN = '[lemma="bank"] []{0,3} "loan"'
"""The pattern that the start page shows."""
MAX_WORDS = 150
"""Maximum number of words that can be clicked. Later words of a long text are marked with brackets."""


def search_box(analyser: TextAnalyser) -> None:
    """Draw the search box, with buttons that go back and forward through the queries of this visit."""
    show("text", current().text)
    with st.container(horizontal=True, key="box", vertical_alignment="bottom", gap="small"):
        back = (say("Back"), say("Go back through the searches of this visit"), -1, "arrow_back")
        forward = (say("Forward"), say("Go forward through the searches of this visit"), 1, "arrow_forward")
        for name, title, step, icon in (back, forward):
            st.button(
                name,
                key=f"go{step}",
                icon=f":material/{icon}:",
                disabled=trail().beside(step) is None,
                on_click=go,
                args=(step,),
                help=title,
            )
        st.text_input(
            say("A word, a sentence, or one [word] in a sentence"),
            key="text",
            placeholder=say("Type a word or a sentence and press Enter"),
            on_change=lambda: ask(new_question(current(), _as_target(st.session_state["text"].strip(), analyser))),
            autocomplete="off",
            label_visibility="collapsed",
        )


def _as_target(text: str, analyser: TextAnalyser) -> str:
    """Bracket a single typed word, so that it asks for its senses and occurrences instead of similar sentences."""
    if is_pattern(text):
        return text
    tokens = analyser.tokens(text) if text and not re.search(r"[\s\[\]\\]", text) else ()
    alone = len(tokens) == 1 and tokens[0].kind is not TokenKind.PUNCTUATION
    return write_query(text, tokens[0].start, tokens[0].end) if alone else text


def examples(queries: Sequence[str] | None) -> None:
    """Draw queries to start with, as buttons. None while they are being looked for."""
    with st.container(key="examples"):
        text = say_html(
            "Type a word to see its senses. Type a sentence to find sentences with a similar meaning, then click one of"
            ' its words to find that word in the same sense. A "phrase in quotes" must occur, and a -word must not. A'
            " pattern such as {pattern} finds words in a row.",
            pattern=f"<code>{base.escape(PATTERN)}</code>",
        )
        start = say_html("Or start with one of these:") if queries else ""
        st.html(f'<p class="pol-quiet">{text} {start}</p>')
        if queries is None:
            st.html(base.working(say("Looking for words with several senses …")))
        for number, text in enumerate(queries or ()):
            question = parse_query(" ".join(text.split()))
            target = Target(question, 0, 0) if isinstance(question, str) else question
            parts = (target.sentence[: target.start], target.sentence[target.end :])
            node = base.label(target.sentence[target.start : target.end])
            shown = "".join([base.label_piece(parts[0]), f"**{node}**" if node else "", base.label_piece(parts[1])])
            query = PageQuery(" ".join(text.split()), collection=current().collection)
            st.button(shown, key=f"example-{number}", type="tertiary", on_click=ask, args=(query,))


def understood(asked: Asked, parsed: SentenceQuery | None) -> None:
    """Draw what the text of a query was understood as.

    Args:
        parsed: The phrases and words that a query by sentence requires and excludes.
    """
    with st.container(width="content"):  # in every run, so that Streamlit does not redraw what is below it
        kind, hint = kind_of(asked)
        phrases = base.phrases(parsed.required, parsed.excluded) if parsed is not None else ""
        text = say("Understood: {kind}.", kind=kind)
        st.html(phrases or base.remark(f"{text} {hint}".strip()), width="content")


def kind_of(asked: Asked) -> tuple[str, str]:
    """Return what a text asks for, and what a visitor can do next."""
    if isinstance(asked, PatternText):
        return say("a pattern"), say("Click a word of a line to search for its sense.")
    if isinstance(asked, str):
        return say("a sentence"), ""
    is_phrase = " " in asked.sentence[asked.start : asked.end].strip()
    if len(asked.sentence.strip()) == asked.end - asked.start:
        what = say("a phrase without context") if is_phrase else say("a word without context")
        return what, say("Its lines are in text order, without a score.")
    return say("a phrase in context") if is_phrase else say("a word in context"), ""


def words(tokens: Sequence[Token], target: Target) -> None:
    """Draw the words of a sentence as buttons. A click searches for that occurrence, even if the word is repeated.

    Args:
        target: The sentence with its target, which is empty if the query is a whole sentence.
    """
    query = current()
    marked = target.start < target.end
    with st.container(horizontal=True, key="words", width="content"):
        st.html(base.remark(say("Search for another word:")), width="content")
        for position, token in enumerate(tokens[:MAX_WORDS]):
            if token.kind is TokenKind.PUNCTUATION:
                sign = base.escape(base.cut_right(token.text, 20))
                st.html(f'<p class="pol-sign">{sign}</p>', width="content")
                continue
            inside = marked and token.start < target.end and token.end > target.start
            text = write_query(target.sentence, token.start, token.end)
            st.button(
                base.label(token.text, 30),
                key=f"word-{position}",
                type="primary" if inside else "tertiary",
                on_click=ask,
                args=(new_question(query, text),),
            )
        if len(tokens) > MAX_WORDS:
            st.html(base.remark(say("… to search for a later word, type [brackets] around it")), width="content")
        if marked:
            whole = new_question(query, write_query(write_sentence(target.sentence)))
            st.button(
                say("the whole sentence"),
                key="whole",
                type="tertiary",
                icon=":material/close:",
                on_click=ask,
                args=(whole,),
            )
