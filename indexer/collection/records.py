"""Records that enter and leave a collection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from ..values import Value
from ..vectors.arrays import Array, Half, Int32s
from ..vectors.int8 import Storage
from ..vectors.transforms import Normalisation
from .findings import Repair
from .stream import Word

if TYPE_CHECKING:
    from ..documents import Document


def read_metadata(text: object) -> dict[str, Any]:
    """Decode the column `documents.metadata`. A collection may come from a stranger.

    Raises:
        ValueError: It is not a JSON object, or is nested without end.
    """
    try:
        found = json.loads(str(text))
    except RecursionError as error:
        raise ValueError("metadata are nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("metadata are no JSON object")
    return found


class Layer(StrEnum):
    """Vector that is stored for an occurrence: the sense vector, a layer of ELMo, or the mix of its layers."""

    SENSE = "sense"
    LAYER_0 = "0"
    LAYER_1 = "1"
    LAYER_2 = "2"
    ELMO = "elmo"


class SentenceKind(StrEnum):
    """Kind of the product vectors, by which a collection compares sentences."""

    DEFAULT = "default"  # format version 1: ELMo's default vectors alone
    POOLED = "pooled"  # rarity-weighted states, for models without a sentence space
    LEARNED = "learned"  # of the model's sentence space
    EXTERNAL = "external"  # of a sentence transformer that the user has named


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """How a collection was made. The settings are recorded when it is created and read each time it is opened.

    Attributes:
        model: Source of the model, as `load_encoder` accepts it. Only a bundled name is loaded from here.
        model_id: Digest of the model's configuration and weights.
        precision: Precision of the encoder while indexing.
        tokeniser: Name and version of the tokeniser and lemmatiser.
        normalisation: Normalisation of default vectors.
        function_words: Whether function words are indexed.
        word_weight: Weight of the type vector relative to the sense vector in any-word search.
        token_normalisation: Normalisation of token vectors, or None for the default of the layer, as in
            `indexer.vectorise.fit_tokens`.
        storage: How token vectors are stored.
        sentence_vectors: Kind of the product vectors.
        sentence_id: Digest of the sentence space or of the sentence transformer, empty for other kinds.
        sentence_source: Source of the sentence transformer, empty for other kinds. It is never loaded from here.
        tagger_id: Digest of the tagger that gave the parts of speech, empty without a tagger. None in collections of
            format version 2 and before, which do not store every token.
        tagged_lemmas: Whether lemmas are by part of speech. Otherwise a form has one lemma in every sentence, unless a
            document brings another.
    """

    model: str
    model_id: str
    precision: str
    language: str
    tokeniser: str
    layer: Layer
    normalisation: Normalisation
    function_words: bool
    word_weight: float
    token_normalisation: Normalisation | None = None
    storage: Storage = Storage.HALF
    sentence_vectors: SentenceKind = SentenceKind.DEFAULT
    sentence_id: str = ""
    sentence_source: str = ""
    tagger_id: str | None = None
    tagged_lemmas: bool = False

    @property
    def has_stream(self) -> bool:
        """Whether every token is stored, with its part of speech."""
        return self.tagger_id is not None


SENTENCE_SETTINGS = ("sentence_vectors", "sentence_id", "sentence_source")
"""Names of the settings that collections of format version 1 do not have."""
STREAM_SETTINGS = ("tagger_id", "tagged_lemmas")
"""Names of the settings that collections of format versions 1 and 2 do not have."""


class OccurrenceEntry(NamedTuple):  # millions are made, and a frozen dataclass takes twice as long to make
    """A token to store: its position and offsets in the sentence, its folded form and its lemma."""

    position: int
    start: int
    end: int
    form: str
    lemma: str


@dataclass(frozen=True, slots=True)
class SentenceEntry:
    """A sentence to store.

    Attributes:
        start, end: Offsets into the document's text.
        occurrences: The tokens that are indexed, n of them.
        vector: Product vector, or the default vector where the collection stores that alone.  (e,)
        tokens: Vectors of the occurrences.  (n, d)
        default: Default vector. None in collections of format version 1.  (dim,)
        words: All tokens, also those that are not indexed, t of them.
        offsets: Where each of them begins in the sentence, in characters.  (t,)
    """

    start: int
    end: int
    occurrences: tuple[OccurrenceEntry, ...]
    vector: Half | Array
    tokens: Half | Array
    default: Half | Array | None = None
    words: tuple[Word, ...] = ()
    offsets: Int32s | None = None


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """Consecutive sentences of a document. Its last part makes the document visible.

    Attributes:
        first: Number of the first sentence.
    """

    document: Document
    first: int
    sentences: tuple[SentenceEntry, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A row of the table `documents` without its text.

    Attributes:
        key: `documents.id`.
        sentences: Number of committed sentences.
    """

    key: int
    document_id: str
    title: str
    metadata: Mapping[str, Value]
    content_hash: str
    root: str | None
    source: str | None
    sentences: int


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """Counts and sizes of a collection, as `polyseme info` prints them. Sizes are in bytes."""

    path: str
    format_version: int
    settings: CollectionSettings
    documents: int
    deleted_documents: int
    sentences: int
    occurrences: int
    types: int
    segments: int
    token_dim: int
    sentence_dim: int
    default_dim: int
    bytes_database: int
    bytes_vectors: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification read and found.

    Attributes:
        sentences_encoded: Number of sentences that were encoded again.
        lowest_cosine: Lowest cosine of a stored vector with the fresh one, or None if none was encoded.
        problems: Lines that name the problems, empty for an intact collection.
        documents_cut: Number of documents whose texts were cut again.
        notices: What could not be checked, one line each.
        repairs: Parts of the database that a repair can rebuild.
    """

    documents: int
    sentences: int
    occurrences: int
    files: int
    sentences_encoded: int
    lowest_cosine: float | None
    problems: tuple[str, ...]
    documents_cut: int = 0
    notices: tuple[str, ...] = ()
    repairs: frozenset[Repair] = frozenset()
