"""The settings of a sentence transformer: how its vectors follow from the states of the tokens.

The files are those of sentence-transformers: `modules.json` lists the steps, `1_Pooling/config.json` has the pooling,
`sentence_bert_config.json` the length, and `config_sentence_transformers.json` a text to put before each sentence.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from ..elmo.limits import shown
from ..errors import ModelError
from .files import ModelFiles

ONNX_NAMES = ("model.onnx", "onnx/model.onnx")
MAX_LENGTH = 8192
"""Maximum number of a model's tokens that are read of a text."""
DEFAULT_LENGTH = 512
MAX_PROMPT = 1000
"""Maximum number of characters of a prompt."""
_STEP = re.compile(
    r"sentence_transformers\.(?:models|base\.modules|sentence_transformer\.modules)(?:\.\w+)?"
    r"\.(Transformer|Pooling|Normalize)"
)
_STEPS = {("Transformer",), ("Transformer", "Pooling"), ("Transformer", "Pooling", "Normalize")}


class Pooling(StrEnum):
    """How the states of the tokens become one vector."""

    MEAN = "mean"
    CLS = "cls"


_POOLINGS = {
    "mean": Pooling.MEAN,
    "mean_tokens": Pooling.MEAN,
    "mean_sqrt_len_tokens": Pooling.MEAN,  # the same unit vector
    "cls": Pooling.CLS,
    "cls_token": Pooling.CLS,
}
"""The poolings that are supported, by the names of older and newer files."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a text becomes a vector.

    Attributes:
        max_length: Maximum number of tokens of the model. A longer text is cut. None for the tokeniser's own limit.
        prompt: Text that is put before each sentence.
        lower: Whether texts are put in small letters first.
        is_complete: Whether `modules.json` has no step besides transformer, pooling and normalisation.
    """

    pooling: Pooling = Pooling.MEAN
    max_length: int | None = None
    prompt: str = ""
    lower: bool = False
    is_complete: bool = True

    def text(self, text: str) -> str:
        """Return a text as the model reads it."""
        return self.prompt + (text.lower() if self.lower else text)

    def as_bytes(self) -> bytes:
        """Return the settings in a form that has a stable digest."""
        return json.dumps(asdict(self), sort_keys=True).encode()


def read_settings(files: ModelFiles) -> Settings:
    """Read the settings of a folder.

    Raises:
        ModelError: A file is damaged, or asks for a pooling that is not supported.
    """
    steps = _steps(files)
    is_complete = steps is None or tuple(name for name, _ in steps) in _STEPS
    places = [path for name, path in steps or [] if name == "Pooling"]
    config = _mapping(files, "sentence_bert_config.json")
    return Settings(
        _pooling(files, places[0] if places else "1_Pooling"),
        _max_length(files, config),
        _prompt(files),
        config.get("do_lower_case") is True,
        is_complete,
    )


def _max_length(files: ModelFiles, config: Mapping[str, Any]) -> int | None:
    """Return the maximum number of tokens. Folders of newer libraries have it in the tokeniser's settings alone."""
    length = config.get("max_seq_length")
    if length is not None:
        return _length(length, files, "sentence_bert_config.json")
    positions = _mapping(files, "config.json").get("max_position_embeddings")
    if positions is None:
        return None
    found = min(_length(positions, files, "config.json"), DEFAULT_LENGTH)
    own = _mapping(files, "tokenizer_config.json").get("model_max_length")
    # A tokeniser without a limit has a huge number there, which may be written as a float.
    return min(found, own) if type(own) is int and own > 1 else found


def _steps(files: ModelFiles) -> list[tuple[str, str]] | None:
    """Return the name and the folder of each step in `modules.json`. None without that file.

    The name is a class of sentence-transformers, or "" for any other class.
    """
    found = files.json("modules.json")
    if found is None:
        return None
    where = files.folder / "modules.json"
    if not isinstance(found, list) or len(found) > 100 or not all(isinstance(step, dict) for step in found):
        raise ModelError(f"{where} is not a list of steps; get the model again")
    steps = []
    for step in found:
        kind, path = step.get("type"), step.get("path", "")
        parts = PurePosixPath(path).parts if isinstance(path, str) else ("..",)
        if not isinstance(kind, str) or ".." in parts or PurePosixPath(*parts).is_absolute():
            raise ModelError(f"{where} has a step with the path {shown(path)}; get the model again")
        match = _STEP.fullmatch(kind)
        steps.append((match[1] if match else "", path))
    return steps


def _pooling(files: ModelFiles, place: str) -> Pooling:
    name = f"{place}/config.json" if place else "config.json"
    config = _mapping(files, name) if place else {}
    mode = config.get("pooling_mode")
    names = [mode] if mode is not None else [key for key, value in config.items() if value is True]
    names = [name for name in names if name != "include_prompt"]
    if not names:
        return Pooling.MEAN
    wanted = _POOLINGS.get(str(names[0]).removeprefix("pooling_mode_"))
    if len(names) > 1 or wanted is None:
        raise ModelError(
            f"{files.folder / name} asks for another pooling than the mean or the first token; use another model"
        )
    return wanted


def _prompt(files: ModelFiles) -> str:
    """Return the default prompt of the model, which is put before queries and sentences."""
    name = "config_sentence_transformers.json"
    config = _mapping(files, name)
    prompts, default = config.get("prompts"), config.get("default_prompt_name")
    if default is None or not isinstance(prompts, dict):
        return ""
    prompt = prompts.get(default) if isinstance(default, str) else None
    if not isinstance(prompt, str) or len(prompt) > MAX_PROMPT:
        raise ModelError(f"{files.folder / name} has no usable prompt {shown(default)}; correct it")
    return prompt


def _mapping(files: ModelFiles, name: str) -> Mapping[str, Any]:
    found = files.json(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ModelError(f"{files.folder / name} is not an object of JSON; get the model again")
    return found


def _length(value: Any, files: ModelFiles, name: str) -> int:
    if type(value) is not int or not 1 < value <= 1 << 20:
        raise ModelError(f"{files.folder / name} has the length {shown(value)}; correct it")
    return min(value, MAX_LENGTH)
