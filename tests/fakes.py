"""A small encoder for tests. Its vectors are made from hashes of the neighbouring words, without TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from polyseme.indexer.elmo import BiLMConfig, ElmoOutputs, Representation
from polyseme.indexer.elmo.interface import WordTable
from polyseme.indexer.elmo.tags import Tags, TagSet
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.indexer.text.recasing import UsualForms
from polyseme.indexer.vectors.arrays import Array

DIM = 16
SENSE_DIM = 12
SENTENCE_DIM = 8
TAGSET = TagSet(upos=("NOUN", "VERB", "ADJ", "DET", "X"), xpos=("NN", "NNS", "VB", "VBD", "JJ", "DT", "FW"))


@cache
def word_vector(word: str, dim: int) -> Array:
    """Return a vector that depends on the word alone.  (dim,)"""
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


class FakeEncoder:
    """An encoder that is deterministic and independent of the batch. Sense vectors are means of nearby words."""

    n_layers = 3
    dim = DIM
    config: BiLMConfig | None = None
    usual_forms = UsualForms({})
    word_table: WordTable | None = None

    def __init__(
        self,
        name: str = "fake",
        has_sense_space: bool = True,
        sentence_space: str = "first",
        tagger: str = "",
        rules: LemmaRules | None = None,
    ) -> None:
        """Make an encoder.

        Args:
            sentence_space: Name of its sentence space, which decides its product vectors. Empty for none.
            tagger: Name of its tagger, which decides the tags. Empty for none.
            rules: Rules for lemmas by these tags.
        """
        self.source = name
        self.model_id = hashlib.sha256(name.encode()).hexdigest()
        self.has_sense_space = has_sense_space
        self.sense_dim = SENSE_DIM if has_sense_space else 2 * DIM
        self.has_sentence_space = bool(sentence_space)
        self.sentence_id = hashlib.sha256(sentence_space.encode()).hexdigest() if sentence_space else ""
        self.tagset: TagSet | None = TAGSET if tagger else None
        self.tagger_id = hashlib.sha256(tagger.encode()).hexdigest() if tagger else ""
        self.lemma_rules: LemmaRules | None = rules
        self.sentence_dim = SENTENCE_DIM if sentence_space else 3 * DIM // 2
        self._map = np.stack([word_vector(f"{sentence_space} {n}", DIM) for n in range(SENTENCE_DIM)], 1)  # (dim, e)
        self.encoded = 0

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        self.encoded += len(sentences)
        return [replace(self._represent(sentence), tags=self.tags(sentence)) for sentence in sentences]

    def tags(self, sentence: Sequence[str]) -> Tags | None:
        """Return the tags of a sentence. A tag depends on the word and on the one before it."""
        if self.tagset is None:
            return None
        pairs = list(zip(["", *sentence], sentence, strict=False))
        chosen = [
            hashlib.sha256(f"{self.tagger_id}{one} {two}".encode("utf-8", "replace")).digest() for one, two in pairs
        ]
        upos = np.array([digest[0] % len(self.tagset.upos) for digest in chosen], np.uint8)  # (t,)
        return Tags(upos, np.array([digest[1] % len(self.tagset.xpos) for digest in chosen], np.uint8))

    def _represent(self, sentence: Sequence[str]) -> Representation:
        t = len(sentence)
        words = np.stack([word_vector(w, DIM) for w in sentence]) if t else np.zeros((0, DIM), np.float32)  # (t, dim)
        around = np.stack([_around(words, n) for n in range(t)]) if t else words
        layers = np.stack([words, words + around, around])  # (3, t, dim)
        elmo = layers.mean(axis=0)
        wide = np.concatenate([around, np.roll(around, 1, axis=0)], axis=1)  # (t, 2 * dim)
        sense = wide[:, : self.sense_dim]
        if not t:
            empty = np.zeros(self.sentence_dim, np.float32)
            return Representation(layers, elmo, sense, np.zeros(DIM, np.float32), empty)
        mean = layers[:2].mean(axis=1)  # (2, dim)
        pooled = np.concatenate([mean[0, : DIM // 2], mean[1]])  # (3 * dim / 2,)
        vector = mean[1] @ self._map if self.has_sentence_space else pooled
        return Representation(layers, elmo, sense, elmo.mean(axis=0), vector)

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        return [found.layers for found in self.represent(sentences)]

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        return [found.sense for found in self.represent(sentences)]

    def word_vectors(self, forms: Sequence[str]) -> Array:
        return np.stack([word_vector(f, DIM // 2) for f in forms]) if forms else np.zeros((0, DIM // 2), np.float32)

    def word_topics(self, words: Sequence[str]) -> Array | None:
        return None

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        raise AssertionError("search does not use the module's signatures")

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        raise AssertionError("search does not use the module's signatures")


def _around(words: Array, n: int) -> Array:
    """Return the mean of the other words, weighted by nearness. Words on the left weigh more."""
    distance = np.arange(len(words)) - n  # (t,)
    weights = np.where(distance < 0, 1.0, 0.8) / np.maximum(np.abs(distance), 1)  # (t,)
    weights[n] = 0
    if not weights.any():
        return np.full(words.shape[1], 0.1, np.float32)
    return np.asarray(weights @ words / weights.sum(), np.float32)
