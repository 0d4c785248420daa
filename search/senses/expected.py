"""Find words that the language models expect in the place of a word: other words for each of its senses.

"Winter, summer" name one sense of *season*, and "championship, game" another. Words nearby name topics instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.text import TokenKind, fold
from ...indexer.vectors.arrays import Array
from ..context import View
from ..hits import OccurrenceHit

if TYPE_CHECKING:
    from ...indexer.elmo.lexical_substitution import Expectations

WORDS = 6
"""Maximum number of expected words of a sense."""
REACH = 16
"""Number of tokens on each side of the word that the language models read."""
CANDIDATES = 200
"""Number of words with the highest scores whose lemmas are looked up."""
SHORTEST = 3
"""Minimum length of an expected word, in characters."""


def expected_words(
    view: View, groups: Sequence[Sequence[OccurrenceHit]], known: dict[int, Array] | None = None
) -> list[tuple[str, ...]]:
    """Return the words expected in each group of lines, more than in the other groups, best first.

    The score of a word is p log(p / q). Its mean probability is p in the lines of the group, and q in the other groups.
    Of the forms of a lemma the best remains. The word's own forms are left out.

    Args:
        known: Occurrence id -> context that was encoded before (dim,). What is encoded now is added.

    Returns:
        Words of each group. There are none if the model has no output layer.
    """
    expectations = view.context.expectations
    if expectations is None or not any(groups):
        return [() for _ in groups]
    known = {} if known is None else known
    read_contexts(view, [hit for hits in groups for hit in hits], known)
    means = np.stack([_mean_probabilities(expectations, hits, known) for hits in groups])  # (groups, words)
    found = []
    for number, (own, hits) in enumerate(zip(means, groups, strict=True)):
        others = np.delete(means, number, axis=0)
        scores = own if not len(others) else own * np.log((own + 1e-9) / (others.mean(axis=0) + 1e-9))
        found.append(_best(view, expectations.output.words, scores, hits))
    return found


def read_contexts(view: View, hits: Sequence[OccurrenceHit], known: dict[int, Array]) -> None:
    """Encode the contexts of occurrences that are not known yet, if the model predicts words.

    Args:
        known: Occurrence id -> context (dim,). What is encoded now is added.
    """
    expectations = view.context.expectations
    unknown = list({hit.occurrence_id: hit for hit in hits if hit.occurrence_id not in known}.values())
    if expectations is None or not unknown:
        return
    firsts = [max(0, hit.position - REACH) for hit in unknown]
    texts = [
        [token.text for token in view.tokens(hit)[first : hit.position + REACH + 1]]
        for hit, first in zip(unknown, firsts, strict=True)
    ]
    found = expectations.encoder.contexts_at(
        texts, [hit.position - first for hit, first in zip(unknown, firsts, strict=True)]
    )
    known.update(zip([hit.occurrence_id for hit in unknown], found, strict=True))


def _mean_probabilities(expectations: Expectations, hits: Sequence[OccurrenceHit], known: Mapping[int, Array]) -> Array:
    """Return the mean probability of each word of the output layer in some lines.  -> (words,)"""
    contexts = [known[hit.occurrence_id] for hit in hits]
    if not contexts:
        return np.zeros(len(expectations.output.words), np.float32)
    found: Array = np.exp(expectations.log_probabilities(np.stack(contexts))).mean(axis=0)
    return found


def _best(view: View, words: Sequence[str], scores: Array, hits: Sequence[OccurrenceHit]) -> tuple[str, ...]:
    own = {hit.lemma for hit in hits} | {fold(hit.token) for hit in hits}
    found: dict[str, str] = {}
    for place in np.argsort(-scores, kind="stable")[:CANDIDATES].tolist():
        word = words[place]
        lemma = view.analyser.lemma(word)
        if scores[place] <= 0 or len(found) == WORDS:
            break
        if len(word) >= SHORTEST and lemma not in own and fold(word) not in own and _is_content_word(view, word):
            found.setdefault(lemma, word)
    return tuple(found.values())


def _is_content_word(view: View, word: str) -> bool:
    return word.isalpha() and [token.kind for token in view.analyser.tokens(word)] == [TokenKind.WORD]
