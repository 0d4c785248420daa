"""The model that a training begins with: new weights, a model to continue, or the weights of a checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..elmo import Precision
from ..elmo.config import BiLMConfig, config_from_json, config_to_json, tensor_shapes
from ..elmo.formats.model_folder import read_output_layer, read_word_counts
from ..elmo.model import Model, OutputLayer
from ..elmo.sense_space import WordCounts
from ..elmo.sources import model_folder
from ..errors import ModelError
from ..vectors.arrays import Array
from .checkpoint import Checkpoint
from .config import CONFIGS, RECIPES, Size, TrainingRecipe
from .corpus import MARKS, Corpus, vocabulary_of, word_numbers
from .precision import fast_precision

MAX_FULL_SOFTMAX = 8_192
"""Maximum number of words for which the full softmax is used instead of the sampled one."""
CONTINUED_RATE = 0.5
"""Factor of the learning rate when a trained model is continued."""
OLD_SENSE_SPACE = (
    "the sense space, which was fitted to the old weights; fit one to the new with"
    " polyseme train --sense-space GOLD --model THIS --out DIR"
)


@dataclass(frozen=True, slots=True, eq=False)
class InitialModel:
    """A model to train and its output layer.

    `size` selects the recipe. `continues` says that the model has been trained before. `left_out` names parts of that
    model that the new one does not take over.
    """

    model: Model
    output: OutputLayer
    size: Size
    precision: Precision
    continues: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def recipe(self) -> TrainingRecipe:
        """The recipe of its size, gentler if the model is continued."""
        recipe = RECIPES[self.size]
        if not self.continues:
            return recipe
        return replace(recipe, rate=recipe.rate * CONTINUED_RATE, dropout=recipe.dropout_continued)

    @property
    def candidates(self) -> int:
        """Number of candidates of the softmax. Equal to the number of words for the full softmax."""
        n_words, samples = len(self.output.words), self.recipe.samples
        return samples if samples and n_words > MAX_FULL_SOFTMAX else n_words


Source = tuple[Model, OutputLayer | None]


def read_source(source: str) -> Source:
    """Read a model to continue, and its output layer.

    An output layer without rows for `<S>`, `</S>` and `<UNK>` is ignored.

    Raises:
        ModelError: The model cannot be read.
    """
    from ..elmo.convert import read_any

    model = read_any(source)
    folder = model_folder(source)
    output = read_output_layer(folder) if folder else None
    if folder is None or output is None or not set(MARKS) <= set(output.words):
        return model, None
    return model, replace(output, counts=output.counts or read_word_counts(folder))


def network_config(size: Size | None, source: Source | None) -> BiLMConfig:
    """Return the configuration of the network to train.

    Raises:
        ModelError: The model to continue does not have the requested size.
    """
    if source is None:
        return CONFIGS[size or Size.SMALL]
    config = source[0].config
    if size and (CONFIGS[size].cell, CONFIGS[size].projection) != (config.cell, config.projection):
        raise ModelError(f"the model to continue is not of size {size}, and keeps its own; leave --size out")
    return config


def size_of(config: BiLMConfig) -> Size:
    """Return the largest size that is not larger than this network. Its recipe trains the network."""
    fitting = [size for size in Size if CONFIGS[size].cell <= config.cell]
    return fitting[-1] if fitting else Size.TINY


def new_model(size: Size, corpus: Corpus, seed: int) -> InitialModel:
    """Return a new model with random weights, and an output layer for the text's vocabulary."""
    config = CONFIGS[size]
    rng = np.random.default_rng([seed, 3, 3])
    shapes = tensor_shapes(config)
    model = Model(config, {name: first_weights(name, shape, config, rng) for name, shape in shapes.items()})
    output = new_output(config, corpus, vocabulary_of(corpus, RECIPES[size].words), rng)
    return InitialModel(model, output, size, fast_precision(size))


def continued_model(source: Source, corpus: Corpus, seed: int) -> InitialModel:
    """Return a model to continue, with its own output layer or, if it has none, a new one for the text."""
    model, output = source
    size = size_of(model.config)
    if output is None:
        rng = np.random.default_rng([seed, 3, 3])
        output = new_output(model.config, corpus, vocabulary_of(corpus, RECIPES[size].words), rng)
    left_out = (OLD_SENSE_SPACE,) if model.sense_space else ()
    return InitialModel(Model(model.config, model.weights), output, size, fast_precision(size), True, left_out)


