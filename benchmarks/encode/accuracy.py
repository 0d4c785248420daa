"""Compare the encoder with the TF1 graph of hub modules, and bfloat16 with float32. Used by `speed.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.elmo import Precision, load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.gold.sense_text import read_judged
from polyseme.indexer.vectors.arrays import Array, unit

from benchmarks.encode.allennlp_peer import BATCH
from benchmarks.lib.paths import DOCUMENTS, SENSES

Sentences = list[list[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Lowest cosine of two vectors of a token, and largest absolute difference of two numbers, over all layers."""

    min_cosine: float
    max_difference: float


class Hub:
    """A TF1 module as users load it, with `tensorflow_hub.load`."""

    def __init__(self, model: Model, folder: Path) -> None:
        import tensorflow_hub

        from benchmarks.encode.tf1_module import feed, write_tf1_module

        write_tf1_module(model, folder)
        self._feed, self._run = feed, tensorflow_hub.load(str(folder)).signatures["tokens"]

    def encode(self, sentences: Sequence[list[str]], size: int) -> list[Array]:
        """Return all layers of each sentence (n_layers, t, dim). Batches have `size` sentences in the given order."""
        found: list[Array] = []
        for start in range(0, len(sentences), size):
            batch = list(sentences[start : start + size])
            outputs = self._run(**self._feed(batch))
            words, first, second = (outputs[name].numpy() for name in ("word_emb", "lstm_outputs1", "lstm_outputs2"))
            layers = np.stack([np.concatenate([words, words], 2), first, second])  # (n_layers, b, t, dim)
            found += [layers[:, row, : len(sentence)] for row, sentence in enumerate(batch)]
        return found


def difference(found: Sequence[Array], expected: Sequence[Array]) -> Difference:
    """Compare layers of sentences, (n_layers, t, dim) each, with others."""
    a, b = np.concatenate(found, axis=1), np.concatenate(expected, axis=1)  # (n_layers, tokens, dim)
    cosines = (unit(a) * unit(b)).sum(axis=2)  # (n_layers, tokens)
    return Difference(float(cosines.min()), float(np.abs(a - b).max()))


def bundled(sentences: Sentences) -> dict[str, Difference]:
    """Compare the bundled model in float32 with a module of its weights, and its bfloat16 with its float32.

    `float32` encodes all sentences together, `float32_alone` each one alone, as queries are encoded.
    """
    encoders = {precision: load_encoder("default", precision) for precision in Precision}
    exact = encoders[Precision.FLOAT32]
    assert isinstance(exact, ElmoEncoder)
    with tempfile.TemporaryDirectory() as folder:
        expected = Hub(exact.model, Path(folder) / "module").encode(sentences, BATCH)
    together = exact.encode(sentences)
    return {
        "float32": difference(together, expected),
        "float32_alone": difference([exact.encode([sentence])[0] for sentence in sentences], expected),
        "bfloat16": difference(encoders[Precision.BFLOAT16].encode(sentences), together),
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of the first float32 hits are also first bfloat16 hits.

    Attributes:
        kept: Share of the hits that are the same.
        same_rank: Share of the hits that also have the same rank.
        candidates: Mean number of occurrences that could be hits.
    """

    kept: float
    same_rank: float
    candidates: float


def hits_kept(queries: int = 200, k: int = 10) -> tuple[Kept, Kept]:
    """Compare the first k hits of both precisions among the gold occurrences: of the same word, and of any word."""
    text = read_judged(SENSES, [DOCUMENTS], "en", lambda _: None)
    vectors = []
    for precision in Precision:
        rows = load_encoder("default", precision).sense(text.sentences)  # (t, dim) each
        vectors.append(unit(np.stack([rows[token.sentence][token.position] for token in text.tokens])))  # (n, dim)
    lemmas = np.array([token.lemma for token in text.tokens])  # (n,)
    asking = np.random.default_rng(1).choice(len(lemmas), queries, replace=False)
    other = [np.arange(len(lemmas)) != row for row in asking]  # (n,) each
    own = [mask & (lemmas == lemmas[row]) for mask, row in zip(other, asking, strict=True)]
    return _kept(vectors, asking, own, k), _kept(vectors, asking, other, k)


def _kept(
    vectors: Sequence[Array], asking: npt.NDArray[np.int64], candidates: Sequence[npt.NDArray[np.bool_]], k: int
) -> Kept:
    """Compare the hits of two precisions.

    Args:
        vectors: Vectors of the n occurrences, for each precision.  (n, dim) each
        asking: Rows of the queries.  (q,)
        candidates: Mask of the occurrences that can be hits, for each query.  (n,) each
        k: Number of hits.
    """
    kept, ranked = [], []
    for row, mask in zip(asking, candidates, strict=True):
        others = np.flatnonzero(mask)  # (m,)
        exact, low = (others[np.argsort(-(rows[others] @ rows[row]), kind="stable")][:k] for rows in vectors)
        kept.append(len(set(exact.tolist()) & set(low.tolist())) / len(exact))
        ranked.append(float(np.mean(exact == low)))
    return Kept(float(np.mean(kept)), float(np.mean(ranked)), float(np.mean([mask.sum() for mask in candidates])))
