"""The encoder that belongs to a collection: a query must be encoded as its documents were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .collection.collection import Collection
from .errors import CollectionError

if TYPE_CHECKING:
    from .elmo import Encoder


def fitting_encoder(collection: Collection, model: str | Encoder | None = None) -> Encoder:
    """The encoder that a collection was made with; None or "default": from where the collection remembers it.

    CollectionError when the model cannot be had or is another one, with the way out.
    """
    settings = collection.settings
    asked = settings.model if model is None or model == "default" else model
    try:
        encoder = as_encoder(asked, settings.precision)
    except Exception as error:
        raise CollectionError(
            f"{collection.path} was built with model {settings.model!r}, which cannot be had ({error});"
            f" pass --model SOURCE for where it lies now, or run `polyseme reencode {collection.path}`"
        ) from error
    if encoder.model_id != settings.model_id:
        raise CollectionError(
            f"{collection.path} was built with model {settings.model!r} ({settings.model_id[:12]}), not with"
            f" {encoder.source!r} ({encoder.model_id[:12]}); pass --model SOURCE for where it lies now, or run"
            f" `polyseme reencode {collection.path} --model {encoder.source}`"
        )
    return encoder


def as_encoder(model: str | Encoder, precision: str) -> Encoder:
    """An Encoder as it is, a source loaded; ModelError when it cannot be."""
    if not isinstance(model, str):
        return model
    from .elmo import load_encoder

    return load_encoder(model, precision)
