"""A query of the page -> the lines it shows: found, narrowed to a sense, ordered, cut into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...indexer.errors import PolysemeError
from ...search.hits import HitList, Match, SentenceHit
from ...search.query.target import Target
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from . import cache as loading
from . import fetch as asking
from .address import MATCHES, Listing, PageQuery, Sort
from .export import MOST
from .html.concordance import key_of
from .lines import Page, fetched, is_complete, narrowed_hits, page_of, sorted_hits


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows of a query.

    query: what was answered, without what has no part in it; within: the filters that all lines are inside; lines: the
    hits in their order, narrowed; found: how many there were before they were narrowed; complete: whether there are no
    more; inside: ids of the word's occurrences that are inside the filters, None where there are no filters.
    """

    query: PageQuery
    target: Target | None
    within: Sequence[str]
    match: Match
    lines: Sequence[SentenceHit]
    found: int
    complete: bool
    page: Page
    notice: str | None
    verdict: str | None
    inventory: SenseInventory | None
    inside: frozenset[int] | None

    @property
    def numbers(self) -> Mapping[int, int | None]:
        """Occurrence id -> number of its sense."""
        return self.inventory.assignments if self.inventory else {}

    @property
    def shown(self) -> Sequence[SentenceHit]:
        """The lines of the page."""
        return self.lines[self.page.first : self.page.last]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole list, beyond its pages. numbers: occurrence id -> number of its sense; cut: whether it goes on."""

    query: PageQuery
    lines: Sequence[SentenceHit]
    numbers: Mapping[int, int | None]
    cut: bool


def target_of(searcher: Searcher, query: PageQuery) -> Target | str:
    """The word in its sentence, or the sentence; without a text, an example of the saved sense that is shown."""
    if not query.text and (name := asking.saved_sense(query.where)) is not None:
        examples = next((item.examples for item in searcher.named_senses() if item.name == name), ())
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


def matches(searcher: Searcher, query: PageQuery) -> tuple[Match, ...]:
    """Which words may answer, the usual choice first: a saved sense of a form knows no lemma."""
    if query.text or (name := asking.saved_sense(query.where)) is None:
        return MATCHES
    of_form = any(item.name == name and item.match is Match.FORM for item in searcher.named_senses())
    return (Match.FORM, Match.ANY) if of_form else MATCHES


def orders_anew(query: PageQuery) -> bool:
    """Whether a text orders the lines; else there is nothing that another layer, or keywords, could order them by."""
    return bool(query.text) and not query.like and query.listing is Listing.HITS


def is_sense(number: int | None, inventory: SenseInventory) -> bool:
    """Whether an inventory has a sense of this number."""
    return number is not None and 1 <= number <= len(inventory.senses)


def settled(searcher: Searcher, query: PageQuery, target: Target | str, inventory: SenseInventory | None) -> PageQuery:
    """The query without what has no part in its answer, whatever an address, or the question before, says."""
    if query.listing is Listing.OTHERS:
        if inventory is not None and is_sense(query.sense, inventory):
            sort = Sort.SCORE if query.sort is Sort.ODD else query.sort
            query = replace(query, picked=(), like=(), unlike=(), sort=sort)
        else:
            query = replace(query, listing=Listing.HITS)
    offered, anew, word = matches(searcher, query), orders_anew(query), not isinstance(target, str)
    return replace(
        query,
        match=query.match if query.match in offered else offered[0],
        layer=query.layer if anew and word and query.layer is not searcher.settings.layer else None,
        hybrid=query.hybrid and anew and not word,
    )


def answer(searcher: Searcher, asked: PageQuery) -> Answer:
    """Find, narrow, order and cut. QueryError, with the way out, for what cannot be asked."""
    target = target_of(searcher, asked)
    inventory = senses_of(searcher, asked, target)
    query = settled(searcher, asked, target, inventory)
    hits, limit = _found(searcher, query, _of_words(query, target), inventory)
    lines = _arranged(hits, query, inventory)
    complete = is_complete(hits.match, len(hits), limit, query)
    return Answer(
        query,
        None if isinstance(target, str) else target,
        _within(query),
        hits.match,
        lines,
        len(hits),
        complete,
        page_of(query, len(lines), complete),
        hits.notice,
        hits.verdict,
        inventory,
        _inside(searcher, inventory, query.where) if inventory is not None and query.where else None,
    )


def everything(searcher: Searcher, asked: PageQuery) -> Whole:
    """All lines of a query in their order, as a file of at most ``MOST`` holds them."""
    target = target_of(searcher, asked)
    inventory = senses_of(searcher, asked, target)
    query = settled(searcher, asked, target, inventory)
    hits, _ = _found(searcher, query, _of_words(query, target), inventory, whole=True)
    lines = _arranged(hits, query, inventory)
    return Whole(query, lines[:MOST], {} if inventory is None else inventory.assignments, len(lines) > MOST)


def _of_words(query: PageQuery, target: Target | str) -> bool:
    """Whether the lines are occurrences; those of a saved sense are, also where it keeps no example."""
    return not (isinstance(target, str) and query.text)


def _within(query: PageQuery) -> Sequence[str]:
    """The filters that the lines are inside: other words are none of a saved sense's own, near as they may be to it."""
    others = query.match is Match.ANY or query.listing is Listing.OTHERS
    return asking.beside_sense(query.where) if others and not (query.text or query.like) else query.where


