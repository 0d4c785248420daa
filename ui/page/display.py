"""Draw the choices of how lines are shown: context, whole sentences, levels of the order, and a random sample."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ...indexer.collection.records import Layer
from ...search.hits import Match
from .address import LEVELS, MAX_CONTEXT, MAX_SAMPLE, MAX_SEED, Sort
from .html.base import CONTEXT
from .language import keyed, say
from .listing import Answer
from .session import change, current

SHORTEST = 20
"""Minimum length of a context, in characters."""


def draw(found: Answer, can_be_sampled: bool, stored: Layer | None) -> None:
    """Draw a button that opens the choices.

    Args:
        can_be_sampled: Whether the list has lines of one word, which can be sampled.
        stored: The layer of the stored vectors. None if no layer ranks the lines.
    """
    of_words = found.match is not Match.SENTENCE
    if not of_words and not can_be_sampled:
        return
    with st.popover(say("Display"), icon=":material/tune:", key="display"):
        if of_words:
            _draw_context()
            _draw_levels()
        if can_be_sampled:
            _draw_sample()
        if stored is not None:
            _draw_layers(stored)


def _draw_context() -> None:
    query = current()
    # The browser draws a popover's content when it is opened, and then knows only the values that a widget is made
    # with. So each value makes a widget of its own.
    key = f"whole-{query.whole}"
    st.toggle(
        say("Whole sentences"),
        value=query.whole,
        key=key,
        on_change=lambda: change(replace(current(), whole=bool(st.session_state[key]))),
    )
    width = query.context or CONTEXT
    width_key = f"context-{width}"

    def changed() -> None:
        wanted = int(st.session_state[width_key] or CONTEXT)
        change(replace(current(), context=0 if wanted == CONTEXT else wanted))

    st.number_input(
        say("Characters of context on each side"),
        SHORTEST,
        MAX_CONTEXT,
        value=min(max(width, SHORTEST), MAX_CONTEXT),
        step=20,
        key=width_key,
        on_change=changed,
        disabled=query.whole,
    )


def _draw_levels() -> None:
    query = current()
    key = "-".join(["levels", *query.levels])

    def changed() -> None:
        levels = tuple(st.session_state[key])
        sort = Sort.LEVELS if levels else Sort.SCORE
        change(replace(current(), levels=levels, sort=sort))

    st.multiselect(
        say("Sort by, most important first"),
        LEVELS,
        default=list(query.levels),
        key=key,
        placeholder="1R, 2R, 1L …",
        help=say("1L is the first word to the left of the node, 1R the first to its right."),
        on_change=changed,
    )


def _draw_sample() -> None:
    query = current()
    key, seed_key = f"sample-{query.sample}", f"seed-{query.seed}"
    st.number_input(
        say("Random sample of this many lines"),
        1,
        MAX_SAMPLE,
        value=query.sample or None,
        step=50,
        key=key,
        placeholder=say("all lines"),
        on_change=lambda: change(replace(current(), sample=int(st.session_state[key] or 0))),
    )
    st.number_input(
        say("Seed of random orders"),
        0,
        MAX_SEED,
        value=query.seed,
        step=1,
        key=seed_key,
        help=say("The same seed gives the same sample and the same shuffled order."),
        on_change=lambda: change(replace(current(), seed=int(st.session_state[seed_key] or 0))),
    )


def _draw_layers(stored: Layer) -> None:
    layer, usual = current().layer, say("{layer} (stored)", layer=stored)
    options = ["", *(str(each) for each in Layer if each is not stored)]
    key = keyed(f"layer-{layer}" if layer else "layer")
    st.selectbox(
        say("Layer that ranks the lines"),
        options,
        index=options.index(str(layer or "")) if str(layer or "") in options else 0,
        format_func=lambda name: name or usual,
        key=key,
        filter_mode=None,
        on_change=lambda: change(
            replace(current(), layer=Layer(st.session_state[key]) if st.session_state[key] else None)
        ),
    )
