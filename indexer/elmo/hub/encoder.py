"""Run TF-Hub modules as encoders, through `tensorflow_hub`: `google/elmo` and every module with its signatures.

A SavedModel is a program that TensorFlow runs, unlike the other model formats. So a module is run only if its variables
cannot be read (`load.py`), and only if the user has named it.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ...errors import ModelError
from ...text.lemma_rules import LemmaRules
from ...text.recasing import UsualForms
from ...vectors.arrays import Array
from ..batching import MAX_TOKENS, batches_of, mean_over_tokens, read_in_windows, real_tokens
from ..bundled import english_counts
from ..characters import normalise_sentences, normalise_token
from ..config import BiLMConfig, Normalise, read_config
from ..interface import ElmoOutputs, Representation
from ..limits import one_line
from ..pooling import pooled_dim, pooled_vectors
from ..sense_space import rarity_weights, sense_blocks
from ..tags import TagSet
from .files import CONFIG_INSIDE, full_name, import_tensorflow_hub, module_digest, module_folder

Arrays = dict[str, Array]
Signature: TypeAlias = Callable[..., Arrays]

OUTPUTS = ("word_emb", "lstm_outputs1", "lstm_outputs2", "elmo", "default")
N_LAYERS = 3

_MAX_TOKENS = 2 * MAX_TOKENS  # maximum number of tokens in a batch, padding included. google/elmo needs 0.6 MB for each
_MIX = N_LAYERS  # index of the mixed layers in a window's states


class HubEncoder:
    """`Encoder` for a module, whose network is opaque. All numbers are the module's own, padding included.

    A module does not return the states at the sentence marks, so `sense` reads zeros there. The model folder that
    `polyseme model convert` makes of the module has these states.
    """

    n_layers = N_LAYERS
    has_sense_space = False
    has_sentence_space = False
    sentence_id = ""
    tagset: TagSet | None = None
    lemma_rules: LemmaRules | None = None
    tagger_id = ""
    word_table = None

    def __init__(self, module: Any, digest: str, source: str, config: BiLMConfig | None = None) -> None:
        self.source = source
        self.config = config
        self.model_id = digest
        self._module = module  # keeps the variables alive, which the signatures do not
        self._default = _signature(module, "default", source)
        self._tokens = _signature(module, "tokens", source)
        probe = self._run([["a"]], 1)
        self._projection = probe["word_emb"].shape[-1]
        self.dim = 2 * self._projection
        self.sense_dim = 2 * self.dim
        self.sentence_dim = pooled_dim(N_LAYERS, self.dim)
        if any(probe[name].shape[-1] != self.dim for name in OUTPUTS[1:]):
            sizes = ", ".join(f"{name} {probe[name].shape[-1]}" for name in OUTPUTS)
            raise ModelError(f"{source} is not laid out as google/elmo (sizes: {sizes}); give a module that is")

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        """See `Encoder.encode`.

        Raises:
            ModelError: `carry_state` is set. A module starts from zero every time.
        """
        if carry_state:
            raise ModelError(
                f"{self.source} is a module, which carries no state; convert it with `polyseme model convert`"
            )
        return [states[:N_LAYERS, 1:-1] for states in self._states(self._normalised(sentences))]

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """See `Encoder.sense`."""
        read = self._normalised(sentences)
        return _sense(read, self._states(read))

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """See `Encoder.represent`."""
        read = self._normalised(sentences)
        states = self._states(read)
        layers = [state[:N_LAYERS, 1:-1] for state in states]  # (n_layers, t, dim) each
        mixed = [state[_MIX, 1:-1] for state in states]  # (t, dim) each
        vectors = pooled_vectors(layers, _as_counted(read), english_counts())  # (n, sentence_dim)
        return [
            Representation(each, elmo, sense, mean_over_tokens(elmo), sentence)
            for each, elmo, sense, sentence in zip(layers, mixed, _sense(read, states), vectors, strict=True)
        ]

    def word_vectors(self, forms: Sequence[str]) -> Array:
        """See `Encoder.word_vectors`."""
        rows = [forms[start : start + MAX_TOKENS] for start in range(0, len(forms), MAX_TOKENS)]
        states = self._states(self._normalised(rows))
        vectors = [state[0, 1:-1, : self._projection] for state in states]  # (t, projection) each
        return np.concatenate([np.zeros((0, self._projection), np.float32), *vectors])

    @functools.cached_property
    def usual_forms(self) -> UsualForms:
        """See `Encoder.usual_forms`. A module has no counts, so those of the bundled model decide."""
        return UsualForms(english_counts().counts)

    def word_topics(self, words: Sequence[str]) -> None:
        """See `Encoder.word_topics`. A module has none."""

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        """See `Encoder.default`. Padding has the module's own values."""
        rows = [[token for token in text.split(" ") if token] for text in texts]
        width = max(map(len, rows), default=0)
        if 0 < width <= MAX_TOKENS and width * len(rows) <= _MAX_TOKENS:
            return _outputs(self._default([_utf8(text) for text in texts]))
        return self.tokens([[*row, *[""] * (width - len(row))] for row in rows], [len(row) for row in rows])

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        """See `Encoder.tokens`. Padding has the module's own values, but is zero if a row needs several windows."""
        rows = real_tokens(tokens, sequence_len)
        width = max(map(len, tokens), default=0)
        if width == 0 or width > MAX_TOKENS:
            return self._from_states(rows, width)
        step = max(_MAX_TOKENS // width, 1)
        parts = [self._run(rows[start : start + step], width) for start in range(0, len(rows), step)]
        return _outputs({name: np.concatenate([part[name] for part in parts]) for name in OUTPUTS})

    def _from_states(self, rows: Sequence[Sequence[str]], width: int) -> ElmoOutputs:
        """Build the five arrays from windows. Padding is zero."""
        states = np.zeros((N_LAYERS + 1, len(rows), width, self.dim), np.float32)  # (layers and mix, b, t, dim)
        for i, state in enumerate(self._states(rows)):
            states[:, i, : len(rows[i])] = state[:, 1:-1]
        default = [mean_over_tokens(states[_MIX, i, : len(row)]) for i, row in enumerate(rows)]  # (dim,) each
        means = np.asarray(default, np.float32).reshape(len(rows), self.dim)  # (b, dim)
        return ElmoOutputs(states[0, :, :, : self._projection], states[1], states[2], states[_MIX], means)

    def _normalised(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        return normalise_sentences(sentences, self.config.normalise if self.config else ())

    def _states(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Return all layers and their mix, zero at the marks: (n_layers + 1, t + 2, dim) for each sentence."""
        return read_in_windows(sentences, self._read_all)

    def _read_all(self, pieces: Sequence[Sequence[str]]) -> list[Array]:
        """Read each piece on its own, in batches of similar length: (n_layers + 1, t + 2, dim) each."""
        states = [np.zeros((N_LAYERS + 1, len(piece) + 2, self.dim), np.float32) for piece in pieces]
        full = [i for i, piece in enumerate(pieces) if piece]
        for batch in batches_of([len(pieces[i]) for i in full], _MAX_TOKENS):
            chosen = [full[item] for item in batch]
            found = self._run([pieces[i] for i in chosen], max(len(pieces[i]) for i in chosen))
            words = np.concatenate([found["word_emb"]] * 2, axis=2)  # (b, t, dim)
            layers = np.stack([words, *(found[name] for name in OUTPUTS[1:4])])  # (n_layers + 1, b, t, dim)
            for row, i in enumerate(chosen):
                states[i][:, 1:-1] = layers[:, row, : len(pieces[i])]
        return states

    def _run(self, rows: Sequence[Sequence[str]], width: int) -> Arrays:
        """Run the signature `tokens` on rows, padded to `width` tokens."""
        padded = [[_utf8(token) for token in row] + [b""] * (width - len(row)) for row in rows]
        found = self._tokens(padded, [len(row) for row in rows])
        if not all(np.isfinite(array).all() for array in found.values()):
            raise ModelError(f"{self.source} turns a sentence into values that are not numbers; use another model")
        return found


def load_hub_encoder(source: str) -> HubEncoder:
    """Run a module from a handle (`https://...`), a folder, or a `.tar.gz`. TF1 hub format and TF2 SavedModel work.

    Raises:
        ModelError: The module does not exist, cannot be fetched in time, is damaged, or lacks a signature or output.
    """
    with module_folder(source) as folder:
        return running_encoder(folder, source)


def running_encoder(folder: Path, source: str) -> HubEncoder:
    """Run the module in `folder`. Its graph is a program, which may read and write the user's files.

    Raises:
        ModelError: The module is damaged, or lacks a signature or output.
    """
    config = read_config(folder / CONFIG_INSIDE) if (folder / CONFIG_INSIDE).is_file() else None
    return HubEncoder(_loaded(folder, source), module_digest(folder), full_name(source), config)


def _loaded(folder: Path, source: str) -> Any:
    """Open the module in `folder` with `tensorflow_hub`. Error messages call it `source`."""
    hub = import_tensorflow_hub()
    try:
        return hub.load(str(folder))
    except Exception as error:  # TensorFlow's readers raise many types of errors for damaged bytes
        raise ModelError(f"{source} cannot be opened as a module ({one_line(error)}); get it again") from error


def _signature(module: Any, name: str, source: str) -> Signature:
    """Return a signature of the module as a function of positional inputs, after a comparison with google/elmo's."""
    signatures = getattr(module, "signatures", {})
    if name not in signatures:
        present = ", ".join(sorted(signatures)) or "none"
        raise ModelError(f"{source} lacks the signature {name!r} (it has: {present}); give a module like google/elmo")
    signature = signatures[name]
    inputs = list(signature.structured_input_signature[1])
    expected = ["tokens", "sequence_len"] if name == "tokens" else inputs[:1]
    missing = [output for output in OUTPUTS if output not in signature.structured_outputs]
    if missing or not inputs or set(inputs) != set(expected):
        what = f"lacks the output {missing[0]!r}" if missing else f"takes other inputs: {', '.join(sorted(inputs))}"
        raise ModelError(f"{source}: its signature {name!r} {what}; give a module like google/elmo")

    def call(*values: Any) -> Arrays:
        import tensorflow as tf

        given = {argument: tf.constant(value) for argument, value in zip(expected, values, strict=True)}
        return {output: np.asarray(array) for output, array in signature(**given).items()}

    return call


def _outputs(found: Arrays) -> ElmoOutputs:
    return ElmoOutputs(*(found[name] for name in OUTPUTS))


def _sense(sentences: Sequence[Sequence[str]], states: Sequence[Array]) -> list[Array]:
    """Return the uncentred blocks, context and bag, of sentences with states (n_layers + 1, t + 2, dim)."""
    counts = english_counts()
    weights = [rarity_weights(counts.frequencies(sentence)) for sentence in _as_counted(sentences)]  # (t,) each
    return sense_blocks([state[N_LAYERS - 1] for state in states], [state[0, 1:-1] for state in states], weights)


def _as_counted(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return tokens with straight quotes, as in the text whose words were counted."""
    return [[normalise_token(token, tuple(Normalise)) for token in sentence] for sentence in sentences]


def _utf8(text: str) -> bytes:
    """Return a text in UTF-8. Lone surrogates have no encoding and are dropped."""
    return text.encode("utf-8", "ignore")
