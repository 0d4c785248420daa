"""The network of a tagger in training: its forward pass with dropout, its loss and the gradients.

It is the network of `elmo/tagger.py` over standardised states. The gradients are written out: a step is a few matrix
products. The loss is the mean cross-entropy of the parts of speech, plus that of the own tags.

Dropout (Srivastava et al. 2014) zeroes states, rows of the spelling and parts of both hidden vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from ...elmo.spelling import FEATURES
from ...elmo.tagger import WINDOW, windows
from ...vectors.arrays import Array, Ids

Arrays = dict[str, npt.NDArray[np.float32]]
ROW_ARRAYS = ("table",)
"""Parameters with a row for each word. Only the rows of a batch's words change in a step."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths of a token's states, of a sum of table rows, of both hidden vectors, and of both lists of tags."""

    width: int
    spelling: int
    first: int
    second: int
    upos: int
    xpos: int


@dataclass(frozen=True, slots=True)
class Dropout:
    """Shares of the states, of the table rows and of the hidden vectors that a step leaves out."""

    states: float
    spelling: float
    hidden: float


@dataclass(frozen=True, slots=True, eq=False)
class TaggerBatch:
    """n sentences with N tokens together.

    Attributes:
        states: Standardised states (N, width).
        rows: Rows of the table that a token sums. The last row of the table is zero (N, FEATURES).
        starts: First token of each sentence, and N (n + 1,).
        upos: Place of the part of speech, -1 for none (N,).
        xpos: Place of the own tag, -1 for none (N,).
        first_mask: Factors of the first hidden vectors (N, h).
        second_mask: Factors of the second hidden vectors (N, k).
    """

    states: Array
    rows: Ids
    starts: Ids
    upos: Ids
    xpos: Ids
    first_mask: Array | float = 1.0
    second_mask: Array | float = 1.0


def first_parameters(sizes: Sizes, rows: int, seed: int) -> Arrays:
    """Return the parameters before training.

    Args:
        rows: Number of rows of the table. A last row of zeros is added.
    """
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Array:
        return np.asarray(rng.standard_normal(shape) * np.sqrt(2 / shape[0]), np.float32)

    tags = sizes.upos + sizes.xpos
    table = (rng.standard_normal((rows + 1, sizes.spelling)) * 0.1).astype(np.float32)
    table[-1] = 0
    return {
        "table": table,
        "table_map": drawn(sizes.spelling, sizes.first),
        "map": drawn(sizes.width, sizes.first),
        "bias": np.zeros(sizes.first, np.float32),
        "window_map": drawn(WINDOW * sizes.first, sizes.second),
        "window_bias": np.zeros(sizes.second, np.float32),
        "out": drawn(sizes.second + sizes.first, tags) * np.float32(0.5),
        "out_bias": np.zeros(tags, np.float32),
    }


def with_dropout(
    batch: TaggerBatch, sizes: Sizes, dropout: Dropout, empty: int, rng: np.random.Generator
) -> TaggerBatch:
    """Return a batch with random parts left out.

    Args:
        empty: Number of the table's last row, which is zero.
    """
    tokens = len(batch.states)
    rows = np.where(rng.random(batch.rows.shape) < dropout.spelling, empty, batch.rows)
    rows[rng.random(tokens) < dropout.spelling] = empty  # all parts of the spelling of some tokens
    return TaggerBatch(
        states=batch.states * _mask((tokens, sizes.width), dropout.states, rng),
        rows=rows,
        starts=batch.starts,
        upos=batch.upos,
        xpos=batch.xpos,
        first_mask=_mask((tokens, sizes.first), dropout.hidden, rng),
        second_mask=_mask((tokens, sizes.second), dropout.hidden, rng),
    )


def _mask(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Array:
    """Return factors that are zero with a probability of `share`, in steps of 1/256, and 1 / (1 - share) otherwise."""
    left_out = round(256 * share)
    drawn = np.frombuffer(rng.bytes(shape[0] * shape[1]), np.uint8).reshape(shape)
    return np.asarray((drawn >= left_out) * np.float32(256 / (256 - left_out)), np.float32)


def loss_and_gradients(parameters: Mapping[str, Array], batch: TaggerBatch, sizes: Sizes) -> tuple[float, Arrays, Ids]:
    """Return the loss of a batch, the gradients of all parameters, and the rows of the table that have gradients (r,).

    The gradient of the table has one row for each of these, in their order.
    """
    p, tokens = parameters, len(batch.states)
    used, place = np.unique(batch.rows, return_inverse=True)  # (r,), (N, FEATURES)
    ends = np.arange(0, batch.rows.size + 1, FEATURES)
    sums = csr_matrix((np.ones(batch.rows.size, np.float32), place.reshape(-1), ends), (tokens, len(used)))
    spelling = sums @ p["table"][used]  # (N, e)
    before = batch.states @ p["map"] + spelling @ p["table_map"] + p["bias"]  # (N, h)
    first = np.maximum(before, 0) * batch.first_mask
    beside = windows(first, batch.starts)  # (N, 3 * h)
    second = np.maximum(beside @ p["window_map"] + p["window_bias"], 0) * batch.second_mask  # (N, k)
    both = np.concatenate([second, first], axis=1)  # (N, k + h)
    scores = both @ p["out"] + p["out_bias"]  # (N, u + x)
    upos_loss, upos_down = _cross_entropy(scores[:, : sizes.upos], batch.upos)
    xpos_loss, xpos_down = _cross_entropy(scores[:, sizes.upos :], batch.xpos)
    down = np.concatenate([upos_down, xpos_down], axis=1)
    gradients = {"out": both.T @ down, "out_bias": down.sum(axis=0)}
    of_both = down @ p["out"].T  # (N, k + h)
    of_second = of_both[:, : sizes.second] * (second > 0) * batch.second_mask
    gradients |= {"window_map": beside.T @ of_second, "window_bias": of_second.sum(axis=0)}
    of_first = of_both[:, sizes.second :] + _unwound(of_second @ p["window_map"].T, batch.starts)
    of_first *= (before > 0) * batch.first_mask
    gradients |= {"map": batch.states.T @ of_first, "bias": of_first.sum(axis=0)}
    gradients["table_map"] = spelling.T @ of_first
    gradients["table"] = np.asarray(sums.T @ (of_first @ p["table_map"].T))
    return upos_loss + xpos_loss, gradients, used


def _cross_entropy(scores: Array, gold: Ids) -> tuple[float, Array]:
    """Return the mean cross-entropy of the tokens that have a tag, and its gradient by the scores."""
    tagged = np.flatnonzero(gold >= 0)
    shifted = scores - scores.max(axis=1, keepdims=True)
    shares = np.exp(shifted)
    sums = shares.sum(axis=1, keepdims=True)
    shares /= sums
    loss = float((np.log(sums[tagged, 0]) - shifted[tagged, gold[tagged]]).sum()) / max(len(tagged), 1)
    down = shares
    down[tagged, gold[tagged]] -= 1
    down[gold < 0] = 0
    return loss, down / np.float32(max(len(tagged), 1))


def _unwound(windowed: Array, starts: Ids) -> Array:
    """Return the gradient by the vectors that `windows` was given: (N, 3 * h) -> (N, h)."""
    width = windowed.shape[1] // WINDOW
    found = windowed[:, width : 2 * width].copy()
    before, after = windowed[:, :width].copy(), windowed[:, 2 * width :].copy()
    filled = np.diff(starts) > 0
    before[starts[:-1][filled]] = 0
    after[starts[1:][filled] - 1] = 0
    found[:-1] += before[1:]
    found[1:] += after[:-1]
    return found
