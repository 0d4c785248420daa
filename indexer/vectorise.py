"""Turn tokens into the vectors that a collection stores, with its encoder, layer and fitted transforms.

Documents and queries both go through this module, so their vectors can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .collection.records import CollectionSettings, Layer, SentenceKind
from .elmo.limits import shown
from .errors import CollectionError, UnnamedModelError
from .runtime import one_blas_thread
from .text.recasing import in_plain_letters, is_in_capitals, recased
from .vectors.arrays import Array, unit_parts
from .vectors.transforms import (
    DEFAULT,
    SENTENCE,
    TOKEN,
    WORD,
    Normalisation,
    Transform,
    fit,
    fit_centring,
    fit_pca,
    fit_whitened_components,
)

if TYPE_CHECKING:
    from .collection.collection import Collection
    from .elmo import Encoder, Representation
    from .elmo.tags import Tags, TagSet
    from .text import Token

SENSE_DIM = 64
"""Dimension of sense vectors of a model without a sense space, after PCA."""
POOLED_DIM = 256
"""Maximum dimension of pooled product vectors, after whitening."""


class SentenceModel(Protocol):
    """A sentence transformer that the user has named, for product vectors of the kind `external`."""

    @property
    def id(self) -> str:
        """Digest of everything that decides its vectors."""

    @property
    def dim(self) -> int:
        """Length of its vectors."""

    @property
    def source(self) -> str:
        """Where the user has it."""

    def vectors(self, texts: Sequence[str]) -> Array:
        """Return the vectors of texts, (n, dim)."""


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """Vectors of one sentence with t tokens.

    Attributes:
        sentence: Product vector, by which sentences are compared. If it cannot be computed, the default vector.  (e,)
        tokens: Vectors of the tokens.  (t, d)
        default: ELMo's default vector.  (dim,)
        tags: Parts of speech of the tokens. None if the model has no tagger.
    """

    sentence: Array
    tokens: Array
    default: Array
    tags: Tags | None = None


def token_vectors(found: Representation, layer: Layer) -> Array:
    """Return the raw vectors of one layer: sense vectors (t, sense_dim), or an ELMo layer (t, dim)."""
    if layer is Layer.SENSE:
        return found.sense
    return found.elmo if layer is Layer.ELMO else found.layers[int(layer)]


def as_read(encoder: Encoder, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the tokens of sentences as the encoder reads them: in plain letters, and not in capitals throughout."""
    found = map(in_plain_letters, sentences)
    return [recased(tokens, encoder.usual_forms) if is_in_capitals(tokens) else tokens for tokens in found]


def represent(encoder: Encoder, sentences: Sequence[Sequence[str]]) -> list[Representation]:
    """Encode sentences as they are read. Documents and queries reach the encoder here alone."""
    return encoder.represent(as_read(encoder, sentences))


def raw_vectors(encoder: Encoder, layer: Layer, sentences: Sequence[Sequence[str]]) -> list[SentenceVectors]:
    """Encode sentences without normalising their vectors. Product vectors are those of the encoder."""
    return [
        SentenceVectors(found.sentence, token_vectors(found, layer), found.default, found.tags)
        for found in represent(encoder, sentences)
    ]


def spelled(tokens: Sequence[Token]) -> str:
    """Return the text of a sentence from its tokens, with one space in each gap between them.

    A document and a query thus give a sentence transformer the same text, independent of their line ends.
    """
    parts: list[str] = []
    end = tokens[0].start if tokens else 0
    for token in tokens:
        parts += [" " if token.start > end else "", token.text]
        end = token.end
    return "".join(parts)


def computable_kind(
    settings: CollectionSettings, encoder: Encoder, sentence_model: SentenceModel | None = None
) -> SentenceKind:
    """Return the kind of a collection's product vectors, or `default` if these models do not compute them."""
    kind = settings.sentence_vectors
    external = sentence_model.id if sentence_model else None
    found = external if kind is SentenceKind.EXTERNAL else encoder.sentence_id
    return kind if found == settings.sentence_id else SentenceKind.DEFAULT


def sentence_problem(
    path: Path, settings: CollectionSettings, encoder: Encoder, sentence_model: SentenceModel | None = None
) -> str | None:
    """Return why product vectors of a collection cannot be computed, with the next step. None if they can."""
    if settings.sentence_vectors is SentenceKind.DEFAULT:
        return f"{path} has only ELMo's default sentence vectors; `polyseme reencode {path}` gives it better ones"
    if computable_kind(settings, encoder, sentence_model) is not SentenceKind.DEFAULT:
        return None
    if settings.sentence_vectors is not SentenceKind.EXTERNAL:
        return f"the sentence vectors of {path} are of another version of its model; run `polyseme reencode {path}`"
    source = shown(settings.sentence_source)
    if sentence_model is None:
        return (
            f"{path} has sentence vectors of {source}; name that model with --sentence-model,"
            f" or run `polyseme reencode {path}`"
        )
    return (
        f"{path} has sentence vectors of {source}, not of {sentence_model.source!r};"
        f" name the right one with --sentence-model, or run `polyseme reencode {path}`"
    )


