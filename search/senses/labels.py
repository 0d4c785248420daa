"""Words near the occurrences of each sense: labels that tell it from the others, and its collocates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.text.analyser import TextAnalyser, TokenKind
from ...indexer.vectors.arrays import Array, Ids, unit
from ..hits import OccurrenceHit
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked

LABELS = 6
COLLOCATES = 12
FEW_LABELS = 4
LABEL_REACH = 20
"""Tokens on each side whose words may become labels."""
COLLOCATE_REACH = 5
"""Tokens on each side whose words are collocates, as concordancers usually count."""
LINES = 400
"""Occurrences of a sense that are read, evenly spread."""
LEAST_TOGETHER = 2
"""Times that a collocate must stand near a sense."""


WordTopics = Callable[[Sequence[str]], Array | None]
"""Words -> what they are written about with, (n, d), as `Encoder.word_topics`; or None."""


def no_topics(words: Sequence[str]) -> None:
    """Of a model that knows none."""


@dataclass(frozen=True, slots=True)
class SenseWords:
    """labels: what tells the sense from the word's others; collocates: by logDice."""

    labels: tuple[Collocate, ...]
    collocates: tuple[Collocate, ...]


@dataclass(frozen=True, slots=True)
class _Near:
    """Content lemmas near each occurrence that was read, within either reach, and how many there are in all."""

    wide: list[list[str]]
    narrow: list[list[str]]
    size: int


def sense_words(
    collection: Collection, analyser: TextAnalyser, groups: Sequence[Ids], topics: WordTopics = no_topics
) -> list[SenseWords]:
    """The words of each group of occurrence ids; a word of one sense has its first collocates for labels."""
    near = [_near(collection, analyser, ids) for ids in groups]
    out = []
    for number, group in enumerate(near):
        others = [other for place, other in enumerate(near) if place != number]
        found = _collocates(collection, group, others)
        outside = [context for other in others for context in other.wide]
        labels = labels_of(group.wide, outside, topics) if others else found[:LABELS]
        out.append(SenseWords(tuple(labels), tuple(found)))
    return out


def labels_of(inside: Sequence[Sequence[str]], outside: Sequence[Sequence[str]], topics: WordTopics) -> list[Collocate]:
    """Words that tell contexts from others, those that were seen once only where there are hardly others.

    By log-likelihood times how far the word's topic lies in the direction from the other contexts to these: among few
    lines chance alone makes *come* and *say* differ, but not that they are of what the lines are about.
    """
    found = collocates(inside, outside, sum(map(len, inside)))
    lemmas = list(dict.fromkeys(lemma for context in (*inside, *outside) for lemma in context))
    rows = topics(lemmas)  # (n, d)
    if rows is not None:
        place = {lemma: number for number, lemma in enumerate(lemmas)}
        direction = unit(_about(inside, rows, place) - _about(outside, rows, place))[0]  # (d,)
        fit = {word.lemma: float(rows[place[word.lemma]] @ direction) for word in found}
        ranked = sorted(found, key=lambda word: (-word.log_likelihood * fit[word.lemma], -word.count, word.lemma))
        found = [word for word in ranked if fit[word.lemma] > 0] or found
    repeated = [word for word in found if word.count >= LEAST_TOGETHER]
    return (repeated if len(repeated) >= FEW_LABELS else found)[:LABELS]


def _about(contexts: Sequence[Sequence[str]], rows: Array, place: Mapping[str, int]) -> Array:
    """What contexts are about: the mean of their directions.  (1, d)"""
    sums = np.zeros((len(contexts) + 1, rows.shape[1]), np.float32)  # (contexts + 1, d); the last: if there are none
    for number, context in enumerate(contexts):
        sums[number] = rows[[place[lemma] for lemma in context]].sum(axis=0)
    return np.asarray(unit(sums).sum(axis=0, keepdims=True) / max(len(contexts), 1), np.float32)


def _near(collection: Collection, analyser: TextAnalyser, ids: Ids) -> _Near:
    chosen = ids[np.unique(np.linspace(0, len(ids) - 1, min(len(ids), LINES)).astype(np.int64))]
    nothing: Array = np.zeros(len(chosen), np.float32)
    hits = occurrence_hits(collection, Ranked(chosen, nothing))
    wide, narrow = [], []
    for hit in hits:
        wide.append(_lemmas(analyser, hit, LABEL_REACH))
        narrow.append(_lemmas(analyser, hit, COLLOCATE_REACH))
    return _Near(wide, narrow, len(ids))


def _lemmas(analyser: TextAnalyser, hit: OccurrenceHit, reach: int) -> list[str]:
    tokens = analyser.tokens(hit.sentence)
    near = tokens[max(0, hit.position - reach) : hit.position + reach + 1]
    return [t.lemma for t in near if t.kind is TokenKind.WORD and t.lemma != hit.lemma]


def _collocates(collection: Collection, group: _Near, others: Sequence[_Near]) -> list[Collocate]:
    """By logDice against the frequency in the whole collection; the log-likelihood is against the other senses."""
    here = Counter(lemma for context in group.narrow for lemma in set(context))
    there = Counter(lemma for other in others for context in other.narrow for lemma in set(context))
    lines = sum(len(other.narrow) for other in others)
    frequent = {lemma: count for lemma, count in here.items() if count >= LEAST_TOGETHER}
    total = _frequencies(collection, sorted(frequent))
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


def _frequencies(collection: Collection, lemmas: Sequence[str]) -> dict[str, int]:
    """How often lemmas occur in the collection, with what was deleted and not yet compacted."""
    found: dict[str, int] = {}
    for first in range(0, len(lemmas), 500):
        part = list(lemmas[first : first + 500])
        sql = (
            "SELECT t.lemma, sum(r.count) FROM types t JOIN ranges r ON r.type = t.id"
            f" WHERE t.lemma IN ({','.join('?' * len(part))}) GROUP BY t.lemma"
        )
        found.update(collection.db.execute(sql, part).fetchall())
    return found


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
