"""A sentence transformer in ONNX, run by ONNX Runtime, with the tokeniser of `tokenizers`. Both are optional."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..elmo.limits import MAX_TEXT_BYTES, one_line, shown
from ..errors import ModelError
from ..runtime import cpu_threads
from ..vectors.arrays import Array, unit
from .batches import batches_by_length, check_vectors
from .files import ModelFiles
from .onnx_graph import BATCH_DEPENDENT, operators
from .settings import DEFAULT_LENGTH, ONNX_NAMES, Pooling, Settings

MAX_ONNX_BYTES = (1 << 31) - 1  # the maximum of protobuf
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
POOLED, STATES = "sentence_embedding", ("last_hidden_state", "token_embeddings")
"""Names of outputs: one vector for each text, or one for each token."""
PADDING = ("[PAD]", "<pad>")
INSTALL = "install it with `pip install 'polyseme[sentence-models]'`"


class OnnxModel:
    """A sentence transformer in ONNX. See `SentenceModel`."""

    def __init__(self, source: str, digest: str, session: Any, tokeniser: Any, settings: Settings, alone: bool) -> None:
        """Keep what was loaded. With `alone`, each text is a batch of its own."""
        self.source, self.id, self._settings = source, digest, settings
        self._session, self._tokeniser, self._alone = session, tokeniser, alone
        self._pad = _padding(tokeniser)
        tokeniser.no_padding()
        tokeniser.enable_truncation(_max_length(tokeniser, settings))
        self._inputs = {one.name: np.int32 if one.type == "tensor(int32)" else np.int64 for one in session.get_inputs()}
        unknown = sorted(set(self._inputs) - set(INPUTS))
        if unknown or INPUTS[0] not in self._inputs:
            wrong = f"the unknown input {shown(unknown[0])}" if unknown else f"no input {INPUTS[0]!r}"
            raise ModelError(f"{source}: its graph has {wrong}; export it for feature extraction")
        self._alone = alone or INPUTS[1] not in self._inputs
        self._output = self._choose_output()
        self.dim = int(self._run([self._encode([settings.text("a")])[0]]).shape[1])

    def vectors(self, texts: Sequence[str]) -> Array:
        """See `SentenceModel.vectors`."""
        found = np.zeros((len(texts), self.dim), np.float32)
        rows = [n for n, text in enumerate(texts) if text.strip()]
        encoded = self._encode([self._settings.text(texts[n]) for n in rows])
        for batch in batches_by_length([len(one.ids) for one in encoded], 1 if self._alone else None):
            found[[rows[n] for n in batch]] = self._run([encoded[n] for n in batch])
        return found

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        try:
            return list(self._tokeniser.encode_batch(list(texts)))
        except BaseException as error:
            raise self._failed(error) from error

    def _run(self, encoded: Sequence[Any]) -> Array:
        """Return the unit vectors of a batch of tokenised texts: (b, e)."""
        lengths = np.array([len(one.ids) for one in encoded])  # (b,)
        mask = np.arange(max(lengths.max(), 1)) < lengths[:, None]  # (b, t)
        parts = {name: np.zeros(mask.shape, kind) for name, kind in self._inputs.items()}
        parts[INPUTS[0]][:] = self._pad
        columns = {INPUTS[0]: "ids", INPUTS[1]: "attention_mask", INPUTS[2]: "type_ids"}
        for name, array in parts.items():
            array[mask] = [value for one in encoded for value in getattr(one, columns[name])]
        try:
            (output,) = self._session.run([self._output], parts)
        except BaseException as error:
            raise self._failed(error) from error
        found = np.asarray(output, np.float32)  # (b, e) or (b, t, e)
        if found.ndim == 3 and found.shape[:2] == mask.shape:
            found = _pooled(found, mask, self._settings.pooling)
        return unit(check_vectors(found, len(encoded), self.source))

    def _choose_output(self) -> str:
        """Return the name of the output that is read: the vectors of texts if the graph has them."""
        outputs = {one.name: len(one.shape) if one.shape is not None else 0 for one in self._session.get_outputs()}
        if POOLED in outputs:
            return POOLED
        named = [name for name in STATES if name in outputs]
        wide = [name for name, rank in outputs.items() if rank == 3]
        flat = [name for name, rank in outputs.items() if rank == 2] if len(outputs) == 1 else []
        chosen = (named or wide or flat or [None])[0]
        if chosen is None:
            raise ModelError(f"{self.source}: its graph has no output with the states of tokens; export it again")
        if chosen not in flat and not self._settings.is_complete:
            raise ModelError(
                f"{self.source}: modules.json has steps after the pooling, which the graph lacks; export it with the"
                f" output {POOLED!r}"
            )
        return chosen

    def _failed(self, error: BaseException) -> BaseException:
        return _own_error(error, f"the sentence model {self.source} does not work ({one_line(error)}); use another")


def load_onnx(files: ModelFiles, settings: Settings) -> OnnxModel:
    """Load a folder with an ONNX file and `tokenizer.json`.

    Raises:
        ModelError: A file is missing or damaged, or ONNX Runtime is not installed.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # otherwise the library warns after each fork
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        name = error.name or "onnxruntime"
        raise ModelError(f"{files.folder} is an ONNX model, which needs {name}; {INSTALL}") from error
    name = next(filter(files.has, ONNX_NAMES))
    graph, text = files.read(name, MAX_ONNX_BYTES), files.read("tokenizer.json", MAX_TEXT_BYTES)
    digest = hashlib.sha256()
    for part in (b"onnx", graph, text, settings.as_bytes()):
        digest.update(len(part).to_bytes(8, "little") + part)
    try:
        found = operators(graph)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cpu_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the cores to TensorFlow
        options.add_session_config_entry("session.load_model_format", "ONNX")
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except BaseException as error:
        raise _own_error(
            error, f"{files.folder / name} cannot be read ({one_line(error)}); export the model again"
        ) from error
    try:
        tokeniser = Tokenizer.from_str(text.decode())
    except BaseException as error:
        place = files.folder / "tokenizer.json"
        raise _own_error(error, f"{place} cannot be read ({one_line(error)}); get the model again") from error
    return OnnxModel(str(files.folder), digest.hexdigest(), session, tokeniser, settings, bool(found & BATCH_DEPENDENT))


def _own_error(error: BaseException, message: str) -> BaseException:
    """Return a `ModelError` for an error of a library. A panic of `tokenizers` is not an `Exception`."""
    if isinstance(error, ModelError):
        return error
    return ModelError(message) if isinstance(error, Exception) or type(error).__name__ == "PanicException" else error


def _padding(tokeniser: Any) -> int:
    """Return the id of the token that fills short texts. Some models count positions by it."""
    if tokeniser.padding is not None:
        return int(tokeniser.padding["pad_id"])
    ids = (tokeniser.token_to_id(token) for token in PADDING)
    return next((int(found) for found in ids if found is not None), 0)


def _max_length(tokeniser: Any, settings: Settings) -> int:
    own = tokeniser.truncation["max_length"] if tokeniser.truncation is not None else DEFAULT_LENGTH
    return max(settings.max_length or int(own), int(tokeniser.num_special_tokens_to_add(False)) + 1)


def _pooled(states: Array, mask: Any, pooling: Pooling) -> Array:
    """Pool the states of tokens: (b, t, e) -> (b, e)."""
    if pooling is Pooling.CLS:
        return states[:, 0]
    weights = mask.astype(np.float32)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1)
    return np.asarray(np.einsum("bt,bte->be", weights, states), np.float32)
