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
from ..statistics.measures import log_dice, log_likelihood, log_likelihoods
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
    """Labels and phrases that distinguish a sense from the word's other senses.

    Attributes:
        collocates: Collocates of the only sense, which are its labels too. Empty if there are several senses.
    """

    labels: tuple[Collocate, ...]
    phrases: tuple[Collocate, ...] = ()
    collocates: tuple[Collocate, ...] = ()


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
    """Find the labels of each group of occurrence ids. A single group is labelled by its collocates.

    Args:
        known: What was read before. What is read now is added.
    """
    near = [_NearbyLemmas(read_lines(view, ids, known), len(ids)) for ids in groups]
    collocates: list[tuple[Collocate, ...]] = [()] * len(near)
    if len(near) > 1:
        named = labels_of_groups([group.wide for group in near], view.context.encoder.word_topics, known.weight)
    else:
        collocates = sense_collocates(view, groups, known)
        named = [list(found[:LABELS]) for found in collocates]
    in_phrases = [_lines_with([line.phrases for line in group.lines]) for group in near]
    every = sum(in_phrases, Counter[str]())
    total = sum(len(each.lines) for each in near)
    return [
        SenseWords(tuple(labels), tuple(_phrases(here, len(group.lines), every, total)), words)
        for labels, here, group, words in zip(named, in_phrases, near, collocates, strict=True)
    ]


def sense_collocates(view: View, groups: Sequence[Ids], known: NearbyWords) -> list[tuple[Collocate, ...]]:
    """Find the collocates of each group of occurrence ids, by logDice.

    Args:
        known: What was read before. What is read now is added.
    """
    if view.settings.has_stream:
        counted = group_collocates(view, groups)
    else:
        near = [_NearbyLemmas(read_lines(view, ids, known), len(ids)) for ids in groups]
        counted = [_collocates_in_lines(view, group, [other for other in near if other is not group]) for group in near]
    return [tuple(word for word in found if is_word(word.lemma))[:COLLOCATES] for found in counted]


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
    lemmas = sorted(set().union(*counts))
    total = sum(map(len, groups))
    inside = np.array([[here[lemma] for lemma in lemmas] for here in counts], np.int64)  # (groups, n)
    every = inside.sum(axis=0)  # (n,)
    weights = np.array([weight(lemma) for lemma in lemmas], np.float64)  # (n,)
    rows = topics(lemmas)  # (n, d)
    place = {lemma: number for number, lemma in enumerate(lemmas)}
    sums = None if rows is None else np.stack([_topic_sum(contexts, rows, place) for contexts in groups])  # (groups, d)
    out = []
    for number, here in enumerate(inside):
        size = len(groups[number])
        likelihoods = log_likelihoods(here, size, every - here, total - size)  # (n,)
        fit = np.ones(len(lemmas), np.float64)
        if rows is not None and sums is not None:
            others = sums.sum(axis=0) - sums[number]
            means = sums[number] / max(size, 1), others / max(total - size, 1)
            fit = (rows @ unit((means[0] - means[1])[None].astype(np.float32))[0]).astype(np.float64)
        positive = (here > 0) & (likelihoods > 0)
        fitting = positive & (fit > 0)
        # If no word fits the topic, all count without it.
        strength, chosen = (likelihoods * fit, fitting) if fitting.any() else (likelihoods, positive)
        order = np.lexsort((-here, -strength * weights))  # lemmas are sorted, so equal ones stay in their order
        found = order[chosen[order]]
        repeated = found[here[found] >= FEWEST_TOGETHER]
        best = (repeated if len(repeated) >= FEW_LABELS else found)[:LABELS].tolist()
        out.append([_label(lemmas[n], int(here[n]), size, int(every[n]), float(likelihoods[n])) for n in best])
    return out


def _label(lemma: str, count: int, size: int, every: int, likelihood: float) -> Collocate:
    return Collocate(lemma, count, likelihood, log_dice(count, size, every))


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
    inside = np.array([*here.values()], np.int64)  # (n,)
    outside = np.array([every[lemma] for lemma in here], np.int64) - inside
    likelihoods = log_likelihoods(inside, size, outside, total - size).tolist()
    found = [
        _label(lemma, count, size, every[lemma], likelihood)
        for (lemma, count), likelihood in zip(here.items(), likelihoods, strict=True)
        if likelihood > 0
    ]
    return sorted(found, key=lambda item: (-item.log_likelihood, -item.count, item.lemma))
