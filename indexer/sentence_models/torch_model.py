"""A folder of sentence-transformers, run by that library if the user has it. It is not among our requirements.

The library can run code that a folder brings or names. Each way to that is refused here before it reads the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..elmo.limits import MAX_JSON_BYTES, MAX_TENSOR_FILE_BYTES, MAX_TEXT_BYTES, one_line, shown
from ..errors import ModelError
from ..runtime import cpu_threads
from ..vectors.arrays import Array, unit
from .batches import BATCH, check_vectors
from .files import ModelFiles
from .settings import Settings

WEIGHTS = "model.safetensors"
MAX_FILES = 200
SUFFIXES = {
    ".json": MAX_TEXT_BYTES,
    ".jinja": MAX_JSON_BYTES,
    ".txt": MAX_TEXT_BYTES,
    ".model": MAX_TEXT_BYTES,
    ".safetensors": MAX_TENSOR_FILE_BYTES,
}
"""Files that may decide the vectors, with the maximum number of bytes. Others are not read."""
CODE_KEYS = ("auto_map", "quantization_config", "trust_remote_code", "custom_pipelines")
"""Keys of configurations that choose code."""
LENGTH_KEYS = {"max_seq_length", "do_lower_case"}
"""Keys that a file `sentence_*_config.json` may have."""
PLAIN_VALUES = {
    "transformer_task": "feature-extraction",
    "module_output_name": "token_embeddings",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
}
"""Further keys that newer libraries write there, each with its only allowed value. Others may name methods to call."""


class TorchModel:
    """A model of sentence-transformers. See `SentenceModel`."""

    def __init__(self, source: str, digest: str, model: Any, settings: Settings) -> None:
        self.source, self.id, self._model, self._settings = source, digest, model, settings
        self.dim = int(self._encode([settings.text("a")]).shape[1])

    def vectors(self, texts: Sequence[str]) -> Array:
        """See `SentenceModel.vectors`."""
        found = np.zeros((len(texts), self.dim), np.float32)
        rows = [n for n, text in enumerate(texts) if text.strip()]
        if rows:
            found[rows] = self._encode([self._settings.text(texts[n]) for n in rows])
        return found

    def _encode(self, texts: list[str]) -> Array:
        """Return the unit vectors of texts: (n, e). The library sorts batches by length."""
        try:
            found = self._model.encode(
                texts, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True, prompt=""
            )
        except Exception as error:
            message = f"the sentence model {self.source} does not work ({one_line(error)}); use another"
            raise ModelError(message) from error
        return unit(check_vectors(np.asarray(found, np.float32), len(texts), self.source))


def load_torch(files: ModelFiles, settings: Settings) -> TorchModel:
    """Load a folder with `modules.json` and `model.safetensors`.

    Raises:
        ModelError: The folder is damaged, could run code, or sentence-transformers is not installed.
    """
    digest = _check(files, settings)
    try:
        import sentence_transformers
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(
            f"{files.folder} needs sentence-transformers; install it, or export the model to ONNX (see the guide on"
            " models)"
        ) from error
    torch.set_num_threads(cpu_threads())
    transformers.utils.logging.disable_progress_bar()
    try:
        model = sentence_transformers.SentenceTransformer(
            str(files.folder),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
        if settings.max_length is not None:
            model.max_seq_length = settings.max_length
    except Exception as error:
        raise ModelError(f"{files.folder} cannot be loaded ({one_line(error)}); get the model again") from error
    return TorchModel(str(files.folder), digest, model, settings)


def _check(files: ModelFiles, settings: Settings) -> str:
    """Return the digest of the files that decide the vectors, after checks that none of them chooses code.

    Raises:
        ModelError: A file could choose code, is too long, or is outside the folder.
    """
    if not settings.is_complete:
        raise ModelError(
            f"{files.folder / 'modules.json'} has other steps than transformer, pooling and normalisation; export the"
            " model to ONNX"
        )
    digest = hashlib.sha256(b"sentence-transformers" + settings.as_bytes())
    for name in _names(files):
        suffix = name[name.rfind(".") :]
        if suffix == ".py" or name.endswith("adapter_config.json"):
            raise ModelError(f"{files.folder / name} could run code or load another model; remove it if you trust it")
        if suffix not in SUFFIXES:
            continue
        content = files.read(name, SUFFIXES[suffix])
        if suffix == ".json":
            _check_json(files, name)
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _names(files: ModelFiles) -> list[str]:
    """Return the names of the files in the folder and in the folders inside it, in order."""
    found: list[str] = []
    try:
        for path in files.folder.rglob("*"):
            name = path.relative_to(files.folder).as_posix()
            if len(found) >= MAX_FILES:
                raise ModelError(f"{files.folder} has more than {MAX_FILES} files; give the folder of a model alone")
            if not name.startswith(".") and files.path(name).is_file():
                found.append(name)
    except OSError as error:
        raise ModelError(f"{files.folder} cannot be read ({one_line(error)})") from error
    return sorted(found)


def _check_json(files: ModelFiles, name: str) -> None:
    if name.endswith(("tokenizer.json", "vocab.json")):
        return
    content = files.json(name)
    for key in _keys(content):
        if key in CODE_KEYS or key.endswith(("_implementation", "_implementation_internal")):
            raise ModelError(f"{files.folder / name} has {shown(key)}, which chooses code; remove it")
    is_length = name.startswith("sentence_") and name.endswith("_config.json")
    plain = {key for key, value in PLAIN_VALUES.items() if isinstance(content, dict) and content.get(key) == value}
    extra = sorted(set(content) - LENGTH_KEYS - plain) if is_length and isinstance(content, dict) else []
    if extra:
        raise ModelError(f"{files.folder / name} has {shown(extra[0])}; keep only {' and '.join(sorted(LENGTH_KEYS))}")


def _keys(value: Any) -> Iterable[str]:
    """Yield the keys of all objects in a JSON value."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from one
            pending += one.values()
        elif isinstance(one, list):
            pending += one
