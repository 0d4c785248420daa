"""How near the encoder comes to the TF1 graph that modules hold, and bfloat16 to float32. Used by encode.py."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from encode_allennlp import BATCH
from polyseme.indexer.elmo import Precision, load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.gold.sense_text import read_judged
from polyseme.indexer.vectors.arrays import Array, unit

Sentences = list[list[str]]
DOCUMENTS = Path(__file__).parents[1] / "data" / "documents"


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one set of layers from another: the worst token's cosine in any layer, and the largest of a number."""

    min_cosine: float
    max_difference: float


class Hub:
    """The TF1 module behind `tensorflow_hub.load`, as people use it."""

    def __init__(self, model: Model, folder: Path) -> None:
        import tensorflow_hub
        from tf1_module import feed, write_tf1_module

        write_tf1_module(model, folder)
        self._feed, self._run = feed, tensorflow_hub.load(str(folder)).signatures["tokens"]

    def encode(self, sentences: Sequence[list[str]], size: int) -> list[Array]:
        """All layers of each sentence, (n_layers, t, dim), in batches of `size` in the order given."""
        found: list[Array] = []
        for start in range(0, len(sentences), size):
            batch = list(sentences[start : start + size])
            outputs = self._run(**self._feed(batch))
            words, first, second = (outputs[name].numpy() for name in ("word_emb", "lstm_outputs1", "lstm_outputs2"))
            layers = np.stack([np.concatenate([words, words], 2), first, second])  # (n_layers, b, t, dim)
            found += [layers[:, row, : len(sentence)] for row, sentence in enumerate(batch)]
        return found


def difference(found: Sequence[Array], expected: Sequence[Array]) -> Difference:
    """Layers of sentences, (n_layers, t, dim) each, against others."""
    a, b = np.concatenate(found, axis=1), np.concatenate(expected, axis=1)  # (n_layers, tokens, dim)
    cosines = (unit(a) * unit(b)).sum(axis=2)  # (n_layers, tokens)
    return Difference(float(cosines.min()), float(np.abs(a - b).max()))


def bundled(sentences: Sentences) -> dict[str, Difference]:
    """Of the bundled model: float32 against the module made of its weights, all sentences together and each alone (as
    queries are encoded), and bfloat16 against float32."""
    encoders = {precision: load_encoder("default", precision) for precision in Precision}
    exact = encoders[Precision.FLOAT32]
    assert isinstance(exact, ElmoEncoder)
    with tempfile.TemporaryDirectory() as folder:
        expected = Hub(exact.model, Path(folder) / "module").encode(sentences, BATCH)
    single = exact.encode(sentences)
    return {
        "float32": difference(single, expected),
        "float32_alone": difference([exact.encode([sentence])[0] for sentence in sentences], expected),
        "bfloat16": difference(encoders[Precision.BFLOAT16].encode(sentences), single),
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """Shares of the first hits in float32 that are among the first in bfloat16, and that have the same rank there."""

    kept: float
    same_rank: float
    candidates: float  # mean number of occurrences that could answer


def hits_kept(queries: int = 200, k: int = 10) -> tuple[Kept, Kept]:
    """Occurrences of data/senses.tsv ask for the others of their word, and for all others there, of any word."""
    data = DOCUMENTS.parent
    text = read_judged(data / "senses.tsv", [DOCUMENTS], "en", lambda _: None)
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
    """vectors: of one precision and of the other (n, dim); asking: rows (q,); candidates: which may answer (n,) each"""
    kept, ranked = [], []
    for row, mask in zip(asking, candidates, strict=True):
        others = np.flatnonzero(mask)  # (m,)
        exact, low = (others[np.argsort(-(rows[others] @ rows[row]), kind="stable")][:k] for rows in vectors)
        kept.append(len(set(exact.tolist()) & set(low.tolist())) / len(exact))
        ranked.append(float(np.mean(exact == low)))
    return Kept(float(np.mean(kept)), float(np.mean(ranked)), float(np.mean([mask.sum() for mask in candidates])))
