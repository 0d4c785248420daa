"""Read the weights of a TF-Hub module, so that our own network can run them.

`google/elmo` and similar modules are bilm-tf in a SavedModel, so their variables have bilm-tf's names. In TF1 hub
format these are the checkpoint's own names. In a TF2 SavedModel the checkpoint's object graph records them. The clips
are constants of the graph. Activation and skip connection are not stored, so each choice is compared with the module.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelError
from ...vectors.arrays import Array
from ..config import Activation, BiLMConfig, read_config, tensor_shapes
from ..encoder import ElmoEncoder
from ..interface import Representation
from ..model import Model
from .encoder import HubEncoder, opened_module
from .files import CONFIG_INSIDE, decode_error, one_line

if TYPE_CHECKING:
    from tensorflow.core.framework.node_def_pb2 import NodeDef

Weights = dict[str, Array]
Clips = tuple[float | None, float | None]  # of the cell, of the projection

PUBLISHED_CLIPS: Clips = (3.0, 3.0)  # every ELMo published with bilm-tf has these
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
_CLIP = re.compile(r"RNN_[01]/.*clip_by_value(?:_(\d+))?/(?:Minimum/)?y$", re.IGNORECASE)

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
    """A module's weights by our names, and the configurations that fit them, the most likely first."""

    candidates: tuple[BiLMConfig, ...]
    weights: Weights


def read_hub_weights(source: str) -> Model:
    """Read a module as a model for our own network, which returns the module's numbers on `PROBES`.

    The model has no sense space.

    Raises:
        ModelError: The module or its variables cannot be read, or no configuration returns its numbers.
    """
    with opened_module(source) as (encoder, folder):
        return matching_model(encoder, folder)


def matching_model(encoder: HubEncoder, folder: Path) -> Model:
    """Return the model whose configuration makes our network agree with the module. See `read_hub_weights`."""
    read = read_variables(folder, encoder.source)
    sentences = [text.split(" ") for text in PROBES]
    expected = encoder.represent(sentences)
    bound = TOLERANCE * max(1.0, *(float(np.abs(one.layers).max()) for one in expected))
    closest = np.inf
    for config in read.candidates:
        model = Model(config, read.weights)
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
    candidates = _candidates(_with_defaults(weights, where), folder, where)
    expected = tensor_shapes(candidates[0])
    wrong = sorted(name for name in expected.keys() | weights.keys() if expected.get(name) != _shape(weights, name))
    if wrong:
        raise _unreadable(where, f"{wrong[0]} has shape {_shape(weights, wrong[0])}, not {expected.get(wrong[0])}")
    return HubWeights(candidates, weights)


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
    """Yield names and values of all variables in a module's checkpoint, in TF1 hub format or a TF2 SavedModel."""
    import tensorflow as tf
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    try:
        checkpoint = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        keys = {name: name for name in checkpoint.get_variable_to_shape_map() if name != _OBJECT_GRAPH}
        if checkpoint.has_tensor(_OBJECT_GRAPH):
            graph = TrackableObjectGraph.FromString(checkpoint.get_tensor(_OBJECT_GRAPH))
            keys = {value.full_name: value.checkpoint_key for node in graph.nodes for value in node.attributes}
        for name, key in keys.items():
            if our_name(name):
                yield name, checkpoint.get_tensor(key)
    except (tf.errors.OpError, ValueError, LookupError, RuntimeError, decode_error()) as error:
        raise _unreadable(where, one_line(error)) from error


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


def _candidates(weights: Weights, folder: Path, where: str) -> tuple[BiLMConfig, ...]:
    """Return every configuration that fits the weights' shapes and the graph's constants, bilm-tf's usual one first."""
    if (folder / CONFIG_INSIDE).is_file():
        return (read_config(folder / CONFIG_INSIDE),)
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
    return tuple(
        replace(base, cell_clip=cell_clip, proj_clip=proj_clip, activation=activation, skip=skip)
        for cell_clip, proj_clip in _possible_clips(folder)
        for activation in Activation
        for skip in (True, False)
    )


def _possible_clips(folder: Path) -> list[Clips]:
    """Return the possible bounds of cell and projection, from the constants of the graph.

    bilm-tf clips the cell first. So of two clips in an LSTM the first is the cell's, and a single clip may be either.
    A graph without clips has bilm-tf's usual bounds, or none.
    """
    found: dict[int, float] = {}
    for node in _graph_nodes(folder):
        match = _CLIP.search(node.name)
        if match and node.op == "Const":
            found[int(match[1] or 0)] = abs(_constant(node))
    match [found[number] for number in sorted(found)]:
        case []:
            return [PUBLISHED_CLIPS, (None, None)]
        case [only]:
            return [(only, None), (None, only)]
        case [cell, projection, *_]:
            return [(cell, projection)]
    raise AssertionError(found)


def _graph_nodes(folder: Path) -> Iterator["NodeDef"]:
    """Yield all nodes of the module's graphs and their functions. A module in text form (.pbtxt) yields none."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = folder / "saved_model.pb"
    try:
        graphs = [meta.graph_def for meta in SavedModel.FromString(path.read_bytes()).meta_graphs]
    except (OSError, decode_error()):
        return
    for graph in graphs:
        yield from graph.node
        for function in graph.library.function:
            yield from function.node_def


def _constant(node: "NodeDef") -> float:
    import tensorflow as tf

    return float(tf.make_ndarray(node.attr["value"].tensor).reshape(-1)[0])


def _count(weights: Weights, pattern: str) -> int:
    """Return the number of distinct indices in the names that match `pattern`."""
    return len({match[1] for name in weights if (match := re.match(pattern, name))})


def _shape(weights: Weights, name: str) -> tuple[int, ...] | None:
    return weights[name].shape if name in weights else None


def _unreadable(where: str, reason: str) -> ModelError:
    return ModelError(f"the variables of {where} cannot be read ({reason}); use the module itself as the model")
