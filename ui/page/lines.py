"""Choose the lines that the page shows: keep some, order them, cut them into pages. All functions are pure."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...indexer.values import Value, items_of
from ...search.hits import By, DocumentHit, Match, OccurrenceHit, Order, SentenceHit
from .address import NO_SENSE, PageQuery, Sort
from .export import MAX_LINES

EVERYTHING = 1_000_000
"""Maximum number of occurrences of one word that are listed. In practice: all of them."""
STEP = 200
"""Number of lines of one word that are read at once, around the page that is shown."""
MAX_RANKED = 1000
"""Maximum number of hits in a file that are compared with the query word by word, which takes long."""
CANDIDATES = 200
"""Number of candidates that another layer or another sort order reranks."""
DOCUMENT_SORTS = (Sort.SCORE, Sort.DATE, Sort.DOCUMENT)
"""Orders of a list of documents."""
_WORD = re.compile(r"\w+(?:['’\-]\w+)*", re.UNICODE)
_YEAR = re.compile(r"\s*(-?)(\d{1,6})(.*)", re.DOTALL)
_DATES = ("date", "year")
Hit = TypeVar("Hit", bound=SentenceHit)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list.

    Args:
        number: Number of the page, from 1.
        first: Index of its first line.
        last: Index after its last line.
        more: Whether more pages follow.
    """

    number: int
    first: int
    last: int
    more: bool


