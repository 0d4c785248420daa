"""The training loop: reads windows of text through the network until the schedule ends, and writes checkpoints."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..elmo.formats.card import last_part
from ..elmo.model import Model, OutputLayer
from ..errors import ModelError
from .batches import (
    HELD_OUT,
    OutputRows,
    Position,
    Window,
    Windows,
    choose_rows,
    held_out_sentences,
    spell,
    start_position,
)
from .card import CardFacts, card_text
from .checkpoint import Checkpoint, save_checkpoint
from .config import TrainConfig, TrainingRecipe, TrainProgress, TrainStage
from .corpus import END, START, Corpus, word_numbers
from .initial import InitialModel, counts_with, initial_to_json
from .layers import group_bounds
from .network import SOFTMAX, TrainingNetwork, TrainingShape, WindowInputs, WordTable
from .perplexity import Perplexities, PerplexityMeter
from .schedule import Schedule
from .text import TextFile

OnProgress = Callable[[TrainProgress], None]
Batch = tuple[Window, WindowInputs, OutputRows]

HELD_OUT_SAMPLE = 60
"""Maximum number of held-out sentences measured at a checkpoint. The perplexities before and after use all."""
_RECENT_STEPS = 50  # steps over which reported loss and speed are averaged
_DIVERGED_STEPS = 20  # consecutive steps without a finite loss after which the training stops


@dataclass(frozen=True, slots=True)
class RunState:
    """State of a training between two steps, apart from the network's own arrays."""

    step: int
    seconds: float  # of training, in all runs
    tokens: int  # trained on
    position: Position
    before: Perplexities  # of all held-out sentences, before the first step
    last: Perplexities  # of a sample of them, at the last checkpoint


