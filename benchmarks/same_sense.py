"""Same-sense retrieval: each gold occurrence asks, the others of its word are ranked, those of its sense should lead.

Shared by the benchmarks on the sample collection and on SemCor. The ranking is the product's own, cosine of the vectors
that the collection stores; the one that asks has the vector that its sentence as a query would get.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.gold.judgements import Gold, Place
from polyseme.indexer.vectors.arrays import Array
from polyseme.search.evaluation.measures import average_precision, chance_precision, mean_interval
from polyseme.search.hits import OccurrenceHit
from polyseme.search.searcher import Searcher
from searching import load_stored

ROUNDS = 10_000
"""Of a bootstrap."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one asking occurrence got: average precision, and what a random order would get."""

    gold: Gold
    precision: float
    chance: float


@dataclass(frozen=True, slots=True)
class WordScore:
    """One word: occurrences ranked, its senses, mean average precision of those that asked, rate of chance."""

    word: str
    occurrences: int
    senses: int
    precision: float
    chance: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean over words with the bounds of its 95 % bootstrap interval, and the mean over all that asked."""

    words: int
    asked: int
    precision: float
    low: float
    high: float
    chance: float
    precision_by_occurrence: float


def place(hit: OccurrenceHit) -> Place:
    return hit.document_id, hit.sentence_start + hit.start, hit.sentence_start + hit.end


def stored_places(collection: Collection) -> dict[int, tuple[Place, str]]:
    """Occurrence id -> where it stands, and the lemma that it is stored under."""
    rows = collection.db.execute(
        'SELECT o.id, d.document_id, s.start, o.start, o."end", t.lemma FROM occurrences o'
        " JOIN types t ON t.id = o.type JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
    )
    return {key: ((document, at + start, at + end), lemma) for key, document, at, start, end, lemma in rows}


def ask_word(gold: Sequence[Gold], vectors: Array, asking: Iterable[int]) -> list[Answer]:
    """The answers to some of a word's gold occurrences, the one that asks left out; none where nothing is relevant.

    vectors: (n, d) unit rows of the n gold occurrences; asking: rows.
    """
    answers = []
    for row in asking:
        scores = vectors @ vectors[row]  # (n,)
        order = [place for place in np.argsort(-scores, kind="stable").tolist() if place != row]
        relevant = [gold[row].same(gold[place]) for place in order]
        if any(relevant):
            answers.append(
                Answer(gold[row], average_precision(relevant), chance_precision(sum(relevant), len(relevant)))
            )
    return answers


def ask_all(
    searcher: Searcher,
    words: dict[str, list[Gold]],
    enough: Callable[[Sequence[Gold]], bool] = bool,
    queries: int | None = None,
) -> dict[str, tuple[list[Gold], list[Answer]]]:
    """For each word that has enough gold occurrences where a search for its lemma looks: these, and the answers.

    queries: at most so many, drawn at random (the same at every run), of each word.
    """
    with searcher.collection.reading() as snapshot:
        stored = load_stored(searcher.collection, snapshot)
        places = stored_places(searcher.collection)
    row_of = {places[key]: row for row, key in enumerate(stored.ids.tolist())}
    out = {}
    for word, rows in words.items():
        lemma = searcher.analyser.lemma(rows[0].lemma)
        gold = [row for row in rows if (row.place, lemma) in row_of]
        if not enough(gold):
            continue
        vectors = stored.sense[[row_of[row.place, lemma] for row in gold]]  # (n, d)
        asking = list(range(len(gold)))
        if queries is not None and len(gold) > queries:
            asking = random.Random(word).sample(asking, queries)
        answers = ask_word(gold, vectors, asking)
        if answers:
            out[word] = gold, answers
    return out


def word_scores(answers: dict[str, tuple[list[Gold], list[Answer]]]) -> list[WordScore]:
    return [
        WordScore(
            word,
            len(gold),
            len({sense for row in gold for sense in row.sense.split(";")}),
            float(np.mean([answer.precision for answer in found])),
            float(np.mean([answer.chance for answer in found])),
        )
        for word, (gold, found) in answers.items()
    ]


def summarise(answers: dict[str, tuple[list[Gold], list[Answer]]]) -> Summary:
    scores = word_scores(answers)
    low, high = mean_interval([score.precision for score in scores], ROUNDS)  # words are drawn, as they vary
    every = [answer.precision for _, found in answers.values() for answer in found]
    return Summary(
        len(scores),
        len(every),
        float(np.mean([score.precision for score in scores])),
        low,
        high,
        float(np.mean([score.chance for score in scores])),
        float(np.mean(every)),
    )
