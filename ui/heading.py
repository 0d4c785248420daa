"""The line above the lines: how many there are, of which word, in which order, within which filters. Pure."""

from __future__ import annotations

from ..search.hits import Match, OccurrenceHit
from .page.address import Listing, Sort
from .page.html import base as views
from .page.lines import CANDIDATES
from .page.listing import Answer

MOST_WORDS = 3
"""Words that the line names; of more it names none."""


def headline(found: Answer) -> str:
    """How many lines there are, of what, in which order."""
    what = "sentence" if found.match is Match.SENTENCE else "occurrence"
    if found.found != len(found.lines):
        number = f"{len(found.lines):,} of {views.count(found.found, what)}"
    elif found.complete:
        number = views.count(len(found.lines), what)
    else:
        number = f"{what}s".capitalize()
    return views.found(number, head_word(found), order_text(found), found.within)


def head_word(found: Answer) -> str | None:
    """The word that all lines are of: the one that was asked for, or those that the lines themselves are of."""
    if found.target is None or found.match is Match.ANY:
        return None
    if found.query.text and not found.query.like:
        return found.target.sentence[found.target.start : found.target.end]
    occurrences = [hit for hit in found.lines if isinstance(hit, OccurrenceHit)]
    words = {hit.token.casefold() if found.match is Match.FORM else hit.lemma for hit in occurrences}
    return ", ".join(sorted(words)) if 0 < len(words) <= MOST_WORDS else None


def order_text(found: Answer) -> str:
    """How the lines are ordered, in words."""
    query = found.query
    others = query.listing is Listing.OTHERS
    if query.sort is Sort.SCORE:
        if others:
            return "other words, nearest to the sense first"
        if query.like:
            return "nearest to the lines marked + first"
        near = "meaning" if found.match is Match.SENTENCE else "sense"
        return f"nearest in {near} first"
    order = {
        Sort.LEFT: "by the words to the left",
        Sort.RIGHT: "by the words to the right",
        Sort.DATE: "the oldest first",
        Sort.DOCUMENT: "by document",
        Sort.ODD: "the farthest from every sense first",
    }[query.sort]
    if found.match not in (Match.ANY, Match.SENTENCE):
        return order
    nearest = f"the {max(CANDIDATES, query.k)} nearest, {order}"
    return f"other words, {nearest}" if others else nearest
