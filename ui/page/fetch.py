"""What the page asks the searcher: one request, one list. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.queries import live_occurrences, live_sentences
from ...indexer.collection.records import Layer
from ...search.hits import HitList, Match, OccurrenceHit, SentenceHit
from ...search.query.target import Target, parse_query
from ...search.retrieval.hydrate import occurrence_hits, sentence_hits
from ...search.retrieval.ranking import Ranked
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from .address import PageQuery

SENSE_FILTER = "sense="


@dataclass(frozen=True, slots=True)
class Request:
    """What decides which hits there are, before they are narrowed, ordered and cut into pages."""

    text: str
    match: Match
    where: tuple[str, ...]
    layer: Layer | None
    hybrid: bool
    limit: int

    @property
    def asked(self) -> Target | str:
        """The word in its sentence, or the sentence. QueryError for brackets that mark nothing, or two words."""
        return parse_query(self.text)


def request(query: PageQuery, limit: int) -> Request:
    """The request of a query."""
    return Request(query.text, query.match, query.where, query.layer, query.hybrid, limit)


def find(searcher: Searcher, wanted: Request) -> HitList[SentenceHit]:
    """The hits of a request; without a text, the lines of the saved sense that the filters name."""
    if not wanted.text:
        return widened(_saved_sense(searcher, wanted))
    asked = wanted.asked
    if isinstance(asked, str):
        return searcher.sentences(asked, wanted.limit, wanted.where, wanted.hybrid)
    # The text itself goes to the searcher, as from the command line.
    return widened(searcher.occurrences(wanted.text, wanted.limit, wanted.match, wanted.where, wanted.layer))


def _saved_sense(searcher: Searcher, wanted: Request) -> HitList[OccurrenceHit]:
    name = saved_sense(wanted.where)
    if name is None:
        return HitList((), Match.LEMMA)
    return searcher.apply_named_sense(name, wanted.limit, wanted.match, beside_sense(wanted.where))


def saved_sense(where: Sequence[str]) -> str | None:
    """The name of the one saved sense that the filters ask for, or None."""
    names = [text.removeprefix(SENSE_FILTER) for text in where if text.startswith(SENSE_FILTER)]
    return names[0] if len(names) == 1 and "|" not in names[0] else None


def beside_sense(where: Sequence[str]) -> list[str]:
    """The filters but for the one saved sense that they ask for."""
    name = saved_sense(where)
    return [text for text in where if name is None or text != SENSE_FILTER + name]


def more_like(
    searcher: Searcher,
    plus: Sequence[SentenceHit],
    minus: Sequence[SentenceHit],
    limit: int,
    where: Sequence[str],
    match: Match,
) -> HitList[SentenceHit]:
    """Search again from marked lines."""
    return searcher.more_like(plus, minus, limit, list(where), match)


def others(
    searcher: Searcher, inventory: SenseInventory, number: int, limit: int, where: Sequence[str]
) -> HitList[SentenceHit]:
    """The occurrences of other words in a sense."""
    return widened(searcher.same_sense_other_words(inventory, number, limit, list(where)))


def widened(hits: HitList[OccurrenceHit]) -> HitList[SentenceHit]:
    """The same list under its wider type, which lists, being mutable, do not take by themselves."""
    return HitList(hits, hits.match, hits.notice, hits.verdict)


def hits_of(searcher: Searcher, ids: Sequence[int], words: bool) -> list[SentenceHit]:
    """The occurrences (words) or sentences of these ids that are still in the collection, in the order of the ids."""
    with searcher.collection.reading():
        if words:
            keys = sorted(live_occurrences(searcher.collection.db, ids))
            return list(occurrence_hits(searcher.collection, _unscored(keys)))
        return sentence_hits(searcher.collection, _unscored(live_sentences(searcher.collection.db, ids)))


def _unscored(keys: Sequence[int]) -> Ranked:
    return Ranked(np.array(keys, np.int64), np.zeros(len(keys), np.float32))
