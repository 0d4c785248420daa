"""Sentence transformers of the user: texts in, sentence vectors out. Start with `load_sentence_model`.

A collection may have its sentence vectors from such a model (`--sentence-model`). Words in context remain ELMo's.
A text's vector depends on that text alone, to 1e-4. An empty text is zero.
"""

from pathlib import Path

from ..errors import ModelError
from ..vectorise import SentenceModel
from .files import ModelFiles
from .settings import ONNX_NAMES, read_settings

__all__ = ["SentenceModel", "load_sentence_model"]


def load_sentence_model(source: str | Path) -> SentenceModel:
    """Load the sentence transformer in a folder.

    A folder with `model.onnx` or `onnx/model.onnx` is run by ONNX Runtime. A folder with `modules.json` and
    `model.safetensors` is run by sentence-transformers.

    Raises:
        ModelError: The folder does not exist, is damaged or incomplete, or its library is not installed.
    """
    files = ModelFiles(source)
    if any(map(files.has, ONNX_NAMES)):
        from .onnx_model import load_onnx

        return load_onnx(files, read_settings(files))
    if files.has("modules.json") and files.has("model.safetensors"):
        from .torch_model import load_torch

        return load_torch(files, read_settings(files))
    raise ModelError(
        f"{files.folder} has no sentence transformer: neither {' nor '.join(ONNX_NAMES)}, nor modules.json with"
        " model.safetensors; give the folder that has them"
    )
