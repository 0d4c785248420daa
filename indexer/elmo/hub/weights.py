"""The weights inside a TF-Hub module: from its variables to our names, so that our own network can run them.

`google/elmo` and modules like it are bilm-tf in a SavedModel: their variables bear bilm-tf's names (in TF1 hub format
the checkpoint's own; in a TF2 SavedModel those that the checkpoint's object graph records). The clips are constants of
the graph; activation and skip connection are no data at all, so they are tried against the module itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from .. import Representation
from ..config import Activation, BiLMConfig, read_config, tensor_shapes
from ..encoder import ElmoEncoder
from ..model import Model
from .encoder import HubEncoder, opened_module
from .files import CONFIG_INSIDE, decode_error, one_line

if TYPE_CHECKING:
    from tensorflow.core.framework.node_def_pb2 import NodeDef

Weights = dict[str, npt.NDArray[np.float32]]
Clips = tuple[float | None, float | None]  # of the cell, of the projection

PUBLISHED_CLIPS: Clips = (3.0, 3.0)  # of every ELMo published with bilm-tf
N_LSTM = 2  # the module format has outputs for just two

TOLERANCE = 1e-4  # of the largest number in a module's layers; another configuration is off by far more
PROBES = (  # short, long, repeated (cells run into their clip), many scripts, a token longer than 50 bytes
    "bank",
    "The cat , which had sat on the mat since Monday , saw dogs in the fog ; none of them saw it .",
    " ".join(["very"] * 60),
    f"naïve café — “ Привет 日本語 🙂 3.14 {'x' * 70} a",
    "! ! !",
)

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_CLIP = re.compile(r"RNN_[01]/.*clip_by_value(?:_(\d+))?/(?:Minimum/)?y$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HubWeights:
    """A module's weights by our names, and the configurations that they may belong to, the likeliest first."""

    candidates: tuple[BiLMConfig, ...]
    weights: Weights


def read_hub_weights(source: str) -> Model:
    """A module's network as a model of ours, proven to give the module's numbers on `PROBES`; it has no sense space.

    Raises:
        ModelError: the module cannot be had, its variables cannot be read, or no configuration gives its numbers.
    """
    with opened_module(source) as (encoder, folder):
        return proven_model(encoder, folder)


def proven_model(encoder: HubEncoder, folder: Path) -> Model:
    """The model whose configuration makes our network agree with the module; see `read_hub_weights`."""
    read = read_variables(folder, encoder.source)
    sentences = [text.split(" ") for text in PROBES]
    expected = encoder.represent(sentences)
    bound = TOLERANCE * max(1.0, *(float(np.abs(one.layers).max()) for one in expected))
    closest = np.inf
    for config in read.candidates:
        model = Model(config, read.weights)
        given = ElmoEncoder(model, encoder.source).represent(sentences)
        apart = max(_apart(ours, theirs) for ours, theirs in zip(given, expected, strict=True))
        if apart <= bound:
            return model
        closest = min(closest, apart)
    raise ModelError(
        f"{encoder.source} computes something else with its weights than bilm-tf does: its vectors differ by "
        f"{closest:.2g}; use the module itself as the model"
    )


def _apart(ours: Representation, theirs: Representation) -> float:
    """Largest difference in any number that both give; a module has no states at the ends, hence no sense vectors."""
    return max(
        float(np.abs(ours.layers - theirs.layers).max()),
        float(np.abs(ours.elmo - theirs.elmo).max()),
        float(np.abs(ours.default - theirs.default).max()),
    )


def read_variables(folder: Path, where: str) -> HubWeights:
    """Read the weights of the module in `folder` from its checkpoint; nothing is run. Messages call it `where`.

    Raises:
        ModelError: the variables cannot be read, or are not those of a bilm-tf ELMo of two layers.
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


def _variables(folder: Path, where: str) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Names and values of all variables in the module's checkpoint, whichever of the two formats it has."""
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


def _as_ours(name: str, value: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A variable's value in our shape: a convolution without its leading axis of 1, gamma as a scalar."""
    array = np.asarray(value, np.float32)
    if name.startswith("characters.conv.") and array.ndim == 4 and array.shape[0] == 1:
        array = array[0]  # (width, char_dim, number)
    return array.reshape(()) if name == "mix.gamma" and array.size == 1 else array


def _with_defaults(weights: Weights, where: str) -> Weights:
    """Fill in what a module may leave out, to the same effect: the projection (equal widths) and the layer mix."""
    last = [name for name in weights if re.fullmatch(r"characters\.conv\.\d+\.bias", name)]
    if not last or "forward.0.projection" not in weights:
        raise _unreadable(where, "they are not named as bilm-tf's are")
    filters = sum(len(weights[name]) for name in last)
    weights.setdefault("projection.kernel", np.eye(filters, dtype=np.float32))  # (filters, projection)
    weights.setdefault("projection.bias", np.zeros(weights["projection.kernel"].shape[1], np.float32))
    weights.setdefault("mix.weights", np.zeros(N_LSTM + 1, np.float32))
    weights.setdefault("mix.gamma", np.ones((), np.float32))
    return weights


def _candidates(weights: Weights, folder: Path, where: str) -> tuple[BiLMConfig, ...]:
    """Every configuration that fits the weights' shapes and the graph's constants, bilm-tf's usual one first."""
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
        raise _unreadable(where, f"of {error} there is none, or of another shape") from error
    return tuple(
        replace(base, cell_clip=cell_clip, proj_clip=proj_clip, activation=activation, skip=skip)
        for cell_clip, proj_clip in _possible_clips(folder)
        for activation in Activation
        for skip in (True, False)
    )


def _possible_clips(folder: Path) -> list[Clips]:
    """Bounds of cell and projection as the graph has them, else bilm-tf's usual ones, else none.

    bilm-tf clips the cell first: of two clips in an LSTM cell the first is the cell's. A lone one may be either.
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
    """All nodes of the module's graphs, those inside functions too; none if only the text form of it lies there."""
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
    """How many numbers, from 0 up, the names that match `pattern` bear."""
    return len({match[1] for name in weights if (match := re.match(pattern, name))})


def _shape(weights: Weights, name: str) -> tuple[int, ...] | None:
    return weights[name].shape if name in weights else None


def _unreadable(where: str, reason: str) -> ModelError:
    return ModelError(f"the variables of {where} cannot be read ({reason}); use the module itself as the model")


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


def our_name(variable: str) -> str | None:
    """Our name (see `config.tensor_shapes`) for one of bilm-tf's variables; None for any other."""
    if match := _CONV.search(variable):
        return f"characters.conv.{int(match[2])}.{_KINDS[match[1]]}"
    if match := _HIGHWAY.search(variable):
        return f"highway.{int(match[1])}.{match[3]}.{_KINDS[match[2]]}"
    if match := _LSTM.search(variable):
        kind = match[3].lower()
        return f"{_DIRECTIONS[match[1]]}.{int(match[2])}.{_LSTM_KINDS.get(kind, kind)}"
    return next((ours for theirs, ours in _PLAIN.items() if f"/{variable}".endswith(f"/{theirs}")), None)


def their_name(name: str) -> str:
    """The name that `google/elmo` has for one of our weights; the inverse of `our_name`."""
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
