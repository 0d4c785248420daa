"""Answer a query of the page: search once, keep one sense if asked, order the lines, cut them into pages.

`read_target` parses the text, `understand` adds what the collection knows of the word, `answer` finds the lines.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...indexer.errors import QueryError
from ...indexer.text import Token, form_of, is_indexed
from ...search.hits import By, DocumentHit, HitList, Match, OccurrenceHit, SentenceHit, WordOrder
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
from .language import numeral, say
from .lines import (
    DOCUMENT_SORTS,
    Page,
    chosen_ids,
    hits_needed,
    is_complete,
    most_lines,
    page_of,
    sorted_documents,
    sorted_hits,
    window_of,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A query after its text has been parsed and its word looked up.

    Args:
        query: The query without the parts that have no effect on its answer.
        target: The word in its sentence, the pattern, or the whole sentence.
        find_inventory: Returns the senses of the word, if it has any. With True, it waits for their descriptions.
        has_senses: Whether the target is a single word that the collection holds.
        matches: The choices of `Match` that the page offers, the default first.
        same_word: Whether the search is known to list occurrences of the same word, or of a pattern. If not, the
            collection may lack the word, and other words answer.
        marked: Ids of the marked lines of this kind.
    """

    query: PageQuery
    target: Asked
    find_inventory: Callable[[bool], SenseInventory | None]
    has_senses: bool
    matches: tuple[Match, ...]
    same_word: bool
    marked: frozenset[int] = frozenset()

    @property
    def inventory(self) -> SenseInventory | None:
        """The senses of the word. None if the target is not a single word, or the collection lacks it.

        They are computed at the first access, so that lines which do not depend on them need not wait.
        """
        return self.find_inventory(False) if self.has_senses else None

    @property
    def described(self) -> SenseInventory | None:
        """The senses with their stability and their expected words, which may take as long again."""
        return self.find_inventory(True) if self.has_senses else None

    @property
    def is_bare(self) -> bool:
        """Whether the target is a word without a sentence, which asks for no particular sense."""
        target = self.target
        return isinstance(target, Target) and len(target.sentence.strip()) == target.end - target.start

    @property
    def order(self) -> WordOrder:
        """What orders the occurrences of a word. A word alone has no sense to compare, so its lines are as in texts."""
        query = self.query
        if query.sort is Sort.RANDOM or query.sample:
            return WordOrder.RANDOM
        return WordOrder.TEXT if query.sort is Sort.TEXT or self.is_bare else WordOrder.SENSE

    @property
    def is_window(self) -> bool:
        """Whether only the lines around the page are read, and the others are counted."""
        query = self.query
        return (
            isinstance(self.target, Target)
            and ranks_by_text(query)
            and query.match is not Match.ANY
            and query.layer is None
            and (self.same_word or self.is_bare)
            and query.sort in (Sort.SCORE, Sort.TEXT, Sort.RANDOM)
        )

    @property
    def has_scores(self) -> bool:
        """Whether the lines have scores that mean something to the visitor."""
        by_sense = self.order is WordOrder.SENSE or not self.is_window
        return by_sense and not self.of_pattern and not (self.is_bare and self.query.match is not Match.ANY)

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
        lines: The hits that were read, in their order, of the chosen sense only. Of documents: the passages of all.
        first: Number of lines of the list before the first of these.
        size: Number of lines of the list. If it is not complete, of those known so far.
        found: Number of hits before the sense was chosen.
        complete: Whether `size` counts all lines.
        total: Number of occurrences or sentences that a ranked list orders. None if it is unknown.
        notice: What the visitor should know about the list, or None.
        verdict: What the confidences say about the whole list, or None.
        find_inside: Returns the ids of the word's occurrences inside the filters. None if there are no filters.
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
    find_inside: Callable[[], frozenset[int] | None]
    documents: Sequence[DocumentHit] = ()
    first: int = 0
    size: int = 0
    total: int | None = None

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
    def inside(self) -> frozenset[int] | None:
        """Ids of the word's occurrences inside the filters. None if there are no filters."""
        return self.find_inside()

    @property
    def numbers(self) -> Mapping[int, int | None]:
        """Occurrence id -> number of its sense."""
        return self.inventory.assignments if self.inventory else {}

    @property
    def shown(self) -> Sequence[SentenceHit]:
        """The lines of the current page."""
        if self.question.of_documents:
            return [hit for document in self.documents[self.page.first : self.page.last] for hit in document.passages]
        return self.lines[self.page.first - self.first : self.page.last - self.first]

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


