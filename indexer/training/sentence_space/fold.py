"""Read batches for the student, and fold its parameters into a `SentenceSpace`.

The student reads standardised states, (x - mean) / std. The folded space reads the states themselves, so mean and std
go into its map, its shift and its factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...elmo.sense_space import WordCounts
from ...elmo.sentence_space import SentenceSpace
from ...vectors.arrays import Array, Half, Ids, unit
from ..pieces import batch_states
from .student import Arrays, StudentBatch, forward

RARITY = 1e-4
"""Relative frequency at which a word's weight is a half."""
_SAMPLE = 200_000  # tokens from which mean and standard deviation are computed
_FOREIGN_FACTOR = 3.5  # maximum logarithm of a word's first factor, below the student's limit
_CHUNK = 1024  # texts of one forward pass


@dataclass(frozen=True, slots=True, eq=False)
class StudentTexts:
    """All texts as the student reads them.

    Attributes:
        states: States of the tokens of `STATE_PIECE` texts each (tokens, width).
        starts: Number of the first token of each text, and of all tokens (n + 1,).
        rows: Row of each token's word in the table. The unknown word has the last row (tokens,).
        rarity: Rarity of each token (tokens,).
        teacher: The teacher's centred unit vectors (n, t).
        mean: Mean of the states (width,).
        std: Standard deviation of the states (width,).
    """

    states: Sequence[Half]
    starts: Ids
    rows: Ids
    rarity: Array
    teacher: Half
    mean: Array
    std: Array

    def read(self, numbers: Ids) -> StudentBatch:
        """Return the batch of some texts."""
        found, where, starts = batch_states(self.states, self.starts, numbers)
        states = (found - self.mean) / self.std  # (N, width)
        return StudentBatch(states, self.rarity[where], self.rows[where], starts, unit(self.teacher[numbers]))


def spread(states: Sequence[Half]) -> tuple[Array, Array]:
    """Return mean and standard deviation of the first tokens: (width,) each. Texts are in random order."""
    sample, tokens = [], 0
    for part in states:
        sample.append(np.asarray(part[: _SAMPLE - tokens], np.float32))
        tokens += len(sample[-1])
        if tokens >= _SAMPLE:
            break
    found = np.concatenate(sample)
    return found.mean(axis=0), np.maximum(found.std(axis=0), np.float32(1e-4))


def centred(vectors: Half, fitted: int) -> Half:
    """Centre vectors on the mean of the first `fitted` and scale them to length 1, in place: (n, t)."""
    mean = vectors[:fitted].mean(axis=0, dtype=np.float64).astype(np.float32)  # (t,)
    for start in range(0, len(vectors), _CHUNK):
        part = vectors[start : start + _CHUNK]
        part[:] = unit(part - mean)
    return vectors


def rarity(frequencies: Array) -> Array:
    """Return the rarity of words with these relative frequencies, in (0, 1]."""
    return np.asarray(RARITY / (RARITY + frequencies), np.float32)


def foreign_factors(words: Sequence[str], own: WordCounts, of_texts: WordCounts) -> Array:
    """Return first logarithms of the factors of words, for a model whose counts are those of another language.

    With them, the first weight of a word is its rarity in the texts: (words,).
    """
    found = np.log(rarity(of_texts.frequencies(words)) / rarity(own.frequencies(words)))
    return np.asarray(np.clip(found, -_FOREIGN_FACTOR, _FOREIGN_FACTOR), np.float32)


def mean_vector(parameters: Arrays, alone: Array, texts: StudentTexts, number: int) -> Array:
    """Return the mean of the student's vectors of the first `number` texts: (e,)."""
    total = np.zeros(parameters["map"].shape[1])
    for start in range(0, number, _CHUNK):
        numbers = np.arange(start, min(start + _CHUNK, number))
        total += forward(parameters, alone, texts.read(numbers)).vectors.sum(axis=0)
    return np.asarray(total / max(number, 1), np.float32)


def fold(
    parameters: Arrays,
    alone: Array,
    words: Sequence[str],
    layers: tuple[int, ...],
    reads_sense: bool,
    texts: StudentTexts,
    centre: Array,
) -> SentenceSpace:
    """Return the sentence space that gives the student's vectors, up to the rounding of the table to bytes.

    Args:
        alone: The teacher's vectors of words alone, with a last row of zeros (words + 1, t).
        words: The words of the table.
        centre: Vector to subtract from all sentence vectors (e,).
    """
    p, offset = parameters, texts.mean / texts.std  # offset: (width,)
    vectors = (alone @ p["words"] + p["own"])[:-1]  # (words, e)
    scales = np.abs(vectors).max(axis=1) / 127  # (words,)
    table = np.rint(vectors / np.maximum(scales, 1e-12)[:, None]).astype(np.int8)
    return SentenceSpace(
        words={word: row for row, word in enumerate(words)},
        table=table,
        scales=np.asarray(scales, np.float32),
        word_factors=p["word_factors"][:-1].copy(),
        layers=layers,
        reads_sense=reads_sense,
        map=np.asarray(p["map"] / texts.std[:, None], np.float32),
        shift=np.asarray(p["shift"] - offset @ p["map"], np.float32),
        state_factors=np.asarray(p["state_factors"] / texts.std, np.float32),
        bias=float(p["bias"][0] - offset @ p["state_factors"]),
        rarity=RARITY,
        centre=centre,
    )