def hits_needed(query: PageQuery, same_word: bool, whole: bool = False, of_pattern: bool = False) -> int:
    """Return the number of hits to search for, so that a page of the query, or its full list, can be shown.

    Args:
        same_word: Whether all hits are occurrences of the same word, or of a pattern. Their order is exact, so a longer
            list begins with the shorter one. Other lists depend on the number, so the first page uses the command
            line's number.
        whole: Whether the full list is needed, for a file.
        of_pattern: Whether the hits are places of a pattern, of which there may be millions.
    """
    if query.layer is not None:
        return max(CANDIDATES, query.k)
    ordered = query.sort is not Sort.SCORE
    if same_word and (ordered or query.sense is not None or query.picked or query.sample or query.marked):
        return MAX_LINES + 1 if of_pattern else EVERYTHING
    if ordered:
        return max(CANDIDATES, query.k)
    if whole:
        return most_lines(query) + 1  # the extra line shows that the list is cut
    return -(-query.page * query.k // STEP) * STEP if same_word else query.page * query.k


def window_of(page: int, k: int) -> tuple[int, int]:
    """Return the first line of the window that holds a page, from 0, and its size. A page never crosses its end.

    Args:
        page: Number of the page, from 1.
        k: Number of lines per page.
    """
    size = k * max(1, STEP // k)
    return (page - 1) * k // size * size, size


def most_lines(query: PageQuery) -> int:
    """Return the maximum number of lines, or of documents, in a file of a list."""
    word_by_word = query.order in (Order.WORDS, Order.HYBRID) or query.by is By.DOCUMENT
    return MAX_RANKED if word_by_word else MAX_LINES


def chosen_ids(
    numbers: Mapping[int, int | None],
    sense: int | None,
    picked: Sequence[int],
    marked: Collection[int] | None = None,
) -> frozenset[int] | None:
    """Return the ids of the only lines to show, or None for all lines.

    Args:
        numbers: Occurrence id -> number of its sense.
        sense: None keeps all senses. `NO_SENSE` keeps the occurrences that fit no sense.
        picked: Occurrence ids. Empty keeps all.
        marked: Ids of the marked lines, if only these are shown.
    """
    kept: set[int] | None = None
    if sense is not None:
        kept = {key for key, number in numbers.items() if (number or NO_SENSE) == sense}
    for wanted in (set(picked) if picked else None, None if marked is None else set(marked)):
        if wanted is not None:
            kept = wanted if kept is None else kept & wanted
    return None if kept is None else frozenset(kept)


def sorted_hits(
    hits: Sequence[Hit], sort: Sort, typical: Mapping[int, float], levels: Sequence[str] = (), seed: int = 0
) -> list[Hit]:
    """Return the hits in another order. Hits that compare equal stay in the order in which they are.

    Args:
        typical: Occurrence id -> cosine with the centre of its sense, for `Sort.ODD`.
        levels: What `Sort.LEVELS` sorts by, of `LEVELS`.
        seed: Seed of `Sort.RANDOM`.
    """
    if sort is Sort.LEVELS:
        return sorted(hits, key=lambda hit: [_level(hit, level) for level in levels])
    if sort is Sort.RANDOM:
        ordered = sorted(hits, key=lambda hit: (hit.sentence_id, _place(hit)))
        random.Random(seed).shuffle(ordered)
        return ordered
    if sort is Sort.TEXT:
        return sorted(hits, key=lambda hit: (hit.sentence_id, _place(hit)))
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


def sorted_documents(documents: Sequence[DocumentHit], sort: Sort) -> list[DocumentHit]:
    """Return the documents in another order: by date, or by their names."""
    if sort is Sort.DATE:
        return sorted(documents, key=lambda hit: date_key(hit.metadata))
    if sort is Sort.DOCUMENT:
        return sorted(documents, key=lambda hit: (hit.document.casefold(), hit.document_id))
    return list(documents)


def _level(hit: SentenceHit, level: str) -> tuple[str, ...] | tuple[int, int, str]:
    """Return the key of a hit at one level of a sort. A missing word comes first."""
    if level == "date":
        return date_key(hit.metadata)
    if level == "document":
        return hit.document.casefold(), hit.document_id
    if level == "node":
        return (hit.token.casefold() if isinstance(hit, OccurrenceHit) else "",)
    words = _words_before(hit) if level.endswith("L") else _words_after(hit)
    return tuple(words[int(level[0]) - 1 : int(level[0])])


def _words_before(hit: SentenceHit) -> list[str]:
    """Return the words left of the node, nearest first. For a sentence hit: its words from the end."""
    left = hit.sentence[: hit.start] if isinstance(hit, OccurrenceHit) else hit.sentence
    return [word.casefold() for word in reversed(_WORD.findall(left[-400:]))]


def _words_after(hit: SentenceHit) -> list[str]:
    right = hit.sentence[hit.end :] if isinstance(hit, OccurrenceHit) else hit.sentence
    return [word.casefold() for word in _WORD.findall(right[:400])]


def _place(hit: SentenceHit) -> int:
    return hit.sentence_start + (hit.start if isinstance(hit, OccurrenceHit) else 0)


def _occurrence(hit: SentenceHit) -> int:
    return hit.occurrence_id if isinstance(hit, OccurrenceHit) else -1


def date_key(metadata: Mapping[str, Value]) -> tuple[int, int, str]:
    """Return a sort key by date or year: oldest first, undated documents last."""
    for field in _DATES:
        found = _YEAR.fullmatch(next(iter(items_of(metadata.get(field, ""))), ""))
        if found:
            return 0, int(found[2]) * (-1 if found[1] else 1), found[3]
    return 1, 0, ""


def page_of(query: PageQuery, found: int, complete: bool) -> Page:
    """Return the page of a query among a number of found lines. A number beyond the last page means the last page."""
    pages = max(1, -(-found // query.k))
    number = min(query.page, pages)
    first = (number - 1) * query.k
    last = min(found, first + query.k)
    return Page(number, first, last, last < found or not complete)


def is_complete(match: Match, found: int, limit: int, query: PageQuery) -> bool:
    """Return whether a search for `limit` hits that found `found` of them has found all lines of the list."""
    if query.layer is not None:
        return True  # it reranks a fixed number of candidates
    return found < limit or (match in (Match.ANY, Match.SENTENCE) and query.sort is not Sort.SCORE)
