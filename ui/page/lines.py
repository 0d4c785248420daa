"""Which lines the page shows, in which order, on which page. Pure: hits in, hits out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...indexer.collection.records import Scalar
from ...search.hits import Match, OccurrenceHit, SentenceHit
from .address import NO_SENSE, PageQuery, Sort
from .export import MOST

EVERYTHING = 1_000_000
"""As good as no limit: occurrences of one word that are listed at most."""
STEP = 1000
"""Occurrences of one word that are fetched at first, and by which more are."""
CANDIDATES = 200
"""Lines of which another layer, keywords or another order than the score's choose."""
_WORD = re.compile(r"\w+(?:['’\-]\w+)*", re.UNICODE)
_YEAR = re.compile(r"\s*(-?)(\d{1,6})(.*)", re.DOTALL)
_DATES = ("date", "year")
Hit = TypeVar("Hit", bound=SentenceHit)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: places of its first line and the one after its last, and whether others come after it."""

    number: int
    first: int
    last: int
    more: bool


def fetched(query: PageQuery, same_word: bool, whole: bool = False) -> int:
    """How many hits must be asked for so that the query's page, or the whole list for a file, can be shown.

    same_word: the occurrences of one word are ranked exactly, so that any number begins with the same ones. Elsewhere
    the number asked for is the command line's for the first page, so that both find the same. A layer and keywords are
    those that bear on the list.
    """
    if query.layer is not None or query.hybrid:
        return max(CANDIDATES, query.k)
    ordered = query.sort is not Sort.SCORE
    if same_word and (ordered or query.sense is not None or query.picked):
        return EVERYTHING
    if ordered:
        return max(CANDIDATES, query.k)
    if whole:
        return MOST + 1  # one more tells that there are more
    return -(-query.page * query.k // STEP) * STEP if same_word else query.page * query.k


def narrowed_hits(
    hits: Sequence[SentenceHit], numbers: Mapping[int, int | None], sense: int | None, picked: Sequence[int]
) -> list[SentenceHit]:
    """The hits of one sense (numbers: occurrence id -> sense), and of those the picked ones where some are picked.

    sense: None for all, `NO_SENSE` for those that fit none.
    """
    wanted = frozenset(picked)
    of_sense = {key for key, number in numbers.items() if (number or NO_SENSE) == sense}
    return [
        hit
        for hit in hits
        if isinstance(hit, OccurrenceHit)
        and (sense is None or hit.occurrence_id in of_sense)
        and (not wanted or hit.occurrence_id in wanted)
    ]


def sorted_hits(hits: Sequence[Hit], sort: Sort, typical: Mapping[int, float]) -> list[Hit]:
    """The hits in another order; equal ones stay in the order of their scores.

    typical: occurrence id -> how near it is to its sense, for ``Sort.ODD``.
    """
    if sort is Sort.LEFT:
        return sorted(hits, key=lambda hit: _words_before(hit)[:8])
    if sort is Sort.RIGHT:
        return sorted(hits, key=lambda hit: _words_after(hit)[:8])
    if sort is Sort.DATE:
        return sorted(hits, key=lambda hit: date_key(hit.metadata))
    if sort is Sort.DOCUMENT:
        return sorted(hits, key=lambda hit: (hit.document.casefold(), hit.document_id, _place(hit)))
    if sort is Sort.ODD:
        return sorted(hits, key=lambda hit: typical.get(_occurrence(hit), 2.0))
    return list(hits)


def _words_before(hit: SentenceHit) -> list[str]:
    """The words to the left of the node, the nearest first; of a sentence, its last words."""
    left = hit.sentence[: hit.start] if isinstance(hit, OccurrenceHit) else hit.sentence
    return [word.casefold() for word in reversed(_WORD.findall(left[-400:]))]


def _words_after(hit: SentenceHit) -> list[str]:
    right = hit.sentence[hit.end :] if isinstance(hit, OccurrenceHit) else hit.sentence
    return [word.casefold() for word in _WORD.findall(right[:400])]


def _place(hit: SentenceHit) -> int:
    return hit.sentence_start + (hit.start if isinstance(hit, OccurrenceHit) else 0)


def _occurrence(hit: SentenceHit) -> int:
    return hit.occurrence_id if isinstance(hit, OccurrenceHit) else -1


def date_key(metadata: Mapping[str, Scalar]) -> tuple[int, int, str]:
    """Sorts by date or year, the oldest first and what has none last."""
    for field in _DATES:
        found = _YEAR.fullmatch(str(metadata.get(field, "")))
        if found:
            return 0, int(found[2]) * (-1 if found[1] else 1), found[3]
    return 1, 0, ""


def page_of(query: PageQuery, found: int, complete: bool) -> Page:
    """The page that is shown of so many hits; the last one where the number leads beyond it."""
    pages = max(1, -(-found // query.k))
    number = min(query.page, pages)
    first = (number - 1) * query.k
    last = min(found, first + query.k)
    return Page(number, first, last, last < found or not complete)


def is_complete(match: Match, found: int, asked: int, query: PageQuery) -> bool:
    """Whether nothing lies beyond the hits that were fetched."""
    if query.layer is not None or query.hybrid:
        return True  # these order a fixed number of candidates
    return found < asked or (match in (Match.ANY, Match.SENTENCE) and query.sort is not Sort.SCORE)