def tags_of(settings: CollectionSettings, encoder: Encoder) -> TagSet | None:
    """Return the tags that the encoder's tagger gives to tokens of a collection. None if it is not the collection's."""
    return encoder.tagset if settings.tagger_id == encoder.tagger_id else None


def tag_problem(path: Path, settings: CollectionSettings, encoder: Encoder) -> str | None:
    """Return why a collection lacks parts of speech of this encoder, with the next step. None if it has them."""
    if not settings.has_stream:
        return f"{path} does not store parts of speech; `polyseme reencode {path}` adds them"
    if settings.tagger_id == encoder.tagger_id:
        return None
    if not settings.tagger_id:
        return f"{path} was made without a tagger; `polyseme reencode {path}` adds parts of speech"
    return (
        f"the parts of speech of {path} are of another tagger, so new ones are missing; run `polyseme reencode {path}`"
    )


def space_of(layer: Layer, transforms: Mapping[str, Transform]) -> str:
    """Return a digest of a collection's layer and token transform. The vectors of equal spaces can be compared."""
    digest = hashlib.sha256(f"{layer}".encode())
    transform = transforms.get(TOKEN)
    if transform is not None:
        for array in (transform.mean, transform.matrix):
            digest.update(b"" if array is None else np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest()[:16]


def fit_transforms(
    encoder: Encoder,
    layer: Layer,
    normalisation: Normalisation,
    token_normalisation: Normalisation | None,
    sample: Sequence[SentenceVectors],
    words: Array,
    kind: SentenceKind = SentenceKind.LEARNED,
) -> dict[str, Transform]:
    """Fit a collection's transforms on the raw vectors of its first sentences.

    Args:
        normalisation: Normalisation of default vectors.
        token_normalisation: Normalisation of token vectors, or None for the default of the layer (see `fit_tokens`).
        sample: Raw vectors of the sentences.
        words: Layer 0 of the distinct forms in them.  (n, p)
        kind: Kind of the product vectors. Pooled ones are whitened, learned ones centred, external ones unchanged.
    """
    fitted = {WORD: fit_centring(words)}
    tokens = np.concatenate([vectors.tokens for vectors in sample])  # (n, d)
    with one_blas_thread():
        default = fit(normalisation, np.stack([vectors.default for vectors in sample]))
        token = fit_tokens(encoder, layer, token_normalisation, tokens)
        if kind in (SentenceKind.LEARNED, SentenceKind.POOLED):
            products = np.stack([vectors.sentence for vectors in sample])  # (n, e)
            is_learned = kind is SentenceKind.LEARNED
            fitted[SENTENCE] = fit_centring(products) if is_learned else fit_whitened_components(products, POOLED_DIM)
    if default is not None:
        fitted[DEFAULT] = default
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

    def __init__(
        self,
        encoder: Encoder,
        layer: Layer,
        transforms: Mapping[str, Transform],
        kind: SentenceKind = SentenceKind.LEARNED,
        sentence_model: SentenceModel | None = None,
    ) -> None:
        """Make a vectoriser.

        Args:
            kind: Kind of the product vectors. With `default` they are the default vectors.
            sentence_model: Computes product vectors of the kind `external`.
        """
        self.encoder = encoder
        self.layer = layer
        self.transforms = transforms
        self.kind = kind
        self.sentence_model = sentence_model

    @classmethod
    def of(
        cls,
        settings: CollectionSettings,
        encoder: Encoder,
        transforms: Mapping[str, Transform],
        sentence_model: SentenceModel | None = None,
    ) -> Vectoriser:
        """Return the vectoriser of a collection with these settings. See `computable_kind`."""
        kind = computable_kind(settings, encoder, sentence_model)
        return cls(encoder, settings.layer, transforms, kind, sentence_model)

    def with_transforms(self, transforms: Mapping[str, Transform]) -> Vectoriser:
        """Return a vectoriser with other transforms."""
        return Vectoriser(self.encoder, self.layer, transforms, self.kind, self.sentence_model)

    @property
    def reads_texts(self) -> bool:
        """Whether product vectors are computed from texts. Without the texts they are then default vectors."""
        return self.kind is SentenceKind.EXTERNAL

    def __call__(self, sentences: Sequence[Sequence[str]], texts: Sequence[str] | None = None) -> list[SentenceVectors]:
        """Return the unit vectors of each sentence, float32.

        Args:
            sentences: Tokens of each sentence.
            texts: Text of each sentence (see `spelled`), for product vectors of the kind `external`.
        """
        return self.normalise(self.raw(sentences, texts))

    def raw(self, sentences: Sequence[Sequence[str]], texts: Sequence[str] | None = None) -> list[SentenceVectors]:
        """Return the vectors of each sentence before the transforms. See `__call__`."""
        found = raw_vectors(self.encoder, self.layer, sentences)
        if not self.reads_texts or not found:
            return found
        if texts is None or self.sentence_model is None:
            products: Iterable[Array] = [vectors.default for vectors in found]
        else:
            products = np.asarray(self.sentence_model.vectors(texts), np.float32)  # (n, e)
        return [replace(each, sentence=product) for each, product in zip(found, products, strict=True)]

    def normalise(self, sentences: Sequence[SentenceVectors]) -> list[SentenceVectors]:
        """Apply the transforms to raw vectors.

        The result for a sentence does not depend on the other sentences in the call, to the last bit. A run that
        resumes after an interruption has other batches, and must store the same vectors.
        """
        if not sentences:
            return []
        defaults = self._apply(DEFAULT, [vectors.default[None, :] for vectors in sentences])
        products = defaults
        if self.kind is not SentenceKind.DEFAULT:
            products = self._apply(SENTENCE, [vectors.sentence[None, :] for vectors in sentences])
        tokens = self._apply(TOKEN, [vectors.tokens for vectors in sentences])
        return [
            SentenceVectors(product[0], rows, default[0], raw.tags)
            for product, rows, default, raw in zip(products, tokens, defaults, sentences, strict=True)
        ]

    def words(self, forms: Sequence[str]) -> Array:
        """Return unit type vectors of word forms: layer 0 of each form alone, centred.  (n, p)"""
        return self._apply(WORD, [self.encoder.word_vectors(forms)])[0]

    def _apply(self, name: str, parts: Sequence[Array]) -> list[Array]:
        transform = self.transforms.get(name)
        return unit_parts(parts) if transform is None else transform.of_each(parts)


def fitting_encoder(collection: Collection, model: str | Encoder | None = None) -> Encoder:
    """Return the encoder that a collection was built with.

    A model that the user names here, and that fits, needs no naming the next time (see `elmo.named_models`).

    Args:
        model: Encoder, or source of the model. None and "default" mean the model that the collection records.

    Raises:
        CollectionError: The model cannot be loaded, is not the collection's, or must be named by the user first.
    """
    settings = collection.settings
    if model is None or model == "default":
        encoder = recorded_encoder(collection, settings.precision)
    else:
        try:
            encoder = as_encoder(model, settings.precision)
        except Exception as error:
            raise _not_loaded(collection, error) from error
    if encoder.model_id != settings.model_id:
        reencode = f"run `polyseme reencode {collection.path} --model {encoder.source}`"
        if encoder.source == settings.model:
            raise CollectionError(
                f"{collection.path} was built with another version of model {settings.model!r}"
                f" ({settings.model_id[:12]}, here {encoder.model_id[:12]}); {reencode}"
            )
        raise CollectionError(
            f"{collection.path} was built with model {shown(settings.model)} ({settings.model_id[:12]}), not with"
            f" {encoder.source!r} ({encoder.model_id[:12]}); pass --model SOURCE with its present location,"
            f" or {reencode}"
        )
    if model is not None:
        remember(encoder)
    return encoder


def recorded_encoder(collection: Collection, precision: str) -> Encoder:
    """Load the model that a collection records: a bundled one by its name, another one from where the user named it.

    A collection may come from a stranger, so no place that it names is looked at. A model folder or a pair may have
    changed since it was named, and is returned with its present `model_id`.

    Raises:
        UnnamedModelError: The user has not named the model on this machine.
        CollectionError: It cannot be loaded.
        ModelError: The list of named models is damaged.
    """
    from .elmo import load_encoder
    from .elmo.bundled import bundled_folder
    from .elmo.named_models import named_sources

    settings = collection.settings
    if bundled_folder(settings.model) is not None:
        try:
            return load_encoder(settings.model, precision)
        except Exception as error:
            raise _not_loaded(collection, error) from error
    # The recorded source comes first if the user has named it as well.
    sources = sorted(named_sources(settings.model_id), key=lambda source: source != settings.model)
    if not sources:
        raise UnnamedModelError(
            f"{collection.path} needs the model {shown(settings.model)}, which you have not named on this machine;"
            " if you trust that model, name it once with --model SOURCE, or run"
            f" `polyseme reencode {collection.path} --model default`"
        )
    found: list[Encoder] = []
    problems: list[Exception] = []
    for source in sources:
        try:
            found.append(load_encoder(source, precision, settings.model_id))
        except Exception as error:
            problems.append(error)
        else:
            if found[-1].model_id == settings.model_id:
                return found[-1]
    if found:
        return found[0]
    raise _not_loaded(collection, problems[0]) from problems[0]


def remember(encoder: Encoder) -> None:
    """Record that the user has named the encoder's model, so that its collections open without naming it again."""
    from .elmo.named_models import remember_model

    remember_model(encoder.model_id, encoder.source)


def _not_loaded(collection: Collection, error: Exception) -> CollectionError:
    return CollectionError(
        f"{collection.path} was built with model {shown(collection.settings.model)}, which cannot be loaded ({error});"
        f" pass --model SOURCE with its present location, or run `polyseme reencode {collection.path}`"
    )


def as_encoder(model: str | Encoder, precision: str) -> Encoder:
    """Load the encoder of a source. An `Encoder` is returned unchanged.

    Raises:
        ModelError: The source cannot be loaded.
    """
    if not isinstance(model, str):
        return model
    from .elmo import load_encoder

    return load_encoder(model, precision)