def _found(
    searcher: Searcher, query: PageQuery, word: bool, inventory: SenseInventory | None, whole: bool = False
) -> tuple[HitList[SentenceHit], int]:
    """The hits before they are narrowed, and how many were asked for."""
    same_word = _is_of_one_word(searcher, query, word)
    limit = fetched(query, same_word, whole)
    if query.listing is Listing.OTHERS and inventory is not None and query.sense is not None:
        number, within = query.sense, _within(query)
        key: object = ("others", inventory.word, inventory.match, number, limit, within)
        return loading.kept(searcher, key, lambda: asking.others(searcher, inventory, number, limit, within)), limit
    if query.like:
        key = ("like", query.text, query.match, query.like, query.unlike, query.where, word, limit)
        return loading.kept(searcher, key, lambda: _like(searcher, query, word, limit)), limit
    return loading.hits(searcher, asking.request(query, limit)), limit


def _inside(searcher: Searcher, inventory: SenseInventory, where: Sequence[str]) -> frozenset[int]:
    key = ("within", inventory.word, inventory.match, where)
    return loading.kept(searcher, key, lambda: searcher.within(inventory, where))


def _is_of_one_word(searcher: Searcher, query: PageQuery, word: bool) -> bool:
    """Whether all lines are occurrences of the same word, or words.

    Known before they are fetched: a word that is not there is answered by any other, of which there is no end.
    """
    if not word or query.match is Match.ANY or query.listing is Listing.OTHERS:
        return False
    first = asking.request(replace(query, layer=None), 1)
    return not orders_anew(query) or loading.hits(searcher, first).match is not Match.ANY


def _like(searcher: Searcher, query: PageQuery, word: bool, limit: int) -> HitList[SentenceHit]:
    """The hits near the lines marked + and away from those marked -."""
    known: dict[int, SentenceHit] = {}
    plain = replace(query, like=(), unlike=(), sense=None, picked=(), sort=Sort.SCORE, page=1)
    if _is_of_one_word(searcher, plain, word):
        # A target of several words is known by its first one only; the list it was marked in has the whole.
        known = {key_of(hit): hit for hit in loading.hits(searcher, asking.request(plain, fetched(plain, True)))}
    missing = [key for key in (*query.like, *query.unlike) if key not in known]
    known |= {key_of(hit): hit for hit in asking.hits_of(searcher, missing, word)}
    plus = [known[key] for key in query.like if key in known]
    minus = [known[key] for key in query.unlike if key in known]
    return asking.more_like(searcher, plus, minus, limit, query.where, query.match)


def _arranged(hits: HitList[SentenceHit], query: PageQuery, inventory: SenseInventory | None) -> list[SentenceHit]:
    lines = list(hits)
    if query.listing is Listing.HITS and (query.sense is not None or query.picked):
        lines = narrowed_hits(lines, inventory.assignments if inventory else {}, query.sense, query.picked)
    return sorted_hits(lines, query.sort, inventory.scores if inventory else {})
