"""Can the score of a sentence hit be told as a probability that both mean the same? Prints tables of docs/senses.md.

    python benchmarks/sentence_confidence.py STS_FOLDER [--model SOURCE] [--collection FOLDER]

Curves are fitted on the train split of the STS benchmark (Cer et al. 2017; 4 of 5 points or more: the same). First the
judged pairs by themselves, each split and each kind of text a collection of its own: its own transform, its own random
pairs. Then hits: the sample documents and one judged partner are the collection, its other sentence asks. What is not
the partner is another text's and does not mean the same. --collection: the sample documents, already indexed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.random_pairs import QUANTILES
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.lines import rows_of
from polyseme.indexer.text.analyser import TextAnalyser
from polyseme.indexer.vectorise import SENTENCE
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.indexer.vectors.transforms import Normalisation, Transform, fit
from polyseme.search.confidence import Calibration, probit
from polyseme.search.evaluation.datasets.pairs import STS_LAYOUT, read_sts
from polyseme.search.evaluation.spans import tokens_of
from polyseme.search.searcher import Searcher

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
DATA = Path(__file__).parents[1] / "data"
SAME = 4.0
"""Judgement from which two sentences mean the same."""
RANDOM = 20_000
"""Random pairs of a collection."""
SAMPLE = BuildConfig().sample_sentences
"""Sentences on which the product fits its transform, the first ones."""
BINS = 10
FIRST = (1, 5, 20)
"""Hits of a list that are looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Raw sentence vectors of n pairs (n, 2, e), whether they mean the same (n,), and the kind of text of each."""

    vectors: Array
    same: Floats
    kinds: tuple[str, ...]

    def only(self, kind: str) -> Judged:
        inside = np.array([one == kind for one in self.kinds])  # (n,)
        return Judged(self.vectors[inside], self.same[inside], (kind,) * int(inside.sum()))


@dataclass(frozen=True, slots=True)
class Scored:
    """Cosines (n,), whether the meaning is the same (n,), and cosines of random pairs of the collection (RANDOM,)."""

    scores: Floats
    same: Floats
    random: Floats


def percentile(found: Scored) -> Floats:
    """As the confidence of occurrences: by 201 quantiles, within 1/1000 of the ends."""
    quantiles = np.quantile(found.random, np.linspace(0, 1, QUANTILES))
    return probit(Calibration(tuple(quantiles.tolist())).percentile(found.scores))


def fine_percentile(found: Scored) -> Floats:
    """By all random pairs: within 1/20,000 of the ends."""
    below = np.searchsorted(np.sort(found.random), found.scores)  # (n,)
    return np.array([NormalDist().inv_cdf((n + 0.5) / (RANDOM + 1)) for n in below.tolist()])


def standard_score(found: Scored) -> Floats:
    return np.asarray((found.scores - found.random.mean()) / found.random.std(), np.float64)


FEATURES: dict[str, Callable[[Scored], Floats]] = {
    "percentile": percentile,
    "percentile, finer": fine_percentile,
    "standard score": standard_score,
    "cosine": lambda found: found.scores,
}


class Curve:
    """Logistic regression of "means the same" on a feature."""

    def __init__(self, feature: Callable[[Scored], Floats], found: Scored) -> None:
        from sklearn.linear_model import LogisticRegression

        self._feature = feature
        self._model = LogisticRegression(C=1e6).fit(feature(found)[:, None], found.same)

    def __call__(self, found: Scored) -> Floats:
        return np.asarray(self._model.predict_proba(self._feature(found)[:, None])[:, 1], np.float64)


def calibration_error(said: Floats, same: Floats) -> float:
    """Expected calibration error: mean distance of predicted and observed share over tenths of the prediction."""
    slot = np.minimum((said * BINS).astype(int), BINS - 1)  # (n,)
    bins = [slot == number for number in np.unique(slot)]
    return float(sum(inside.mean() * abs(said[inside].mean() - same[inside].mean()) for inside in bins))


def read(encoder: Encoder, path: Path) -> Judged:
    pairs = read_sts(path, partial(tokens_of, TextAnalyser("en")))
    sentences = [sentence for pair in pairs for sentence in (pair.sentence1, pair.sentence2)]
    vectors = np.stack([found.default for found in encoder.represent(sentences)])  # (2 * n, e)
    same = np.array([pair.gold >= SAME for pair in pairs], np.float64)
    kinds = tuple(row[0].removeprefix("main-") for row in rows_of(path, 7, STS_LAYOUT))
    return Judged(vectors.reshape(len(pairs), 2, -1), same, kinds)


def products(first: Array, second: Array) -> Floats:
    """Inner products row by row.  (n, e), (n, e) -> (n,)"""
    return np.asarray(np.einsum("ne,ne->n", first, second), np.float64)


def random_scores(vectors: Array) -> Floats:
    """Cosines of random pairs of unit rows.  (n, e) -> (RANDOM,)"""
    first, step = np.random.default_rng(0).integers(0, [[len(vectors)], [len(vectors) - 1]], (2, RANDOM))
    second = (first + 1 + step) % len(vectors)  # never the first
    return products(vectors[first], vectors[second])


def as_collection(judged: Judged) -> Scored:
    """The pairs in a collection of their own sentences."""
    rows = judged.vectors.reshape(-1, judged.vectors.shape[2])  # (2 * n, e)
    _, places = np.unique(rows, axis=0, return_index=True)
    distinct = rows[np.sort(places)]
    transform = fit(Normalisation.WHITENED, distinct[:SAMPLE])
    assert transform is not None
    scores = products(transform(judged.vectors[:, 0]), transform(judged.vectors[:, 1]))  # (n,)
    return Scored(scores, judged.same, random_scores(transform(distinct)))


def as_hits(judged: Judged, stored: Array, transform: Transform, most: int) -> tuple[Scored, Ids]:
    """The first hits of each query among a collection's sentences and its partner, and their ranks from 0."""
    asked, partners = transform(judged.vectors[:, 0]), transform(judged.vectors[:, 1])  # (n, e)
    others = np.sort(asked @ stored.T, axis=1)[:, ::-1][:, :most]  # (n, most)
    scores = np.concatenate([products(asked, partners)[:, None], others], axis=1)  # (n, most + 1)
    same = np.zeros_like(scores)
    same[:, 0] = judged.same
    order = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    scores, same = (np.take_along_axis(part, order, axis=1).ravel() for part in (scores, same))  # (n * most,)
    return Scored(scores, same, random_scores(stored)), np.tile(np.arange(order.shape[1]), len(order))


