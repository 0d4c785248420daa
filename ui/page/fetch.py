"""Ask the searcher for the hits of a page's query. It does not import Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from ...search.hits import HitList, Match, OccurrenceHit, SentenceHit
from ...search.query.target import Target
from ...search.searcher import Searcher
from .address import PageQuery

SENSE_FILTER = "sense="


def find(searcher: Searcher, query: PageQuery, target: Target | str, limit: int) -> HitList[SentenceHit]:
    """Return the hits of a query whose text has been parsed into a target.

    A query without a text lists the occurrences of the named sense in its filters.
    """
    if not query.text:
        return widened(_of_named_sense(searcher, query, limit))
    if isinstance(target, str):
        return searcher.sentences(target, limit, query.where, query.hybrid)
    return widened(searcher.occurrences(target, limit, query.match, query.where, query.layer))


def _of_named_sense(searcher: Searcher, query: PageQuery, limit: int) -> HitList[OccurrenceHit]:
    name = named_sense(query.where)
    if name is None:
        return HitList((), Match.LEMMA)
    return searcher.apply_named_sense(name, limit, query.match, without_named_sense(query.where))


def named_sense(where: Sequence[str]) -> str | None:
    """Return the name of the only named sense in the filters, or None."""
    names = [text.removeprefix(SENSE_FILTER) for text in where if text.startswith(SENSE_FILTER)]
    return names[0] if len(names) == 1 and "|" not in names[0] else None


def without_named_sense(where: Sequence[str]) -> list[str]:
    """Return the filters without the one that `named_sense` reads."""
    name = named_sense(where)
    return [text for text in where if name is None or text != SENSE_FILTER + name]


def widened(hits: HitList[OccurrenceHit]) -> HitList[SentenceHit]:
    """Return the same list as a list of sentence hits. Lists are mutable, so type checkers do not convert them."""
    return HitList(hits, hits.match, hits.notice, hits.verdict)
