"""Find the sentence transformer of a collection. Its place comes from the user, never from the collection.

The list of named models is that of ELMo models (`elmo/named_models.py`): a digest says what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ..collection.collection import Collection
from ..collection.records import SentenceKind
from ..elmo.limits import shown
from ..elmo.named_models import named_sources, remember_model
from ..errors import CollectionError, ModelError
from ..vectors.arrays import Array
from . import SentenceModel, load_sentence_model

OPTION = "--sentence-model"
NO_MODEL = "none"
"""Source that asks for the sentence vectors of ELMo."""


class NamedModel:
    """A sentence transformer that the user named before. It is loaded when a first sentence is compared."""

    def __init__(self, digest: str, sources: Sequence[str]) -> None:
        """Keep the places where the user named the model with this digest, the latest first."""
        self.id, self.source, self._sources = digest, sources[0], sources

    @property
    def dim(self) -> int:
        """See `SentenceModel.dim`."""
        return self._loaded.dim

    def vectors(self, texts: Sequence[str]) -> Array:
        """See `SentenceModel.vectors`."""
        return self._loaded.vectors(texts)

    @cached_property
    def _loaded(self) -> SentenceModel:
        problem = ""
        for source in self._sources:
            try:
                found = load_sentence_model(source)
            except ModelError as error:
                problem = problem or str(error)
                continue
            if found.id == self.id:
                return found
            problem = problem or f"{source} has changed since you named it"
        raise CollectionError(
            f"the sentence model of this collection is not there any more ({problem}); name its place with {OPTION}, or"
            " search with --by default"
        )


def as_sentence_model(model: str | Path | SentenceModel) -> SentenceModel:
    """Load the sentence transformer in a folder, and record that the user has named it. A model is returned unchanged.

    Raises:
        ModelError: The folder has no model that can be used.
    """
    found = load_sentence_model(model) if isinstance(model, str | Path) else model
    remember_model(found.id, found.source, OPTION)
    return found


def fitting_sentence_model(
    collection: Collection, model: str | Path | SentenceModel | None = None
) -> SentenceModel | None:
    """Return the sentence transformer that a collection was built with.

    Args:
        model: The model or its folder. None for the place where the user named it before.

    Returns:
        None if the collection has none, or if the user has not named it on this machine. Words are answered without.

    Raises:
        CollectionError: The given model is not that of the collection.
        ModelError: The given folder, or the list of named models, cannot be read.
    """
    settings = collection.settings
    is_external = settings.sentence_vectors is SentenceKind.EXTERNAL
    if model is None:
        sources = named_sources(settings.sentence_id) if is_external else ()
        return NamedModel(settings.sentence_id, sources) if sources else None
    if not is_external:
        raise CollectionError(
            f"{collection.path} has no sentence vectors of a sentence model; leave out {OPTION}, or run"
            f" `polyseme reencode {collection.path} {OPTION} {getattr(model, 'source', model)}`"
        )
    found = load_sentence_model(model) if isinstance(model, str | Path) else model
    if found.id != settings.sentence_id:
        raise CollectionError(
            f"{collection.path} has sentence vectors of {shown(settings.sentence_source)}"
            f" ({settings.sentence_id[:12]}), not of {found.source!r} ({found.id[:12]});"
            f" name the right model with {OPTION}, or run"
            f" `polyseme reencode {collection.path} {OPTION} {found.source}`"
        )
    return as_sentence_model(found)
