"""Same-sense retrieval: each gold occurrence asks, the others of its word are ranked, those of its sense should lead.

Shared by the benchmarks on the sample collection and on SemCor. The ranking is the product's own, cosine of the vectors
that the collection stores; the one that asks has the vector that its sentence as a query would get.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from searching import load_stored

from indexer.collection.collection import Collection
from indexer.collection.vectors import Array
from indexer.errors import DocumentError
from search.evaluation import average_precision
from search.hits import OccurrenceHit
from search.searcher import Searcher

HEADER = ["document_id", "start", "end", "lemma", "sense"]
Place = tuple[str, int, int]  # document id; start and end in its text


@dataclass(frozen=True, slots=True)
class Gold:
    """An occurrence and its sense; several senses are joined by ``;``."""

    place: Place
    lemma: str
    sense: str

    def same(self, other: Gold) -> bool:
        """Whether the two share a sense."""
        return self.sense == other.sense or not set(self.sense.split(";")).isdisjoint(other.sense.split(";"))


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


def read_gold(path: Path) -> list[Gold]:
    """The rows of a file of gold senses; DocumentError when it is none."""
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DocumentError(f"{path} cannot be read ({error}); give a file of gold senses") from error
    if header.split("\t") != HEADER:
        raise DocumentError(f"{path} does not begin with {' '.join(HEADER)}; give a file of gold senses")
    rows = [line.split("\t") for line in lines]
    return [Gold((row[0], int(row[1]), int(row[2])), row[3], row[4]) for row in rows]


def chance(relevant: int, total: int) -> float:
    """Expected average precision of a random order of ``total`` items, ``relevant`` (at least 1) of them relevant.

    The item at place i is relevant like any other, and then (i - 1) (relevant - 1) / (total - 1) before it are:
    Bestgen 2015, "Exact expected average precision of the random baseline for system evaluation".
    """
    if total == 1:
        return 1.0
    places = np.arange(1, total + 1)
    return float(np.mean((1 + (places - 1) * (relevant - 1) / (total - 1)) / places))


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
            answers.append(Answer(gold[row], average_precision(relevant), chance(sum(relevant), len(relevant))))
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


def by_word(gold: Iterable[Gold], key: Callable[[Gold], str] = lambda row: row.lemma) -> dict[str, list[Gold]]:
    """Gold rows of each word, words in alphabetical order."""
    words = defaultdict(list)
    for row in gold:
        words[key(row)].append(row)
    return dict(sorted(words.items()))


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


def interval(values: Sequence[float], rounds: int = 10_000) -> tuple[float, float]:
    """Bounds of the 95 % percentile bootstrap interval of a mean; words are drawn, as they are what varies."""
    sample: npt.NDArray[np.float64] = np.asarray(values, np.float64)  # (n,)
    generator = np.random.default_rng(1)
    means = [sample[generator.integers(0, len(sample), len(sample))].mean() for _ in range(rounds)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def summarise(answers: dict[str, tuple[list[Gold], list[Answer]]]) -> Summary:
    scores = word_scores(answers)
    low, high = interval([score.precision for score in scores])
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
