"""All-words word sense disambiguation by the nearest centroid of tagged occurrences (Peters et al. 2018, 5.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.dictionaries.wordnet import is_wordnet
from ....indexer.vectors.arrays import Array, Ids, Mask, unit
from ..datasets.wsd import Instance, Word, read_first_senses, read_wsd
from ..measures import ratio_interval
from ..records import Score, Tokens
from ..vectors import SENSE, OnProgress, represent
from .dictionary_wsd import answers_by_dictionary, encode_wordnet

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

FOLDS = 10
"""Maximum number of folds of SemCor's documents."""
MOST_FREQUENT = "most frequent sense"
FREQUENCY = 0.1
"""Weight of the logarithm of a sense's frequency, added to the cosine. Chosen on a fifth of SemCor (docs/results)."""
MANY = 50_000
"""Above this many instances, vectors are stored as float16."""


@dataclass(frozen=True, slots=True)
class Round:
    """One fold: rows of the training instances, and rows of the instances to disambiguate."""

    learned: Ids
    asked: Ids


def evaluate_wsd(
    encoder: Encoder, paths: Sequence[Path], wordnet: Path | None = None, on_progress: OnProgress | None = None
) -> list[Score]:
    """Return the accuracy on each set, learned from SemCor. With SemCor alone, its documents are split into folds.

    The candidates of a word (lemma and part of speech) are its senses in training. The answer is the sense with the
    nearest centroid by cosine. There are four accuracies:

    - over all instances, with WordNet's first sense as fallback for words that are not in training,
    - over all instances without the fallback,
    - over instances whose word is in training,
    - the first one again, with a preference for frequent senses (`FREQUENCY`).

    If `wordnet` has WordNet's data files and the model a sense space, a fifth one is that of
    `polyseme senses --dictionary`, with the same fallback.

    Without `wordnet`, WordNet's folder, there is no fallback. An instance without an answer counts as wrong.
    Baseline: the most frequent sense in training, with the same fallback. The bootstrap draws sentences.
    """
    data = read_wsd(paths)
    first = read_first_senses(wordnet) if wordnet else {}
    name, training = data.training
    every = [*training, *(instance for asked in data.tests.values() for instance in asked)]
    found = represent(encoder, (instance.span for instance in every), on_progress, half=len(every) > MANY)
    senses = Senses(training)
    scores = []
    encoded = []
    if wordnet and is_wordnet(wordnet) and encoder.has_sense_space:
        tested = [instance for asked in data.tests.values() for instance in asked] or training
        encoded = encode_wordnet(encoder, wordnet, {instance.word for instance in tested})
    for asked_name, asked in (data.tests or {f"{name} by folds": training}).items():
        rounds = [Round(np.arange(len(training)), np.arange(len(asked)))] if data.tests else list(_folds(training))
        judge = Judge(asked, first)
        usual = judge.scores(senses.most_frequent(asked, rounds))
        for representation in found.names:
            learned = found(representation, [instance.span for instance in training])  # (n, dim)
            vectors = (
                found(representation, [instance.span for instance in asked]) if data.tests else learned
            )  # (m, dim)
            found_scores = judge.scores(senses.nearest(asked, rounds, learned, vectors))
            preferred = judge.scores(senses.nearest(asked, rounds, learned, vectors, FREQUENCY))[0]
            rows = [*zip(found_scores, usual, strict=True), ((", by frequency too", *preferred[1:]), usual[0])]
            if encoded and representation == SENSE:
                parts = [(part.learned, part.asked) for part in rounds]
                answers = answers_by_dictionary(encoded, training, asked, parts, learned, vectors)
                rows.append(((", by dictionary", *judge.scores(answers)[0][1:]), usual[0]))
            for (metric, value, low, high), (_, baseline, _, _) in rows:
                metric = f"accuracy {asked_name}{metric}"
                scores.append(Score("wsd", metric, representation, value, low, high, baseline, MOST_FREQUENT))
    return scores


