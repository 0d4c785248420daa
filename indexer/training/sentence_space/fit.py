"""Fit the student: random batches, and Adam with lazy rows (Kingma and Ba 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ModelError
from ...vectors.arrays import Array, Ids
from ..checkpoint import Checkpoint
from .student import ROW_ARRAYS, Arrays, StudentBatch, loss_and_gradients

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
"""Parameters of Adam."""
WARM_SHARE = 0.1
"""Share of the steps in which the learning rate rises."""

OnStep = Callable[[int, int, float], None]
"""Receives the number of steps done, of all steps, and the mean loss of the last ones."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How the student is fitted.

    Attributes:
        epochs: Number of passes over the sentences.
        batch: Number of sentences in a batch.
        rate: Maximum learning rate.
        unknown: Share of the words that are treated as unknown, so that the states learn to stand in for them.
        seed: Random seed.
    """

    epochs: int = 4
    batch: int = 512
    rate: float = 2e-3
    unknown: float = 0.03
    seed: int = 1


@dataclass(slots=True, eq=False)
class Moments:
    """First and second moments of Adam."""

    first: Arrays
    second: Arrays

    @classmethod
    def of(cls, parameters: Arrays) -> Moments:
        """Return moments of zero."""
        return cls(*({name: np.zeros_like(each) for name, each in parameters.items()} for _ in range(2)))


@dataclass(slots=True, eq=False)
class FitState:
    """What a fit continues from, besides the parameters.

    Attributes:
        epoch: Number of epochs done.
        step: Number of steps done.
        loss: Mean loss of the last steps.
        random: State of the random generator, as JSON can represent it.
    """

    epoch: int
    step: int
    loss: float
    moments: Moments
    random: Mapping[str, Any]

    @classmethod
    def first(cls, parameters: Arrays, seed: int) -> FitState:
        """Return the state before the first step."""
        return cls(0, 0, 0.0, Moments.of(parameters), np.random.default_rng(seed).bit_generator.state)


def checkpoint_of(parameters: Arrays, state: FitState) -> Checkpoint:
    """Return the checkpoint of a fit."""
    kinds = {"parameter": parameters, "first": state.moments.first, "second": state.moments.second}
    arrays = {f"{kind}.{name}": array for kind, each in kinds.items() for name, array in each.items()}
    rest = {"epoch": state.epoch, "step": state.step, "loss": state.loss, "random": state.random}
    return Checkpoint(arrays, rest)


def continued(checkpoint: Checkpoint, parameters: Arrays, folder: Path) -> FitState:
    """Put the parameters of a checkpoint into `parameters` and return the rest.

    Raises:
        ModelError: The checkpoint is of another fit. The message names its folder.
    """
    moments = Moments.of(parameters)
    try:
        for kind, arrays in (("parameter", parameters), ("first", moments.first), ("second", moments.second)):
            for name, array in arrays.items():
                array[:] = checkpoint.arrays[f"{kind}.{name}"]
        state = checkpoint.state
        return FitState(state["epoch"], state["step"], state["loss"], moments, state["random"])
    except (KeyError, ValueError) as error:
        raise ModelError(f"{folder} is of another fit ({error}); remove it to fit again") from error


def adam(
    parameters: Arrays,
    moments: Moments,
    gradients: Arrays,
    rows: Ids,
    step: int,
    rate: float,
    row_arrays: Sequence[str] = ROW_ARRAYS,
) -> None:
    """Change the parameters by one step of Adam. Parameters with a row for each word change in `rows` only.

    Args:
        step: Number of the step, from 1.
        row_arrays: Names of the parameters with a row for each word.
    """
    scale = rate * np.sqrt(1 - BETA2**step) / (1 - BETA1**step)
    for name, gradient in gradients.items():
        where = rows if name in row_arrays else slice(None)
        first, second = moments.first[name][where], moments.second[name][where]
        first += (1 - BETA1) * (gradient - first)
        second += (1 - BETA2) * (np.square(gradient) - second)
        parameters[name][where] -= scale * first / (np.sqrt(second) + EPSILON)
        moments.first[name][where], moments.second[name][where] = first, second


def rate_at(step: int, steps: int, highest: float) -> float:
    """Return the learning rate of a step: a linear rise, then half a cosine down to 0."""
    warm = max(1, int(WARM_SHARE * steps))
    if step < warm:
        return highest * (step + 1) / warm
    return float(highest * 0.5 * (1 + np.cos(np.pi * (step - warm) / max(steps - warm, 1))))


def batches(n: int, size: int, rng: np.random.Generator) -> Iterator[Ids]:
    """Yield the sentences of each batch of one epoch, sorted. What does not fill a batch is left out."""
    order = rng.permutation(n)
    for start in range(0, max(1, n // size) * size, size):
        yield np.sort(order[start : start + size])


def fit(
    parameters: Arrays,
    alone: Array,
    sentences: int,
    read: Callable[[Ids], StudentBatch],
    options: FitOptions,
    on_step: OnStep = lambda done, steps, loss: None,
    on_epoch: Callable[[FitState], None] = lambda state: None,
    state: FitState | None = None,
) -> None:
    """Fit the parameters in place.

    Args:
        alone: The teacher's vectors of words alone, with a last row of zeros (words + 1, t).
        sentences: Number of sentences.
        read: Reads the batch of some sentences, by their numbers.
        on_epoch: Receives the state after each epoch. The arrays change in the next epoch.
        state: State of an earlier fit to continue. Its parameters are `parameters`.
    """
    state = state or FitState.first(parameters, options.seed)
    rng = np.random.default_rng()
    rng.bit_generator.state = state.random
    steps = options.epochs * max(1, sentences // options.batch)
    for epoch in range(state.epoch, options.epochs):
        for numbers in batches(sentences, options.batch, rng):
            batch = read(numbers)
            batch.words[rng.random(len(batch.words)) < options.unknown] = len(alone) - 1
            loss, gradients, rows = loss_and_gradients(parameters, alone, batch)
            rate = rate_at(state.step, steps, options.rate)
            adam(parameters, state.moments, gradients, rows, state.step + 1, rate)
            parameters["own"][-1] = 0
            parameters["word_factors"][-1] = 0
            state.loss = 0.98 * state.loss + 0.02 * loss if state.step else loss
            state.step += 1
            on_step(state.step, steps, state.loss)
        state.epoch, state.random = epoch + 1, rng.bit_generator.state
        on_epoch(state)
