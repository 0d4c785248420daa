"""Draw the choices of how lines are shown: context, whole sentences, levels of the order, and a random sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from ...search.hits import Match
from .address import LEVELS, MAX_CONTEXT, MAX_SAMPLE, MAX_SEED, Sort
from .html.base import CONTEXT
from .listing import Answer
from .session import change, current, show

SHORTEST = 20
"""Minimum length of a context, in characters."""


def draw(found: Answer, can_be_sampled: bool, draw_layers: Callable[[], None] | None) -> None:
    """Draw a button that opens the choices.

    Args:
        can_be_sampled: Whether the list has lines of one word, which can be sampled.
        draw_layers: Draws the choice of the layer that ranks the lines. None if they have no layer.
    """
    of_words = found.match is not Match.SENTENCE
    if not of_words and not can_be_sampled:
        return
    with st.popover("Display", icon=":material/tune:", key="display"):
        if of_words:
            _draw_context()
            _draw_levels()
        if can_be_sampled:
            _draw_sample()
        if draw_layers is not None:
            draw_layers()


def _draw_context() -> None:
    show("whole-sentences", current().whole)
    st.toggle(
        "Whole sentences",
        key="whole-sentences",
        on_change=lambda: change(replace(current(), whole=st.session_state["whole-sentences"])),
    )
    show("context", current().context or CONTEXT)

    def changed() -> None:
        width = int(st.session_state["context"] or CONTEXT)
        change(replace(current(), context=0 if width == CONTEXT else width))

    st.number_input(
        "Characters of context on each side",
        SHORTEST,
        MAX_CONTEXT,
        step=20,
        key="context",
        on_change=changed,
        disabled=current().whole,
    )


def _draw_levels() -> None:
    show("levels", list(current().levels))

    def changed() -> None:
        levels = tuple(st.session_state["levels"])
        sort = Sort.LEVELS if levels else Sort.SCORE
        change(replace(current(), levels=levels, sort=sort))

    st.multiselect(
        "Sort by, most important first",
        LEVELS,
        key="levels",
        placeholder="1R, 2R, 1L …",
        help="1L is the first word to the left of the node, 1R the first to its right.",
        on_change=changed,
    )


def _draw_sample() -> None:
    show("sample", current().sample or None)
    st.number_input(
        "Random sample of this many lines",
        1,
        MAX_SAMPLE,
        step=50,
        key="sample",
        placeholder="all lines",
        on_change=lambda: change(replace(current(), sample=int(st.session_state["sample"] or 0))),
    )
    show("seed", current().seed)
    st.number_input(
        "Seed of random orders",
        0,
        MAX_SEED,
        step=1,
        key="seed",
        help="The same seed gives the same sample and the same shuffled order.",
        on_change=lambda: change(replace(current(), seed=int(st.session_state["seed"] or 0))),
    )
