"""The shape of a biLM as one frozen record, and our `config.json`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .limits import MAX_JSON_BYTES, MAX_WEIGHTS, one_line, read_bytes, shown

FORMAT = 1
N_CHARACTERS = 261  # 256 bytes, begin and end of sentence, begin and end of word, padding
DIRECTIONS = ("forward", "backward")
MAX_SIZE = 1 << 14  # of a part of the network. The largest published part has 4,096
MAX_LAYERS = 64  # also the largest number of filter widths
MAX_PER_WORD = 1 << 18  # numbers that the character CNN computes for one width and one word
Shape = tuple[int, ...]


class Activation(StrEnum):
    """Activation of the character CNN, after the maximum over characters."""

    RELU = "relu"
    TANH = "tanh"


class Normalise(StrEnum):
    """Change that is made to a token before the encoder reads it."""

    STRAIGHT_QUOTES = "straight_quotes"


@dataclass(frozen=True, slots=True)
class BiLMConfig:
    """Shape of a bidirectional language model (Peters et al. 2018, section 3.4).

    Attributes:
        char_dim: Length of a character's vector.
        filters: Pairs of a width in characters and the number of filters of that width.
        n_highway: Number of highway layers.
        cell: Size of the LSTM state of one direction.
        projection: Size of the LSTM output of one direction.
        n_lstm: Number of biLSTM layers.
        activation: Activation of the character CNN.
        skip: Whether each biLSTM layer above the first adds its input to its output.
        cell_clip: Absolute bound of the LSTM state, or None.
        proj_clip: Absolute bound of the LSTM output, or None.
        max_characters: Maximum number of character ids of a word, its two marks included.
        normalise: Changes that are made to a token before it is read.
    """

    char_dim: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    cell: int
    projection: int
    n_lstm: int = 2
    activation: Activation = Activation.RELU
    skip: bool = True
    cell_clip: float | None = 3.0
    proj_clip: float | None = 3.0
    max_characters: int = 50
    normalise: tuple[Normalise, ...] = ()

    def __post_init__(self) -> None:
        sizes = [self.char_dim, self.cell, self.projection, self.n_lstm, *(n for pair in self.filters for n in pair)]
        if not self.filters or min(sizes) < 1 or self.n_highway < 0:
            raise ModelError("every size of a biLM's configuration must be at least 1; correct it")
        if max(sizes) > MAX_SIZE or max(self.n_lstm, self.n_highway, len(self.filters)) > MAX_LAYERS:
            raise ModelError(f"a biLM has up to {MAX_LAYERS} layers of up to {MAX_SIZE:,}; correct the configuration")
        if self.max_characters < max(3, *(width for width, _ in self.filters)):
            raise ModelError(f"max_characters is {shown(self.max_characters)}, less than the widest filter; correct it")
        if self.max_characters * max(self.char_dim, *(number for _, number in self.filters)) > MAX_PER_WORD:
            raise ModelError(f"max_characters is {shown(self.max_characters)}, more than any word needs; correct it")
        if any(
            clip is not None and not (math.isfinite(clip) and clip > 0) for clip in (self.cell_clip, self.proj_clip)
        ):
            raise ModelError("a clip of a biLM's configuration must be a number above 0; correct it")
        if n_weights(self) > MAX_WEIGHTS:
            raise ModelError(f"the configuration asks for {n_weights(self):,} weights, more than {MAX_WEIGHTS:,}")

    @property
    def n_layers(self) -> int:
        """Number of layers: the character CNN and the biLSTM layers."""
        return 1 + self.n_lstm

    @property
    def dim(self) -> int:
        """Length of every layer's vector: forward half, then backward half."""
        return 2 * self.projection

    @property
    def n_filters(self) -> int:
        """Number of filters of all widths, which is the width of the highway layers."""
        return sum(number for _, number in self.filters)


def tensor_shapes(config: BiLMConfig) -> dict[str, Shape]:
    """Return name and shape of every weight of the network in `networks/bilm.py`, the layer mix included."""
    filters, projection, cell = config.n_filters, config.projection, config.cell
    shapes: dict[str, Shape] = {"characters.embedding": (N_CHARACTERS, config.char_dim)}
    for i, (width, number) in enumerate(config.filters):
        shapes[f"characters.conv.{i}.kernel"] = (width, config.char_dim, number)
        shapes[f"characters.conv.{i}.bias"] = (number,)
    for i in range(config.n_highway):
        for gate in ("carry", "transform"):
            shapes[f"highway.{i}.{gate}.kernel"] = (filters, filters)
            shapes[f"highway.{i}.{gate}.bias"] = (filters,)
    shapes |= {"projection.kernel": (filters, projection), "projection.bias": (projection,)}
    for direction in DIRECTIONS:
        for layer in range(config.n_lstm):
            shapes[f"{direction}.{layer}.kernel"] = (2 * projection, 4 * cell)  # rows: input, then state
            shapes[f"{direction}.{layer}.bias"] = (4 * cell,)  # gates: input, candidate, forget, output
            shapes[f"{direction}.{layer}.projection"] = (cell, projection)
    return shapes | {"mix.weights": (config.n_layers,), "mix.gamma": ()}


