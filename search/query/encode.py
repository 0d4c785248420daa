"""A query cut and encoded as documents are: what was asked, as tokens and vectors."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ...indexer.errors import QueryError
from ...indexer.pipeline import form_of, is_asked_about
from ...indexer.text.analyser import TextAnalyser, Token, TokenKind
from ...indexer.vectorise import SentenceVectors, Vectoriser
from ...indexer.vectors.arrays import Array, unit
from .target import EXAMPLE, Target, parse_target

REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence's tokens, which of them are the target (positions, in order), and those of them with a meaning."""

    sentence: str
    tokens: tuple[Token, ...]
    target: tuple[int, ...]
    stored: tuple[int, ...]

    @property
    def words(self) -> list[Token]:
        """The target's tokens."""
        return [self.tokens[n] for n in self.target]

    @property
    def text(self) -> str:
        """The target as it stands in the sentence."""
        return self.sentence[self.words[0].start : self.words[-1].end]

    @property
    def is_one_word(self) -> bool:
        """Whether one stored word and what clings to it are asked for: "bank", "river's", "l'acqua"."""
        return len(self.target) == 1 or (len(self.stored) == 1 and not any(map(str.isspace, self.text)))

    @property
    def meaning(self) -> tuple[int, ...]:
        """Positions whose vectors stand for the target: those that a collection stores, else all of them."""
        return self.stored or self.target


def ask(analyser: TextAnalyser, query: str | tuple[str, int] | Target, function_words: bool) -> Asked:
    """Cut a query: text with one target in brackets, (sentence, position of the token from 0), or a parsed Target.

    QueryError when there is no target, more than one, or no word in it.
    """
    if isinstance(query, str | Target):
        mark = parse_target(query) if isinstance(query, str) else query
        sentence = mark.sentence
        tokens = analyser.tokens(sentence)
        target = tuple(n for n, t in enumerate(tokens) if t.start < mark.end and t.end > mark.start)
    else:
        sentence, position = query
        tokens = analyser.tokens(sentence)
        if not 0 <= position < len(tokens):
            raise QueryError(f"position {position} is outside the sentence, which has {len(tokens)} tokens from 0")
        target = (position,)
    words = [n for n in target if tokens[n].kind is not TokenKind.PUNCTUATION]
    if not words:
        raise QueryError(f"the target holds no word; {EXAMPLE}")
    target = tuple(n for n in target if words[0] <= n <= words[-1])  # "[bank,]" asks for "bank"
    stored = tuple(n for n in target if is_asked_about(tokens[n], function_words))
    return Asked(sentence, tokens, target, stored)


class QueryEncoder:
    """Encodes queries and remembers the last few, so that turning a page or a filter costs nothing."""

    def __init__(self, vectoriser: Vectoriser) -> None:
        self.vectoriser = vectoriser
        self._known: OrderedDict[tuple[str, ...], SentenceVectors] = OrderedDict()

    def __call__(self, tokens: Sequence[Token]) -> SentenceVectors:
        """Unit vectors of a query of t tokens: sentence (e,), tokens (t, d)."""
        key = tuple(token.text for token in tokens)
        if key not in self._known:
            self._known[key] = self.vectoriser([key])[0]
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def sense(self, asked: Asked) -> Array:
        """Unit vector of the target in its sentence: the mean over its words.  (d,)"""
        rows = self(asked.tokens).tokens[list(asked.meaning)]  # (words, d)
        return unit(rows.mean(axis=0))

    def identity(self, asked: Asked) -> Array:
        """Unit vector of the target's words by themselves: the mean over them.  (p,)"""
        rows = self.vectoriser.words([form_of(asked.tokens[n]) for n in asked.meaning])  # (words, p)
        return unit(rows.mean(axis=0))
