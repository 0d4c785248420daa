"""Find words near the occurrences of each sense: labels that distinguish it from the others, and collocates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from ...indexer.collection.queries import lemma_frequencies
from ...indexer.vectors.arrays import Array, Doubles, Ids, unit
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
    named = labels_of_groups([group.wide for group in near], view.context.encoder.word_topics, known.weight)
    in_phrases = [_lines_with([line.phrases for line in group.lines]) for group in near]
    every = sum(in_phrases, Counter[str]())
    out = []
    for number, group in enumerate(near):
        if counted is None:
            others = [other for place, other in enumerate(near) if place != number]
            collocated = _collocates_in_lines(view, group, others)
        else:
            collocated = counted[number]
        found = [word for word in collocated if is_word(word.lemma)][:COLLOCATES]
        labels = named[number] if len(near) > 1 else found[:LABELS]
        phrases = _phrases(in_phrases[number], len(group.lines), every, sum(len(each.lines) for each in near))
        out.append(SenseWords(tuple(labels), tuple(found), tuple(phrases)))
    return out


def _phrases(here: Counter[str], size: int, every: Counter[str], total: int) -> list[Collocate]:
    """Return the phrases that distinguish a sense from the word's other senses, the strongest first.

    Of phrases that contain each other only the strongest is returned. Those of a single sense are ordered by frequency.

    Args:
        here: Number of the sense's lines with each phrase.
        size: Number of the sense's lines.
        every: Number of the word's lines with each phrase.
        total: Number of the word's lines.
    """
    least = max(FEWEST_TOGETHER, ceil(PHRASE_SHARE * size))
    chosen: list[Collocate] = []
    strong = [each for each in _distinguishing(here, size, every, total) if each.log_likelihood >= SIGNIFICANT]
    for phrase in strong if total > size else _most_frequent(here, size):
        words = set(phrase.lemma.split())
        others_words = [set(other.lemma.split()) for other in chosen]
        if phrase.count >= least and not any(words <= other or words >= other for other in others_words):
            chosen.append(phrase)
    return chosen[:PHRASES]


def _most_frequent(here: Counter[str], size: int) -> list[Collocate]:
    found = [Collocate(phrase, count, 0.0, log_dice(count, size, count)) for phrase, count in here.items()]
    return sorted(found, key=lambda item: (-item.count, item.lemma))


def labels_of(
    inside: Sequence[Sequence[str]],
    outside: Sequence[Sequence[str]],
    topics: WordTopics,
    weight: Callable[[str], float] = lambda lemma: 1.0,
) -> list[Collocate]:
    """Return the words that distinguish some contexts from others, the strongest first. See `labels_of_groups`."""
    return labels_of_groups([inside, outside], topics, weight)[0]


def labels_of_groups(
    groups: Sequence[Sequence[Sequence[str]]], topics: WordTopics, weight: Callable[[str], float] = lambda lemma: 1.0
) -> list[list[Collocate]]:
    """Return the words that distinguish the contexts of each group from all others, the strongest first.

    Words are ranked by log-likelihood times topical fit times weight. The fit is the component of a word's topic vector
    in the direction from the outside contexts to the inside ones. In a few lines, common words such as *come* and *say*
    differ by chance, but they do not fit the topic. Words that occur once count only if there are few repeated ones.

    Args:
        groups: Lemmas near each occurrence of each group.
        weight: Function from a lemma to how well it names a topic.
    """
    counts = [_lines_with(contexts) for contexts in groups]
    every, total = sum(counts, Counter[str]()), sum(map(len, groups))
    lemmas = list(every)
    rows = topics(lemmas)  # (n, d)
    place = {lemma: number for number, lemma in enumerate(lemmas)}
    sums = None if rows is None else np.stack([_topic_sum(contexts, rows, place) for contexts in groups])  # (groups, d)
    out = []
    for number, (here, contexts) in enumerate(zip(counts, groups, strict=True)):
        found = _distinguishing(here, len(contexts), every, total)
        found.sort(key=lambda word: (-word.log_likelihood * weight(word.lemma), -word.count, word.lemma))
        if rows is not None and sums is not None:
            others = sums.sum(axis=0) - sums[number]
            means = sums[number] / max(len(contexts), 1), others / max(total - len(contexts), 1)
            fit = rows @ unit((means[0] - means[1])[None].astype(np.float32))[0]  # (n,)
            found = _fitting(found, {word.lemma: float(fit[place[word.lemma]]) for word in found}, weight)
        repeated = [word for word in found if word.count >= FEWEST_TOGETHER]
        out.append((repeated if len(repeated) >= FEW_LABELS else found)[:LABELS])
    return out


def _fitting(found: Sequence[Collocate], fit: Mapping[str, float], weight: Callable[[str], float]) -> list[Collocate]:
    """Return the words that fit a topic, those that name it best first. All of them if none fits.

    Args:
        fit: Component of each lemma's topic vector in the direction of the topic.
    """

    def strength(word: Collocate) -> float:
        return word.log_likelihood * fit[word.lemma] * weight(word.lemma)

    ranked = sorted(found, key=lambda word: (-strength(word), -word.count, word.lemma))
    return [word for word in ranked if fit[word.lemma] > 0] or list(found)


def _topic_sum(contexts: Sequence[Sequence[str]], rows: Array, place: Mapping[str, int]) -> Doubles:
    """Return the sum of the unit topic vectors of some contexts, each the sum of its lemmas'.  (d,)"""
    filled = [context for context in contexts if context]
    if not filled:
        return np.zeros(rows.shape[1], np.float64)
    numbers = [place[lemma] for context in filled for lemma in context]
    firsts = np.cumsum([0, *map(len, filled[:-1])])
    return np.asarray(unit(np.add.reduceat(rows[numbers], firsts, axis=0)).sum(axis=0, dtype=np.float64))


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
    here = _lines_with(inside)
    return _distinguishing(here, len(inside), here + _lines_with(outside), len(inside) + len(outside))[:k]


def _lines_with(contexts: Iterable[Iterable[str]]) -> Counter[str]:
    """Count the lines that have each word."""
    return Counter(lemma for context in contexts for lemma in set(context))


def _distinguishing(here: Counter[str], size: int, every: Counter[str], total: int) -> list[Collocate]:
    """Return the words that some of the lines have more often than the others, the strongest first.

    Args:
        here: Number of these lines with each word.
        size: Number of these lines.
        every: Number of all lines with each word.
        total: Number of all lines.
    """
    found = [
        Collocate(
            lemma,
            count,
            log_likelihood(count, size, every[lemma] - count, total - size),
            log_dice(count, size, every[lemma]),
        )
        for lemma, count in here.items()
    ]
    found = [item for item in found if item.log_likelihood > 0]
    return sorted(found, key=lambda item: (-item.log_likelihood, -item.count, item.lemma))