def word_asked(searcher: Searcher, query: PageQuery) -> str | None:
    """Return the lemma of the single word that a query asks about. None if it asks for something else, or is wrong."""
    try:
        token = _single_word(searcher, read_target(searcher, query)) if query.text else None
    except QueryError:
        return None
    return None if token is None else token.lemma


def read_target(searcher: Searcher, query: PageQuery) -> Asked:
    """Parse the text of a query: the word in its sentence, the sentence, or the pattern.

    A query without a text has the first example of its named sense as its target. Without an example the target is "".

    Raises:
        QueryError: The text is too long, or a pattern that cannot be read. Or its brackets do not match, are empty, or
            mark more than one target.
    """
    if len(query.text) > MAX_TEXT:
        count, limit = numeral(len(query.text)), numeral(MAX_TEXT)
        raise QueryError(say("the query has {count} characters; ask for at most {limit}", count=count, limit=limit))
    if query.text:
        return read_text(query.text)
    named = _named_sense(searcher, query)
    return read_text(named.examples[0]) if named is not None and named.examples else ""


def _named_sense(searcher: Searcher, query: PageQuery) -> NamedSense | None:
    """Return the named sense that a query without a text lists."""
    name = None if query.text else fetch.named_sense(query.where)
    return None if name is None else next((item for item in searcher.named_senses() if item.name == name), None)


def understand(searcher: Searcher, query: PageQuery, target: Asked, marked: Collection[int] = frozenset()) -> Question:
    """Look up the word of a parsed query, and drop what has no effect on its answer.

    Args:
        marked: Ids of the marked lines, of which a query may keep only these.
    """
    token = _single_word(searcher, target)
    has_senses = token is not None and _is_known(searcher, *_word_and_match(token, query.match))
    wanted = replace(query, known=(), dictionary="")
    if token is not None:
        wanted = _with_known_senses(searcher, query, *_word_and_match(token, query.match))

    @functools.cache
    def find_inventory(describe: bool) -> SenseInventory | None:
        assert token is not None
        word, match = _word_and_match(token, wanted.match)
        if wanted.dictionary:
            return dictionary.inventory(searcher, word, match, wanted.dictionary)
        return cache.senses(searcher, word, match, wanted.senses, wanted.known, describe)

    named = _named_sense(searcher, query)
    # A named sense of a form does not know the lemma.
    matches = (Match.FORM, Match.ANY) if named is not None and named.match is Match.FORM else MATCHES
    settled = _settled(searcher, wanted, target, find_inventory if has_senses else lambda _: None, has_senses, matches)
    same_word = _is_of_same_word(searcher, settled, target, token, has_senses)
    return Question(settled, target, find_inventory, has_senses, matches, same_word, frozenset(marked))


def _with_known_senses(searcher: Searcher, query: PageQuery, word: str, match: Match) -> PageQuery:
    """Return a query without a dictionary that lacks the word, and without named senses that are not of the word."""
    if query.dictionary and dictionary.inventory(searcher, word, match, query.dictionary) is None:
        query = replace(query, dictionary="")
    if not query.known:
        return query
    names = {item.name for item in searcher.named_senses() if item.word == word}
    return replace(query, known=tuple(name for name in query.known if name in names))


def _is_known(searcher: Searcher, word: str, match: Match) -> bool:
    """Return whether the collection has a word, in or outside the filters."""
    return cache.cached(searcher, ("known", word, match), lambda: searcher.holds(word, match))


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
    searcher: Searcher, query: PageQuery, target: Asked, token: Token | None, has_senses: bool
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
    return has_senses and token is not None and is_indexed(token, searcher.settings.function_words)


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
    find_inventory: Callable[[bool], SenseInventory | None],
    has_senses: bool,
    matches: tuple[Match, ...],
) -> PageQuery:
    """Drop the parts of a query that have no effect, which an address or the question before may have left there.

    The senses are computed only if the query names a number of senses, or lists other words.
    """
    senses = None
    if (
        query.senses is not None
        and not query.dictionary
        and has_senses
        and (inventory := find_inventory(False)) is not None
    ):
        senses = None if is_usual(inventory) else len(inventory.senses)
    if query.listing is Listing.OTHERS:
        inventory = find_inventory(False)
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
        known=query.known if has_senses else (),
        senses=senses,
        sample=query.sample if _is_list_of_word(query, target) else 0,
        by=by,
        order=parse_order(query.order, None, by) if by_text and not word else None,
        group=query.group and not word and bool(query.text) and by is not By.DOCUMENT,
        sort=_settled_sort(query, target, by, has_senses),
        match=query.match if query.match in matches else matches[0],
        layer=query.layer if has_layers and query.layer is not searcher.settings.layer else None,
        any_pos=query.any_pos and has_layers and query.match is Match.LEMMA,
    )


