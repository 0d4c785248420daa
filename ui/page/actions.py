"""Carry out clicks on the page's own HTML. Events from the browser are checked, never trusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import streamlit as st

from ...indexer.errors import PolysemeError
from ...search.hits import Match
from ...search.query.target import write_query
from ...search.searcher import Searcher
from ...search.senses.timeline import Timeline
from ...search.statistics.collocates import Collocates
from . import documents, marks, session
from .address import MAX_IDS, Listing, PageQuery, new_question
from .asked import read_text
from .html.senses import UNDATED
from .language import numeral, say

KEY = "browser"
"""Key of the component that sends clicks, in the session state."""
PERIODS = "shown timeline"
"""Key of the timeline on the page, in the session state."""
COLLOCATES = "shown collocates"
"""Key of the collocates on the page, in the session state."""
ALL_SENSES = -1
"""The sense that the browser sends when a period of all senses together is clicked."""
MAX_SENTENCE = 1500
"""Maximum length of a sentence that is searched again, in characters. It keeps addresses short."""


class Act(StrEnum):
    """What a click does.

    OPEN shows the document of a line and READ that of a sentence. HOP searches for a word of a line, and MARK marks a
    line. SENSE, PICK, PERIOD and COLLOCATE keep the lines of a sense, the picked lines, and the lines of a period or
    with a collocate. DOCUMENT chooses a document of the list. The others show or hide the neighbours of a sentence, and
    sentences that are nearly the same.
    """

    OPEN = "open"
    HOP = "hop"
    MARK = "mark"
    SENSE = "sense"
    PICK = "pick"
    PERIOD = "period"
    COLLOCATE = "collocate"
    READ = "read"
    AROUND = "around"
    ALIKE = "alike"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Event:
    """A click.

    Args:
        numbers: Ids and offsets. Their meaning depends on the act.
        every: Whether a modifier key was pressed, which adds to the picked lines.
    """

    act: Act
    numbers: tuple[int, ...]
    every: bool = False


def read_event(sent: object) -> Event | None:
    """Return the event that the browser sent, or None if it is not a valid event."""
    if not isinstance(sent, Mapping) or sent.get("act") not in tuple(Act):
        return None
    numbers = sent.get("numbers")
    if not isinstance(numbers, list) or len(numbers) > MAX_IDS:
        return None
    if not all(isinstance(n, int) and not isinstance(n, bool) and -1 <= n < 2**62 for n in numbers):
        return None
    return Event(Act(sent["act"]), tuple(numbers), sent.get("every") is True)


def act(searcher: Searcher) -> None:
    """Carry out the last click."""
    event = read_event(st.session_state[KEY]["act"])
    if event is None:
        return
    query, numbers = session.current(), event.numbers
    if event.act is Act.OPEN and len(numbers) == 1:
        st.session_state[session.OPENED], st.session_state[session.READ] = numbers[0], None
    elif event.act is Act.READ and len(numbers) == 1:
        st.session_state[session.OPENED], st.session_state[session.READ] = 1, numbers[0]
    elif event.act in (Act.AROUND, Act.ALIKE) and len(numbers) == 1:
        session.expanded().symmetric_difference_update({(str(event.act), numbers[0])})
    elif event.act is Act.DOCUMENT and len(numbers) == 1:
        documents.choose(numbers[0])
    elif event.act is Act.HOP and len(numbers) == 3:
        hop(searcher, *numbers)
    elif event.act is Act.MARK and len(numbers) == 2:
        mark(*numbers)
    elif event.act is Act.SENSE and len(numbers) == 1:
        chosen = None if query.sense == numbers[0] else numbers[0]
        session.change(replace(word_of(query), sense=chosen, picked=(), listing=Listing.HITS))
    elif event.act is Act.PICK:
        pick(set(query.picked) ^ set(numbers) if event.every else set(numbers))
    elif event.act is Act.PERIOD and len(numbers) == 2:
        pick_period(*numbers)
    elif event.act is Act.COLLOCATE and len(numbers) == 1:
        pick_collocate(numbers[0])


def word_of(query: PageQuery) -> PageQuery:
    """Return the query for occurrences of the word itself, also if it was typed as a sentence of one word.

    Marks among sentences or other words do not belong to these lines, so they are dropped.
    """
    match = Match.LEMMA if query.match is Match.ANY else query.match
    target = read_text(query.text)
    text = write_query(target, 0, len(target)) if isinstance(target, str) and target else query.text
    own = replace(query, text=text, match=match)
    return own if (text, match) == (query.text, query.match) else replace(own, like=(), unlike=())


def hop(searcher: Searcher, sentence_id: int, start: int, end: int) -> None:
    """Search for a word of a line, in the sentence of that line."""
    try:
        sentence = searcher.collection.sentence_text(sentence_id)
    except PolysemeError as error:
        session.show_message(str(error))
        return
    if not 0 <= start < end <= len(sentence):
        return
    first, last = max(0, start - MAX_SENTENCE // 2), end + MAX_SENTENCE // 2
    if len(sentence) <= MAX_SENTENCE:
        first, last = 0, len(sentence)
    around = " ".join(sentence[first:start].split()), " ".join(sentence[end:last].split())
    left = around[0] + " " * (sentence[start - 1 : start].isspace() and bool(around[0]))
    right = " " * (sentence[end : end + 1].isspace() and bool(around[1])) + around[1]
    node = " ".join(sentence[start:end].split())
    text = write_query(left + node + right, len(left), len(left) + len(node))
    session.ask(new_question(session.current(), text))


def mark(key: int, sign: int) -> None:
    """Mark a line + (1) or - (-1). A second click removes the mark."""
    kind = marks.shown()
    is_set = session.marks().get(key) == sign
    marks.put(session.current().collection, kind, key, 0 if is_set else sign)


def pick_period(place: int, sense: int) -> None:
    """Keep the lines of a period (or `UNDATED`) in one sense (or `ALL_SENSES`)."""
    shown: Timeline | None = st.session_state.get(PERIODS)
    if shown is None or not UNDATED <= place < len(shown.periods):
        return
    groups = shown.undated_ids if place == UNDATED else shown.periods[place].ids
    if not (sense == ALL_SENSES or 1 <= sense <= len(groups)):
        return
    pick([key for group in groups for key in group] if sense == ALL_SENSES else groups[sense - 1])


def pick_collocate(place: int) -> None:
    """Keep the lines with a collocate, by its place in the list on the page."""
    shown: Collocates | None = st.session_state.get(COLLOCATES)
    if shown is not None and 0 <= place < len(shown.words):
        sense = session.current().sense
        pick(shown.words[place].occurrence_ids, sense)


def pick(ids: Collection[int], sense: int | None = None) -> None:
    """Keep only these lines. Report it if they are more than an address can hold.

    Args:
        sense: Number of the sense that stays chosen. None for no sense.
    """
    picked = tuple(sorted(ids)[:MAX_IDS])
    session.change(replace(word_of(session.current()), picked=picked, sense=sense, listing=Listing.HITS))
    if len(picked) < len(ids):
        text = say(
            "Of these {all} lines the first {some} of the collection are kept. An address cannot hold more. Use filters"
            " or a shorter period to get fewer",
            all=numeral(len(ids)),
            some=numeral(len(picked)),
        )
        session.show_message(text)
