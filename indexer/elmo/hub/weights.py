"""Read the weights of a TF-Hub module, so that our own network can run them.

`google/elmo` and similar modules are bilm-tf in a SavedModel, so their variables have bilm-tf's names. In TF1 hub
format these are the checkpoint's own names. In a TF2 SavedModel the checkpoint's object graph records them. What the
variables do not say comes from the graph, read as data, or from the configuration inside our own exports. Only if both
leave a choice is the module run, and each choice compared with it.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ModelError
from ...runtime import import_tensorflow
from ...vectors.arrays import Array
from ..config import BiLMConfig, read_config, tensor_shapes
from ..encoder import ElmoEncoder
from ..interface import Representation
from ..limits import MAX_WEIGHTS, one_line
from ..model import Model, check_weights
from .encoder import HubEncoder, running_encoder
from .files import CONFIG_INSIDE, decode_error, module_folder
from .graph import read_graph

if TYPE_CHECKING:
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

Weights = dict[str, Array]

N_LSTM = 2  # the module's interface has outputs for two biLSTM layers

TOLERANCE = 1e-4  # relative to the largest number in a module's layers. A wrong configuration differs by far more
PROBES = (  # sentences: short, long, repeated (so that cells reach the clip), many scripts, a token of over 50 bytes
    "bank",
    "The cat , which had sat on the mat since Monday , saw dogs in the fog ; none of them saw it .",
    " ".join(["very"] * 60),
    f"naïve café — “ Привет 日本語 🙂 3.14 {'x' * 70} a",
    "! ! !",
)

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_DIRECTIONS = {"0": "forward", "1": "backward"}
_CONV = re.compile(r"CNN/(W|b)_cnn_(\d+)$")
_HIGHWAY = re.compile(r"CNN_high_(\d+)/(W|b)_(carry|transform)$")
_LSTM = re.compile(r"RNN_([01])/.*cell_?(\d+)/(?:.*?/)?(projection/kernel|kernel|bias|W_P_0|W_0|B)$", re.IGNORECASE)
_KINDS = {"W": "kernel", "b": "bias"}
_LSTM_KINDS = {"projection/kernel": "projection", "w_p_0": "projection", "w_0": "kernel", "b": "bias"}
_PLAIN = {
    "char_embed": "characters.embedding",
    "CNN_proj/W_proj": "projection.kernel",
    "CNN_proj/b_proj": "projection.bias",
    "aggregation/weights": "mix.weights",
    "aggregation/scaling": "mix.gamma",
}


@dataclass(frozen=True, slots=True)
class HubWeights:
    """A module's weights by our names, and the configurations that fit them, the most likely first.

    Attributes:
        is_certain: Whether the only configuration is known to be the module's, without running it.
    """

    candidates: tuple[BiLMConfig, ...]
    weights: Weights
    is_certain: bool


def read_hub_weights(source: str) -> Model:
    """Read a module as a model for our own network, which returns the module's numbers.

    The module is run only if its graph does not show which configuration it has. The model has no sense space.

    Raises:
        ModelError: The module or its variables cannot be read, or no configuration returns its numbers.
    """
    with module_folder(source) as folder:
        read = read_variables(folder, source)
        if read.is_certain:
            return certain_model(read, source)
        return matching_model(running_encoder(folder, source), read)


def certain_model(read: HubWeights, where: str) -> Model:
    """Return the model of a module whose configuration is known without running it. Messages call it `where`.

    Raises:
        ModelError: The graph leaves a choice, or a weight is not a number.
    """
    if not read.is_certain:
        raise _unreadable(where, "its graph does not show bilm-tf's activation, skip connection and clips")
    return check_weights(Model(read.candidates[0], read.weights), where)


def matching_model(encoder: HubEncoder, read: HubWeights) -> Model:
    """Return the model whose configuration makes our network agree with the module on `PROBES`.

    Raises:
        ModelError: No configuration does, or a weight is not a number.
    """
    sentences = [text.split(" ") for text in PROBES]
    expected = encoder.represent(sentences)
    bound = TOLERANCE * max(1.0, *(float(np.abs(one.layers).max()) for one in expected))
    closest = np.inf
    for config in read.candidates:
        model = check_weights(Model(config, read.weights), encoder.source)
        given = ElmoEncoder(model, encoder.source).represent(sentences)
        apart = max(_difference(ours, theirs) for ours, theirs in zip(given, expected, strict=True))
        if apart <= bound:
            return model
        closest = min(closest, apart)
    raise ModelError(
        f"{encoder.source} computes something else with its weights than bilm-tf does: its vectors differ by "
        f"{closest:.2g}; use the module itself as the model"
    )


def _difference(ours: Representation, theirs: Representation) -> float:
    """Return the largest difference between two representations.

    Sense vectors are not compared, because a module does not return the states at the sentence marks.
    """
    return max(
        float(np.abs(ours.layers - theirs.layers).max()),
        float(np.abs(ours.elmo - theirs.elmo).max()),
        float(np.abs(ours.default - theirs.default).max()),
    )


def read_variables(folder: Path, where: str) -> HubWeights:
    """Read the weights of a module from its checkpoint. The module is not run. Error messages call it `where`.

    Raises:
        ModelError: The variables cannot be read, or they do not belong to a bilm-tf ELMo of two layers.
    """
    weights: Weights = {}
    for name, value in _variables(folder, where):
        if ours := our_name(name):
            weights[ours] = _as_ours(ours, value)
    candidates, is_certain = _candidates(_with_defaults(weights, where), folder, where)
    expected = tensor_shapes(candidates[0])
    wrong = sorted(name for name in expected.keys() | weights.keys() if expected.get(name) != _shape(weights, name))
    if wrong:
        raise _unreadable(where, f"{wrong[0]} has shape {_shape(weights, wrong[0])}, not {expected.get(wrong[0])}")
    return HubWeights(candidates, weights, is_certain)


def our_name(variable: str) -> str | None:
    """Return our name (see `config.tensor_shapes`) for a variable of bilm-tf. None for any other variable."""
    if match := _CONV.search(variable):
        return f"characters.conv.{int(match[2])}.{_KINDS[match[1]]}"
    if match := _HIGHWAY.search(variable):
        return f"highway.{int(match[1])}.{match[3]}.{_KINDS[match[2]]}"
    if match := _LSTM.search(variable):
        kind = match[3].lower()
        return f"{_DIRECTIONS[match[1]]}.{int(match[2])}.{_LSTM_KINDS.get(kind, kind)}"
    return next((ours for theirs, ours in _PLAIN.items() if f"/{variable}".endswith(f"/{theirs}")), None)


def their_name(name: str) -> str:
    """Return the name of one of our weights in `google/elmo`. It is the inverse of `our_name`."""
    part, *rest = name.split(".")
    plain = {ours: theirs for theirs, ours in _PLAIN.items()}
    if name in plain:
        return plain[name] if part == "mix" else f"bilm/{plain[name]}"
    if part == "characters":
        return f"bilm/CNN/{'W' if rest[2] == 'kernel' else 'b'}_cnn_{rest[1]}"
    if part == "highway":
        return f"bilm/CNN_high_{rest[0]}/{'W' if rest[2] == 'kernel' else 'b'}_{rest[1]}"
    kind = "projection/kernel" if rest[1] == "projection" else rest[1]
    direction = next(number for number, direction in _DIRECTIONS.items() if direction == part)
    return f"bilm/RNN_{direction}/RNN/MultiRNNCell/Cell{rest[0]}/rnn/lstm_cell/{kind}"


def _variables(folder: Path, where: str) -> Iterator[tuple[str, Array]]:
    """Yield names and values of all weights in a module's checkpoint, in TF1 hub format or a TF2 SavedModel."""
    import_tensorflow()  # without its messages
    import tensorflow as tf

    prefix = folder / "variables" / "variables"
    try:
        checkpoint = tf.train.load_checkpoint(str(prefix))
        shapes = checkpoint.get_variable_to_shape_map()
        keys = {name: name for name in shapes if name != _OBJECT_GRAPH}
        if checkpoint.has_tensor(_OBJECT_GRAPH):
            graph = _object_graph(checkpoint.get_tensor(_OBJECT_GRAPH))
            keys = {value.full_name: value.checkpoint_key for node in graph.nodes for value in node.attributes}
        keys = {name: key for name, key in keys.items() if our_name(name)}
        _check_sizes(checkpoint, [key for key in keys.values() if key in shapes], prefix, where)
        for name, key in keys.items():
            yield name, checkpoint.get_tensor(key)
    except (tf.errors.OpError, OSError, ValueError, LookupError, RuntimeError, decode_error()) as error:
        raise _unreadable(where, one_line(error)) from error


