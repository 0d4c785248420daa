"""Find words near the occurrences of each sense: labels that distinguish it from the others, and collocates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from ...indexer.collection.queries import lemma_frequencies
from ...indexer.vectors.arrays import Array, Ids, unit
from ..context import View
from ..statistics.collocates import FEWEST_TOGETHER, Collocate, group_collocates
from ..statistics.measures import log_dice, log_likelihood
from .nearby import Line, NearbyWords, is_word, read_lines

LABELS = 6
"""Maximum number of labels of a sense."""
COLLOCATES = 12
"""Maximum number of collocates of a sense."""
FEW_LABELS = 4
"""Minimum number of repeated words. With fewer, words that occur once may be labels too."""
PHRASES = 4
"""Maximum number of phrases of a sense."""
SIGNIFICANT = 6.63
"""Minimum log-likelihood of a phrase: chance explains less than 1 % of such differences."""
PHRASE_SHARE = 0.03
"""Minimum share of the occurrences of a sense that are in a phrase."""
WordTopics = Callable[[Sequence[str]], Array | None]
"""Function from words to their topic vectors (n, d), as `Encoder.word_topics`, or to None if the model has none."""


@dataclass(frozen=True, slots=True)
class SenseWords:
    """Labels and phrases that distinguish a sense from the word's other senses, and its collocates by logDice."""

    labels: tuple[Collocate, ...]
    collocates: tuple[Collocate, ...]
    phrases: tuple[Collocate, ...] = ()


@dataclass(frozen=True, slots=True)
class _NearbyLemmas:
    """Words near the occurrences of a sense that were read.

    Attributes:
        lines: The words near each.
        size: Number of occurrences of the sense, read or not.
    """

    lines: list[Line]
    size: int

    @property
    def wide(self) -> list[Sequence[str]]:
        """Content lemmas within `LABEL_REACH` of each occurrence."""
        return [line.wide for line in self.lines]

    @property
    def narrow(self) -> list[Sequence[str]]:
        """Content lemmas within `COLLOCATE_REACH` of each occurrence."""
        return [line.narrow for line in self.lines]


def sense_words(view: View, groups: Sequence[Ids], known: NearbyWords) -> list[SenseWords]:
    """Find the labels and collocates of each group of occurrence ids. A single group is labelled by its collocates.

    Args:
        known: What was read before. What is read now is added.
    """
    near = [_NearbyLemmas(read_lines(view, ids, known), len(ids)) for ids in groups]
    counted = group_collocates(view, groups) if view.settings.has_stream else None
    out = []
    for number, group in enumerate(near):
        others = [other for place, other in enumerate(near) if place != number]
        every = _collocates_in_lines(view, group, others) if counted is None else counted[number]
        found = [word for word in every if is_word(word.lemma)][:COLLOCATES]
        outside = [context for other in others for context in other.wide]
        topics = view.context.encoder.word_topics
        labels = labels_of(group.wide, outside, topics, known.weight) if others else found[:LABELS]
        phrases = _phrases(group, others)
        out.append(SenseWords(tuple(labels), tuple(found), tuple(phrases)))
    return out


def _phrases(group: _NearbyLemmas, others: Sequence[_NearbyLemmas]) -> list[Collocate]:
    """Return the phrases that distinguish a sense from the word's other senses, the strongest first.

    Of phrases that contain each other only the strongest is returned. Those of a single sense are ordered by frequency.
    """
    inside = [line.phrases for line in group.lines]
    outside = [line.phrases for other in others for line in other.lines]
    least = max(FEWEST_TOGETHER, ceil(PHRASE_SHARE * len(inside)))
    chosen: list[Collocate] = []
    strong = [each for each in collocates(inside, outside, sum(map(len, inside))) if each.log_likelihood >= SIGNIFICANT]
    for phrase in strong if others else _most_frequent(inside):
        words = set(phrase.lemma.split())
        others_words = [set(other.lemma.split()) for other in chosen]
        if phrase.count >= least and not any(words <= other or words >= other for other in others_words):
            chosen.append(phrase)
    return chosen[:PHRASES]


def _most_frequent(inside: Sequence[Sequence[str]]) -> list[Collocate]:
    counts = Counter(phrase for line in inside for phrase in line)
    found = [Collocate(phrase, count, 0.0, log_dice(count, len(inside), count)) for phrase, count in counts.items()]
    return sorted(found, key=lambda item: (-item.count, item.lemma))


def labels_of(
    inside: Sequence[Sequence[str]],
    outside: Sequence[Sequence[str]],
    topics: WordTopics,
    weight: Callable[[str], float] = lambda lemma: 1.0,
) -> list[Collocate]:
    """Return the words that distinguish some contexts from others, the strongest first.

    Words are ranked by log-likelihood times topical fit times weight. The fit is the component of a word's topic vector
    in the direction from the outside contexts to the inside ones. In a few lines, common words such as *come* and *say*
    differ by chance, but they do not fit the topic. Words that occur once count only if there are few repeated ones.

    Args:
        inside: Lemmas near each occurrence of the group.
        outside: Lemmas near each of the other occurrences.
        weight: Function from a lemma to how well it names a topic.
    """
    found = collocates(inside, outside, sum(map(len, inside)))
    found.sort(key=lambda word: (-word.log_likelihood * weight(word.lemma), -word.count, word.lemma))
    lemmas = list(dict.fromkeys(lemma for context in (*inside, *outside) for lemma in context))
    rows = topics(lemmas)  # (n, d)
    if rows is not None:
        place = {lemma: number for number, lemma in enumerate(lemmas)}
        direction = unit(_mean_topic(inside, rows, place) - _mean_topic(outside, rows, place))[0]  # (d,)
        fit = {word.lemma: float(rows[place[word.lemma]] @ direction) for word in found}

        def strength(word: Collocate) -> float:
            return word.log_likelihood * fit[word.lemma] * weight(word.lemma)

        ranked = sorted(found, key=lambda word: (-strength(word), -word.count, word.lemma))
        found = [word for word in ranked if fit[word.lemma] > 0] or found
    repeated = [word for word in found if word.count >= FEWEST_TOGETHER]
    return (repeated if len(repeated) >= FEW_LABELS else found)[:LABELS]


def _mean_topic(contexts: Sequence[Sequence[str]], rows: Array, place: Mapping[str, int]) -> Array:
    """Return the mean of the unit topic vectors of some contexts.  (1, d)"""
    sums = np.zeros((len(contexts) + 1, rows.shape[1]), np.float32)  # (contexts + 1, d), one zero row if there are none
    for number, context in enumerate(contexts):
        sums[number] = rows[[place[lemma] for lemma in context]].sum(axis=0)
    return np.asarray(unit(sums).sum(axis=0, keepdims=True) / max(len(contexts), 1), np.float32)


def _collocates_in_lines(view: View, group: _NearbyLemmas, others: Sequence[_NearbyLemmas]) -> list[Collocate]:
    """Estimate what `group_collocates` counts, from the lines that were read, in a collection without streams."""
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
    return sorted(found, key=lambda item: (-item.log_dice, -item.count, item.lemma))


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
