"""Fit the network of a tagger: random batches of sentences, Adam, and a learning rate that falls to zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...vectors.arrays import Array, Half, Ids
from ..pieces import batch_states
from ..sentence_space.fit import FitState, adam, batches, rate_at
from .network import ROW_ARRAYS, Arrays, Dropout, Sizes, TaggerBatch, loss_and_gradients, with_dropout

_SAMPLE = 200_000  # tokens from which mean and standard deviation are computed

OnStep = Callable[[int, int, float], None]
"""Receives the number of steps done, of all steps, and the mean loss of the last ones."""


DROPOUT = Dropout(states=0.3, spelling=0.15, hidden=0.3)


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a tagger is fitted.

    Attributes:
        epochs: Number of passes over the sentences.
        batch: Number of sentences in a batch.
        rate: Maximum learning rate.
        seed: Random seed.
    """

    epochs: int
    batch: int = 64
    rate: float = 2e-3
    dropout: Dropout = DROPOUT
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class TaggerTexts:
    """All sentences as the network reads them, T tokens together.

    Attributes:
        states: States of the tokens of `STATE_PIECE` sentences each (tokens, width).
        starts: Number of the first token of each sentence, and of all tokens (n + 1,).
        forms: Number of each token's form (T,).
        rows: Rows of the table that each form sums. Its last row is zero (forms, FEATURES).
        upos: Place of the part of speech, -1 for none (T,).
        xpos: Place of the own tag, -1 for none (T,).
        mean: Mean of the states (width,).
        std: Standard deviation of the states (width,).
    """

    states: Sequence[Half]
    starts: Ids
    forms: Ids
    rows: Ids
    upos: Ids
    xpos: Ids
    mean: Array
    std: Array

    def read(self, numbers: Ids) -> TaggerBatch:
        """Return the batch of some sentences."""
        found, where, starts = batch_states(self.states, self.starts, numbers)
        states = (found - self.mean) / self.std  # (N, width)
        return TaggerBatch(states, self.rows[self.forms[where]], starts, self.upos[where], self.xpos[where])


def spread(states: Sequence[Half]) -> tuple[Array, Array]:
    """Return mean and standard deviation of a sample of tokens from all pieces: (width,) each."""
    tokens = sum(map(len, states))
    step = max(1, tokens // _SAMPLE)
    sample = np.concatenate([np.asarray(part[::step], np.float32) for part in states])
    return sample.mean(axis=0), np.maximum(sample.std(axis=0), np.float32(1e-4))


def fit(
    parameters: Arrays,
    texts: TaggerTexts,
    sizes: Sizes,
    options: FitOptions,
    on_step: OnStep = lambda done, steps, loss: None,
    on_epoch: Callable[[FitState], None] = lambda state: None,
    state: FitState | None = None,
) -> None:
    """Fit the parameters in place.

    Args:
        on_epoch: Receives the state after each epoch. The arrays change in the next epoch.
        state: State of an earlier fit to continue. Its parameters are `parameters`.
    """
    state = state or FitState.first(parameters, options.seed)
    rng = np.random.default_rng()
    rng.bit_generator.state = state.random
    sentences, empty = len(texts.starts) - 1, len(parameters["table"]) - 1
    steps = options.epochs * max(1, sentences // options.batch)
    for epoch in range(state.epoch, options.epochs):
        for numbers in batches(sentences, options.batch, rng):
            batch = with_dropout(texts.read(numbers), sizes, options.dropout, empty, rng)
            loss, gradients, rows = loss_and_gradients(parameters, batch, sizes)
            rate = rate_at(state.step, steps, options.rate)
            adam(parameters, state.moments, gradients, rows, state.step + 1, rate, ROW_ARRAYS)
            parameters["table"][-1] = 0
            state.loss = 0.98 * state.loss + 0.02 * loss if state.step else loss
            state.step += 1
            on_step(state.step, steps, state.loss)
        state.epoch, state.random = epoch + 1, rng.bit_generator.state
        on_epoch(state)
