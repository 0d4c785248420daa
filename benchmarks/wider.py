"""Vectors of a small model as wide as the largest published ones': turned into a larger space at random.

A rotation changes no cosine, so that what is found stays the same and only room and time change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from polyseme.indexer.elmo import Encoder, Representation
from polyseme.indexer.vectorise import WORD
from polyseme.indexer.vectors.arrays import Array
from polyseme.indexer.vectors.transforms import Transform

TOKENS, WORDS = 1024, 512
"""Dimensions of a layer and of a word's identity in `original`, the model of Peters et al. 2018."""


def wider(rows: Array, dim: int) -> Array:
    """Rows in a space of ``dim`` dimensions, their inner products as before.  (n, d) -> (n, dim)"""
    return np.asarray(rows @ _directions(rows.shape[1], dim), np.float32)


@cache
def _directions(d: int, dim: int) -> Array:
    """Orthonormal rows.  (d, dim)"""
    columns, _ = np.linalg.qr(np.random.default_rng(d).standard_normal((dim, d)))  # (dim, d)
    return np.ascontiguousarray(columns.T, np.float32)


def wider_transforms(transforms: dict[str, Transform]) -> dict[str, Transform]:
    """A collection's transforms for wider words; sense vectors must have none, as those of a sense space."""
    return transforms | {WORD: Transform(wider(transforms[WORD].mean[None, :], WORDS)[0])}


def widen(encoder: Encoder) -> Encoder:
    """Have an encoder give wider sense vectors and words from now on."""
    represent, word_vectors = encoder.represent, encoder.word_vectors

    def wide_represent(sentences: Sequence[Sequence[str]]) -> list[Representation]:
        return [replace(found, sense=wider(found.sense, TOKENS)) for found in represent(sentences)]

    def wide_words(forms: Sequence[str]) -> Array:
        return wider(word_vectors(forms), WORDS)

    for name, ask in {"represent": wide_represent, "word_vectors": wide_words}.items():
        setattr(encoder, name, ask)
    return encoder


def as_it_is(encoder: Encoder) -> Encoder:
    """The encoder itself."""
    return encoder