def print_pairs(curves: dict[str, Curve], splits: dict[str, Judged]) -> None:
    print(f"\n| pairs | number | same, % | {' | '.join(curves)} |\n|{'---|' * (len(curves) + 3)}")
    for split, judged in splits.items():
        for kind in ("", *sorted(set(judged.kinds))):
            found = as_collection(judged.only(kind) if kind else judged)
            errors = [100 * calibration_error(curve(found), found.same) for curve in curves.values()]
            figures = " | ".join(f"{error:.1f}" for error in errors)
            print(f"| {split}{kind and ', '}{kind} | {len(found.same):,} | {100 * found.same.mean():.1f} | {figures} |")


def print_hits(curves: dict[str, Curve], judged: Judged, stored: Array, transform: Transform) -> None:
    print(f"\n| hits | same, % | {' | '.join(curves)} |\n|{'---|' * (len(curves) + 2)}")
    found, rank = as_hits(judged, stored, transform, max(FIRST))
    said = {name: curve(found) for name, curve in curves.items()}
    for most in FIRST:
        inside = rank < most
        same = found.same[inside]
        figures = [
            f"{100 * part[inside].mean():.1f}, off by {100 * calibration_error(part[inside], same):.1f}"
            for part in said.values()
        ]
        print(f"| the first {most} | {100 * same.mean():.1f} | {' | '.join(figures)} |")
    itself = Scored(np.ones(1), np.ones(1), found.random)
    print(f"| the sentence itself | 100 | {' | '.join(f'{100 * curve(itself)[0]:.1f}' for curve in curves.values())} |")


def sample(encoder: Encoder, path: Path | None) -> tuple[Array, Transform]:
    """Stored sentence vectors of the sample documents (m, e), and the transform of queries."""
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            path = Path(folder) / "sample.pol"
            build(path, [DATA / "documents"], BuildConfig(), encoder)
        with Searcher.open(path, encoder) as searcher, searcher.collection.reading() as snapshot:
            parts = [np.asarray(segment.sentences, np.float32) for segment in snapshot.segments.values()]
            return np.concatenate(parts), snapshot.transforms[SENTENCE]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Whether sentence hits can have a confidence.")
    parser.add_argument("sts", type=Path, metavar="STS_FOLDER")
    parser.add_argument("--model", default="default")
    parser.add_argument("--collection", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    try:
        encoder = load_encoder(chosen.model)
        splits = {split: read(encoder, chosen.sts / f"sts-{split}.csv") for split in ("train", "dev")}
        stored, transform = sample(encoder, chosen.collection)
    except PolysemeError as error:
        print(f"sentence_confidence: {error}", file=sys.stderr)
        return 1
    fitted = as_collection(splits["train"])
    curves = {name: Curve(feature, fitted) for name, feature in FEATURES.items()}
    print("Expected calibration error, in per cent, by what the curve reads:")
    print_pairs(curves, splits)
    print(
        "\nHits among the sample documents: what is said on average, and the expected calibration error, in per cent:"
    )
    print_hits(curves, splits["dev"], stored, transform)
    return 0


if __name__ == "__main__":
    sys.exit(main())
