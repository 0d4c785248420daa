"""Find words near the occurrences of each sense: labels that distinguish it from the others, and collocates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.collection.queries import lemma_frequencies
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Array, Ids, unit
from ..context import View
from ..hits import OccurrenceHit
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked

LABELS = 6
"""Maximum number of labels of a sense."""
COLLOCATES = 12
"""Maximum number of collocates of a sense."""
FEW_LABELS = 4
"""Minimum number of repeated words. With fewer, words that occur once may be labels too."""
LABEL_REACH = 20
"""Number of tokens on each side whose words may become labels."""
COLLOCATE_REACH = 5
"""Number of tokens on each side whose words are collocates, the usual window of concordancers."""
LINES = 400
"""Maximum number of occurrences of a sense that are read."""
FEWEST_TOGETHER = 2
"""Minimum number of occurrences of a sense that a collocate is near."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio, whose multiples are evenly spread."""

WordTopics = Callable[[Sequence[str]], Array | None]
"""Function from words to their topic vectors (n, d), as `Encoder.word_topics`, or to None if the model has none."""


@dataclass(frozen=True, slots=True)
class SenseWords:
    """Labels that distinguish a sense from the word's other senses, and its collocates by logDice."""

    labels: tuple[Collocate, ...]
    collocates: tuple[Collocate, ...]


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """What was read so far about the occurrences of a word, so that another cut of its tree reads less.

    Attributes:
        lemmas: Occurrence id -> content lemmas within `LABEL_REACH`, and within `COLLOCATE_REACH`.
        contexts: Occurrence id -> context of the language models (dim,).
    """

    lemmas: dict[int, tuple[list[str], list[str]]] = field(default_factory=dict)
    contexts: dict[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _NearbyLemmas:
    """Content lemmas near the occurrences of a sense that were read.

    Attributes:
        wide: Lemmas within `LABEL_REACH` of each occurrence.
        narrow: Lemmas within `COLLOCATE_REACH` of each occurrence.
        size: Number of occurrences of the sense, read or not.
    """

    wide: list[list[str]]
    narrow: list[list[str]]
    size: int


def sense_words(view: View, groups: Sequence[Ids], known: NearbyWords) -> list[SenseWords]:
    """Find the labels and collocates of each group of occurrence ids. A single group is labelled by its collocates.

    Args:
        known: What was read before. What is read now is added.
    """
    near = [_nearby_lemmas(view, ids, known) for ids in groups]
    out = []
    for number, group in enumerate(near):
        others = [other for place, other in enumerate(near) if place != number]
        found = _collocates(view, group, others)
        outside = [context for other in others for context in other.wide]
        labels = labels_of(group.wide, outside, view.context.encoder.word_topics) if others else found[:LABELS]
        out.append(SenseWords(tuple(labels), tuple(found)))
    return out


def labels_of(inside: Sequence[Sequence[str]], outside: Sequence[Sequence[str]], topics: WordTopics) -> list[Collocate]:
    """Return the words that distinguish some contexts from others, the strongest first.

    Words are ranked by log-likelihood times topical fit. The fit is the component of a word's topic vector in the
    direction from the outside contexts to the inside ones. In a few lines, common words such as *come* and *say* differ
    by chance, but they do not fit the topic. Words that occur once count only if there are few repeated ones.

    Args:
        inside: Lemmas near each occurrence of the group.
        outside: Lemmas near each of the other occurrences.
    """
    found = collocates(inside, outside, sum(map(len, inside)))
    lemmas = list(dict.fromkeys(lemma for context in (*inside, *outside) for lemma in context))
    rows = topics(lemmas)  # (n, d)
    if rows is not None:
        place = {lemma: number for number, lemma in enumerate(lemmas)}
        direction = unit(_mean_topic(inside, rows, place) - _mean_topic(outside, rows, place))[0]  # (d,)
        fit = {word.lemma: float(rows[place[word.lemma]] @ direction) for word in found}
        ranked = sorted(found, key=lambda word: (-word.log_likelihood * fit[word.lemma], -word.count, word.lemma))
        found = [word for word in ranked if fit[word.lemma] > 0] or found
    repeated = [word for word in found if word.count >= FEWEST_TOGETHER]
    return (repeated if len(repeated) >= FEW_LABELS else found)[:LABELS]


def _mean_topic(contexts: Sequence[Sequence[str]], rows: Array, place: Mapping[str, int]) -> Array:
    """Return the mean of the unit topic vectors of some contexts.  (1, d)"""
    sums = np.zeros((len(contexts) + 1, rows.shape[1]), np.float32)  # (contexts + 1, d), one zero row if there are none
    for number, context in enumerate(contexts):
        sums[number] = rows[[place[lemma] for lemma in context]].sum(axis=0)
    return np.asarray(unit(sums).sum(axis=0, keepdims=True) / max(len(contexts), 1), np.float32)


def _nearby_lemmas(view: View, ids: Ids, known: NearbyWords) -> _NearbyLemmas:
    chosen = drawn_lines(ids)
    missing = np.array([key for key in chosen.tolist() if key not in known.lemmas], np.int64)
    nothing: Array = np.zeros(len(missing), np.float32)
    for hit in occurrence_hits(view.collection, Ranked(missing, nothing)):
        known.lemmas[hit.occurrence_id] = _lemmas(view, hit, LABEL_REACH), _lemmas(view, hit, COLLOCATE_REACH)
    found = [known.lemmas[key] for key in chosen.tolist()]
    return _NearbyLemmas([wide for wide, _ in found], [narrow for _, narrow in found], len(ids))


def drawn_lines(ids: Ids) -> Ids:
    """Return at most `LINES` ids of a group, as if at random. A part of the group has many of the same lines.

    The order of all ids is fixed by multiplication modulo 2^64. So a finer cut reads few lines again.  (n,) -> (m,)
    """
    if len(ids) <= LINES:
        return ids
    order = np.argsort(ids.astype(np.uint64) * _MULTIPLIER, kind="stable")
    return np.asarray(np.sort(ids[order[:LINES]]))


def _lemmas(view: View, hit: OccurrenceHit, reach: int) -> list[str]:
    """Return the content lemmas within `reach` tokens of a hit, without its own lemma."""
    tokens = view.tokens(hit)
    near = tokens[max(0, hit.position - reach) : hit.position + reach + 1]
    return [t.lemma for t in near if t.kind is TokenKind.WORD and t.lemma != hit.lemma]


def _collocates(view: View, group: _NearbyLemmas, others: Sequence[_NearbyLemmas]) -> list[Collocate]:
    """Return a sense's collocates by logDice, which uses frequencies in the whole collection.

    Their log-likelihood compares the sense with the word's other senses.
    """
    here = Counter(lemma for context in group.narrow for lemma in set(context))
    there = Counter(lemma for other in others for context in other.narrow for lemma in set(context))
    lines = sum(len(other.narrow) for other in others)
    frequent = {lemma: count for lemma, count in here.items() if count >= FEWEST_TOGETHER}
    total = lemma_frequencies(view.collection.db, sorted(frequent))
    scale = group.size / max(len(group.narrow), 1)
    found = [
        Collocate(
            lemma,
            count,
            log_likelihood(count, len(group.narrow), there[lemma], lines),
            log_dice(round(count * scale), group.size, max(total.get(lemma, 0), round(count * scale))),
        )
        for lemma, count in frequent.items()
    ]
    return sorted(found, key=lambda item: (-item.log_dice, -item.count, item.lemma))[:COLLOCATES]


@dataclass(frozen=True, slots=True)
class Collocate:
    """A word near the occurrences of a group.

    Attributes:
        count: Number of the group's occurrences that the word is near.
        log_likelihood: Log-likelihood against other occurrences, negative if the word is rarer in the group.
        log_dice: logDice with the group, at most 14.
    """

    lemma: str
    count: int
    log_likelihood: float
    log_dice: float


def log_likelihood(inside: int, inside_total: int, outside: int, outside_total: int) -> float:
    """Return the signed log-likelihood ratio G2 of a word inside a group against outside (Dunning 1993).

    It is negative if the word is rarer inside.

    Args:
        inside: Number of occurrences of the group that the word is near.
        inside_total: Number of occurrences of the group.
        outside: Number of other occurrences that the word is near.
        outside_total: Number of other occurrences.
    """
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
    """Return 14 + log2 of the Dice coefficient (Rychlý 2008). It is at most 14.

    Args:
        together: Number of the group's occurrences that the word is near.
        group: Number of occurrences of the group.
        word: Number of occurrences of the word.
    """
    return 14 + math.log2(2 * together / (group + word)) if together else float("-inf")


def collocates(inside: Sequence[Iterable[str]], outside: Sequence[Iterable[str]], k: int) -> list[Collocate]:
    """Return the k words that distinguish the contexts of a group from all others, the strongest first.

    Args:
        inside: Lemmas near each occurrence of the group.
        outside: Lemmas near each of the other occurrences.
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
