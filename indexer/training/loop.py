"""The loop: windows of text through the network, from a start or a checkpoint to the end of the schedule."""

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
    Choice,
    Position,
    Window,
    Windows,
    choose,
    held_out_sentences,
    spell,
    start_position,
)
from .card import CardFacts, card_text
from .checkpoint import Saved, save_checkpoint
from .config import Recipe, TrainConfig, TrainProgress, TrainStage
from .corpus import END, START, Corpus, word_numbers
from .initial import Start, counts_with, start_to_json
from .layers import group_bounds
from .network import SOFTMAX, TrainingNetwork, TrainingShape, Words, WordTable
from .perplexity import Perplexities, PerplexityMeter
from .text import TextFile

Told = Callable[[TrainProgress], None]
Batch = tuple[Window, Words, Choice]

GLANCED = 60  # of them, for the figures on the way
WARM_UP = 100  # steps in which the learning rate rises, at most
WARM_PART = 0.05  # part of the time in which it rises, at most
_RECENT = 50  # steps over which loss and speed are told
_DIVERGED = 20  # steps without a finite loss, one after another


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long, and how fast: the learning rate rises for some steps and falls in a line to zero at the end."""

    highest: float
    minutes: float | None
    steps: int | None

    def fraction(self, step: int, seconds: float) -> float:
        """How much of the training is behind, 0 to 1."""
        done = step / self.steps if self.steps else seconds / (60 * (self.minutes or 1))
        return min(done, 1.0)

    def seconds_left(self, step: int, seconds: float) -> float:
        """As far as can be told."""
        if self.steps:
            return (self.steps - step) * seconds / max(step, 1)
        return max(60 * (self.minutes or 1) - seconds, 0.0)

    def rate(self, step: int, seconds: float) -> float:
        """The learning rate of the step after `step` steps; 0 at the end."""
        warm_up = min(WARM_UP, self.steps // 10) if self.steps else WARM_UP
        fraction = self.fraction(step, seconds)
        warmth = (step + 1) / (warm_up + 1)
        if not self.steps:  # few steps may fit into the time
            warmth = max(warmth, fraction / WARM_PART)
        return self.highest * min(1.0, warmth) * (1 - fraction)


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes from step to step, beside the network's own arrays."""

    step: int
    seconds: float  # of training, in all runs
    tokens: int  # read in training
    position: Position
    before: Perplexities  # of all held-out sentences, before the first step
    last: Perplexities  # of some of them, when it was measured last