def initial_to_json(initial: InitialModel) -> dict[str, Any]:
    """Return what a checkpoint records of the initial model, apart from the trained weights."""
    counts = initial.output.counts
    weights = initial.model.weights
    return {
        "config": config_to_json(initial.model.config),
        "mix": {name: np.asarray(weights[name], float).tolist() for name in ("mix.weights", "mix.gamma")},
        "words": list(initial.output.words),
        "counts": list(counts.counts.values()) if counts else None,
        "total": counts.total if counts else 0,
        "size": initial.size.value,
        "precision": initial.precision.value,
        "continues": initial.continues,
        "left_out": list(initial.left_out),
    }


def initial_from_checkpoint(checkpoint: Checkpoint) -> InitialModel:
    """Return the initial model of a training that has a checkpoint, with the checkpoint's weights."""
    state = checkpoint.state
    config = config_from_json(state["config"], "the checkpoint")
    weights = {name: np.asarray(array, np.float32) for name, array in state["mix"].items()}
    stored = {name: np.asarray(array, np.float32) for name, array in checkpoint.arrays.items()}
    weights |= {name: stored[f"weight.{name}"] for name in tensor_shapes(config) if name not in weights}
    words, seen = tuple(state["words"]), state.get("counts")
    counts = WordCounts(dict(zip(words, seen, strict=True)), state["total"]) if seen else None
    output = OutputLayer(words, stored["weight.softmax.weights"], stored["weight.softmax.bias"], counts)
    left_out = tuple(state["left_out"])
    precision = Precision(state["precision"])
    return InitialModel(Model(config, weights), output, Size(state["size"]), precision, state["continues"], left_out)


def new_output(config: BiLMConfig, corpus: Corpus, words: Sequence[str], rng: np.random.Generator) -> OutputLayer:
    """Return an output layer with random rows. Its bias is each word's log relative frequency in the text."""
    counts = np.bincount(word_numbers(corpus, words), np.asarray(corpus.counts), len(words)) + 1.0  # (words,)
    bias = np.log(counts / counts.sum()).astype(np.float32)  # (words,)
    weights = rng.normal(0, config.projection**-0.5, (len(words), config.projection))  # (words, projection)
    return OutputLayer(tuple(words), weights.astype(np.float32), bias)


def counts_with(output: OutputLayer, corpus: Corpus) -> WordCounts:
    """Return how often each word of the output layer occurs in this text and in all texts read before it."""
    numbers = word_numbers(corpus, output.words)  # (types,)
    found = np.bincount(numbers, np.asarray(corpus.counts), len(output.words)).astype(np.int64)  # (words,)
    before = output.counts or WordCounts({}, 0)
    counts = {
        word: count + before.counts.get(word, 0) for word, count in zip(output.words, found.tolist(), strict=True)
    }
    return WordCounts(counts, len(corpus.tokens) + before.total)


def first_weights(name: str, shape: tuple[int, ...], config: BiLMConfig, rng: np.random.Generator) -> Array:
    """Return the first values of a weight.

    They are small, so that layers begin near the identity and gates in the linear part of the sigmoid.
    """
    if name == "mix.gamma":
        return np.ones(shape, np.float32)
    if name.endswith(".carry.bias"):
        return np.full(shape, -1.5, np.float32)
    if name.endswith(".bias") or name == "mix.weights":
        return np.zeros(shape, np.float32)
    if name == "characters.embedding":
        return rng.normal(0, 0.5, shape).astype(np.float32)
    fan_in = int(np.prod(shape[:-1]))
    if name.startswith(("forward", "backward")):
        return rng.uniform(-(fan_in**-0.5), fan_in**-0.5, shape).astype(np.float32)
    scale = 0.5 if name.endswith("carry.kernel") or name == "projection.kernel" else 1.0
    return rng.normal(0, scale * fan_in**-0.5, shape).astype(np.float32)
