"""Write a TF1 hub module with the interface of `google/elmo` and any weights. The encoder is compared with it.

The graph is that of such modules. The character CNN reads the fifty characters of every token. `LSTMCell` with
projection and clipping runs under `dynamic_rnn`. `reverse_sequence` gives the backward direction.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from polyseme.indexer.elmo.characters import SENTENCE_END, SENTENCE_START
from polyseme.indexer.elmo.config import DIRECTIONS
from polyseme.indexer.elmo.hub.export import character_ids
from polyseme.indexer.elmo.model import Model


def write_tf1_module(model: Model, folder: Path) -> None:
    """Write the module into the new folder `folder`."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        weights = Weights(model)
        signatures = {"tokens": _tokens_signature(weights), "default": _default_signature(weights)}
        session.run(v1.global_variables_initializer(), weights.feed())
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, [], signature_def_map=signatures)
        builder.save()
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")  # format version 3, which marks a TF1 hub module


class Weights:
    """The model's weights as variables of the graph, created at their first use."""

    def __init__(self, model: Model) -> None:
        self.model, self.config = model, model.config
        self._first: dict[str, tf.Tensor] = {}  # name -> placeholder of the initial value

    def __call__(self, name: str) -> tf.Variable:
        """Return the variable of a weight."""
        v1 = tf.compat.v1
        with v1.variable_scope("module", reuse=v1.AUTO_REUSE):
            if name not in self._first:
                self._first[name] = v1.placeholder(tf.float32, self.model.weights[name].shape)
            return v1.get_variable(name.replace(".", "_"), initializer=self._first[name])

    def feed(self) -> dict[tf.Tensor, np.ndarray[tuple[int, ...], np.dtype[np.floating]]]:
        """Return the initial value of each placeholder."""
        return {first: self.model.weights[name] for name, first in self._first.items()}


def _tokens_signature(weights: Weights) -> object:
    v1 = tf.compat.v1
    tokens = v1.placeholder(tf.string, (None, None), "tokens")
    lengths = v1.placeholder(tf.int32, (None,), "sequence_len")
    outputs = _outputs(weights, tokens, lengths)
    return v1.saved_model.predict_signature_def({"tokens": tokens, "sequence_len": lengths}, outputs)


def _default_signature(weights: Weights) -> object:
    v1 = tf.compat.v1
    strings = v1.placeholder(tf.string, (None,), "strings")
    sparse = v1.strings.split(strings, sep=" ")
    tokens = v1.sparse_tensor_to_dense(sparse, default_value="")  # (b, t)
    lengths = tf.reduce_sum(tf.cast(tf.not_equal(tokens, ""), tf.int32), axis=1)  # (b,)
    return v1.saved_model.predict_signature_def({"strings": strings}, _outputs(weights, tokens, lengths))


def _outputs(weights: Weights, tokens: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return the module's five arrays for tokens (b, t) and lengths (b,)."""
    b, t = tf.shape(tokens)[0], tf.shape(tokens)[1]
    place = tf.range(t + 2)[None]  # (1, t + 2)
    marked = tf.concat([tf.fill((b, 1), SENTENCE_START), tokens, tf.fill((b, 1), "")], 1)  # (b, t + 2)
    marked = tf.where(tf.equal(place, lengths[:, None] + 1), SENTENCE_END, marked)
    words = _words(weights, tf.reshape(marked, (-1,)))  # (b * (t + 2), projection)
    x = tf.reshape(words, (b, t + 2, weights.config.projection))
    halves = [_direction(weights, direction, x, lengths + 2) for direction in DIRECTIONS]
    layers = [tf.concat(pair, 2)[:, 1:-1] for pair in zip(*halves, strict=True)]  # (b, t, dim) each
    real = tf.cast(tf.sequence_mask(lengths, t), tf.float32)[:, :, None]  # (b, t, 1)
    shares = tf.nn.softmax(weights("mix.weights"))  # (n_layers,)
    elmo = weights("mix.gamma") * sum(shares[i] * layer for i, layer in enumerate(layers)) * real  # (b, t, dim)
    count = tf.cast(tf.maximum(lengths, 1), tf.float32)[:, None]  # (b, 1)
    return {
        "word_emb": x[:, 1:-1],
        "lstm_outputs1": layers[1] * real,
        "lstm_outputs2": layers[2] * real,
        "elmo": elmo,
        "default": tf.reduce_sum(elmo, 1) / count,
    }


def _words(weights: Weights, tokens: tf.Tensor) -> tf.Tensor:
    """Return word vectors (n, projection) for tokens (n,)."""
    config = weights.config
    spelling = tf.nn.embedding_lookup(weights("characters.embedding"), character_ids(tokens, config.max_characters))
    found = []
    for i in range(len(config.filters)):
        kernel = weights(f"characters.conv.{i}.kernel")[None]  # (1, width, char_dim, number)
        places = tf.nn.conv2d(spelling[:, None], kernel, 1, "VALID") + weights(f"characters.conv.{i}.bias")
        found.append(tf.nn.relu(tf.reduce_max(places, (1, 2))))  # (n, number)
    x = tf.concat(found, 1)  # (n, filters)
    for layer in range(config.n_highway):
        carry, transform = (
            x @ weights(f"highway.{layer}.{part}.kernel") + weights(f"highway.{layer}.{part}.bias")
            for part in ("carry", "transform")
        )
        gate = tf.sigmoid(carry)  # (n, filters)
        x = gate * tf.nn.relu(transform) + (1 - gate) * x
    return x @ weights("projection.kernel") + weights("projection.bias")


def _direction(weights: Weights, direction: str, words: tf.Tensor, lengths: tf.Tensor) -> list[tf.Tensor]:
    """Return one direction's half of every layer for word vectors (b, t, projection)."""
    from tf_keras.src.layers.rnn.legacy_cells import LSTMCell

    v1, config = tf.compat.v1, weights.config

    def mirrored(x: tf.Tensor) -> tf.Tensor:
        return x if direction == DIRECTIONS[0] else tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)

    x, found = mirrored(words), [words]
    for layer in range(config.n_lstm):
        cell = LSTMCell(config.cell, num_proj=config.projection, cell_clip=config.cell_clip, proj_clip=config.proj_clip)
        cell.built = True
        name = f"{direction}.{layer}"
        cell._kernel = weights(f"{name}.kernel")
        cell._bias = weights(f"{name}.bias")
        cell._proj_kernel = weights(f"{name}.projection")
        with v1.variable_scope(f"{direction}_{layer}", reuse=v1.AUTO_REUSE):
            y, _ = v1.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)  # (b, t, projection)
        x = x + y if layer and config.skip else y
        found.append(mirrored(x))
    return found


def feed(sentences: list[list[str]]) -> dict[str, tf.Tensor]:
    """Return the inputs of the signature `tokens`, padded to the longest sentence."""
    width = max(map(len, sentences))
    padded = np.array([[*sentence, *[""] * (width - len(sentence))] for sentence in sentences], object)  # (b, t)
    lengths = np.array([len(sentence) for sentence in sentences], np.int32)  # (b,)
    return {"tokens": tf.constant(padded), "sequence_len": tf.constant(lengths)}
