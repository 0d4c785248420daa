"""Turn tokens into the vectors that a collection stores, with its encoder, layer and fitted transforms.

Documents and queries both go through this module, so their vectors can be compared.
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
"""Dimension of sense vectors of a model without a sense space, after PCA."""
SENTENCE, TOKEN, WORD = "sentence", "token", "word"
"""Names of the fitted transforms: of sentence vectors, of token vectors, and of type vectors (layer 0 of a form)."""


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """Vectors of one sentence with t tokens: sentence (e,), tokens (t, d)."""

    sentence: Array
    tokens: Array


def token_vectors(found: Representation, layer: Layer) -> Array:
    """Return the raw vectors of one layer: sense vectors (t, sense_dim), or an ELMo layer (t, dim)."""
    if layer is Layer.SENSE:
        return found.sense
    return found.elmo if layer is Layer.ELMO else found.layers[int(layer)]


def raw_vectors(encoder: Encoder, layer: Layer, sentences: Sequence[Sequence[str]]) -> list[SentenceVectors]:
    """Encode sentences without normalising their vectors."""
    return [SentenceVectors(found.default, token_vectors(found, layer)) for found in encoder.represent(sentences)]


def fit_transforms(
    encoder: Encoder,
    layer: Layer,
    normalisation: Normalisation,
    token_normalisation: Normalisation | None,
    sample: Sequence[SentenceVectors],
    words: Array,
) -> dict[str, Transform]:
    """Fit a collection's transforms on the raw vectors of its first sentences.

    Args:
        normalisation: Normalisation of sentence vectors.
        token_normalisation: Normalisation of token vectors, or None for the default of the layer (see `fit_tokens`).
        sample: Raw vectors of the sentences.
        words: Layer 0 of the distinct forms in them.  (n, p)
    """
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
    """Fit the transform of token vectors on a sample (n, d).

    Without a `normalisation`, the layer's default applies. Layers are centred. Sense vectors of a model with a sense
    space are centred already and stay unchanged. For a model without one, the two blocks of the sense vector are
    centred, and both together are reduced to their first `SENSE_DIM` principal components.
    """
    if normalisation is not None:
        return fit(normalisation, sample)
    if layer is not Layer.SENSE:
        return fit_centring(sample)
    return None if encoder.has_sense_space else fit_pca(np.split(sample, 2, axis=1), SENSE_DIM)


class Vectoriser:
    """Encode sentences and word forms as unit vectors, in the form in which they are stored."""

    def __init__(self, encoder: Encoder, layer: Layer, transforms: Mapping[str, Transform]) -> None:
        self.encoder = encoder
        self.layer = layer
        self.transforms = transforms

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[SentenceVectors]:
        """Return the unit vectors of each sentence: sentence (e,) and tokens (t, d), float32."""
        return self.normalise(raw_vectors(self.encoder, self.layer, sentences))

    def normalise(self, sentences: Sequence[SentenceVectors]) -> list[SentenceVectors]:
        """Apply the transforms to raw vectors.

        The result for a sentence does not depend on the other sentences in the call, to the last bit. A run that
        resumes after an interruption has other batches, and must store the same vectors.
        """
        if not sentences:
            return []
        own = self._apply(SENTENCE, [vectors.sentence[None, :] for vectors in sentences])
        tokens = self._apply(TOKEN, [vectors.tokens for vectors in sentences])
        return [SentenceVectors(row[0], rows) for row, rows in zip(own, tokens, strict=True)]

    def words(self, forms: Sequence[str]) -> Array:
        """Return unit type vectors of word forms: layer 0 of each form alone, centred.  (n, p)"""
        return self._apply(WORD, [self.encoder.word_vectors(forms)])[0]

    def _apply(self, name: str, parts: Sequence[Array]) -> list[Array]:
        transform = self.transforms.get(name)
        return unit_parts(parts) if transform is None else transform.of_each(parts)


def fitting_encoder(collection: Collection, model: str | Encoder | None = None) -> Encoder:
    """Return the encoder that a collection was built with.

    Args:
        model: Encoder, or source of the model. None and "default" mean the source that the collection records.

    Raises:
        CollectionError: The model cannot be loaded, or it is not the collection's.
    """
    settings = collection.settings
    asked = settings.model if model is None or model == "default" else model
    try:
        encoder = as_encoder(asked, settings.precision)
    except Exception as error:
        raise CollectionError(
            f"{collection.path} was built with model {settings.model!r}, which cannot be loaded ({error});"
            f" pass --model SOURCE with its present location, or run `polyseme reencode {collection.path}`"
        ) from error
    if encoder.model_id != settings.model_id:
        reencode = f"run `polyseme reencode {collection.path} --model {encoder.source}`"
        if encoder.source == settings.model:
            raise CollectionError(
                f"{collection.path} was built with another version of model {settings.model!r}"
                f" ({settings.model_id[:12]}, here {encoder.model_id[:12]}); {reencode}"
            )
        raise CollectionError(
            f"{collection.path} was built with model {settings.model!r} ({settings.model_id[:12]}), not with"
            f" {encoder.source!r} ({encoder.model_id[:12]}); pass --model SOURCE with its present location,"
            f" or {reencode}"
        )
    return encoder


def as_encoder(model: str | Encoder, precision: str) -> Encoder:
    """Load the encoder of a source. An `Encoder` is returned unchanged.

    Raises:
        ModelError: The source cannot be loaded.
    """
    if not isinstance(model, str):
        return model
    from .elmo import load_encoder

    return load_encoder(model, precision)
