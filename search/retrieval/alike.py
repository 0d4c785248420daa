"""Collapse near duplicates: the best of several sentences in nearly the same words represents the others.

Two sentences are alike in one of two cases.

1. They have the same words and numbers in the same order. Capitals, punctuation and spaces do not count.
2. One has all words of the other in their order, and adds only a few. No added word is a number or a negation, and the
   cosine of both sentence vectors is high.

A changed word may change the meaning (*raised* and *lowered* rates), so sentences with exchanged words are not alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.text import Token, TokenKind
from ...indexer.text.folding import fold
from ...indexer.vectors.arrays import Array, Mask
from ..context import View
from .exact import sentence_vectors
from .hydrate import sentence_texts
from .ranking import Ranked

LOOK_AHEAD = 20
"""Number of sentences after the k-th that are compared too, so that most of those alike are counted."""
MAX_ADDED = 0.25
"""Maximum number of added words, as a share of the longer sentence's words."""
MIN_COSINE = 0.8
"""Minimum cosine of two sentences of which one adds words."""
TOLERANCE = 0.001
"""Tolerance for rounding, where a cosine decides what is compared further."""
_NO_LETTERS = re.compile(r"[\W_]+")
_NEGATIONS = {
    "en": "no not n't nt cannot can't ain't never none nobody nothing nowhere neither nor without hardly scarcely"
    " barely deny denied denies denying false falsely allegedly unless until except",
    "de": "nicht nichts nie niemals niemand nirgends kein keine keinen keinem keiner keines ohne weder noch kaum außer"
    " angeblich",
    "fr": "ne n' pas non ni jamais rien personne aucun aucune sans nul nulle guère point sauf",
    "es": "no ni nunca jamás nada nadie ningún ninguno ninguna sin tampoco apenas salvo",
    "it": "non no né mai niente nulla nessuno nessun nessuna senza neppure nemmeno neanche tranne",
    "pt": "não nem nunca jamais nada ninguém nenhum nenhuma sem tampouco salvo",
}
NEGATIONS = {language: frozenset(words.split()) for language, words in _NEGATIONS.items()}
"""Words that may turn a statement into its opposite, by language. Other languages only have the first case."""


@dataclass(frozen=True, slots=True)
class Words:
    """Folded words and numbers of a sentence in their order, and which of them turn its meaning or are numbers."""

    forms: tuple[str, ...]
    weighty: frozenset[str]


NO_WORDS = Words((), frozenset())
"""Words of a sentence that is like no other."""


def words_of(tokens: Sequence[Token], language: str) -> Words:
    """Return the words of a sentence as they are compared.

    Args:
        language: Language code of the collection.
    """
    negations = NEGATIONS.get(language, frozenset())
    forms = [(token.form or token.text.casefold(), token.kind) for token in tokens]
    kept = tuple(form for form, kind in forms if kind is not TokenKind.PUNCTUATION)
    numbers = {form for form, kind in forms if kind is TokenKind.NUMBER}
    return Words(kept, frozenset(numbers | (negations & set(kept))))


def are_alike(first: Words, second: Words, cosine: float, language: str) -> bool:
    """Return whether two sentences are nearly the same. The order of the two does not matter.

    Args:
        cosine: Cosine of their sentence vectors.
    """
    if first.forms == second.forms:
        return bool(first.forms)
    short, long = sorted((first, second), key=lambda words: len(words.forms))
    if language not in NEGATIONS or cosine < MIN_COSINE:
        return False
    count = len(long.forms) - len(short.forms)
    if not 0 < count <= MAX_ADDED * len(long.forms):
        return False
    added = _added(short.forms, long.forms)
    return added is not None and not long.weighty.intersection(added)


def _added(short: tuple[str, ...], long: tuple[str, ...]) -> list[str] | None:
    """Return the words that a sentence adds to a shorter one, or None if it lacks one of its words in their order."""
    added, place = [], 0
    for form in long:
        if place < len(short) and short[place] == form:
            place += 1
        else:
            added.append(form)
    return added if place == len(short) else None


def may_be_alike(texts: Sequence[str], vectors: Array) -> Mask:
    """Return which of n sentences have the letters or nearly the vector of another. The others have none alike.  (n,)

    Args:
        vectors: Their unit sentence vectors.  (n, e)
    """
    cosines = vectors @ vectors.T  # (n, n)
    np.fill_diagonal(cosines, -1)
    keys = [_NO_LETTERS.sub("", fold(text)).replace("ς", "σ") for text in texts]
    counts = Counter(keys)
    has_twin = np.array([counts[key] > 1 for key in keys], bool)
    return has_twin | (cosines >= MIN_COSINE - TOLERANCE).any(axis=1)


def representatives(words: Sequence[Words], vectors: Array, language: str) -> list[int]:
    """Return for each sentence the place of the first one before it that is alike and represents itself, or its own.

    Args:
        words: Words of n sentences, best sentence first.
        vectors: Their unit sentence vectors.  (n, e)
    """
    found: list[int] = []
    same: dict[tuple[str, ...], int] = {}
    chosen: list[int] = []
    for place, here in enumerate(words):
        first = same.get(here.forms) if here.forms else None
        if first is None:
            first = _first_alike(words, vectors, chosen, place, language)
        if first is None:
            first = place
            chosen.append(place)
        if here.forms:
            same.setdefault(here.forms, first)
        found.append(first)
    return found


def _first_alike(words: Sequence[Words], vectors: Array, chosen: list[int], place: int, language: str) -> int | None:
    """Return the first of the chosen places whose sentence is alike, in the second case."""
    for other in chosen:
        count, others = len(words[place].forms), len(words[other].forms)
        # Most sentences differ so much in length that nothing else needs to be compared.
        if 0 < abs(count - others) <= MAX_ADDED * max(count, others):
            cosine = float(vectors[place] @ vectors[other])
            if are_alike(words[place], words[other], cosine, language):
                return other
    return None


def collapse(view: View, ranked: Ranked, k: int) -> tuple[Ranked, dict[int, tuple[int, ...]]]:
    """Return the k best sentences without near duplicates, and the ids of those left out, by the id that is kept.

    Sentences are read from the best on, until there are k distinct ones and `LOOK_AHEAD` more. So a sentence that is
    further down may be alike without being counted.
    """
    language = view.analyser.folding.language
    texts: list[str] = []
    read: dict[int, Words] = {}
    firsts: list[int] = []
    wanted = k + LOOK_AHEAD
    while len(texts) < len(ranked.ids):
        texts += sentence_texts(view.collection, ranked.ids[len(texts) : wanted].tolist())
        vectors = sentence_vectors(view.scope, ranked.ids[: len(texts)])
        for place in np.flatnonzero(may_be_alike(texts, vectors)).tolist():
            if place not in read:  # cutting a sentence into words takes longer than all the rest
                read[place] = words_of(view.cut(int(ranked.ids[place]), texts[place]), language)
        firsts = representatives([read.get(place, NO_WORDS) for place in range(len(texts))], vectors, language)
        distinct = len(set(firsts))
        if distinct >= k:
            break
        wanted = len(texts) + 2 * (k - distinct)
    kept = list(dict.fromkeys(firsts))[:k]
    alike: dict[int, list[int]] = {}
    for place, first in enumerate(firsts):
        if place != first:
            alike.setdefault(int(ranked.ids[first]), []).append(int(ranked.ids[place]))
    shown = {int(ranked.ids[place]) for place in kept}
    places = np.array(kept, np.int64)
    return Ranked(ranked.ids[places], ranked.scores[places]), {
        key: tuple(ids) for key, ids in alike.items() if key in shown
    }
