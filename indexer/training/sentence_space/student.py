"""The student: a sentence vector as a weighted mean over tokens, its loss against a teacher, and the gradients.

The vector of a sentence is the weighted mean over its tokens of

    map(states) + words(teacher's vector of the word alone) + own vector of the word

with the weight rarity * exp(state_factors . states + bias + factor of the word). All parts are linear in the states, so
they are summed before they are mapped. The gradients are written out: the whole step is a few matrix products.

The loss is 1 - cosine with the teacher's vector, plus the squared differences of all cosines inside a batch
(Tung and Mori 2019, "Similarity-Preserving Knowledge Distillation").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from ...elmo.sentence_space import MOST_FACTOR
from ...vectors.arrays import Array, Ids

PAIR_WEIGHT = 10.0
"""Weight of the differences of cosines in the loss."""

Arrays = dict[str, npt.NDArray[np.float32]]
ROW_ARRAYS = ("own", "word_factors")
"""Parameters with a row for each word. Only the rows of a batch's words change in a step."""


@dataclass(frozen=True, slots=True, eq=False)
class StudentBatch:
    """n sentences with N tokens together.

    Attributes:
        states: Standardised states of the tokens (N, width).
        rarity: Rarity of each token (N,).
        words: Row of each token's word in the table, or `unknown` (N,).
        starts: First token of each sentence, and N (n + 1,).
        teacher: Unit vectors of the teacher (n, t).
    """

    states: Array
    rarity: Array
    words: Ids
    starts: Ids
    teacher: Array


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """What the gradients need of a forward pass."""

    weights: Array  # (N,)
    free: Array  # (N,) 0 where a weight's factor is at its limit, else 1
    sums: csr_matrix  # (n, N)
    rows: csr_matrix  # (n, words)
    states: Array  # (n, width), pooled
    alone: Array  # (n, t), pooled teacher's vectors of words alone
    vectors: Array  # (n, e)


def first_parameters(width: int, words: int, teacher: Array, dim: int, seed: int) -> Arrays:
    """Return the student's parameters before training.

    Args:
        width: Length of a token's states.
        words: Number of words, the unknown one excluded.
        teacher: Some vectors of the teacher (m, t). Their principal directions become the first maps.
        dim: Length of a sentence vector.
    """
    rng = np.random.default_rng(seed)
    centred = teacher - teacher.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    first = np.ascontiguousarray(directions[:, ::-1][:, :dim], np.float32)  # (t, e)
    return {
        "map": (rng.standard_normal((width, dim)) * 0.002).astype(np.float32),
        "shift": np.zeros(dim, np.float32),
        "words": 3 * first,
        "own": np.zeros((words + 1, dim), np.float32),
        "state_factors": np.zeros(width, np.float32),
        "word_factors": np.zeros(words + 1, np.float32),
        "bias": np.zeros(1, np.float32),
        "out": first.copy(),
        "out_shift": np.zeros(teacher.shape[1], np.float32),
    }


def forward(parameters: Arrays, alone: Array, batch: StudentBatch) -> Forward:
    """Return the vectors of a batch's sentences.

    Args:
        alone: The teacher's vectors of words alone (words + 1, t). The last row is zero.
    """
    p, n, total = parameters, len(batch.starts) - 1, len(batch.words)
    factors = batch.states @ p["state_factors"] + p["word_factors"][batch.words] + p["bias"][0]  # (N,)
    free = (np.abs(factors) < MOST_FACTOR).astype(np.float32)
    weights = batch.rarity * np.exp(np.clip(factors, -MOST_FACTOR, MOST_FACTOR))
    sentence = np.repeat(np.arange(n), np.diff(batch.starts))  # (N,)
    sums = np.bincount(sentence, weights, n)
    weights = np.asarray(weights / np.maximum(sums, 1e-12)[sentence], np.float32)
    pooling = csr_matrix((weights, np.arange(total), batch.starts), (n, total))
    rows = csr_matrix((weights, batch.words, batch.starts), (n, len(alone)))
    states, pooled = pooling @ batch.states, rows @ alone
    vectors = states @ p["map"] + pooled @ p["words"] + rows @ p["own"] + p["shift"]
    return Forward(weights, free, pooling, rows, states, pooled, vectors)


def loss_and_gradients(parameters: Arrays, alone: Array, batch: StudentBatch) -> tuple[float, Arrays, Ids]:
    """Return the loss of a batch, the gradients of all parameters, and the words whose rows have gradients (u,).

    The gradients of `own` and `word_factors` have one row for each of these words, in their order.
    """
    p, found = parameters, forward(parameters, alone, batch)
    loss, down, gradients = _loss(p, found.vectors, batch.teacher)  # down: gradient of the vectors (n, e)
    used, place = np.unique(batch.words, return_inverse=True)  # (u,), (N,)
    sentence = np.repeat(np.arange(len(down)), np.diff(batch.starts))  # (N,)
    rows = csr_matrix((found.weights, place, batch.starts), (len(down), len(used)))
    gradients |= {
        "map": found.states.T @ down,
        "words": found.alone.T @ down,
        "shift": down.sum(axis=0),
        "own": np.asarray(rows.T @ down),
    }
    # The gradient of a weight is the product of its token's vector with the sentence's gradient.
    to_states, to_alone = down @ p["map"].T, down @ p["words"].T  # (n, width), (n, t)
    of_weights = np.einsum("ij,ij->i", batch.states, to_states[sentence])  # (N,)
    of_weights += np.einsum("ij,ij->i", alone[used][place], to_alone[sentence])
    of_weights += np.einsum("ij,ij->i", p["own"][used][place], down[sentence])
    mean = np.bincount(sentence, found.weights * of_weights, len(down))[sentence]
    of_factors = np.asarray(found.weights * (of_weights - mean) * found.free, np.float32)  # (N,)
    gradients["state_factors"] = batch.states.T @ of_factors
    gradients["word_factors"] = np.bincount(place, of_factors, len(used)).astype(np.float32)
    gradients["bias"] = np.array([of_factors.sum()], np.float32)
    return loss, gradients, used


def _loss(p: Arrays, vectors: Array, teacher: Array) -> tuple[float, Array, Arrays]:
    """Return the loss, its gradient by the vectors (n, e), and its gradients by `out` and `out_shift`."""
    n = len(vectors)
    seen = vectors @ p["out"].T + p["out_shift"]  # (n, t)
    length = np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-6)
    seen = seen / length
    cosine = np.einsum("ij,ij->i", seen, teacher)[:, None]  # (n, 1)
    of_seen = -(teacher - cosine * seen) / length / n  # (n, t)
    norm = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    unit = vectors / norm  # (n, e)
    apart = unit @ unit.T - teacher @ teacher.T  # (n, n)
    np.fill_diagonal(apart, 0)
    pairs = max(n * (n - 1), 1)
    of_unit = (4 * PAIR_WEIGHT / pairs) * (apart @ unit)  # (n, e)
    down = of_seen @ p["out"] + (of_unit - np.einsum("ij,ij->i", of_unit, unit)[:, None] * unit) / norm
    loss = float(1 - cosine.mean() + PAIR_WEIGHT * np.square(apart).sum() / pairs)
    return loss, down, {"out": of_seen.T @ vectors, "out_shift": of_seen.sum(axis=0)}
