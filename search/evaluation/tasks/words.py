"""Tasks on words in context: same sense or not, similarity of two usages, and retrieval of the same sense."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.vectors.arrays import Doubles, Ids, Mask, unit
from ..datasets.pairs import CoarseWord, read_coarsewsd, read_usim, read_wic_splits
from ..measures import (
    accuracy,
    best_threshold,
    cosines,
    grouped,
    interval,
    mean_interval,
    same_sense_precisions,
    spearman,
)
from ..records import Score, Span, TokenPair, Usage, first_token, second_token
from ..vectors import OnProgress, SpanVectors, represent

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

LAYER_0 = "layer 0"
OCCURRENCES = 240
"""Maximum number of ranked occurrences of a CoarseWSD-20 word."""
SEED = 1


def evaluate_wic(encoder: Encoder, folder: Path, on_progress: OnProgress | None = None) -> list[Score]:
    """Return the accuracy of a threshold on the cosine of two usages, on dev and test. Baseline: the larger class.

    The threshold comes from train, else dev, else test, but never from the scored split. A separate row has the best
    threshold of the scored split itself: the highest accuracy that a threshold can reach.
    """
    splits = read_wic_splits(folder)
    found = represent(encoder, (span for pairs in splits.values() for span in _spans(pairs)), on_progress)
    gold = {split: np.array([pair.gold for pair in pairs], bool) for split, pairs in splits.items()}  # (pairs,) each
    cosine = {(split, name): pair_cosines(found, name, splits[split]) for split in splits for name in found.names}
    scores = []
    for scored, name in cosine:
        if scored == "train":
            continue
        fitted = next((split for split in splits if split != scored), None)
        if fitted:
            cut = best_threshold(cosine[fitted, name], gold[fitted])
            scores.append(_wic_score(f"accuracy {scored}", name, cosine[scored, name], gold[scored], cut))
        cut = best_threshold(cosine[scored, name], gold[scored])
        scores.append(_wic_score(f"accuracy {scored}, own threshold", name, cosine[scored, name], gold[scored], cut))
    return scores


def evaluate_usim(encoder: Encoder, path: Path, on_progress: OnProgress | None = None) -> list[Score]:
    """Return Spearman's correlation of cosines and judgements. Baseline: layer 0. The bootstrap draws lemmas.

    Pairs of one lemma share sentences, so they are not independent (Erk et al. 2013).
    """
    pairs = read_usim(path)
    found = represent(encoder, _spans(pairs), on_progress)
    gold = np.array([pair.gold for pair in pairs])  # (pairs,)
    lemmas = grouped([pair.lemma for pair in pairs])
    cosine = {name: pair_cosines(found, name, pairs) for name in found.names}  # (pairs,) each
    baseline = spearman(cosine[LAYER_0], gold)
    scores = []
    for name, found_cosines in cosine.items():
        bounds = interval(_correlation(found_cosines, gold, lemmas), len(lemmas))
        scores.append(Score("usim", "Spearman", name, spearman(found_cosines, gold), *bounds, baseline, LAYER_0))
    return scores


def evaluate_coarsewsd(
    encoder: Encoder,
    folder: Path,
    on_progress: OnProgress | None = None,
    occurrences: int = OCCURRENCES,
    nearest: bool = True,
) -> list[Score]:
    """Return two scores of CoarseWSD-20, means over words: nearest-neighbour accuracy and same-sense retrieval.

    Nearest-neighbour accuracy takes the sense of the nearest training usage. Its baseline is the word's largest class
    in train. Retrieval ranks test usages of a word for each other. Its baseline is chance.

    Args:
        encoder: The model.
        folder: The data set.
        on_progress: Called while sentences are encoded.
        occurrences: Maximum number of test usages of a word for retrieval, drawn at random.
        nearest: Whether to measure nearest neighbours too, for which all of train is encoded.
    """
    words = read_coarsewsd(folder)
    drawn = {word.word: draw(word.test, occurrences, word.word) for word in words}
    usages = [usage for word in words for usage in (*word.train, *word.test)] if nearest else []
    asked = [usage.span for usage in (*usages, *(usage for some in drawn.values() for usage in some))]
    found = represent(encoder, asked, on_progress)
    scores = []
    if nearest:
        majority = float(np.mean([_majority_accuracy(word) for word in words]))
        for name in found.names:
            right = [nearest_accuracy(found, name, word) for word in words]
            bounds = mean_interval(right)
            scores.append(
                Score("coarsewsd", "1-NN accuracy", name, float(np.mean(right)), *bounds, majority, "majority")
            )
    return scores + retrieval_scores("coarsewsd", found, drawn)


def retrieval_scores(task: str, found: SpanVectors, words: Mapping[str, Sequence[Usage]]) -> list[Score]:
    """Return the mean average precision of same-sense retrieval, mean over words. The bootstrap draws words.

    Words with a single sense are left out, because every order is right for them. Baseline: chance.
    """
    asking = {word: usages for word, usages in words.items() if len({usage.sense for usage in usages}) > 1}
    scores = []
    for name in found.names if asking else []:
        by_word = [word_precisions(found, name, usages) for usages in asking.values()]
        means = np.array([(own.mean(), chance.mean()) for own, chance in by_word if len(own)])  # (words, 2)
        if not len(means):
            continue
        bounds = mean_interval(means[:, 0])
        value, baseline = (float(figure) for figure in means.mean(axis=0))
        scores.append(Score(task, "MAP", name, value, *bounds, baseline, "chance"))
    return scores


def word_precisions(found: SpanVectors, name: str, usages: Sequence[Usage]) -> tuple[Doubles, Doubles]:
    """Return the average precision of each query, and that of a random order.  (queries,), (queries,)"""
    senses = np.array([usage.sense for usage in usages])  # (n,)
    return same_sense_precisions(found(name, [usage.span for usage in usages]), senses[:, None] == senses)


def nearest_accuracy(found: SpanVectors, name: str, word: CoarseWord) -> float:
    """Return the share of a word's test usages whose nearest training usage has the same sense."""
    train = unit(found(name, [usage.span for usage in word.train]))  # (n, dim)
    test = unit(found(name, [usage.span for usage in word.test]))  # (m, dim)
    answers = np.array([usage.sense for usage in word.train])[np.argmax(test @ train.T, axis=1)]  # (m,)
    return float(np.mean(answers == np.array([usage.sense for usage in word.test])))


