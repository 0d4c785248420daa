"""Records that cross the collection's border: what a builder hands in, what a reader gets out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..vectors.arrays import Array, Half
from ..vectors.int8 import Storage
from ..vectors.transforms import Normalisation

Scalar = str | int | float


class Layer(StrEnum):
    """Which vector stands for an occurrence: the sense vector, a layer of ELMo, or their mix."""

    SENSE = "sense"
    LAYER_0 = "0"
    LAYER_1 = "1"
    LAYER_2 = "2"
    ELMO = "elmo"


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """What a collection was made with; recorded at creation, checked at every opening.

    model: source that ``load_encoder`` takes; model_id: digest of its configuration and weights; precision: of the
    encoder while indexing; word_weight: weight of the word's identity against its sense when any word may answer;
    token_normalisation: of token vectors, None for what the layer usually gets (`indexer.vectorise.fit_tokens`);
    storage: how exactly token vectors are kept.
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


class OccurrenceEntry(NamedTuple):  # made millions of times, and twice as quickly as a frozen dataclass
    """A token to be stored: its place in the sentence, offsets into the sentence, folded form and lemma."""

    position: int
    start: int
    end: int
    form: str
    lemma: str


@dataclass(frozen=True, slots=True)
class SentenceEntry:
    """A sentence to be stored: offsets into the document's text, its vector (e,), its occurrences' vectors (n, d)."""

    start: int
    end: int
    occurrences: tuple[OccurrenceEntry, ...]
    vector: Half | Array
    tokens: Half | Array


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document to be stored. root, source: the folder that was indexed and the file in it, where there is one."""

    document_id: str
    title: str
    text: str
    metadata: Mapping[str, Scalar]
    content_hash: str
    root: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """Some sentences of a document in order, from number ``first`` on; the last part makes the document visible."""

    document: DocumentEntry
    first: int
    sentences: tuple[SentenceEntry, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A row of ``documents`` without its text; sentences: how many are committed."""

    key: int
    document_id: str
    title: str
    metadata: Mapping[str, Scalar]
    content_hash: str
    root: str | None
    source: str | None
    sentences: int


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """Counts and sizes: what ``polyseme info`` prints."""

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
    bytes_database: int
    bytes_vectors: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What ``verify`` read and what it found wrong, one line a problem; empty problems: everything is well."""

    documents: int
    sentences: int
    occurrences: int
    files: int
    sentences_encoded: int
    lowest_cosine: float | None
    problems: tuple[str, ...]