class Run:
    """One run of a training, from wherever it stands to its end."""

    def __init__(
        self, config: TrainConfig, start: Start, corpus: Corpus, checkpoint: Path, saved: Saved | None
    ) -> None:
        self._config, self._start, self._corpus, self._checkpoint = config, start, corpus, checkpoint
        self._recipe = recipe = _recipe(start, config)
        frozen = config.freeze_characters
        self._shape = TrainingShape(
            recipe.rows, recipe.steps, start.candidates, recipe.dropout, start.precision, frozen
        )
        self._table = WordTable(start.model, corpus.spellings) if frozen else None
        self._network = TrainingNetwork(start.model, start.output, self._shape, config.seed)
        self._numbers = word_numbers(corpus, start.output.words)  # (types,)
        self._held_out = held_out_sentences(corpus, HELD_OUT)
        dense = {name: weight for name, weight in self._network.weights.items() if name not in SOFTMAX}
        dense |= self._frozen()
        output = (self._network.weights[name] for name in SOFTMAX)
        self._meter = PerplexityMeter(start.model.config, dense, *output)
        self._schedule = Schedule(recipe.rate, config.minutes, config.steps)
        self._standing = self._first() if saved is None else self._resumed(saved)

    def train(self, checkpoint_every: int, told: Told) -> None:
        """Go on to the end of the schedule.

        Raises:
            ModelError: the loss is no number for many steps, or a checkpoint cannot be written.
        """
        before, began = self._standing.seconds, time.monotonic()
        told_of = _Recent(self._standing.tokens)
        windows = Windows(
            self._corpus,
            self._numbers,
            self._held_out,
            self._shape.steps,
            self._config.seed,
            self._standing.position,
        )
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._batch, windows, self._standing.step)
            while (rate := self._rate()) > 0:
                batch, coming = coming.result(), pool.submit(self._batch, windows, self._standing.step + 1)
                loss = self._network.train(*batch, rate, self._standing.step)
                if told_of.is_new:  # the step was compiled, which is not training
                    began = time.monotonic()
                self._advance(batch[0], before + time.monotonic() - began)
                told_of.add(loss, self._standing)
                if self._standing.step % checkpoint_every == 0:
                    self._keep()
                    told(self._progress(TrainStage.CHECKPOINT, told_of, rate))
                told(self._progress(TrainStage.TRAINING, told_of, rate))
        if not self._checkpoint.is_dir() or self._standing.step % checkpoint_every:
            self._keep()

    def results(self) -> dict[str, Any]:
        """Figures of the whole training, the held-out text measured in full."""
        standing = self._standing
        after = self._measured(HELD_OUT)
        return {
            "steps": standing.step,
            "tokens": standing.tokens,
            "seconds": standing.seconds,
            "perplexity": {"before": asdict(standing.before), "after": asdict(after)},
        }

    def model(self) -> Model:
        """The model as it stands."""
        return self._network.model()

    def output_layer(self) -> OutputLayer:
        """Its output layer, with how often its words were read."""
        return replace(self._network.output_layer(), counts=counts_with(self._start.output, self._corpus))

    def card(self, name: str, command: str | None, results: Mapping[str, Any], files: Sequence[TextFile]) -> str:
        """The model's card; `files`: that were read."""
        start, standing = self._start, self._standing
        perplexity = results["perplexity"]
        return card_text(
            CardFacts(
                name=name,
                command=command,
                config=start.model.config,
                recipe=self._recipe,
                precision=start.precision,
                candidates=start.candidates,
                source=self._config.source and last_part(self._config.source),
                files=files,
                sentences=self._corpus.n_sentences,
                tokens=len(self._corpus.tokens),
                words=len(start.output.words),
                seed=self._config.seed,
                steps=standing.step,
                seen=standing.tokens,
                hours=standing.seconds / 3600,
                start=Perplexities(**perplexity["before"]),
                end=Perplexities(**perplexity["after"]),
                left_out=start.left_out,
            )
        )

    def _first(self) -> Standing:
        before = self._measured(HELD_OUT)
        return Standing(0, 0.0, 0, start_position(self._shape.rows), before, before)

    def _resumed(self, saved: Saved) -> Standing:
        self._network.restore(saved.arrays)
        state = saved.state["standing"]
        sentences, offsets = (
            np.asarray(saved.arrays[f"position.{name}"], np.int64) for name in ("sentences", "offsets")
        )
        return Standing(
            step=state["step"],
            seconds=state["seconds"],
            tokens=state["tokens"],
            position=Position(state["epoch"], state["taken"], sentences, offsets),
            before=Perplexities(**state["before"]),
            last=Perplexities(**state["last"]),
        )

    def _rate(self) -> float:
        """Learning rate of the next step; 0 when the schedule has ended."""
        return self._schedule.rate(self._standing.step, self._standing.seconds)

    def _batch(self, windows: Windows, step: int) -> Batch:
        window = windows.next()
        words: Words
        if self._table is not None:
            words = self._table(window.inputs)
        else:
            words = spell(window.inputs, self._corpus.spellings, group_bounds(self._start.model.config))
        n_words = len(self._start.output.words)
        return window, words, choose(window.targets, n_words, self._shape.candidates, self._config.seed, step)

    def _advance(self, window: Window, seconds: float) -> None:
        standing, read = self._standing, window.goes_on.size
        self._standing = replace(
            standing,
            step=standing.step + 1,
            seconds=seconds,
            tokens=standing.tokens + read,
            position=window.position,
        )

    def _keep(self) -> None:
        """Measure some of the held-out text, and write a checkpoint of everything."""
        self._standing = replace(self._standing, last=self._measured(GLANCED))
        standing, position, start = self._standing, self._standing.position, self._start
        arrays = self._network.arrays()
        arrays |= {f"weight.{name}": array for name, array in self._frozen().items()}
        arrays |= {"position.sentences": position.sentences, "position.offsets": position.offsets}
        state = start_to_json(start) | {
            "standing": {
                "step": standing.step,
                "seconds": standing.seconds,
                "tokens": standing.tokens,
                "epoch": position.epoch,
                "taken": position.taken,
                "before": asdict(standing.before),
                "last": asdict(standing.last),
            }
        }
        save_checkpoint(self._checkpoint, Saved(arrays, state))

    def _frozen(self) -> dict[str, Any]:
        """Weights that the network needs and this training leaves as they are."""
        return {name: weight for name, weight in self._network.fixed.items() if not name.startswith("mix.")}

    def _measured(self, most: int) -> Perplexities:
        chosen = self._held_out[:: max(len(self._held_out) // most, 1)][:most]  # (sentences,)
        sentences = [np.concatenate([[START], self._corpus.sentence(int(n)), [END]]) for n in chosen]
        return self._meter(sentences, self._numbers, self._corpus.spellings)

    def _progress(self, stage: TrainStage, recent: "_Recent", rate: float) -> TrainProgress:
        standing = self._standing
        fraction = self._schedule.fraction(standing.step, standing.seconds)
        return TrainProgress(
            stage=stage,
            tokens=standing.tokens,
            step=standing.step,
            fraction=fraction,
            loss=recent.loss,
            rate=rate,
            tokens_per_second=recent.speed,
            forward=standing.last.forward,
            backward=standing.last.backward,
            seconds_left=self._schedule.seconds_left(standing.step, standing.seconds),
        )


def _recipe(start: Start, config: TrainConfig) -> Recipe:
    """How the model is trained, where the configuration says nothing else."""
    recipe = start.recipe
    rate = recipe.rate if config.learning_rate is None else config.learning_rate
    dropout = recipe.dropout if config.dropout is None else config.dropout
    return replace(recipe, rate=rate, dropout=dropout)


class _Recent:
    """The last steps: their mean loss, and the speed over them."""

    def __init__(self, tokens: int) -> None:
        self._losses: deque[float] = deque(maxlen=_RECENT)
        self._times: deque[tuple[float, int]] = deque([(time.monotonic(), tokens)], maxlen=_RECENT)

    def add(self, loss: float, standing: Standing) -> None:
        """Take a step in; raises `ModelError` when the last ones had no finite loss."""
        self._losses.append(loss)
        self._times.append((time.monotonic(), standing.tokens))
        last = list(self._losses)[-_DIVERGED:]
        if len(last) == _DIVERGED and not np.isfinite(last).any():
            raise ModelError(f"the loss is no number any more at step {standing.step}; try another --seed")

    @property
    def is_new(self) -> bool:
        """Whether no step was taken in yet."""
        return not self._losses

    @property
    def loss(self) -> float:
        return sum(self._losses) / len(self._losses)

    @property
    def speed(self) -> float:
        """Tokens a second."""
        (began, first), (now, last) = self._times[0], self._times[-1]
        return (last - first) / max(now - began, 1e-9)