class Senses:
    """The senses of words in training, and the choice among them. Senses are numbered in the order of their keys."""

    def __init__(self, training: Sequence[Instance]) -> None:
        self.keys = sorted({key for instance in training for key in instance.senses})
        number = {key: place for place, key in enumerate(self.keys)}
        tags = [(row, number[key]) for row, instance in enumerate(training) for key in instance.senses]
        self.row, self.sense = np.array(tags, np.int64).T  # (tags,) training row, (tags,) sense number
        self.n = len(training)
        numbers: dict[Word, set[int]] = defaultdict(set)
        for row, sense in tags:
            numbers[training[row].word].add(sense)
        self.of_word = {word: np.array(sorted(found), np.int64) for word, found in numbers.items()}

    def most_frequent(self, asked: Sequence[Instance], rounds: Sequence[Round]) -> list[str | None]:
        """Return for each instance its word's most frequent sense, or None if the word is not in training."""
        answers: list[str | None] = [None] * len(asked)
        for part in rounds:
            for rows, candidates, _ in self._questions(asked, part):
                for row in rows:
                    answers[row] = self.keys[candidates[0]]
        return answers

    def nearest(
        self,
        asked: Sequence[Instance],
        rounds: Sequence[Round],
        learned: Array,
        vectors: Array,
        frequency: float = 0.0,
    ) -> list[str | None]:
        """Return for each instance the sense of the nearest centroid, or None if the word is not in training.

        Args:
            asked: The m instances to disambiguate.
            rounds: What to learn from and what to disambiguate in each round.
            learned: Vectors of the n training instances.  (n, dim)
            vectors: Vectors of the instances to disambiguate.  (m, dim)
            frequency: Weight of the logarithm of a sense's share of its word's instances, added to the cosine.
        """
        answers: list[str | None] = [None] * len(asked)
        for part in rounds:
            sums = self._sums(learned, part.learned)  # (senses, dim), not divided by counts, which cancel in a cosine
            for rows, candidates, shares in self._questions(asked, part):
                products = unit(vectors[rows]) @ unit(sums[candidates]).T  # (rows, candidates)
                products += frequency * np.log(shares)
                for row, best in zip(rows, candidates[np.argmax(products, axis=1)], strict=True):
                    answers[row] = self.keys[best]
        return answers

    def _sums(self, learned: Array, rows: Ids) -> Array:
        """Return the sum of the vectors of each sense over some training rows.  (senses, dim)"""
        from scipy.sparse import csr_array

        used = self._used(rows)
        shape = (len(self.keys), self.n)
        tagged = csr_array((np.ones(used.sum(), np.float32), (self.sense[used], self.row[used])), shape)
        return np.asarray(tagged @ learned, np.float32)

    def _used(self, rows: Ids) -> Mask:
        """Return the mask of the tags that belong to some training rows.  (tags,)"""
        chosen = np.zeros(self.n, bool)
        chosen[rows] = True
        return np.asarray(chosen[self.row], bool)

    def _questions(self, asked: Sequence[Instance], part: Round) -> Iterator[tuple[Ids, Ids, Array]]:
        """Yield for each word its rows to disambiguate, its training senses, most frequent first, and their shares."""
        counts = np.bincount(self.sense[self._used(part.learned)], minlength=len(self.keys))  # (senses,)
        rows_of: dict[Word, list[int]] = defaultdict(list)
        for row in part.asked.tolist():
            rows_of[asked[row].word].append(row)
        for word, rows in rows_of.items():
            candidates = self.of_word.get(word, np.zeros(0, np.int64))
            candidates = candidates[counts[candidates] > 0]
            if len(candidates):
                ordered = candidates[np.argsort(-counts[candidates], kind="stable")]
                yield np.array(rows), ordered, (counts[ordered] / counts[ordered].sum()).astype(np.float32)


class Judge:
    """Computes the accuracies of answers to some instances."""

    def __init__(self, asked: Sequence[Instance], first: dict[Word, str]) -> None:
        self.asked = asked
        self.first = first
        sentences: dict[Tokens, int] = {}
        drawn = [sentences.setdefault(instance.span.sentence, len(sentences)) for instance in asked]
        self.sentence = np.array(drawn, np.int64)  # (m,)

    def scores(self, answers: Sequence[str | None]) -> list[tuple[str, float, float, float]]:
        """Return (suffix of the metric, accuracy, low, high): with fallback, without it, and over words in training."""
        seen = np.array([answer is not None for answer in answers])  # (m,)
        completed = [
            answer or self.first.get(instance.word) for answer, instance in zip(answers, self.asked, strict=True)
        ]
        every = np.ones(len(answers), bool)  # (m,)
        return [
            ("", *self._accuracy(self._right(completed), every)),
            (", no fall-back", *self._accuracy(self._right(answers), every)),
            (", where seen", *self._accuracy(self._right(answers), seen)),
        ]

    def _right(self, answers: Sequence[str | None]) -> Mask:
        pairs = zip(answers, self.asked, strict=True)
        return np.array([answer in instance.senses for answer, instance in pairs])  # (m,)

    def _accuracy(self, right: Mask, counted: Mask) -> tuple[float, float, float]:
        sums, counts = (np.bincount(self.sentence, weights=part) for part in (right & counted, counted))  # (sentences,)
        return float(sums.sum() / max(counts.sum(), 1)), *ratio_interval(sums, counts)


def _folds(training: Sequence[Instance]) -> Iterator[Round]:
    """Yield rounds that each hold out one fold of the documents.

    Documents with neighbouring names, which are of one genre, are in different folds.
    """
    documents = sorted({instance.document for instance in training})
    fold_of = {document: place % FOLDS for place, document in enumerate(documents)}
    folds: Ids = np.array([fold_of[instance.document] for instance in training])  # (n,)
    for fold in range(min(FOLDS, len(documents))):
        yield Round(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
