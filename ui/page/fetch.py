"""Ask the searcher for the hits of a page's query. It does not import Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...indexer.collection.records import CollectionSettings, SentenceKind
from ...search.hits import By, DocumentHit, HitList, Match, OccurrenceHit, SentenceHit, WordOrder
from ...search.query.target import Target
from ...search.retrieval.occurrences import PARTS_LEFT_OUT
from ...search.searcher import Searcher
from .address import PageQuery
from .asked import Asked, PatternText
from .html.base import cut_left
from .language import say

SENSE_FILTER = "sense="
SOURCE = 60
"""Maximum length of the source of a sentence model, in characters."""
MAX_ALIKE = 100
"""Maximum number of nearly equal sentences that a line shows."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which occurrences of a word are read: k of them after the first `skip`, in an order.

    Args:
        among: Ids of the only occurrences to list. None for all.
    """

    order: WordOrder
    skip: int
    k: int
    among: frozenset[int] | None = None


def find(searcher: Searcher, query: PageQuery, target: Asked, limit: int, any_pos: bool) -> HitList[SentenceHit]:
    """Return the hits of a query whose text has been parsed into a target.

    A query without a text lists the occurrences of the named sense in its filters.

    Args:
        any_pos: Whether a word may have another part of speech than in its sentence.
    """
    if not query.text:
        return widened(_of_named_sense(searcher, query, limit))
    if isinstance(target, str):
        return searcher.sentences(target, limit, query.where, by=query.by, order=query.order)
    if isinstance(target, PatternText):
        return widened(searcher.pattern(target.text, limit, query.where))
    hits = widened(searcher.occurrences(target, limit, query.match, query.where, query.layer, any_pos))
    hits.notice = _without_advice(hits.notice)
    return hits


def find_window(
    searcher: Searcher, query: PageQuery, target: Target, any_pos: bool, window: Window
) -> HitList[SentenceHit]:
    """Return some of the occurrences of a word. Their number without the window is the list's `total`."""
    found = searcher.occurrences(
        target,
        window.k,
        query.match,
        query.where,
        any_pos=any_pos,
        order=window.order,
        seed=query.seed,
        skip=window.skip,
        among=window.among,
    )
    hits = widened(found)
    hits.notice = _without_advice(hits.notice)
    return hits


def _without_advice(notice: str | None) -> str | None:
    """Return a notice without what the page says itself: that lines of other parts of speech are left out."""
    before, advice, after = (notice or "").partition(PARTS_LEFT_OUT)
    return (after.removeprefix("; ") if advice else before) or None


def find_documents(searcher: Searcher, query: PageQuery, text: str, limit: int) -> HitList[DocumentHit]:
    """Return the documents that answer a question by sentence, with their best passages."""
    return searcher.documents(text, limit, query.where, order=query.order)


def around(searcher: Searcher, hit: SentenceHit) -> tuple[str, str]:
    """Return the sentences before and after a hit in its document. "" if there is none.

    The sentences of a document have consecutive ids.
    """
    if hit.before or hit.after:
        return hit.before, hit.after
    found = searcher.live_hits([hit.sentence_id - 1, hit.sentence_id + 1], sentences=True)
    beside = {each.sentence_id: each.sentence for each in found if each.document_id == hit.document_id}
    return beside.get(hit.sentence_id - 1, ""), beside.get(hit.sentence_id + 1, "")


def alike(searcher: Searcher, hit: SentenceHit) -> list[SentenceHit]:
    """Return the sentences that a hit represents because they are nearly the same, at most `MAX_ALIKE`."""
    return searcher.live_hits(hit.alike[:MAX_ALIKE], sentences=True)


def vectors_notice(settings: CollectionSettings, query: PageQuery) -> str | None:
    """Return what a visitor should know about the sentence vectors of a collection, or None."""
    if only_default(settings):
        return say("This collection has only ELMo's default sentence vectors; run `polyseme reencode` for better ones")
    if settings.sentence_vectors is SentenceKind.EXTERNAL and query.by is not By.DEFAULT:
        source = cut_left(settings.sentence_source, SOURCE)
        return say(
            "Sentences are compared by the sentence model {source}, with which this collection was made", source=source
        )
    return None


def only_default(settings: CollectionSettings) -> bool:
    """Return whether a collection has no other sentence vectors than ELMo's default ones."""
    return settings.sentence_vectors is SentenceKind.DEFAULT


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
    return HitList(hits, hits.match, hits.notice, hits.verdict, hits.total)