def _is_list_of_word(query: PageQuery, target: Asked) -> bool:
    """Return whether a query lists the occurrences of one word, or the places of a pattern, which can be counted."""
    return ranks_by_text(query) and not isinstance(target, str) and query.match is not Match.ANY


def _settled_sort(query: PageQuery, target: Asked, by: By, has_senses: bool) -> Sort:
    """Return the order of a query, or the usual one where its order has no meaning."""
    if by is By.DOCUMENT:
        return query.sort if query.sort in DOCUMENT_SORTS else Sort.SCORE
    if query.sort in (Sort.TEXT, Sort.RANDOM) and not _is_list_of_word(query, target):
        return Sort.SCORE
    if query.sort is Sort.ODD and not has_senses:
        return Sort.SCORE
    if query.sort is Sort.EXAMPLES and not (_is_list_of_word(query, target) and isinstance(target, Target)):
        return Sort.SCORE
    return query.sort if query.sort is not Sort.LEVELS or query.levels else Sort.SCORE


def answer(searcher: Searcher, question: Question) -> Answer:
    """Find the lines of a question, and cut them into pages.

    Raises:
        QueryError: The question cannot be answered. The message says what to do.
    """
    if question.of_documents:
        return _documents_answer(searcher, question)
    if question.is_window:
        return _window_answer(searcher, question)
    query = question.query
    hits, limit = _found(searcher, question)
    lines = _arranged(searcher, hits, question)
    complete = is_complete(hits.match, len(hits), limit, query) or query.marked
    return Answer(
        question,
        hits.match,
        lines,
        len(hits) if hits.total is None or not question.same_word else hits.total,
        complete,
        page_of(query, len(lines), complete),
        hits.notice,
        hits.verdict,
        _inside(searcher, question),
        size=len(lines),
        total=hits.total,
    )


