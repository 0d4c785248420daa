"""Association of words with a group of occurrences. Pure: counts in, scores out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Collocate:
    """A word near a group's occurrences: in how many of them, its log-likelihood (signed) and logDice."""

    lemma: str
    count: int
    log_likelihood: float
    log_dice: float


def log_likelihood(inside: int, inside_total: int, outside: int, outside_total: int) -> float:
    """Signed G2 of a word inside a group against outside (Dunning 1993); negative where it is rarer inside."""
    total = inside_total + outside_total
    observed = ((inside, inside_total), (outside, outside_total))
    share = (inside + outside) / total if total else 0.0
    score = 0.0
    for count, size in observed:
        for seen, expected in ((count, size * share), (size - count, size * (1 - share))):
            if seen and expected:
                score += 2 * seen * math.log(seen / expected)
    rarer = inside * max(outside_total, 1) < outside * max(inside_total, 1)
    return -score if rarer else score


def log_dice(together: int, group: int, word: int) -> float:
    """14 + log2 of the Dice coefficient (Rychlý 2008); at most 14."""
    return 14 + math.log2(2 * together / (group + word)) if together else float("-inf")


def collocates(inside: Sequence[Iterable[str]], outside: Sequence[Iterable[str]], k: int) -> list[Collocate]:
    """The k words that tell the contexts of a group from all others, the strongest first.

    inside, outside: the lemmas near each occurrence of the group, and near each of the others.
    """
    here = Counter(lemma for context in inside for lemma in set(context))
    there = Counter(lemma for context in outside for lemma in set(context))
    found = [
        Collocate(
            lemma,
            count,
            log_likelihood(count, len(inside), there[lemma], len(outside)),
            log_dice(count, len(inside), count + there[lemma]),
        )
        for lemma, count in here.items()
    ]
    found = [item for item in found if item.log_likelihood > 0]
    return sorted(found, key=lambda item: (-item.log_likelihood, -item.count, item.lemma))[:k]
