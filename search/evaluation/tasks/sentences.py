"""How alike two sentences are: the STS benchmark (Cer et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.text.analyser import TextAnalyser
from ....indexer.vectors.arrays import Array, Doubles, Ids
from ....indexer.vectors.transforms import Normalisation, Transform, fit
from ..datasets.pairs import read_sts_splits
from ..measures import cosines, interval, spearman
from ..records import Score, SentencePair, Span, whole
from ..spans import tokens_of
from ..vectors import Report, Represented, represent

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

RAW = "raw"
BASELINE = f"layer 0, {RAW}"
ITSELF = ", fitted on itself"


def evaluate_sts(
    encoder: Encoder, paths: Sequence[Path], language: str = "en", report: Report | None = None
) -> list[Score]:
    """Spearman's correlation of cosine and judgement, of each split; baseline: the mean of layer 0, as it is.

    A sentence's vector is the mean over its tokens (of the mix: ELMo's `default`), as it is, centred or whitened by the
    product's own transforms: fitted on the splits that are not scored, and, told apart, on the scored split itself.
    """
    splits = read_sts_splits(paths, partial(tokens_of, TextAnalyser(language)))
    found = represent(encoder, (span for pairs in splits.values() for span in _spans(pairs)), report)
    scores = []
    for split, pairs in splits.items():
        others = [pair for name, some in splits.items() if name != split for pair in some]
        gold = np.array([pair.gold for pair in pairs])  # (pairs,)
        cosine = {
            key: cosines(*(transform(vectors) for vectors in _both(found, name, pairs)))
            for key, name, transform in _ways(found, split, pairs, others)
        }
        baseline = spearman(cosine[f"Spearman {split}", BASELINE], gold)
        for (metric, representation), values in cosine.items():
            bounds = interval(_correlation(values, gold), len(gold))
            value = spearman(values, gold)
            scores.append(Score("sts", metric, representation, value, *bounds, baseline, BASELINE))
    return scores


def normalisations(sample: Array) -> dict[str, Callable[[Array], Array]]:
    """The product's ways to make vectors comparable, fitted on a sample (n, dim)."""
    fitted = {normalisation: fit(normalisation, sample) for normalisation in Normalisation}
    return {normalised_name(key): transform or _as_it_is for key, transform in fitted.items()}


def normalised_name(normalisation: Normalisation) -> str:
    """How tables call a normalisation."""
    return RAW if normalisation is Normalisation.NONE else str(normalisation)


def _ways(
    found: Represented, split: str, pairs: Sequence[SentencePair], others: Sequence[SentencePair]
) -> Iterator[tuple[tuple[str, str], str, Transform | Callable[[Array], Array]]]:
    """(metric, what is compared), representation, transform."""
    samples = {label: some for label, some in (("", others), (ITSELF, pairs)) if some}
    for name in found.names:
        yield (f"Spearman {split}", f"{name}, {RAW}"), name, _as_it_is
        for label, some in samples.items():
            fitted = normalisations(found(name, list(dict.fromkeys(_spans(some)))))
            del fitted[RAW]
            yield from (((f"Spearman {split}{label}", f"{name}, {key}"), name, way) for key, way in fitted.items())


def _both(found: Represented, name: str, pairs: Sequence[SentencePair]) -> tuple[Array, Array]:
    first = found(name, [whole(pair.sentence1) for pair in pairs])  # (pairs, dim)
    return first, found(name, [whole(pair.sentence2) for pair in pairs])


def _spans(pairs: Sequence[SentencePair]) -> Iterator[Span]:
    for pair in pairs:
        yield from (whole(pair.sentence1), whole(pair.sentence2))


def _correlation(cosine: Doubles, gold: Doubles) -> Callable[[Ids], float]:
    return lambda drawn: spearman(cosine[drawn], gold[drawn])


def _as_it_is(vectors: Array) -> Array:
    return vectors
