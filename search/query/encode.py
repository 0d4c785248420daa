"""Tokenise and encode queries the way documents are tokenised and encoded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...indexer.errors import QueryError
from ...indexer.text import TextAnalyser, Token, TokenKind, form_of, is_indexed
from ...indexer.vectorise import SentenceVectors, Vectoriser, spelled
from ...indexer.vectors.arrays import Array, unit
from ..hits import Match, OccurrenceHit
from .target import EXAMPLE, Target, check_text, parse_target

Query = str | tuple[str, int] | Target
"""A query by word in context: text with brackets, (sentence, position of the target token from 0), or a target."""
CACHED_QUERIES = 64
"""Maximum number of encoded sentences that a `QueryEncoder` caches."""


@dataclass(frozen=True, slots=True)
class TargetQuery:
    """A tokenised sentence with a target.

    Attributes:
        target: Positions of the target's tokens, in order.
        stored: Those of them that a collection stores vectors of. Punctuation never is, function words by choice.
        pos: Part of speech that the target must have, or empty.
    """

    sentence: str
    tokens: tuple[Token, ...]
    target: tuple[int, ...]
    stored: tuple[int, ...]
    pos: str = ""

    @property
    def target_tokens(self) -> list[Token]:
        """Tokens of the target."""
        return [self.tokens[n] for n in self.target]

    @property
    def text(self) -> str:
        """The target as written in the sentence."""
        first, last = self.tokens[self.target[0]], self.tokens[self.target[-1]]
        return self.sentence[first.start : last.end]

    @property
    def encoded(self) -> tuple[int, ...]:
        """Positions whose vectors represent the target: the stored ones, or all if none is stored."""
        return self.stored or self.target

    def is_single_word(self, match: Match) -> bool:
        """Return whether the target is one word rather than a phrase.

        For match `lemma` clitics and signs attached to the word do not count: "bank", "river's", "l'acqua".
        """
        if len(self.target) == 1:
            return True
        return match is Match.LEMMA and len(self.stored) == 1 and not any(map(str.isspace, self.text))


def read_target_query(analyser: TextAnalyser, query: Query, function_words: bool) -> TargetQuery:
    """Tokenise a query.

    Args:
        function_words: Whether the collection stores vectors of function words.

    Raises:
        QueryError: There is no target, more than one, or no word in it.
    """
    pos = ""
    if isinstance(query, tuple):
        sentence, position = check_text(query[0]), query[1]
        tokens = analyser.tokens(sentence)
        if not 0 <= position < len(tokens):
            raise QueryError(f"position {position} is outside the sentence; give one from 0 to {len(tokens) - 1}")
        target: tuple[int, ...] = (position,)
    else:
        mark = parse_target(query) if isinstance(query, str) else query
        sentence, pos = check_text(mark.sentence), mark.pos
        tokens = analyser.tokens(sentence)
        target = tuple(n for n, t in enumerate(tokens) if t.start < mark.end and t.end > mark.start)
    target = _without_outer_punctuation(tokens, target)
    if not target:
        raise QueryError(f"the target holds no word; {EXAMPLE}")
    return replace(_target_query(sentence, tokens, target, function_words), pos=pos)


def query_for_words(analyser: TextAnalyser, text: str, function_words: bool) -> TargetQuery | None:
    """Tokenise a text whose whole content is the target. Return None if it has no word.

    Raises:
        QueryError: The text is too long.
    """
    tokens = analyser.tokens(check_text(text))
    target = _without_outer_punctuation(tokens, tuple(range(len(tokens))))
    return _target_query(text, tokens, target, function_words) if target else None


def query_for_hit(tokens: tuple[Token, ...], hit: OccurrenceHit, function_words: bool) -> TargetQuery:
    """Return the query that a hit is: its sentence, whose tokens are given. The target is the hit's token."""
    target = tuple(n for n, token in enumerate(tokens) if token.start >= hit.start and token.end <= hit.end)
    return _target_query(hit.sentence, tokens, target, function_words)


def _without_outer_punctuation(tokens: Sequence[Token], target: tuple[int, ...]) -> tuple[int, ...]:
    """Drop punctuation at both ends of a target, so that "[bank,]" asks for "bank"."""
    words = [n for n in target if tokens[n].kind is not TokenKind.PUNCTUATION]
    return tuple(n for n in target if words[0] <= n <= words[-1]) if words else ()


def _target_query(
    sentence: str, tokens: tuple[Token, ...], target: tuple[int, ...], function_words: bool
) -> TargetQuery:
    stored = tuple(n for n in target if is_indexed(tokens[n], function_words))
    return TargetQuery(sentence, tokens, target, stored)


class QueryEncoder:
    """Encodes queries and caches the most recent ones, so that another page or filter needs no encoding."""

    def __init__(self, vectoriser: Vectoriser) -> None:
        self.vectoriser = vectoriser
        self._cache: OrderedDict[tuple[str | None, ...], SentenceVectors] = OrderedDict()
        self._words: OrderedDict[tuple[str, ...], Array] = OrderedDict()

    def __call__(self, tokens: Sequence[Token]) -> SentenceVectors:
        """Encode t tokens as unit vectors: sentence (e,), tokens (t, d), default (dim,)."""
        return self._encode(tokens, spelled(tokens) if self.vectoriser.reads_texts else None)

    def elmo(self, tokens: Sequence[Token]) -> SentenceVectors:
        """Encode t tokens by ELMo alone: tokens (t, d), default (dim,). A sentence transformer is not asked.

        In a collection of one, `sentence` is then the default vector.
        """
        return self._encode(tokens, None)

    def _encode(self, tokens: Sequence[Token], text: str | None) -> SentenceVectors:
        """Encode tokens. Without a text, a sentence transformer is not asked."""
        words = tuple(token.text for token in tokens)
        key = (text, *words)
        if key not in self._cache:
            self._cache[key] = self.vectoriser([words], None if text is None else [text])[0]
            if len(self._cache) > CACHED_QUERIES:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def words(self, forms: Sequence[str]) -> Array:
        """Encode n word forms out of context as unit type vectors: layer 0 of each.  (n, p)"""
        key = tuple(forms)
        if key not in self._words:
            self._words[key] = self.vectoriser.words(key)
            if len(self._words) > CACHED_QUERIES:
                self._words.popitem(last=False)
        self._words.move_to_end(key)
        return self._words[key]

    def sense(self, query: TargetQuery) -> Array:
        """Encode the target in its sentence: the unit mean of its words' vectors.  (d,)"""
        rows = self.elmo(query.tokens).tokens[list(query.encoded)]  # (words, d)
        return unit(rows.mean(axis=0))

    def pos(self, query: TargetQuery) -> str:
        """Return the part of speech of a target of one word in its sentence, or an empty string without a tagger."""
        tagset, tags = self.vectoriser.encoder.tagset, self._encode(query.tokens, None).tags
        return tagset.upos[int(tags.upos[query.encoded[0]])] if tagset is not None and tags is not None else ""

    def identity(self, query: TargetQuery) -> Array:
        """Encode the target's words out of context: the unit mean of their layer 0 vectors.  (p,)"""
        rows = self.words([form_of(query.tokens[n]) for n in query.encoded])  # (words, p)
        return unit(rows.mean(axis=0))