def _object_graph(content: bytes) -> "TrackableObjectGraph":
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    return TrackableObjectGraph.FromString(content)


def _check_sizes(checkpoint: Any, keys: list[str], prefix: Path, where: str) -> None:
    """Compare what the index of a checkpoint declares with the bytes that its files have, before memory is asked for.

    Raises:
        ModelError: A variable is not of floats, or the variables are larger than the files or than the limit.
    """
    shapes, types = checkpoint.get_variable_to_shape_map(), checkpoint.get_variable_to_dtype_map()
    stored = sum(file.stat().st_size for file in prefix.parent.glob(f"{prefix.name}.data-*") if file.is_file())
    n_weights = 0
    for key in keys:
        if not types[key].is_floating:
            raise _unreadable(where, f"{one_line(key)} is of {types[key].name}")
        n_weights += math.prod(shapes[key])
    if n_weights > MAX_WEIGHTS or 2 * n_weights > stored:
        raise _unreadable(where, f"they declare {n_weights:,} weights in {stored:,} bytes")


def _as_ours(name: str, value: Array) -> Array:
    """Return a variable's value in our shape: a convolution without its first axis of 1, gamma as a scalar."""
    array = np.asarray(value, np.float32)
    if name.startswith("characters.conv.") and array.ndim == 4 and array.shape[0] == 1:
        array = array[0]  # (width, char_dim, number)
    return array.reshape(()) if name == "mix.gamma" and array.size == 1 else array