def n_weights(config: BiLMConfig) -> int:
    """Return the number of weights of the network, the layer mix included."""
    return sum(math.prod(shape) for shape in tensor_shapes(config).values())


def is_product_weight(name: str) -> bool:
    """Return whether a weight is a factor of the large matrix products, which run in the chosen precision."""
    return name.endswith((".kernel", ".projection", "characters.embedding"))


def config_to_json(config: BiLMConfig) -> dict[str, Any]:
    """Return the content of `config.json`. A model's digest starts with it."""
    return {
        "format": FORMAT,
        "character_cnn": {
            "dim": config.char_dim,
            "filters": [list(pair) for pair in config.filters],
            "activation": config.activation.value,
            "n_highway": config.n_highway,
            "max_characters": config.max_characters,
        },
        "lstm": {
            "n_layers": config.n_lstm,
            "cell": config.cell,
            "projection": config.projection,
            "skip": config.skip,
            "cell_clip": config.cell_clip,
            "proj_clip": config.proj_clip,
        },
        "normalise": [kind.value for kind in config.normalise],
    }


def config_from_json(content: Mapping[str, Any], where: str) -> BiLMConfig:
    """Build a configuration from the content of `config.json`. Error messages call the file `where`.

    Raises:
        ModelError: The format is another one, a key is unknown or missing, or a value is wrong.
    """
    if content.get("format") != FORMAT:
        raise ModelError(f"{where} has format {shown(content.get('format'))}, not {FORMAT}; use a newer Polyseme")
    refuse_unknown_keys(content, ("format", "character_cnn", "lstm", "normalise"), where)
    try:
        cnn, lstm = content["character_cnn"], content["lstm"]
        cnn_keys = ("dim", "filters", "activation", "n_highway", "max_characters")
        refuse_unknown_keys(cnn, cnn_keys, f"{where}, character_cnn")
        lstm_keys = ("n_layers", "cell", "projection", "skip", "cell_clip", "proj_clip")
        refuse_unknown_keys(lstm, lstm_keys, f"{where}, lstm")
        return BiLMConfig(
            char_dim=int(cnn["dim"]),
            filters=filters_from_json(cnn["filters"]),
            n_highway=int(cnn["n_highway"]),
            cell=int(lstm["cell"]),
            projection=int(lstm["projection"]),
            n_lstm=int(lstm["n_layers"]),
            activation=Activation(cnn["activation"]),
            skip=bool(lstm["skip"]),
            cell_clip=clip_from_json(lstm["cell_clip"]),
            proj_clip=clip_from_json(lstm["proj_clip"]),
            max_characters=int(cnn["max_characters"]),
            normalise=tuple(Normalise(kind) for kind in content["normalise"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise wrong_content(where, error) from error


def parse_json(text: str | bytes, where: str) -> Mapping[str, Any]:
    """Parse a JSON object. Error messages call the file `where`.

    Raises:
        ModelError: The text is not a JSON object.
    """
    try:
        content = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where} is not valid JSON ({one_line(error)}); correct it or get the model again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{where} does not hold a JSON object; correct it or get the model again")
    return content


def read_config(path: Path) -> BiLMConfig:
    """Read a `config.json` file.

    Raises:
        ModelError: The file cannot be read, or `config_from_json` refuses it.
    """
    try:
        text = read_bytes(path, MAX_JSON_BYTES)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); get the model again") from error
    return config_from_json(parse_json(text, str(path)), str(path))


def refuse_unknown_keys(content: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Check that each key is known. Error messages call the file `where`.

    Raises:
        ModelError: A key is unknown.
    """
    unknown = sorted(set(content) - set(known))
    if unknown:
        raise ModelError(f"{where} has the unknown key {shown(unknown[0])}; known are {', '.join(sorted(known))}")


def filters_from_json(pairs: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Return pairs of width and number of filters."""
    return tuple((int(width), int(number)) for width, number in pairs)


def clip_from_json(bound: float | None) -> float | None:
    """Return a bound. Zero means no bound, like null."""
    return float(bound) if bound else None


def wrong_content(where: str, error: Exception) -> ModelError:
    """Return an error that says which key is missing or which value is wrong in the file `where`."""
    reason = one_line(error)
    problem = f"lacks the key {reason}" if isinstance(error, KeyError) else f"has a wrong value ({reason})"
    return ModelError(f"{where} {problem}; correct it or get the model again")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")
