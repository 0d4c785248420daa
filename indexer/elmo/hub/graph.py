"""Read from the graph of a TF-Hub module what its variables do not say: activation, skip connection and clips.

The graph is read as data and never run. bilm-tf gives its parts names, and each part has few operations. What the graph
does not show stays open, with every possibility in the order of their likelihood.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Activation
from ..limits import read_bytes
from .files import decode_error

if TYPE_CHECKING:
    from tensorflow.core.framework.node_def_pb2 import NodeDef

Clips = tuple[float | None, float | None]  # of the cell, of the projection

PUBLISHED_CLIPS: Clips = (3.0, 3.0)  # every ELMo published with bilm-tf has these
MAX_GRAPH_BYTES = 1 << 26

_CLIP = re.compile(r"RNN_[01]/.*clip_by_value(?:_(\d+))?/(?:Minimum/)?y$", re.IGNORECASE)
_FORGET_BIAS = re.compile(r"RNN_[01]/.*/while/.*lstm_cell/add/y$", re.IGNORECASE)
_CELL = re.compile(r"RNN_[01]/.*Cell(\d+)/.*while/", re.IGNORECASE)
_POOLS = ("Max", "MaxPool")  # maximum over the characters of a word
_PLAIN = ("Identity", "Squeeze", "Reshape")  # operations that change no number
_ACTIVATIONS = {"Relu": Activation.RELU, "Tanh": Activation.TANH}


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """What a graph shows of a bilm-tf network. Several entries mean that it leaves the choice open.

    Attributes:
        is_lstm: Whether every LSTM cell adds 1 to its forget gate, as bilm-tf's and our network do.
        is_readable: Whether the file of the graph could be read at all.
    """

    activations: tuple[Activation, ...]
    skips: tuple[bool, ...]
    clips: tuple[Clips, ...]
    is_lstm: bool
    is_readable: bool


def read_graph(folder: Path) -> GraphFacts:
    """Read the facts from the graph of a module. A graph that cannot be read leaves all of them open."""
    nodes = {node.name: node for node in graph_nodes(folder)}
    has_cells = any(_cell(name) is not None for name in nodes)
    biases = [_constant(node) for name, node in nodes.items() if node.op == "Const" and _FORGET_BIAS.search(name)]
    return GraphFacts(
        activations=_activations(nodes),
        skips=_skips(nodes),
        clips=_possible_clips(nodes, is_visible=has_cells),
        is_lstm=has_cells and set(biases) == {1.0},
        is_readable=bool(nodes),
    )


def graph_nodes(folder: Path) -> Iterator["NodeDef"]:
    """Yield all nodes of a module's graphs and their functions. A module in text form (.pbtxt) yields none."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    try:
        content = read_bytes(folder / "saved_model.pb", MAX_GRAPH_BYTES)
        graphs = [meta.graph_def for meta in SavedModel.FromString(content).meta_graphs]
    except (OSError, decode_error()):
        return
    for graph in graphs:
        yield from graph.node
        for function in graph.library.function:
            yield from function.node_def


def _activations(nodes: Mapping[str, "NodeDef"]) -> tuple[Activation, ...]:
    """Return the activations that follow a maximum over characters, or all if the graph has none."""
    found = {
        _ACTIVATIONS[node.op]
        for node in nodes.values()
        if node.op in _ACTIVATIONS and (source := _source(nodes, node)) is not None and source.op in _POOLS
    }
    return tuple(found) if len(found) == 1 else tuple(Activation)


def _skips(nodes: Mapping[str, "NodeDef"]) -> tuple[bool, ...]:
    """Return whether the second layer adds its input, which it reads at each step of its loop, to its output."""
    reads = {name for name, node in nodes.items() if node.op.startswith("TensorArrayRead")}
    if all(_cell(name) != 1 for name in reads):
        return True, False
    adds = {
        _cell(name)
        for name, node in nodes.items()
        if node.op in ("Add", "AddV2") and "lstm_cell/" not in name
        if any(
            (given := _node(nodes, one)) is not None and given.op.startswith("TensorArrayRead") for one in node.input
        )
    }
    return (True,) if adds == {1} else (False,) if not adds else (True, False)


def _cell(name: str) -> int | None:
    """Return the number of the LSTM cell in whose loop a node is."""
    match = _CELL.search(name)
    return int(match[1]) if match else None


def _possible_clips(nodes: Mapping[str, "NodeDef"], is_visible: bool) -> tuple[Clips, ...]:
    """Return the possible bounds of cell and projection, from the constants of the graph.

    bilm-tf clips the cell first. So of two clips in an LSTM the first is the cell's, and a single clip may be either.
    A graph whose cells are visible and have no clip has no bounds. Otherwise they are bilm-tf's usual ones, or none.
    """
    found: dict[int, set[float]] = {}
    for name, node in nodes.items():
        match = _CLIP.search(name)
        if match and node.op == "Const":
            found.setdefault(int(match[1] or 0), set()).add(abs(_constant(node)))
    bounds = [max(found[number]) for number in sorted(found)]
    match bounds:
        case []:
            return ((None, None),) if is_visible else (PUBLISHED_CLIPS, (None, None))
        case [only]:
            return (only, None), (None, only)
        case [cell, projection]:
            is_one = all(len(values) == 1 for values in found.values())
            return ((cell, projection),) if is_one else ((cell, projection), PUBLISHED_CLIPS)
        case _:
            return (bounds[0], bounds[1]), PUBLISHED_CLIPS


def _source(nodes: Mapping[str, "NodeDef"], node: "NodeDef") -> "NodeDef | None":
    """Return the operation that computes a node's input, past those that change no number."""
    for _ in range(len(_PLAIN) + 1):
        if not node.input or (given := _node(nodes, node.input[0])) is None:
            return None
        if given.op not in _PLAIN:
            return given
        node = given
    return None


def _node(nodes: Mapping[str, "NodeDef"], place: str) -> "NodeDef | None":
    return nodes.get(place.lstrip("^").partition(":")[0])


def _constant(node: "NodeDef") -> float:
    """Return the first number of a constant, or not-a-number if it has none."""
    import tensorflow as tf

    try:
        values = tf.make_ndarray(node.attr["value"].tensor).reshape(-1)
        return float(values[0]) if len(values) else float("nan")
    except (TypeError, ValueError):
        return float("nan")
