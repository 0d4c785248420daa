"""What the page loads once and keeps: the searcher with its model, and what the collection holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import streamlit as st

from indexer.collection.collection import Collection
from indexer.collection.records import CollectionInfo
from indexer.collection.schema import DATABASE_NAME
from search.hits import Match
from search.searcher import Searcher
from search.senses import SenseInventory
from ui.facets import Facet, facets
from ui.server import COLLECTION_VARIABLE, MODEL_VARIABLE

EXAMPLES = 3
_TRIED = 40


@dataclass(frozen=True, slots=True)
class Contents:
    """What one generation of a collection holds: counts, what to filter by, sentences to begin with."""

    info: CollectionInfo
    facets: tuple[Facet, ...]
    examples: tuple[str, ...]


def collection_path() -> Path | None:
    """The collection that `launch` was given."""
    named = os.environ.get(COLLECTION_VARIABLE, "").strip()
    return Path(named) if named else None


def open_searcher(path: Path) -> Searcher:
    """The searcher of a collection, kept for all sessions. CollectionError with the way out when it cannot be had."""
    database = path / DATABASE_NAME
    # `reencode` puts another collection in the place of the old one: another file, another searcher.
    kept = database.stat().st_ino if database.is_file() else 0
    return _searcher(str(path), os.environ.get(MODEL_VARIABLE) or None, kept)


@st.cache_resource(show_spinner="Loading the model …", max_entries=4)
def _searcher(path: str, model: str | None, kept: int) -> Searcher:
    searcher = Searcher.open(path, model)
    # The libraries behind both load at their first use; let the first query not wait for them.
    searcher.encoder.represent([[token.text for token in searcher.analyser.tokens("A first sentence.")]])
    return searcher


def contents(searcher: Searcher) -> Contents:
    """What the collection holds now."""
    with searcher.collection.reading() as snapshot:
        generation = snapshot.generation
    return _contents(id(searcher), generation, searcher)


@st.cache_resource(show_spinner=False, max_entries=8)
def _contents(searcher_key: int, generation: int, _searcher: Searcher) -> Contents:
    collection = _searcher.collection
    with collection.reading():
        values = {field: collection.values(field) for field in collection.fields()}
        return Contents(collection.info(), tuple(facets(values)), tuple(islice(_examples(collection), EXAMPLES)))


def _examples(collection: Collection) -> Iterator[str]:
    """A sentence of handy length out of each of some documents that lie far apart."""
    documents = list(collection.documents())
    for document in documents[:: max(1, len(documents) // EXAMPLES)]:
        _, text = collection.document(document.document_id)
        spans = collection.document_sentences(document.key)
        near_middle = spans[len(spans) // 2 :][:_TRIED]
        fitting = (text[start:end] for _, start, end in near_middle if 40 <= end - start <= 90)
        yield from islice((sentence for sentence in fitting if sentence[0].isalnum() and "\n" not in sentence), 1)


def senses(searcher: Searcher, word: str, match: Match) -> SenseInventory:
    """The senses of a word. QueryError when the collection does not hold it."""
    with searcher.collection.reading() as snapshot:
        generation = snapshot.generation
    return _senses(id(searcher), generation, word, match, searcher)


@st.cache_resource(show_spinner="Grouping the occurrences into senses …", max_entries=64)
def _senses(searcher_key: int, generation: int, word: str, match: Match, _searcher: Searcher) -> SenseInventory:
    return _searcher.senses(word, match)
