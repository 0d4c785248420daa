"""Find words near the occurrences of each sense: labels that distinguish it from the others, and collocates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.queries import lemma_frequencies
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Array, Ids, unit
from ..context import View
from ..hits import OccurrenceHit
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from ..statistics.collocates import FEWEST_TOGETHER, Collocate
from ..statistics.measures import log_dice, log_likelihood

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
"""Maximum number of occurrences of a sense that are read, evenly spread."""


WordTopics = Callable[[Sequence[str]], Array | None]
"""Function from words to their topic vectors (n, d), as `Encoder.word_topics`, or to None if the model has none."""


@dataclass(frozen=True, slots=True)
class SenseWords:
    """Labels that distinguish a sense from the word's other senses, and its collocates by logDice."""

    labels: tuple[Collocate, ...]
    collocates: tuple[Collocate, ...]


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


def sense_words(view: View, groups: Sequence[Ids]) -> list[SenseWords]:
    """Find the labels and collocates of each group of occurrence ids. A single group is labelled by its collocates."""
    near = [_nearby_lemmas(view, ids) for ids in groups]
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


def _nearby_lemmas(view: View, ids: Ids) -> _NearbyLemmas:
    chosen = ids[np.unique(np.linspace(0, len(ids) - 1, min(len(ids), LINES)).astype(np.int64))]
    nothing: Array = np.zeros(len(chosen), np.float32)
    hits = occurrence_hits(view.collection, Ranked(chosen, nothing))
    wide, narrow = [], []
    for hit in hits:
        wide.append(_lemmas(view, hit, LABEL_REACH))
        narrow.append(_lemmas(view, hit, COLLOCATE_REACH))
    return _NearbyLemmas(wide, narrow, len(ids))


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
