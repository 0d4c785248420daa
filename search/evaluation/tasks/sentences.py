"""Semantic similarity of sentences: the STS benchmark (Cer et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.build import BuildConfig
from ....indexer.text import TextAnalyser
from ....indexer.vectorise import POOLED_DIM
from ....indexer.vectors.arrays import Array, Doubles, Ids
from ....indexer.vectors.transforms import Normalisation, fit, fit_centring, fit_whitened_components
from ..datasets.pairs import read_sts_splits
from ..measures import cosines, interval, spearman
from ..records import Score, SentencePair, Span, whole_sentence
from ..spans import tokens_of
from ..vectors import DEFAULT, PRODUCT, OnProgress, SpanVectors, represent

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

RAW = "raw"
BASELINE = f"layer 0, {RAW}"
SAME_SPLIT = ", fitted on itself"
Map = Callable[[Array], Array]
"""Maps vectors (n, dim) to comparable vectors (n, dim')."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: its metric and title, the compared representation, and the normalisation of its vectors."""

    metric: str
    title: str
    representation: str
    normalise: Map


def evaluate_sts(
    encoder: Encoder, paths: Sequence[Path], language: str = "en", on_progress: OnProgress | None = None
) -> list[Score]:
    """Return Spearman's correlation of cosines and judgements on each split. Baseline: mean of layer 0, raw.

    `product` and `default` are the two vectors that a collection stores for a sentence: the product's own, and ELMo's.
    They are transformed as a collection does. The transforms are fitted on the sentences of the other splits, or of
    the scored split if it is the only one.

    The other rows have the mean of a layer over a sentence's tokens: raw, centred and whitened. The transforms are
    fitted on the other splits, and in separate rows on the scored split itself.
    """
    splits = read_sts_splits(paths, partial(tokens_of, TextAnalyser(language)))
    asked = (span for pairs in splits.values() for span in _spans(pairs))
    found = represent(encoder, asked, on_progress, whole=True)
    scores = []
    for split, pairs in splits.items():
        others = [pair for name, some in splits.items() if name != split for pair in some]
        stored = _stored_rows(encoder, found, split, others or pairs)
        gold = np.array([pair.gold for pair in pairs])  # (pairs,)
        cosine = {
            (row.metric, row.title): cosines(*map(row.normalise, _both(found, row.representation, pairs)))  # (pairs,)
            for row in (*stored, *_table_rows(found, split, pairs, others))
        }
        baseline = spearman(cosine[f"Spearman {split}", BASELINE], gold)
        for (metric, title), values in cosine.items():
            bounds = interval(_correlation(values, gold), len(gold))
            scores.append(Score("sts", metric, title, spearman(values, gold), *bounds, baseline, BASELINE))
    return scores


def normalisations(sample: Array) -> dict[str, Map]:
    """Return Polyseme's normalisations by name, fitted on a sample (n, dim)."""
    fitted = {normalisation: fit(normalisation, sample) for normalisation in Normalisation}
    return {normalised_name(key): transform or _unchanged for key, transform in fitted.items()}


def normalised_name(normalisation: Normalisation) -> str:
    """Return the name of a normalisation in tables."""
    return RAW if normalisation is Normalisation.NONE else str(normalisation)


def stored_maps(encoder: Encoder, found: SpanVectors, pairs: Sequence[SentencePair]) -> dict[str, Map]:
    """Return what a new collection does to the two vectors of a sentence, fitted on the sentences of some pairs."""
    sample = list(dict.fromkeys(_spans(pairs)))
    products = found(PRODUCT, sample)  # (n, e)
    is_learned = encoder.has_sentence_space
    product = fit_centring(products) if is_learned else fit_whitened_components(products, POOLED_DIM)
    default = fit(BuildConfig().normalisation, found(DEFAULT, sample))
    return {PRODUCT: product, DEFAULT: default or _unchanged}


def stored_cosines(found: SpanVectors, name: str, pairs: Sequence[SentencePair], normalise: Map) -> Doubles:
    """Return the cosine of the two sentences of each pair.  (pairs,)"""
    return cosines(*map(normalise, _both(found, name, pairs)))


def _stored_rows(
    encoder: Encoder, found: SpanVectors, split: str, fitted_on: Sequence[SentencePair]
) -> Iterator[TableRow]:
    for name, normalise in stored_maps(encoder, found, fitted_on).items():
        yield TableRow(f"Spearman {split}", name, name, normalise)


def _table_rows(
    found: SpanVectors, split: str, pairs: Sequence[SentencePair], others: Sequence[SentencePair]
) -> Iterator[TableRow]:
    samples = {label: some for label, some in (("", others), (SAME_SPLIT, pairs)) if some}
    for name in found.names:
        yield TableRow(f"Spearman {split}", f"{name}, {RAW}", name, _unchanged)
        for label, some in samples.items():
            fitted = normalisations(found(name, list(dict.fromkeys(_spans(some)))))
            del fitted[RAW]
            for key, normalise in fitted.items():
                yield TableRow(f"Spearman {split}{label}", f"{name}, {key}", name, normalise)


def _both(found: SpanVectors, name: str, pairs: Sequence[SentencePair]) -> tuple[Array, Array]:
    """Return the vectors of the first and of the second sentences.  (pairs, dim) each"""
    first = found(name, [whole_sentence(pair.sentence1) for pair in pairs])  # (pairs, dim)
    return first, found(name, [whole_sentence(pair.sentence2) for pair in pairs])


def _spans(pairs: Sequence[SentencePair]) -> Iterator[Span]:
    for pair in pairs:
        yield from (whole_sentence(pair.sentence1), whole_sentence(pair.sentence2))


def _correlation(cosine: Doubles, gold: Doubles) -> Callable[[Ids], float]:
    return lambda drawn: spearman(cosine[drawn], gold[drawn])


def _unchanged(vectors: Array) -> Array:
    return vectors
