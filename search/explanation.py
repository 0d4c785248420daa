"""Explain a hit: the share of each context word in the score, and the score by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..indexer.collection.records import Layer
from ..indexer.text import TokenKind
from ..indexer.vectorise import Vectoriser, as_read, represent, token_vectors
from ..indexer.vectors.arrays import Array, Doubles, Mask, unit
from .context import View
from .hits import OccurrenceHit
from .query.encode import Query, TargetQuery, query_for_hit, read_target_query


@dataclass(frozen=True, slots=True)
class Contribution:
    """A context word of a hit and its share of the score.

    Attributes:
        drop: Mean of two changes of the score. One is its fall when only this word is removed from the sentence. The
            other is its rise when only this word is added to the target. Shares need not sum to the score.
    """

    token: str
    position: int
    start: int
    end: int
    drop: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit scores as it does.

    Attributes:
        score: Cosine of the two sense vectors.
        words: Context words, the largest share first.
        layers: Cosine of the two targets in each layer.
    """

    score: float
    words: tuple[Contribution, ...]
    layers: dict[str, float]


class ContextWords:
    """The n context words of a hit, each of which can be removed. The target and punctuation cannot.

    Attributes:
        positions: Positions of the words in the sentence (n,).
    """

    def __init__(self, vectoriser: Vectoriser, target: Array, hit: TargetQuery) -> None:
        self._vectoriser = vectoriser
        self._target = target  # (d,)
        self._hit = hit
        # As the whole sentence is read. What is left of a sentence in capitals would be read in another way.
        (self._tokens,) = as_read(vectoriser.encoder, [[token.text for token in hit.tokens]])
        words = (n for n, token in enumerate(hit.tokens) if token.kind is not TokenKind.PUNCTUATION)
        self.positions = tuple(n for n in words if n not in hit.target)

    def scores(self, present: Mask) -> Doubles:
        """Return the cosine of the hit's target with the query's for c choices of present words.  (c, n) -> (c,)"""
        sentences, places = [], []
        for row in present:
            tokens, target = self._without({self.positions[n] for n in np.flatnonzero(~row)})
            sentences.append(tokens)
            places.append(target)
        found = self._vectoriser(sentences)
        targets = [unit(one.tokens[where].mean(axis=0)) for one, where in zip(found, places, strict=True)]
        return np.array([vector @ self._target for vector in targets], np.float64)  # (c,)

    def _without(self, absent: set[int]) -> tuple[list[str], list[int]]:
        """Return the sentence's tokens without some positions, and the positions of the target in what is left."""
        kept = [n for n in range(len(self._hit.tokens)) if n not in absent]
        return [self._tokens[n] for n in kept], [kept.index(n) for n in self._hit.encoded]


def explain(view: View, hit: OccurrenceHit, query: Query | None) -> Explanation:
    """Explain a hit by `shares`. See `Searcher.explain`. Encodes two sentences for each context word of the hit."""
    function_words = view.settings.function_words
    own = query_for_hit(view.tokens(hit), hit, function_words)
    asked = own if query is None else read_target_query(view.analyser, query, function_words)
    target = view.encode.sense(asked)  # (d,)
    score = float(view.encode.sense(own) @ target)
    context = ContextWords(view.encode.vectoriser, target, own)
    found = zip(context.positions, shares(context.scores, len(context.positions), score).tolist(), strict=True)
    tokens = [(own.tokens[n], n, share) for n, share in found]
    words = [Contribution(token.text, n, token.start, token.end, share) for token, n, share in tokens]
    words.sort(key=lambda word: (-word.drop, word.position))
    return Explanation(score, tuple(words), layer_scores(view.encode.vectoriser, asked, own))


def shares(scores: Callable[[Mask], Doubles], n: int, whole: float) -> Doubles:
    """Return the mean of what each of n words adds when it is the last word added, and when it is the first.  -> (n,)

    If only the last step counted, two redundant words would both seem worthless. If only the first step counted, words
    that need each other would. The mean is the Shapley value where words act alone or in pairs (Shapley 1953): each
    word of a pair gets half.

    Args:
        scores: Function from c choices of present words (c, n) to scores (c,).
        whole: The score with all words.
    """
    alone = np.eye(n, dtype=bool)  # (n, n)
    found = scores(np.concatenate([~alone, alone, np.zeros((1, n), bool)]))  # (2 * n + 1,)
    last, first = whole - found[:n], found[n : 2 * n] - found[-1]  # (n,), (n,)
    return np.asarray((last + first) / 2, np.float64)


def layer_scores(vectoriser: Vectoriser, asked: TargetQuery, hit: TargetQuery) -> dict[str, float]:
    """Return the cosine of two targets in each layer of the model. Only the sense vector is centred."""
    sentences = [[token.text for token in one.tokens] for one in (asked, hit)]
    first, second = represent(vectoriser.encoder, sentences)
    return {
        str(layer): float(
            unit(unit(token_vectors(first, layer)[list(asked.encoded)]).mean(axis=0))
            @ unit(unit(token_vectors(second, layer)[list(hit.encoded)]).mean(axis=0))
        )
        for layer in Layer
    }
