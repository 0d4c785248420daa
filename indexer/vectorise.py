"""Tokens -> the vectors that a collection stores: the encoder, the chosen layer, the collection's fitted transforms.

Documents while indexing and queries while searching go through here, so both are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .collection.records import Layer
from .errors import CollectionError
from .runtime import one_blas_thread
from .vectors.arrays import Array, unit_parts
from .vectors.transforms import Normalisation, Transform, fit, fit_centring, fit_pca

if TYPE_CHECKING:
    from .collection.collection import Collection
    from .elmo import Encoder, Representation

SENSE_DIM = 64
"""Dimensions kept of the sense blocks of a model without a sense space of its own."""
SENTENCE, TOKEN, WORD = "sentence", "token", "word"
"""Names of the fitted transforms: of sentence vectors, of token vectors, of words' identity (layer 0)."""


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """Vectors of one sentence of t tokens: sentence (e,), tokens (t, d)."""

    sentence: Array
    tokens: Array


def token_vectors(found: Representation, layer: Layer) -> Array:
    """The sense vectors (t, sense_dim) or the layer asked for (t, dim), as the model gives them."""
    if layer is Layer.SENSE:
        return found.sense
    return found.elmo if layer is Layer.ELMO else found.layers[int(layer)]


def raw_vectors(encoder: Encoder, layer: Layer, sentences: Sequence[Sequence[str]]) -> list[SentenceVectors]:
    """Vectors as the model gives them, not normalised; tokens are the sense vectors or the layer asked for."""
    return [SentenceVectors(found.default, token_vectors(found, layer)) for found in encoder.represent(sentences)]


def fit_transforms(
    encoder: Encoder,
    layer: Layer,
    normalisation: Normalisation,
    token_normalisation: Normalisation | None,
    sample: Sequence[SentenceVectors],
    words: Array,
) -> dict[str, Transform]:
    """The collection's transforms, fitted on its first sentences; words: layer 0 of their distinct forms (n, p)."""
    fitted = {WORD: fit_centring(words)}
    tokens = np.concatenate([vectors.tokens for vectors in sample])  # (n, d)
    with one_blas_thread():
        sentence = fit(normalisation, np.stack([vectors.sentence for vectors in sample]))
        token = fit_tokens(encoder, layer, token_normalisation, tokens)
    if sentence is not None:
        fitted[SENTENCE] = sentence
    if token is not None:
        fitted[TOKEN] = token
    return fitted


def fit_tokens(encoder: Encoder, layer: Layer, normalisation: Normalisation | None, sample: Array) -> Transform | None:
    """The transform of token vectors, fitted on a sample (n, d); normalisation None: what the layer usually gets.

    That is centring for a layer; nothing for sense vectors of a model with a sense space, which are centred and mapped
    already; and for those of a model without one each block centred, and the first principal components of both.
    """
    if normalisation is not None:
        return fit(normalisation, sample)
    if layer is not Layer.SENSE:
        return fit_centring(sample)
    return None if encoder.has_sense_space else fit_pca(np.split(sample, 2, axis=1), SENSE_DIM)


class Vectoriser:
    """Tokens of sentences -> unit vectors as stored; also the identity vectors of word forms."""

    def __init__(self, encoder: Encoder, layer: Layer, transforms: Mapping[str, Transform]) -> None:
        self.encoder = encoder
        self.layer = layer
        self.transforms = transforms

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[SentenceVectors]:
        """One record a sentence; sentence (e,) and tokens (t, d) are unit vectors in float32."""
        return self.normalise(raw_vectors(self.encoder, self.layer, sentences))

    def normalise(self, sentences: Sequence[SentenceVectors]) -> list[SentenceVectors]:
        """Apply the fitted transforms to raw vectors; those of one sentence come out alike whatever others stand by it.

        A run that was cut off and goes on has other batches, and is to store the same.
        """
        if not sentences:
            return []
        own = self._apply(SENTENCE, [vectors.sentence[None, :] for vectors in sentences])
        tokens = self._apply(TOKEN, [vectors.tokens for vectors in sentences])
        return [SentenceVectors(row[0], rows) for row, rows in zip(own, tokens, strict=True)]

    def words(self, forms: Sequence[str]) -> Array:
        """Unit vectors of the words' identity: layer 0 of each form alone, centred.  (n, p)"""
        return self._apply(WORD, [self.encoder.word_vectors(forms)])[0]

    def _apply(self, name: str, parts: Sequence[Array]) -> list[Array]:
        transform = self.transforms.get(name)
        return unit_parts(parts) if transform is None else transform.of_each(parts)


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
