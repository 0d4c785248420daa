"""Export our network as a TF2 SavedModel with the interface of `google/elmo`: strings in, five arrays out.

Character ids are computed inside the graph. So a reader needs nothing but `tensorflow_hub.load(folder)`.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from ...errors import ModelError
from ..characters import (
    BEGIN_SENTENCE,
    BEGIN_WORD,
    END_SENTENCE,
    END_WORD,
    PAD,
    SENTENCE_END,
    SENTENCE_START,
)
from ..config import config_to_json
from ..limits import one_line
from ..model import Model
from ..networks.bilm import BiLM
from .files import CONFIG_INSIDE
from .weights import N_LSTM, their_name

Outputs = dict[str, tf.Tensor]


class HubModule(tf.Module):  # type: ignore[misc]
    """The network behind the module's two signatures, which return the arrays of `Encoder.default` and `.tokens`.

    Tokens are read unchanged. The caller applies the `normalise` of the configuration.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(name="elmo")
        self.config = model.config
        self.weights = {  # variables have bilm-tf's names, which readers of its checkpoints expect
            name: tf.Variable(np.asarray(value, np.float32), name=their_name(name), trainable=name.startswith("mix."))
            for name, value in model.weights.items()
        }
        strings = tf.TensorSpec((None,), tf.string, name="strings")
        tokens = tf.TensorSpec((None, None), tf.string, name="tokens")
        sequence_len = tf.TensorSpec((None,), tf.int32, name="sequence_len")
        self.default = tf.function(self._default, input_signature=[strings], autograph=False)
        self.tokens = tf.function(self._tokens, input_signature=[tokens, sequence_len], autograph=False)

    def _default(self, strings: tf.Tensor) -> Outputs:
        """Split texts (b,) on spaces and run the network."""
        parts = tf.strings.split(strings, sep=" ")  # ragged (b, t), with empty parts between neighbouring spaces
        parts = tf.ragged.boolean_mask(parts, tf.not_equal(parts, ""))
        return self._outputs(parts.to_tensor(""), tf.cast(parts.row_lengths(), tf.int32))

    def _tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> Outputs:
        """Run the network on tokens (b, t). The first `sequence_len` (b,) of each row are real."""
        return self._outputs(tokens, tf.clip_by_value(sequence_len, 0, tf.shape(tokens)[1]))

    def _outputs(self, tokens: tf.Tensor, lengths: tf.Tensor) -> Outputs:
        network = BiLM(self.config, self.weights)
        words = self._words(network, tokens, lengths)  # (b, t + 2, projection)
        found = network.layers(words, lengths + 2, *network.zero_state(tf.shape(tokens)[0]))
        real = tf.sequence_mask(lengths, tf.shape(tokens)[1])[:, :, None]  # (b, t, 1)
        layers = tf.where(real, found.layers[:, :, 1:-1], 0.0)  # (n_layers, b, t, dim)
        elmo = tf.where(real, network.mix(layers), 0.0)  # (b, t, dim)
        count = tf.cast(tf.maximum(lengths, 1), tf.float32)[:, None]  # (b, 1)
        return {
            "word_emb": layers[0, :, :, : self.config.projection],
            "lstm_outputs1": layers[1],
            "lstm_outputs2": layers[2],
            "elmo": elmo,
            "default": tf.reduce_sum(elmo, axis=1) / count,
        }

    def _words(self, network: BiLM, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Return word vectors (b, t + 2, projection) of tokens (b, t) between marks. Each form is computed once."""
        real = tf.sequence_mask(lengths, tf.shape(tokens)[1])  # (b, t)
        types, which = tf.unique(tf.boolean_mask(tokens, real))  # (types,), (real tokens,)
        types = tf.concat([[SENTENCE_START, SENTENCE_END], types], 0)  # (2 + types,)
        vectors = network.words(character_ids(types, self.config.max_characters))  # (2 + types, projection)
        row_of_type = tf.scatter_nd(tf.cast(tf.where(real), tf.int32), which + 1, tf.shape(tokens)) + 1  # (b, t)
        start = tf.zeros((tf.shape(tokens)[0], 1), tf.int32)  # (b, 1)
        return tf.gather(vectors, tf.concat([start, row_of_type, start + 1], axis=1))


def character_ids(tokens: tf.Tensor, max_characters: int) -> tf.Tensor:
    """Compute `characters.character_ids` inside a graph: strings (n,) -> int32 (n, max_characters)."""
    cut = tf.strings.substr(tokens, 0, max_characters - 2, unit="BYTE")  # (n,)
    length = tf.strings.length(cut, unit="BYTE")[:, None]  # (n, 1)
    spelling = tf.cast(tf.io.decode_raw(cut, tf.uint8, fixed_length=max_characters - 2), tf.int32)
    for mark, character in ((SENTENCE_START, BEGIN_SENTENCE), (SENTENCE_END, END_SENTENCE)):
        is_mark = tf.equal(tokens, mark)[:, None]  # (n, 1)
        spelling, length = tf.where(is_mark, character, spelling), tf.where(is_mark, 1, length)
    spelling = tf.pad(spelling, [[0, 0], [1, 1]])  # (n, max_characters), after the begin mark
    place = tf.range(max_characters)[None]  # (1, max_characters)
    after = tf.where(tf.equal(place, length + 1), END_WORD, PAD)  # (n, max_characters)
    return tf.where(tf.equal(place, 0), BEGIN_WORD, tf.where(place <= length, spelling, after))


def export_hub(model: Model, folder: Path) -> None:
    """Write a module. The folder appears complete or not at all, with the model's configuration as an extra asset.

    A module has no place for the sense space.

    Raises:
        ModelError: The model does not have two biLSTM layers, the folder exists already, or it cannot be written.
    """
    if model.config.n_lstm != N_LSTM:
        raise ModelError(f"a module has room for {N_LSTM} biLSTM layers, this model has {model.config.n_lstm}")
    if folder.exists():
        raise ModelError(f"{folder} exists already; remove it or choose another place")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    module = HubModule(model)
    signatures = {"default": module.default, "tokens": module.tokens}
    try:
        tf.saved_model.save(module, str(temporary), signatures=signatures)
        extra = temporary / CONFIG_INSIDE
        extra.parent.mkdir(exist_ok=True)
        extra.write_text(json.dumps(config_to_json(model.config), indent=1) + "\n", encoding="utf-8")
        temporary.rename(folder)
    except (OSError, tf.errors.OpError) as error:
        raise ModelError(f"{folder} cannot be written ({one_line(error)}); choose another place") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
