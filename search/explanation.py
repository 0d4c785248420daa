"""Why a hit is a hit: which context words carry the likeness, and the score by layer."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.collection.records import Layer
from indexer.collection.vectors import unit
from indexer.text import TokenKind
from indexer.vectorise import Vectoriser, token_vectors
from search.asked import Asked, QueryEncoder


@dataclass(frozen=True, slots=True)
class Contribution:
    """A context word of the hit and how much the score falls when it is left out of the sentence."""

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


def explain(encode: QueryEncoder, asked: Asked, hit: Asked) -> Explanation:
    """Leave each context word of the hit's sentence out in turn and encode what remains."""
    vectoriser = encode.vectoriser
    target = encode.sense(asked)  # (d,)
    score = float(encode.sense(hit) @ target)
    others = [n for n, t in enumerate(hit.tokens) if n not in hit.target and t.kind is not TokenKind.PUNCTUATION]
    shorter = [[t.text for i, t in enumerate(hit.tokens) if i != n] for n in others]
    words = []
    for n, vectors in zip(others, vectoriser(shorter), strict=True):
        places = [i - (i > n) for i in hit.meaning]
        without = float(unit(vectors.tokens[places].mean(axis=0)) @ target)
        token = hit.tokens[n]
        words.append(Contribution(token.text, n, token.start, token.end, score - without))
    words.sort(key=lambda word: (-word.drop, word.position))
    return Explanation(score, tuple(words), layer_scores(vectoriser, asked, hit))


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
