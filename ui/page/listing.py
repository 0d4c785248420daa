"""Answer a query of the page: search once, keep one sense if asked, order the lines, cut them into pages.

`read_target` parses the text, `understand` adds what the collection knows of the word, `answer` finds the lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...indexer.errors import QueryError
from ...indexer.text import Token, form_of, is_indexed
from ...search.hits import By, DocumentHit, HitList, Match, OccurrenceHit, SentenceHit
from ...search.query.parts_of_speech import PosCounts
from ...search.query.target import Target
from ...search.retrieval.sentences import parse_order
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.named_sense_file import NamedSense
from . import cache, dictionary, fetch
from .address import MATCHES, MAX_TEXT, Listing, PageQuery, Sort, of_pos, without_pos
from .asked import Asked, PatternText, read_text
from .html.concordance import key_of
from .html.expanded import Expanded
from .html.groups import Group, by_document, of_documents
from .lines import (
    DOCUMENT_SORTS,
    Page,
    hits_needed,
    is_complete,
    most_lines,
    narrowed_hits,
    page_of,
    sorted_documents,
    sorted_hits,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A query after its text has been parsed and its word looked up.

    Args:
        query: The query without the parts that have no effect on its answer.
        target: The word in its sentence, the pattern, or the whole sentence.
        inventory: The senses of the word. None if the target is not a single word, or the collection lacks it.
        matches: The choices of `Match` that the page offers, the default first.
        same_word: Whether the search is known to list occurrences of the same word, or of a pattern. If not, the
            collection may lack the word, and other words answer.
    """

    query: PageQuery
    target: Asked
    inventory: SenseInventory | None
    matches: tuple[Match, ...]
    same_word: bool

    @property
    def of_words(self) -> bool:
        """Whether the lines are occurrences. Those of a named sense are, even if it has no example sentence."""
        return not (isinstance(self.target, str) and self.query.text)

    @property
    def of_pattern(self) -> bool:
        """Whether the lines are places of a pattern."""
        return isinstance(self.target, PatternText) and ranks_by_text(self.query)

    @property
    def any_pos(self) -> bool:
        """Whether the word may have another part of speech than in its sentence.

        It may if the visitor wants that, or chose a sense, lines, or a part of speech. A word alone has no sentence, so
        it has any.
        """
        query, target = self.query, self.target
        if not isinstance(target, Target) or (not target.pos and len(target.sentence) == target.end - target.start):
            return True
        return query.any_pos or query.sense is not None or bool(query.picked or of_pos(query.where))

    @property
    def of_documents(self) -> bool:
        """Whether the answer is a list of documents."""
        return self.query.by is By.DOCUMENT

    @property
    def within(self) -> Sequence[str]:
        """The filters that apply to the lines. A named-sense filter does not apply to other words."""
        query = self.query
        others = query.match is Match.ANY or query.listing is Listing.OTHERS
        return fetch.without_named_sense(query.where) if others and not (query.text or query.like) else query.where


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows for a question.

    Args:
        match: Which words the lines are occurrences of. It may differ from the query's match.
        lines: The hits in their order, of the chosen sense only. Of documents: the passages of all of them.
        found: Number of hits before the sense was chosen.
        complete: Whether there are no more hits.
        notice: What the visitor should know about the list, or None.
        verdict: What the confidences say about the whole list, or None.
        inside: Ids of the word's occurrences inside the filters. None if there are no filters.
        documents: The documents of a question for documents, in their order. The pages count these.
    """

    question: Question
    match: Match
    lines: Sequence[SentenceHit]
    found: int
    complete: bool
    page: Page
    notice: str | None
    verdict: str | None
    inside: frozenset[int] | None
    documents: Sequence[DocumentHit] = ()

    @property
    def query(self) -> PageQuery:
        """The query without the parts that have no effect on its answer."""
        return self.question.query

    @property
    def target(self) -> Target | None:
        """The word in its sentence, or None for a sentence or a pattern."""
        return self.question.target if isinstance(self.question.target, Target) else None

    @property
    def inventory(self) -> SenseInventory | None:
        """The senses of the word, if any."""
        return self.question.inventory

    @property
    def numbers(self) -> Mapping[int, int | None]:
        """Occurrence id -> number of its sense."""
        return self.inventory.assignments if self.inventory else {}

    @property
    def shown(self) -> Sequence[SentenceHit]:
        """The lines of the current page."""
        if self.question.of_documents:
            return [hit for document in self.documents[self.page.first : self.page.last] for hit in document.passages]
        return self.lines[self.page.first : self.page.last]

    @property
    def groups(self) -> Sequence[Group]:
        """The lines of the current page under their documents. Empty if they are not grouped."""
        if self.question.of_documents:
            before = sum(len(document.passages) for document in self.documents[: self.page.first])
            return of_documents(self.documents[self.page.first : self.page.last], before + 1)
        return by_document(self.shown, self.page.first + 1) if self.query.group else ()


@dataclass(frozen=True, slots=True)
class FullListing:
    """All lines of a query, beyond its pages.

    Args:
        numbers: Occurrence id -> number of its sense.
        cut: Whether more lines exist.
        documents: The documents whose passages the lines are. Empty for a list of lines.
    """

    query: PageQuery
    lines: Sequence[SentenceHit]
    numbers: Mapping[int, int | None]
    cut: bool
    documents: Sequence[DocumentHit] = ()


def read_target(searcher: Searcher, query: PageQuery) -> Asked:
    """Parse the text of a query: the word in its sentence, the sentence, or the pattern.

    A query without a text has the first example of its named sense as its target. Without an example the target is "".

    Raises:
        QueryError: The text is too long, or a pattern that cannot be read. Or its brackets do not match, are empty, or
            mark more than one target.
    """
    if len(query.text) > MAX_TEXT:
        raise QueryError(f"the query has {len(query.text):,} characters; ask for at most {MAX_TEXT:,}")
    if query.text:
        return read_text(query.text)
    named = _named_sense(searcher, query)
    return read_text(named.examples[0]) if named is not None and named.examples else ""


def _named_sense(searcher: Searcher, query: PageQuery) -> NamedSense | None:
    """Return the named sense that a query without a text lists."""
    name = None if query.text else fetch.named_sense(query.where)
    return None if name is None else next((item for item in searcher.named_senses() if item.name == name), None)


def understand(searcher: Searcher, query: PageQuery, target: Asked) -> Question:
    """Look up the word of a parsed query, and drop what has no effect on its answer."""
    token = _single_word(searcher, target)
    inventory = None
    if token is not None:
        word, match = _word_and_match(token, query.match)
        inventory = dictionary.inventory(searcher, word, match, query.dictionary)
        if inventory is None:
            query = replace(query, dictionary="")
            inventory = cache.senses(searcher, word, match, query.senses)
    named = _named_sense(searcher, query)
    # A named sense of a form does not know the lemma.
    matches = (Match.FORM, Match.ANY) if named is not None and named.match is Match.FORM else MATCHES
    settled = _settled(searcher, query, target, inventory, matches)
    return Question(settled, target, inventory, matches, _is_of_same_word(searcher, settled, target, token, inventory))


def _single_word(searcher: Searcher, target: Asked) -> Token | None:
    """Return the token of a target that is a single word, else None."""
    if isinstance(target, PatternText):
        return None
    if isinstance(target, str):
        # A single word without brackets asks for sentences, but its senses are useful too.
        target = Target(target, 0, len(target))
        if " " in target.sentence.strip():
            return None
        tokens = searcher.analyser.tokens(target.sentence)
    else:
        tokens = searcher.tokens(target.sentence)
    marked = [token for token in tokens if token.start < target.end and token.end > target.start]
    return marked[0] if len(marked) == 1 else None


def _word_and_match(token: Token, match: Match) -> tuple[str, Match]:
    return (form_of(token), Match.FORM) if match is Match.FORM else (token.lemma, Match.LEMMA)


def _is_of_same_word(
    searcher: Searcher, query: PageQuery, target: Asked, token: Token | None, inventory: SenseInventory | None
) -> bool:
    if isinstance(target, PatternText) and ranks_by_text(query):
        return True
    if query.match is Match.ANY or query.listing is Listing.OTHERS or (isinstance(target, str) and query.text):
        return False
    if not ranks_by_text(query):
        return True
    if token is None and isinstance(target, Target):
        key = ("holds", target, query.match, query.where)
        return cache.cached(searcher, key, lambda: searcher.holds(target, query.match, query.where))
    return inventory is not None and token is not None and is_indexed(token, searcher.settings.function_words)


def ranks_by_text(query: PageQuery) -> bool:
    """Return whether the text ranks the lines. Only then can another layer, or keywords, rank them."""
    return bool(query.text) and not query.like and query.listing is Listing.HITS


def is_sense(number: int | None, inventory: SenseInventory) -> bool:
    """Return whether an inventory has a sense of this number."""
    return number is not None and 1 <= number <= len(inventory.senses)


def is_usual(inventory: SenseInventory) -> bool:
    """Return whether a word is divided into its usual number of senses."""
    return len(inventory.senses) == inventory.usual


def _settled(
    searcher: Searcher,
    query: PageQuery,
    target: Asked,
    inventory: SenseInventory | None,
    matches: tuple[Match, ...],
) -> PageQuery:
    """Drop the parts of a query that have no effect, which an address or the question before may have left there."""
    if query.listing is Listing.OTHERS:
        if inventory is not None and is_sense(query.sense, inventory):
            sort = Sort.SCORE if query.sort is Sort.ODD else query.sort
            query = replace(query, picked=(), like=(), unlike=(), sort=sort)
        else:
            query = replace(query, listing=Listing.HITS)
    if isinstance(target, PatternText):
        query = replace(query, sense=None, sort=Sort.SCORE if query.sort is Sort.ODD else query.sort)
    by_text, word = ranks_by_text(query), not isinstance(target, str)
    has_layers = by_text and isinstance(target, Target)
    by = query.by if by_text and not word else By.SENTENCE
    return replace(
        query,
        senses=None if inventory is None or query.dictionary or is_usual(inventory) else len(inventory.senses),
        by=by,
        order=parse_order(query.order, None, by) if by_text and not word else None,
        group=query.group and not word and bool(query.text) and by is not By.DOCUMENT,
        sort=query.sort if by is not By.DOCUMENT or query.sort in DOCUMENT_SORTS else Sort.SCORE,
        match=query.match if query.match in matches else matches[0],
        layer=query.layer if has_layers and query.layer is not searcher.settings.layer else None,
        any_pos=query.any_pos and has_layers and query.match is Match.LEMMA,
    )


def answer(searcher: Searcher, question: Question) -> Answer:
    """Find the lines of a question, and cut them into pages.

    Raises:
        QueryError: The question cannot be answered. The message says what to do.
    """
    if question.of_documents:
        return _documents_answer(searcher, question)
    query, inventory = question.query, question.inventory
    hits, limit = _found(searcher, question)
    lines = _arranged(hits, question)
    complete = is_complete(hits.match, len(hits), limit, query)
    return Answer(
        question,
        hits.match,
        lines,
        len(hits),
        complete,
        page_of(query, len(lines), complete),
        hits.notice,
        hits.verdict,
        _inside(searcher, inventory, query.where) if inventory is not None and query.where else None,
    )


def _documents_answer(searcher: Searcher, question: Question) -> Answer:
    """Find the documents of a question, and cut them into pages."""
    query = question.query
    hits, limit = _found_documents(searcher, question)
    documents = sorted_documents(hits, query.sort)
    lines = [passage for document in documents for passage in document.passages]
    complete = is_complete(hits.match, len(hits), limit, query)
    page = page_of(query, len(documents), complete)
    return Answer(
        question, hits.match, lines, len(lines), complete, page, hits.notice, hits.verdict, None, tuple(documents)
    )


def _found_documents(searcher: Searcher, question: Question, whole: bool = False) -> tuple[HitList[DocumentHit], int]:
    query, target = question.query, question.target
    assert isinstance(target, str)
    limit = hits_needed(query, same_word=False, whole=whole)
    key = ("documents", target, query.where, query.order, limit)
    return cache.cached(searcher, key, lambda: fetch.find_documents(searcher, query, target, limit)), limit


def parts_of_speech(searcher: Searcher, found: Answer) -> PosCounts:
    """Count the lines of a word by part of speech. Filters on the part of speech do not count.

    There are no counts of other lists: of several words, of other words, of marked lines, or of patterns.
    """
    query, target = found.query, found.target
    if target is None or found.inventory is None or not ranks_by_text(query) or found.match is Match.ANY:
        return PosCounts("", {})
    where = without_pos(query.where)
    key = ("parts of speech", target, query.match, where)
    counted: PosCounts = cache.cached(searcher, key, lambda: searcher.parts_of_speech(target, query.match, where))
    if query.sense is None and not query.picked:
        return counted
    # A sense is chosen. Its lines are all known.
    chosen = Counter(hit.pos for hit in found.lines if isinstance(hit, OccurrenceHit) and hit.pos)
    return PosCounts(counted.target, dict(sorted(chosen.items(), key=lambda item: (-item[1], item[0]))))


def expanded(searcher: Searcher, shown: Sequence[SentenceHit], wanted: Collection[tuple[str, int]]) -> Expanded:
    """Read what is open under the lines of a page.

    Args:
        wanted: What is open (`around` or `alike`), and the id of the sentence.
    """
    hits = {hit.sentence_id: hit for hit in shown}
    around = {key: fetch.around(searcher, hits[key]) for what, key in wanted if what == "around" and key in hits}
    alike = {key: fetch.alike(searcher, hits[key]) for what, key in wanted if what == "alike" and key in hits}
    return Expanded(around, alike)


def everything(searcher: Searcher, question: Question) -> FullListing:
    """Return all lines of a question in their order, at most `most_lines`, for a file."""
    if question.of_documents:
        found, _ = _found_documents(searcher, question, whole=True)
        most = most_lines(question.query)
        documents = sorted_documents(found[:most], question.query.sort)
        passages = [hit for document in documents for hit in document.passages]
        return FullListing(question.query, passages, {}, len(found) > most, documents)
    hits, _ = _found(searcher, question, whole=True)
    lines = _arranged(hits, question)
    numbers = {} if question.inventory is None else question.inventory.assignments
    most = most_lines(question.query)
    return FullListing(question.query, lines[:most], numbers, len(lines) > most)


def _found(searcher: Searcher, question: Question, whole: bool = False) -> tuple[HitList[SentenceHit], int]:
    """Return all hits of a question, and the number of hits that was searched for."""
    query, inventory = question.query, question.inventory
    limit = hits_needed(query, question.same_word, whole, question.of_pattern)
    if query.listing is Listing.OTHERS and inventory is not None and query.sense is not None:
        return _of_other_words(searcher, question, inventory, query.sense, limit), limit
    if query.like:
        return _like_marked(searcher, question, limit), limit
    return _by_text(searcher, question, limit), limit


def _by_text(searcher: Searcher, question: Question, limit: int) -> HitList[SentenceHit]:
    query, target = question.query, question.target
    asked = (target, query.text, query.match, query.where, query.layer, query.by, query.order, question.any_pos)
    key = ("text", *asked, limit)
    return cache.cached(searcher, key, lambda: fetch.find(searcher, query, target, limit, question.any_pos))


def _of_other_words(
    searcher: Searcher, question: Question, inventory: SenseInventory, sense: int, limit: int
) -> HitList[SentenceHit]:
    within = list(question.within)
    key = ("others", inventory.word, inventory.match, sense, limit, within)
    return cache.cached(
        searcher, key, lambda: fetch.widened(searcher.same_sense_other_words(inventory, sense, limit, within))
    )


def _like_marked(searcher: Searcher, question: Question, limit: int) -> HitList[SentenceHit]:
    """Return the hits near the lines marked + and away from the lines marked -."""
    query = question.query

    def find() -> HitList[SentenceHit]:
        known = _marked(searcher, question)
        plus = [known[key] for key in query.like if key in known]
        minus = [known[key] for key in query.unlike if key in known]
        return searcher.more_like(plus, minus, limit, list(query.where), query.match)

    key = ("like", query.text, query.match, query.like, query.unlike, query.where, question.of_words, limit)
    return cache.cached(searcher, key, find)


def _marked(searcher: Searcher, question: Question) -> dict[int, SentenceHit]:
    """Return the marked hits by id."""
    query = question.query
    known: dict[int, SentenceHit] = {}
    several = question.of_words and question.inventory is None and not isinstance(question.target, PatternText)
    if several and query.text and query.match is not Match.ANY:
        # The id of a hit of several words is that of its first word. The list in which it was marked has all of it.
        plain = replace(query, like=(), unlike=(), sense=None, picked=(), sort=Sort.SCORE, page=1)
        same_word = _is_of_same_word(searcher, plain, question.target, None, None)
        hits, _ = _found(searcher, replace(question, query=plain, same_word=same_word))
        if hits.match is not Match.ANY:
            known = {key_of(hit): hit for hit in hits}
    missing = [key for key in (*query.like, *query.unlike) if key not in known]
    return known | {key_of(hit): hit for hit in searcher.live_hits(missing, sentences=not question.of_words)}


def _inside(searcher: Searcher, inventory: SenseInventory, where: Sequence[str]) -> frozenset[int]:
    key = ("within", inventory.word, inventory.match, where)
    return cache.cached(searcher, key, lambda: searcher.within(inventory, where))


def _arranged(hits: HitList[SentenceHit], question: Question) -> list[SentenceHit]:
    query, inventory = question.query, question.inventory
    lines = list(hits)
    if query.listing is Listing.HITS and (query.sense is not None or query.picked):
        lines = narrowed_hits(lines, inventory.assignments if inventory else {}, query.sense, query.picked)
    return sorted_hits(lines, query.sort, inventory.scores if inventory else {})
