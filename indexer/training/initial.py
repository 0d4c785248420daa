"""Where a training begins: the published sizes, how each is trained, and the first weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..elmo import Precision
from ..elmo.config import BiLMConfig, config_from_json, config_to_json, tensor_shapes
from ..elmo.formats.model_folder import read_output_layer, read_word_counts
from ..elmo.model import Model, OutputLayer
from ..elmo.sense_space import WordCounts
from ..elmo.sources import model_folder
from ..errors import ModelError
from ..runtime import import_tensorflow
from ..vectors.arrays import Array
from .checkpoint import Saved
from .config import CONFIGS, RECIPES, Recipe, Size
from .corpus import MARKS, Corpus, vocabulary_of, word_numbers

FULL_SOFTMAX = 8_192
"""Up to so many words all are candidates."""
OLD_SENSE_SPACE = (
    "the sense space, which was fitted to the old weights; fit one to the new with"
    " polyseme train --sense-space GOLD --model THIS --out DIR"
)
GENTLER = 0.5
"""A model that has learned already is trained at this part of the learning rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A model to train, its output layer, the size that says how, and what a source's parts are not carried on."""

    model: Model
    output: OutputLayer
    size: Size
    precision: Precision
    continues: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        recipe = RECIPES[self.size]
        if not self.continues:
            return recipe
        return replace(recipe, rate=recipe.rate * GENTLER, dropout=recipe.dropout_again)

    @property
    def candidates(self) -> int:
        """Of the softmax."""
        n_words, samples = len(self.output.words), self.recipe.samples
        return samples if samples and n_words > FULL_SOFTMAX else n_words


Source = tuple[Model, OutputLayer | None]


def read_source(source: str) -> Source:
    """A model to continue, and its output layer if it has one that tells `<S>`, `</S>` and `<UNK>` apart.

    Raises:
        ModelError: it cannot be read.
    """
    from ..elmo.convert import read_any

    model = read_any(source)
    folder = model_folder(source)
    output = read_output_layer(folder) if folder else None
    if folder is None or output is None or not set(MARKS) <= set(output.words):
        return model, None
    return model, replace(output, counts=output.counts or read_word_counts(folder))


def network_config(size: Size | None, source: Source | None) -> BiLMConfig:
    """The network to train; raises `ModelError` if the model to continue is not of the size asked for."""
    if source is None:
        return CONFIGS[size or Size.SMALL]
    config = source[0].config
    if size and (CONFIGS[size].cell, CONFIGS[size].projection) != (config.cell, config.projection):
        raise ModelError(f"the model to continue is not of size {size}, and keeps its own; leave --size out")
    return config


def size_of(config: BiLMConfig) -> Size:
    """The largest size that is no larger than this network: it says how to train it."""
    fitting = [size for size in Size if CONFIGS[size].cell <= config.cell]
    return fitting[-1] if fitting else Size.TINY


def new_start(size: Size, corpus: Corpus, seed: int) -> Start:
    """A new model for a text."""
    config = CONFIGS[size]
    rng = np.random.default_rng([seed, 3, 3])
    shapes = tensor_shapes(config)
    model = Model(config, {name: first_weights(name, shape, config, rng) for name, shape in shapes.items()})
    output = new_output(config, corpus, vocabulary_of(corpus, RECIPES[size].words), rng)
    return Start(model, output, size, fast_precision(size))


def continued(source: Source, corpus: Corpus, seed: int) -> Start:
    """A model to go on with: its own output layer if there is one, else a new one for the text."""
    model, output = source
    size = size_of(model.config)
    if output is None:
        rng = np.random.default_rng([seed, 3, 3])
        output = new_output(model.config, corpus, vocabulary_of(corpus, RECIPES[size].words), rng)
    left_out = (OLD_SENSE_SPACE,) if model.sense_space else ()
    return Start(Model(model.config, model.weights), output, size, fast_precision(size), True, left_out)


def start_to_json(start: Start) -> dict[str, Any]:
    """What a checkpoint says of the start, beside the weights."""
    counts = start.output.counts
    return {
        "config": config_to_json(start.model.config),
        "mix": {name: np.asarray(start.model.weights[name], float).tolist() for name in ("mix.weights", "mix.gamma")},
        "words": list(start.output.words),
        "counts": list(counts.counts.values()) if counts else None,
        "total": counts.total if counts else 0,
        "size": start.size.value,
        "precision": start.precision.value,
        "continues": start.continues,
        "left_out": list(start.left_out),
    }


def start_again(saved: Saved) -> Start:
    """The start of a training that has a checkpoint, with the weights as they are there."""
    state = saved.state
    config = config_from_json(state["config"], "the checkpoint")
    weights = {name: np.asarray(array, np.float32) for name, array in state["mix"].items()}
    stored = {name: np.asarray(array, np.float32) for name, array in saved.arrays.items()}
    weights |= {name: stored[f"weight.{name}"] for name in tensor_shapes(config) if name not in weights}
    words, seen = tuple(state["words"]), state.get("counts")
    counts = WordCounts(dict(zip(words, seen, strict=True)), state["total"]) if seen else None
    output = OutputLayer(words, stored["weight.softmax.weights"], stored["weight.softmax.bias"], counts)
    left_out = tuple(state["left_out"])
    precision = Precision(state["precision"])
    return Start(Model(config, weights), output, Size(state["size"]), precision, state["continues"], left_out)


def new_output(config: BiLMConfig, corpus: Corpus, words: Sequence[str], rng: np.random.Generator) -> OutputLayer:
    """An output layer that begins by knowing how frequent each word is."""
    counts = np.bincount(word_numbers(corpus, words), np.asarray(corpus.counts), len(words)) + 1.0  # (words,)
    bias = np.log(counts / counts.sum()).astype(np.float32)  # (words,)
    weights = rng.normal(0, config.projection**-0.5, (len(words), config.projection))  # (words, projection)
    return OutputLayer(tuple(words), weights.astype(np.float32), bias)


def counts_with(output: OutputLayer, corpus: Corpus) -> WordCounts:
    """How often each word of the output layer stood in this text, and in those that the model read before."""
    numbers = word_numbers(corpus, output.words)  # (types,)
    found = np.bincount(numbers, np.asarray(corpus.counts), len(output.words)).astype(np.int64)  # (words,)
    before = output.counts or WordCounts({}, 0)
    counts = {
        word: count + before.counts.get(word, 0) for word, count in zip(output.words, found.tolist(), strict=True)
    }
    return WordCounts(counts, len(corpus.tokens) + before.total)


def fast_precision(size: Size) -> Precision:
    """bfloat16 where the hardware multiplies it fast, and the size is worth it."""
    if size is Size.TINY:
        return Precision.FLOAT32
    import_tensorflow()
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(device).get("compute_capability", (0, 0))
        return Precision.BFLOAT16 if capability >= (8, 0) else Precision.FLOAT32
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Precision.FLOAT32
    return Precision.BFLOAT16 if "avx512_bf16" in flags or "amx_bf16" in flags else Precision.FLOAT32


def first_weights(name: str, shape: tuple[int, ...], config: BiLMConfig, rng: np.random.Generator) -> Array:
    """First values of a tensor: kept small enough that layers begin near the identity or in a gate's linear part."""
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