def draw(usages: Sequence[Usage], most: int, word: str) -> list[Usage]:
    """Draw at most `most` usages of a word, in their order. Every run draws the same ones."""
    if len(usages) <= most:
        return list(usages)
    places = sorted(random.Random(f"{SEED} {word}").sample(range(len(usages)), most))
    return [usages[place] for place in places]


def pair_cosines(found: SpanVectors, name: str, pairs: Sequence[TokenPair]) -> Doubles:
    """Return the cosine of the two usages of each pair in a representation.  (pairs,)"""
    return cosines(
        found(name, [first_token(pair) for pair in pairs]), found(name, [second_token(pair) for pair in pairs])
    )


def _wic_score(metric: str, name: str, cosine: Doubles, gold: Mask, cut: float) -> Score:
    share = float(gold.mean())
    bounds = mean_interval((cosine >= cut) == gold)
    return Score("wic", metric, name, accuracy(cosine, gold, cut), *bounds, max(share, 1 - share), "majority")


def _spans(pairs: Iterable[TokenPair]) -> Iterable[Span]:
    return (span for pair in pairs for span in (first_token(pair), second_token(pair)))


def _correlation(cosine: Doubles, gold: Doubles, lemmas: Sequence[Ids]) -> Callable[[Ids], float]:
    def of_drawn(drawn: Ids) -> float:
        rows = np.concatenate([lemmas[lemma] for lemma in drawn])  # (rows,)
        return spearman(cosine[rows], gold[rows])

    return of_drawn


def _majority_accuracy(word: CoarseWord) -> float:
    (most, _), *_ = Counter(usage.sense for usage in word.train).most_common(1)
    return float(np.mean([usage.sense == most for usage in word.test]))