def _with_defaults(weights: Weights, where: str) -> Weights:
    """Add the weights that a module may omit: an identity projection, if it changes no width, and the plain mix."""
    biases = [name for name in weights if re.fullmatch(r"characters\.conv\.\d+\.bias", name)]
    if not biases or "forward.0.projection" not in weights:
        raise _unreadable(where, "they are not named as bilm-tf's are")
    filters = sum(len(weights[name]) for name in biases)
    weights.setdefault("projection.kernel", np.eye(filters, dtype=np.float32))  # (filters, projection)
    weights.setdefault("projection.bias", np.zeros(weights["projection.kernel"].shape[1], np.float32))
    weights.setdefault("mix.weights", np.zeros(N_LSTM + 1, np.float32))
    weights.setdefault("mix.gamma", np.ones((), np.float32))
    return weights


def _candidates(weights: Weights, folder: Path, where: str) -> tuple[tuple[BiLMConfig, ...], bool]:
    """Return every configuration that fits the weights' shapes and the graph, and whether the only one is certain."""
    facts = read_graph(folder)
    if (folder / CONFIG_INSIDE).is_file():
        return (read_config(folder / CONFIG_INSIDE),), facts.is_readable
    try:
        kernels = [weights[f"characters.conv.{i}.kernel"] for i in range(_count(weights, r"characters\.conv\.(\d+)\."))]
        base = BiLMConfig(
            char_dim=weights["characters.embedding"].shape[1],
            filters=tuple((kernel.shape[0], kernel.shape[2]) for kernel in kernels),
            n_highway=_count(weights, r"highway\.(\d+)\."),
            cell=weights["forward.0.projection"].shape[0],
            projection=weights["forward.0.projection"].shape[1],
            n_lstm=N_LSTM,
        )
    except (KeyError, IndexError) as error:
        raise _unreadable(where, f"{error} is missing, or has another shape") from error
    found = tuple(
        replace(base, cell_clip=cell_clip, proj_clip=proj_clip, activation=activation, skip=skip)
        for cell_clip, proj_clip in facts.clips
        for activation in facts.activations
        for skip in facts.skips
    )
    return found, facts.is_lstm and len(found) == 1


def _count(weights: Weights, pattern: str) -> int:
    """Return the number of distinct indices in the names that match `pattern`."""
    return len({match[1] for name in weights if (match := re.match(pattern, name))})


def _shape(weights: Weights, name: str) -> tuple[int, ...] | None:
    return weights[name].shape if name in weights else None


def _unreadable(where: str, reason: str) -> ModelError:
    return ModelError(f"the variables of {where} cannot be read ({reason}); use the module itself as the model")
