"""ELMo encoders: tokens in, vectors out. Start with `load_encoder`. TensorFlow is imported when a network needs it."""

from pathlib import Path

from ..errors import ModelError
from .config import BiLMConfig
from .interface import ElmoOutputs, Encoder, Precision, Representation

__all__ = ["BiLMConfig", "ElmoOutputs", "Encoder", "Precision", "Representation", "load_encoder"]


def load_encoder(
    source: str | Path = "default", precision: Precision | str = Precision.FLOAT32, expected: str | None = None
) -> Encoder:
    """Load an ELMo.

    Args:
        source: The name of a bundled model (`default`), a model folder, an AllenNLP or bilm-tf pair (folder, zip or
            HDF5 file), or a TF-Hub module (`https://...` handle, folder or `.tar.gz`).
        precision: Number format of the matrix products.
        expected: The `model_id` that a TF-Hub module must have. With it, no other module is read, and none is fetched.

    Raises:
        ModelError: The model does not exist, is damaged or incomplete, or cannot be fetched.
    """
    from .encoder import ElmoEncoder
    from .sources import ModelKind, find_model

    if precision not in tuple(Precision):
        raise ModelError(f"unknown precision {precision!r}; use {' or '.join(Precision)}")
    precision, found = Precision(precision), find_model(source)
    if found.kind is ModelKind.HUB:
        from .hub.load import load_module

        return load_module(found.name, precision, expected)
    return ElmoEncoder(found.read(), found.name, precision)
