"""Why a hit is a hit: which context words carry the likeness, and the score by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..indexer.collection.records import Layer
from ..indexer.text.analyser import TokenKind
from ..indexer.vectorise import Vectoriser, token_vectors
from ..indexer.vectors.arrays import Array, Doubles, Mask, unit
from .query.encode import Asked, QueryEncoder


@dataclass(frozen=True, slots=True)
class Contribution:
    """A context word of the hit and its share of the score.

    drop: the mean of how much the score falls when the word alone is left out of the sentence, and of how much it
    rises when the word alone is put beside the target. Shares need not add up to the score.
    """

    token: str
    position: int
    start: int
    end: int
    drop: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """score: cosine of the sense vectors; words: context words, the most helpful first; layers: cosine by layer."""

    score: float
    words: tuple[Contribution, ...]
    layers: dict[str, float]


class Around:
    """The n words around a hit's target, any of which may be left out; target and punctuation stay.

    `positions`: of the words in the sentence, (n,).
    """

    def __init__(self, vectoriser: Vectoriser, target: Array, hit: Asked) -> None:
        self._vectoriser = vectoriser
        self._target = target  # (d,)
        self._hit = hit
        words = (n for n, token in enumerate(hit.tokens) if token.kind is not TokenKind.PUNCTUATION)
        self.positions = tuple(n for n in words if n not in hit.target)

    def scores(self, present: Mask) -> Doubles:
        """Cosine of the hit's target with the asked one where only some words are there.  (c, n) -> (c,)"""
        sentences, places = [], []
        for row in present:
            absent = {self.positions[n] for n in np.flatnonzero(~row)}
            tokens, meaning = self._remaining(absent)
            sentences.append(tokens)
            places.append(meaning)
        found = self._vectoriser(sentences)
        targets = [unit(one.tokens[where].mean(axis=0)) for one, where in zip(found, places, strict=True)]
        return np.array([vector @ self._target for vector in targets], np.float64)  # (c,)

    def _remaining(self, absent: set[int]) -> tuple[list[str], list[int]]:
        """The sentence without some positions, and where the target's words stand then."""
        kept = [n for n in range(len(self._hit.tokens)) if n not in absent]
        return [self._hit.tokens[n].text for n in kept], [kept.index(n) for n in self._hit.meaning]


def explain(encode: QueryEncoder, asked: Asked, hit: Asked) -> Explanation:
    """Tell each context word's share of the score by `shares`: twice as many short sentences as words are encoded."""
    target = encode.sense(asked)  # (d,)
    score = float(encode.sense(hit) @ target)
    around = Around(encode.vectoriser, target, hit)
    found = zip(around.positions, shares(around.scores, len(around.positions), score).tolist(), strict=True)
    tokens = [(hit.tokens[n], n, share) for n, share in found]
    words = [Contribution(token.text, n, token.start, token.end, share) for token, n, share in tokens]
    words.sort(key=lambda word: (-word.drop, word.position))
    return Explanation(score, tuple(words), layer_scores(encode.vectoriser, asked, hit))


def shares(scores: Callable[[Mask], Doubles], n: int, whole: float) -> Doubles:
    """Mean of what each of n words adds last and of what it adds first.  -> (n,)

    scores: (c, n), which words are there, -> (c,); whole: the score with all. Left out alone, a word that another can
    replace seems worth nothing; put in alone, one that needs another does. The mean is the Shapley value wherever words
    act by themselves or in pairs (Shapley 1953): of a pair each gets half.
    """
    alone = np.eye(n, dtype=bool)  # (n, n)
    found = scores(np.concatenate([~alone, alone, np.zeros((1, n), bool)]))  # (2 * n + 1,)
    last, first = whole - found[:n], found[n : 2 * n] - found[-1]  # (n,), (n,)
    return np.asarray((last + first) / 2, np.float64)


def layer_scores(vectoriser: Vectoriser, asked: Asked, hit: Asked) -> dict[str, float]:
    """Cosine of the two targets in every representation of the model, uncentred but for the sense vector."""
    sentences = [[token.text for token in one.tokens] for one in (asked, hit)]
    first, second = vectoriser.encoder.represent(sentences)
    return {
        str(layer): float(
            unit(unit(token_vectors(first, layer)[list(asked.meaning)]).mean(axis=0))
            @ unit(unit(token_vectors(second, layer)[list(hit.meaning)]).mean(axis=0))
        )
        for layer in Layer
    }