class TrainingRun:
    """One run of a training, from its beginning or a checkpoint to the end of its schedule."""

    def __init__(
        self,
        config: TrainConfig,
        initial: InitialModel,
        corpus: Corpus,
        checkpoint_folder: Path,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._config, self._initial, self._corpus = config, initial, corpus
        self._checkpoint_folder = checkpoint_folder
        self._recipe = recipe = _recipe(initial, config)
        frozen = config.freeze_characters
        self._shape = TrainingShape(
            recipe.rows, recipe.steps, initial.candidates, recipe.dropout, initial.precision, frozen
        )
        self._table = WordTable(initial.model, corpus.spellings) if frozen else None
        self._network = TrainingNetwork(initial.model, initial.output, self._shape, config.seed)
        self._numbers = word_numbers(corpus, initial.output.words)  # (types,)
        self._held_out = held_out_sentences(corpus, HELD_OUT)
        dense = {name: weight for name, weight in self._network.weights.items() if name not in SOFTMAX}
        dense |= self._frozen_weights()
        output = (self._network.weights[name] for name in SOFTMAX)
        self._meter = PerplexityMeter(initial.model.config, dense, *output)
        self._schedule = Schedule(recipe.rate, config.minutes, config.steps)
        self._state = self._first_state() if checkpoint is None else self._resumed_state(checkpoint)

    def train(self, checkpoint_every: int, on_progress: OnProgress) -> None:
        """Train to the end of the schedule.

        Args:
            checkpoint_every: Number of steps between two checkpoints.

        Raises:
            ModelError: The loss was not finite for 20 consecutive steps, or a checkpoint cannot be written.
        """
        before, began = self._state.seconds, time.monotonic()
        recent = _RecentSteps(self._state.tokens)
        windows = Windows(
            self._corpus,
            self._numbers,
            self._held_out,
            self._shape.steps,
            self._config.seed,
            self._state.position,
        )
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._batch, windows, self._state.step)
            while (rate := self._rate()) > 0:
                batch, coming = coming.result(), pool.submit(self._batch, windows, self._state.step + 1)
                loss = self._network.train(*batch, rate, self._state.step)
                if recent.is_empty:  # compiling the first step does not count as training time
                    began = time.monotonic()
                self._advance(batch[0], before + time.monotonic() - began)
                recent.add(loss, self._state)
                if self._state.step % checkpoint_every == 0:
                    self._save_checkpoint()
                    on_progress(self._progress(TrainStage.CHECKPOINT, recent, rate))
                on_progress(self._progress(TrainStage.TRAINING, recent, rate))
        if not self._checkpoint_folder.is_dir() or self._state.step % checkpoint_every:
            self._save_checkpoint()

    def results(self) -> dict[str, Any]:
        """Return the figures of the whole training, with the perplexities of all held-out sentences."""
        state = self._state
        after = self._measure(HELD_OUT)
        return {
            "steps": state.step,
            "tokens": state.tokens,
            "seconds": state.seconds,
            "perplexity": {"before": asdict(state.before), "after": asdict(after)},
        }

    def model(self) -> Model:
        """Return the model with its current weights."""
        return self._network.model()

    def output_layer(self) -> OutputLayer:
        """Return the output layer with its current weights, and how often its words were read."""
        return replace(self._network.output_layer(), counts=counts_with(self._initial.output, self._corpus))

    def card(self, name: str, command: str | None, results: Mapping[str, Any], files: Sequence[TextFile]) -> str:
        """Return the model's card.

        Args:
            command: The command line of the training.
            files: The files that were read.
        """
        initial, state = self._initial, self._state
        perplexity = results["perplexity"]
        return card_text(
            CardFacts(
                name=name,
                command=command,
                config=initial.model.config,
                recipe=self._recipe,
                precision=initial.precision,
                candidates=initial.candidates,
                source=self._config.source and last_part(self._config.source),
                files=files,
                sentences=self._corpus.n_sentences,
                tokens=len(self._corpus.tokens),
                words=len(initial.output.words),
                seed=self._config.seed,
                steps=state.step,
                tokens_trained=state.tokens,
                hours=state.seconds / 3600,
                before=Perplexities(**perplexity["before"]),
                after=Perplexities(**perplexity["after"]),
                left_out=initial.left_out,
            )
        )

    def _first_state(self) -> RunState:
        before = self._measure(HELD_OUT)
        return RunState(0, 0.0, 0, start_position(self._shape.rows), before, before)

    def _resumed_state(self, checkpoint: Checkpoint) -> RunState:
        self._network.restore(checkpoint.arrays)
        state = checkpoint.state["standing"]
        sentences, offsets = (
            np.asarray(checkpoint.arrays[f"position.{name}"], np.int64) for name in ("sentences", "offsets")
        )
        return RunState(
            step=state["step"],
            seconds=state["seconds"],
            tokens=state["tokens"],
            position=Position(state["epoch"], state["taken"], sentences, offsets),
            before=Perplexities(**state["before"]),
            last=Perplexities(**state["last"]),
        )

    def _rate(self) -> float:
        """Return the learning rate of the next step, 0 if the schedule has ended."""
        return self._schedule.rate(self._state.step, self._state.seconds)

    def _batch(self, windows: Windows, step: int) -> Batch:
        window = windows.next()
        words: WindowInputs
        if self._table is not None:
            words = self._table(window.inputs)
        else:
            words = spell(window.inputs, self._corpus.spellings, group_bounds(self._initial.model.config))
        n_words = len(self._initial.output.words)
        return window, words, choose_rows(window.targets, n_words, self._shape.candidates, self._config.seed, step)

    def _advance(self, window: Window, seconds: float) -> None:
        state, read = self._state, window.keep_mask.size
        self._state = replace(
            state, step=state.step + 1, seconds=seconds, tokens=state.tokens + read, position=window.position
        )

    def _save_checkpoint(self) -> None:
        """Measure a sample of the held-out sentences and write a checkpoint."""
        self._state = replace(self._state, last=self._measure(HELD_OUT_SAMPLE))
        state, position = self._state, self._state.position
        arrays = self._network.arrays()
        arrays |= {f"weight.{name}": array for name, array in self._frozen_weights().items()}
        arrays |= {"position.sentences": position.sentences, "position.offsets": position.offsets}
        header = initial_to_json(self._initial) | {
            "standing": {
                "step": state.step,
                "seconds": state.seconds,
                "tokens": state.tokens,
                "epoch": position.epoch,
                "taken": position.taken,
                "before": asdict(state.before),
                "last": asdict(state.last),
            }
        }
        save_checkpoint(self._checkpoint_folder, Checkpoint(arrays, header))

    def _frozen_weights(self) -> dict[str, Any]:
        """Return the weights that the network needs and this training does not change."""
        return {name: weight for name, weight in self._network.fixed.items() if not name.startswith("mix.")}

    def _measure(self, most: int) -> Perplexities:
        """Measure the perplexities of at most `most` held-out sentences, evenly spaced."""
        chosen = self._held_out[:: max(len(self._held_out) // most, 1)][:most]  # (sentences,)
        sentences = [np.concatenate([[START], self._corpus.sentence(int(n)), [END]]) for n in chosen]
        return self._meter(sentences, self._numbers, self._corpus.spellings)

    def _progress(self, stage: TrainStage, recent: "_RecentSteps", rate: float) -> TrainProgress:
        state = self._state
        fraction = self._schedule.fraction(state.step, state.seconds)
        return TrainProgress(
            stage=stage,
            tokens=state.tokens,
            step=state.step,
            fraction=fraction,
            loss=recent.loss,
            rate=rate,
            tokens_per_second=recent.speed,
            forward=state.last.forward,
            backward=state.last.backward,
            seconds_left=self._schedule.seconds_left(state.step, state.seconds),
        )


def _recipe(initial: InitialModel, config: TrainConfig) -> TrainingRecipe:
    """Return the recipe of the model's size, with the learning rate and dropout of the configuration if it has any."""
    recipe = initial.recipe
    rate = recipe.rate if config.learning_rate is None else config.learning_rate
    dropout = recipe.dropout if config.dropout is None else config.dropout
    return replace(recipe, rate=rate, dropout=dropout)


class _RecentSteps:
    """Mean loss and speed of the most recent steps."""

    def __init__(self, tokens: int) -> None:
        self._losses: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._times: deque[tuple[float, int]] = deque([(time.monotonic(), tokens)], maxlen=_RECENT_STEPS)

    def add(self, loss: float, state: RunState) -> None:
        """Add a step.

        Raises:
            ModelError: The loss was not finite for `_DIVERGED_STEPS` consecutive steps.
        """
        self._losses.append(loss)
        self._times.append((time.monotonic(), state.tokens))
        last = list(self._losses)[-_DIVERGED_STEPS:]
        if len(last) == _DIVERGED_STEPS and not np.isfinite(last).any():
            raise ModelError(f"the training diverged at step {state.step}: the loss is not finite; try another --seed")

    @property
    def is_empty(self) -> bool:
        """Whether no step was added yet."""
        return not self._losses

    @property
    def loss(self) -> float:
        """Mean loss in nats per token."""
        return sum(self._losses) / len(self._losses)

    @property
    def speed(self) -> float:
        """Tokens per second."""
        (began, first), (now, last) = self._times[0], self._times[-1]
        return (last - first) / max(now - began, 1e-9)
