"""Same-sense retrieval: each gold occurrence is a query that should rank the occurrences of its sense first.

The candidates are the other gold occurrences of its word. The order is the product's own: cosine of stored vectors.
A query has the vector that its sentence would get as a query.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from polyseme.indexer.gold.judgements import Gold, Place
from polyseme.indexer.vectors.arrays import Array
from polyseme.search.evaluation.measures import average_precision, chance_precision, mean_interval
from polyseme.search.hits import OccurrenceHit
from polyseme.search.searcher import Searcher

from benchmarks.lib.sql import stored_places
from benchmarks.lib.stored import load_stored

ROUNDS = 10_000
"""Number of bootstrap rounds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Average precision of one query, and the expected average precision of a random order."""

    gold: Gold
    precision: float
    chance: float


@dataclass(frozen=True, slots=True)
class WordScore:
    """A word's number of ranked occurrences and of senses, its mean average precision, and that of a random order."""

    word: str
    occurrences: int
    senses: int
    precision: float
    chance: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean over words with its 95 % bootstrap interval, and mean over all queries."""

    words: int
    asked: int
    precision: float
    low: float
    high: float
    chance: float
    precision_by_occurrence: float


def place(hit: OccurrenceHit) -> Place:
    """Return a hit's document and offsets in the document's text."""
    return hit.document_id, hit.sentence_start + hit.start, hit.sentence_start + hit.end


def ask_word(gold: Sequence[Gold], vectors: Array, asking: Iterable[int]) -> list[Answer]:
    """Return the answers to some gold occurrences of a word. Queries without a relevant occurrence give none.

    Args:
        gold: The n gold occurrences of the word.
        vectors: Their unit vectors.  (n, d)
        asking: Rows of the queries.
    """
    answers = []
    for row in asking:
        scores = vectors @ vectors[row]  # (n,)
        order = [other for other in np.argsort(-scores, kind="stable").tolist() if other != row]
        relevant = [gold[row].same(gold[other]) for other in order]
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
    """Return for each word its gold occurrences that the collection stores, and the answers to them.

    Args:
        searcher: Opened on a collection that holds the gold documents.
        words: Gold occurrences by word.
        enough: Decides whether the stored gold occurrences of a word are enough to measure it.
        queries: Maximum number of queries for a word, drawn at random. Every run draws the same ones.
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
    """Return the mean scores of each word."""
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
    """Return the means over words and over queries. The bootstrap draws words."""
    scores = word_scores(answers)
    low, high = mean_interval([score.precision for score in scores], ROUNDS)
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