def _window_answer(searcher: Searcher, question: Question) -> Answer:
    """Read the lines around the page of a word. The others are counted."""
    query = question.query
    first, size = window_of(query.page, query.k)
    hits = _read_window(searcher, question, first, size)
    most = hits.total or 0
    if query.sample:
        most = min(most, query.sample)
    if not hits and most:  # a page beyond the last one means the last one
        first, size = window_of(-(-most // query.k), query.k)
        hits = _read_window(searcher, question, first, size)
    every = hits.total or 0
    if query.sample or _among(question) is not None:
        every = _read_window(searcher, question, 0, 1, whole=True).total or 0
    is_exact = hits.match is not Match.ANY
    return Answer(
        question,
        hits.match,
        hits[: most - first] if is_exact else hits,
        every if is_exact else len(hits),
        is_exact,
        page_of(query, most if is_exact else len(hits), is_exact),
        hits.notice,
        hits.verdict if not first else None,
        _inside(searcher, question),
        first=first,
        size=most if is_exact else len(hits),
        total=every,
    )


def _read_window(
    searcher: Searcher, question: Question, first: int, size: int, whole: bool = False
) -> HitList[SentenceHit]:
    """Read lines of a word after the first ones.

    Args:
        whole: Whether the chosen sense and the picked and marked lines are ignored.
    """
    query, target = question.query, question.target
    assert isinstance(target, Target)
    window = fetch.Window(question.order, first, size, None if whole else _among(question))
    key = ("window", target, query.match, query.where, query.seed, question.any_pos, window)
    return cache.cached(searcher, key, lambda: fetch.find_window(searcher, query, target, question.any_pos, window))


def _among(question: Question) -> frozenset[int] | None:
    """Return the ids of the only lines to show: of the chosen sense, picked or marked. None for all."""
    query = question.query
    marked = question.marked if query.marked else None
    if query.listing is not Listing.HITS or (query.sense is None and not query.picked and marked is None):
        return None
    numbers = {} if query.sense is None or question.inventory is None else question.inventory.assignments
    return chosen_ids(numbers, query.sense, query.picked, marked)


def nearest_sense(searcher: Searcher, question: Question) -> int | None:
    """Return the number of the sense of the line nearest to the word in its sentence. None if it fits no sense."""
    target, inventory = question.target, question.inventory
    if not isinstance(target, Target) or inventory is None:
        return None
    hits = searcher.occurrences(target, 1, question.query.match, any_pos=question.any_pos)
    return inventory.assignments.get(hits[0].occurrence_id) if hits else None


def _documents_answer(searcher: Searcher, question: Question) -> Answer:
    """Find the documents of a question, and cut them into pages."""
    query = question.query
    hits, limit = _found_documents(searcher, question)
    documents = sorted_documents(hits, query.sort)
    lines = [passage for document in documents for passage in document.passages]
    complete = is_complete(hits.match, len(hits), limit, query)
    page = page_of(query, len(documents), complete)
    return Answer(
        question,
        hits.match,
        lines,
        len(lines),
        complete,
        page,
        hits.notice,
        hits.verdict,
        lambda: None,
        tuple(documents),
        size=len(documents),
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
    if target is None or not found.question.has_senses or not ranks_by_text(query) or found.match is Match.ANY:
        return PosCounts("", {})
    where = without_pos(query.where)
    key = ("parts of speech", target, query.match, where)
    counted: PosCounts = cache.cached(searcher, key, lambda: searcher.parts_of_speech(target, query.match, where))
    if query.sense is None and not query.picked:
        return counted
    # A sense is chosen, so its lines are few enough to be read.
    chosen_lines = everything(searcher, found.question).lines
    chosen = Counter(hit.pos for hit in chosen_lines if isinstance(hit, OccurrenceHit) and hit.pos)
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
    if question.is_window:
        limit = question.query.sample or most_lines(question.query) + 1
        lines: Sequence[SentenceHit] = _read_window(searcher, question, 0, limit)
    else:
        lines = _arranged(searcher, _found(searcher, question, whole=True)[0], question)
    numbers = {} if question.inventory is None else question.inventory.assignments
    most = most_lines(question.query)
    return FullListing(question.query, lines[:most], numbers, len(lines) > most)


def _found(searcher: Searcher, question: Question, whole: bool = False) -> tuple[HitList[SentenceHit], int]:
    """Return all hits of a question, and the number of hits that was searched for."""
    query = question.query
    limit = hits_needed(query, question.same_word, whole, question.of_pattern)
    if query.marked and not (question.same_word or question.of_pattern):
        kind_is_sentence = not question.of_words
        keys = sorted(question.marked)
        found = searcher.live_hits(keys, sentences=kind_is_sentence)
        return HitList(found, Match.SENTENCE if kind_is_sentence else Match.ANY, total=len(found)), len(found) + 1
    inventory = question.inventory if query.listing is Listing.OTHERS else None
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
    key = ("others", *cache.cut_of(inventory), sense, limit, within)
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
    several = question.of_words and not question.has_senses and not isinstance(question.target, PatternText)
    if several and query.text and query.match is not Match.ANY:
        # The id of a hit of several words is that of its first word. The list in which it was marked has all of it.
        plain = replace(query, like=(), unlike=(), sense=None, picked=(), sort=Sort.SCORE, page=1)
        same_word = _is_of_same_word(searcher, plain, question.target, None, False)
        hits, _ = _found(searcher, replace(question, query=plain, same_word=same_word))
        if hits.match is not Match.ANY:
            known = {key_of(hit): hit for hit in hits}
    missing = [key for key in (*query.like, *query.unlike) if key not in known]
    return known | {key_of(hit): hit for hit in searcher.live_hits(missing, sentences=not question.of_words)}


def _inside(searcher: Searcher, question: Question) -> Callable[[], frozenset[int] | None]:
    """Return a function that finds the ids of the word's occurrences inside the filters."""
    where = question.query.where

    @functools.cache
    def find() -> frozenset[int] | None:
        inventory = question.inventory
        if inventory is None or not where:
            return None
        key = ("within", inventory.word, inventory.match, where)
        return cache.cached(searcher, key, lambda: searcher.within(inventory, where))

    return find


def _arranged(searcher: Searcher, hits: HitList[SentenceHit], question: Question) -> list[SentenceHit]:
    """Return the lines to show of all hits, in their order."""
    query, lines = question.query, list(hits)
    if (among := _among(question)) is not None:
        lines = [hit for hit in lines if key_of(hit) in among]
    if query.sample:
        lines = sorted_hits(lines, Sort.RANDOM, {}, seed=query.seed)[: query.sample]
    if query.sort is Sort.EXAMPLES:
        return _as_examples(searcher, [hit for hit in lines if isinstance(hit, OccurrenceHit)])
    inventory = question.inventory if query.sort is Sort.ODD else None
    return sorted_hits(lines, query.sort, inventory.scores if inventory else {}, query.levels, query.seed)


def _as_examples(searcher: Searcher, lines: Sequence[OccurrenceHit]) -> list[SentenceHit]:
    """Return lines with the best examples of a dictionary first."""
    key = ("as examples", [hit.occurrence_id for hit in lines])
    return cache.cached(searcher, key, lambda: [each.hit for each in searcher.by_examples(lines)])
