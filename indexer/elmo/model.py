"""A model in memory: configuration, weights, output layer, sense space, sentence space and tagger."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..vectors.arrays import Reals
from .config import BiLMConfig, config_to_json, tensor_shapes
from .formats.sense_space_file import sense_space_to_tensors
from .limits import shown
from .sense_space import SenseSpace, WordCounts
from .sentence_space import SentenceSpace
from .tagger import Tagger


@dataclass(frozen=True, slots=True, eq=False)
class OutputLayer:
    """The output layer of the language models, shared by both directions: scores = state @ weights.T + bias."""

    words: tuple[str, ...]
    weights: Reals  # (words, projection)
    bias: Reals  # (words,)
    counts: WordCounts | None = None  # of the training text, if known


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Configuration, every tensor of `config.tensor_shapes`, and the spaces and the tagger if there are any."""

    config: BiLMConfig
    weights: Mapping[str, Reals]
    sense_space: SenseSpace | None = None
    counts: WordCounts | None = None  # of the training text, without a sense space, which has counts of its own
    sentence_space: SentenceSpace | None = None
    tagger: Tagger | None = None


def model_id(model: Model) -> str:
    """Return the digest (sha256, hexadecimal) of everything that decides a model's vectors of words.

    It is the same for every file format and format version. The sentence space and the tagger are no part of it, so
    collections encoded without them keep answering. `SentenceSpace.digest` and `Tagger.digest` identify these.
    """
    digest = hashlib.sha256(json.dumps(config_to_json(model.config), sort_keys=True).encode())
    tensors: dict[str, npt.NDArray[np.generic]] = dict(model.weights)
    if model.sense_space:
        words, arrays = sense_space_to_tensors(model.sense_space)
        digest.update("\n".join(words).encode())
        tensors |= {f"sense_space.{name}": array for name, array in arrays.items() if name != "format"}
    elif model.counts:
        digest.update("\n".join(model.counts.counts).encode())
        tensors["counts"] = np.array([*model.counts.counts.values(), model.counts.total], np.float64)
    for name, array in sorted(tensors.items()):
        digest.update(f"\0{name}{array.shape}".encode())
        digest.update(np.asarray(array, np.float32, order="C").tobytes())
    return digest.hexdigest()


def check_weights(model: Model, where: str) -> Model:
    """Return the model itself if each tensor exists, has its shape and is finite. Messages call the file `where`.

    Raises:
        ModelError: A tensor is missing, unknown or wrong, or a space is for a model of another size.
    """
    shapes = tensor_shapes(model.config)
    for name, shape in shapes.items():
        if name not in model.weights:
            raise ModelError(f"{where} lacks the tensor {name!r}; get the model again")
        if model.weights[name].shape != shape:
            given = shown(model.weights[name].shape)
            raise ModelError(f"{where}: {name} has shape {given}, its configuration asks for {shape}; correct it")
        if model.weights[name].dtype.kind != "f" or not np.isfinite(model.weights[name]).all():
            raise ModelError(f"{where}: {name} holds values that are not numbers; get the model again")
    unknown = sorted(set(model.weights) - set(shapes))
    if unknown:
        raise ModelError(f"{where} holds the unknown tensor {shown(unknown[0])}; its configuration has no place for it")
    if model.sense_space and not _fits(model.sense_space, model.config):
        raise ModelError(f"{where}: the sense space is for a model of another size; get the model again")
    if model.sentence_space and not _fits_sentences(model.sentence_space, model):
        raise ModelError(f"{where}: the sentence space is for a model of another size; get the model again")
    if model.tagger and not _fits_tagger(model.tagger, model.config):
        raise ModelError(f"{where}: the tagger is for a model of another size; get the model again")
    return model


def _fits(space: SenseSpace, config: BiLMConfig) -> bool:
    """Return whether a sense space reads what a model of this configuration gives."""
    blocks, expected, dims = space.blocks, space.blocks.expected, [space.map.ndim, 2, space.shift.ndim, 1]
    shapes = [] if blocks.word_mean is None else [blocks.word_mean.shape]
    if expected:
        dims += [expected.keys.ndim, 2, expected.values.ndim, 2, expected.bias.ndim, 1]
        shapes += [(expected.keys.shape[-1],)]
        shapes += [(expected.values.shape[-1],)] if blocks.topics is None else []
    return (
        dims[::2] == dims[1::2]
        and (expected is None or len(expected.keys) == len(expected.bias) == len(expected.values) > 0)
        and space.map.shape == (blocks.width(config.dim), *space.shift.shape)
        and space.dim > 0
        and all(0 <= block.layer < config.n_layers for block in blocks.blocks)
        and all(shape == (config.projection,) for shape in shapes)
    )


def _fits_sentences(space: SentenceSpace, model: Model) -> bool:
    """Return whether a sentence space reads what the model gives."""
    config = model.config
    if not all(0 <= layer < config.n_layers for layer in space.layers):
        return False
    widths = _widths(space.layers, config)
    if space.reads_sense:
        widths.append(model.sense_space.dim if model.sense_space else 2 * config.dim)
    return len(space.map) == sum(widths)


def _fits_tagger(tagger: Tagger, config: BiLMConfig) -> bool:
    """Return whether a tagger reads what a model of this configuration gives."""
    is_known = all(0 <= layer < config.n_layers for layer in tagger.layers)
    return is_known and len(tagger.map) == sum(_widths(tagger.layers, config))


def _widths(layers: Sequence[int], config: BiLMConfig) -> list[int]:
    """Return how many numbers of each layer a space or a tagger reads. Both halves of layer 0 are equal."""
    return [config.projection if layer == 0 else config.dim for layer in layers]
