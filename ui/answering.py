"""A query of the page -> the lines it shows: found, narrowed to a sense, ordered, cut into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.errors import PolysemeError
from search.hits import HitList, Match, OccurrenceHit, SentenceHit
from search.query import Target
from search.searcher import Searcher
from search.senses import SenseInventory
from ui import asking, loading
from ui.address import Listing, PageQuery, Sort
from ui.export import MOST
from ui.kwic_view import key_of
from ui.lines import (
    CANDIDATES,
    EVERYTHING,
    Page,
    fetched,
    is_complete,
    narrowed_hits,
    page_of,
    sorted_hits,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows of a query.

    lines: the hits in their order, narrowed; found: how many there were before they were narrowed; complete: whether
    there are no more; here: sense -> how many of its lines are inside the filters; lost: ids of marks that are gone.
    """

    target: Target | None
    match: Match
    lines: Sequence[SentenceHit]
    found: int
    complete: bool
    page: Page
    notice: str | None
    verdict: str | None
    inventory: SenseInventory | None
    here: Mapping[int, int]

    @property
    def numbers(self) -> Mapping[int, int]:
        """Occurrence id -> number of its sense."""
        return self.inventory.assignments if self.inventory else {}

    @property
    def shown(self) -> Sequence[SentenceHit]:
        """The lines of the page."""
        return self.lines[self.page.first : self.page.last]


def target_of(searcher: Searcher, query: PageQuery) -> Target | str:
    """The word in its sentence, or the sentence; without a text, an example of the saved sense that is shown."""
    if not query.text and (name := asking.saved_sense(query.where)) is not None:
        examples = next((item.examples for item in searcher.prototypes() if item.name == name), ())
        return asking.Request(examples[0], query.match, (), None, False, 1).asked if examples else ""
    return asking.request(query, 1).asked


def senses_of(searcher: Searcher, query: PageQuery, target: Target | str) -> SenseInventory | None:
    """The senses of the word that is asked for, where it is one word that the collection holds."""
    if isinstance(target, str):
        # A word by itself asks for sentences, yet whoever types one may want to see its senses.
        target = Target(target, 0, len(target))
        if " " in target.sentence.strip():
            return None
    tokens = searcher.analyser.tokens(target.sentence)
    marked = [token for token in tokens if token.start < target.end and token.end > target.start]
    if len(marked) != 1:
        return None
    by = Match.FORM if query.match is Match.FORM else Match.LEMMA
    try:
        return loading.senses(searcher, marked[0].text.casefold() if by is Match.FORM else marked[0].lemma, by)
    except PolysemeError:
        return None  # any word may answer for one that the collection does not hold


def answer(searcher: Searcher, query: PageQuery) -> Answer:
    """Find, narrow, order and cut. QueryError, with the way out, for what cannot be asked."""
    target = target_of(searcher, query)
    inventory = senses_of(searcher, query, target)
    word = not isinstance(target, str)
    hits, limit = _found(searcher, query, word, inventory)
    lines, here = _arranged(hits, query, inventory)
    complete = is_complete(hits.match, len(hits), limit, query)
    if query.listing is Listing.OTHERS:
        complete = len(hits) < limit
    return Answer(
        None if isinstance(target, str) else target,
        hits.match,
        lines,
        len(hits),
        complete,
        page_of(query, len(lines), complete),
        hits.notice,
        hits.verdict,
        inventory,
        here,
    )


def everything(searcher: Searcher, query: PageQuery) -> tuple[list[SentenceHit], Mapping[int, int]]:
    """All lines of a query in their order, and the sense of each occurrence; at most ``MOST``."""
    target = target_of(searcher, query)
    inventory = senses_of(searcher, query, target)
    hits, _ = _found(searcher, query, not isinstance(target, str), inventory, whole=True)
    lines, _ = _arranged(hits, query, inventory)
    return lines[:MOST], {} if inventory is None else inventory.assignments


def _found(
    searcher: Searcher, query: PageQuery, word: bool, inventory: SenseInventory | None, whole: bool = False
) -> tuple[HitList[SentenceHit], int]:
    """The hits before they are narrowed, and how many were asked for."""
    same_word = word and query.match is not Match.ANY
    others = query.listing is Listing.OTHERS and inventory is not None and query.sense is not None and query.sense >= 0
    limit = fetched(query, same_word and not others)
    if whole and query.layer is None and not (query.hybrid and not word):
        limit = EVERYTHING if same_word and not others else MOST
    if others and inventory is not None and query.sense is not None:
        return asking.others(searcher, inventory, query.sense, limit), limit
    if query.like:
        return _like(searcher, query, word, limit), limit
    hits = loading.hits(searcher, asking.request(query, limit))
    if same_word and hits.match is Match.ANY and not whole:
        # The word is not there, so that others answer: then as many as the command line asks for.
        limit = fetched(query, same_word=False)
        hits = loading.hits(searcher, asking.request(query, limit))
    return hits, limit


def _like(searcher: Searcher, query: PageQuery, word: bool, limit: int) -> HitList[SentenceHit]:
    """The hits near the lines marked + and away from those marked -."""
    known: dict[int, SentenceHit] = {}
    if word:
        # A target of several words is known by its first one only; the list it was marked in has the whole.
        plain = replace(query, like=(), unlike=(), sense=None, picked=(), sort=Sort.SCORE, page=1)
        known = {key_of(hit): hit for hit in loading.hits(searcher, asking.request(plain, fetched(plain, True)))}
    missing = [key for key in (*query.like, *query.unlike) if key not in known]
    known |= {key_of(hit): hit for hit in asking.hits_of(searcher, missing, word)}
    plus = [known[key] for key in query.like if key in known]
    minus = [known[key] for key in query.unlike if key in known]
    return asking.more_like(searcher, plus, minus, limit, query.where)


def _arranged(
    hits: HitList[SentenceHit], query: PageQuery, inventory: SenseInventory | None
) -> tuple[list[SentenceHit], Mapping[int, int]]:
    numbers = inventory.assignments if inventory else {}
    lines = list(hits)
    here: dict[int, int] = {}
    for hit in hits:
        if isinstance(hit, OccurrenceHit) and hit.occurrence_id in numbers:
            number = numbers[hit.occurrence_id]
            here[number] = here.get(number, 0) + 1
    if query.listing is Listing.HITS and (query.sense is not None or query.picked):
        lines = narrowed_hits(lines, numbers, query.sense, query.picked)
    if query.sort is not Sort.SCORE:
        lines = sorted_hits(lines, query.sort, inventory.scores if inventory else {})
    return lines, here


def order_text(query: PageQuery, answer: Answer) -> str:
    """How the lines are ordered, in words."""
    if query.listing is Listing.OTHERS:
        return "other words, nearest to the sense first"
    if query.sort is Sort.SCORE:
        if query.like:
            return "nearest to the lines marked + first"
        near = "sense" if answer.target else "meaning"
        return f"nearest in {near} first"
    order = {
        Sort.LEFT: "by the words to the left",
        Sort.RIGHT: "by the words to the right",
        Sort.DATE: "the oldest first",
        Sort.DOCUMENT: "by document",
        Sort.ODD: "the farthest from every sense first",
    }[query.sort]
    limited = answer.match in (Match.ANY, Match.SENTENCE)
    return f"the {max(CANDIDATES, query.k)} nearest, {order}" if limited else order
