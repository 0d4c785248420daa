"""What the page loads once and keeps: searchers with their model, what collections hold, lists, senses."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import streamlit as st

from ...indexer.collection.records import CollectionInfo
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.runtime import freeze_gc
from ...indexer.vectors.arrays import Array
from ...search.hits import HitList, Match, SentenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.timeline import Timeline
from . import fetch as asking
from .examples import examples as find_examples
from .facets import Facet, facets
from .server import COLLECTION_VARIABLE, MODEL_VARIABLE

Found = TypeVar("Found")
WARM = "A first sentence."
_NUMBERS: weakref.WeakKeyDictionary[Searcher, int] = weakref.WeakKeyDictionary()
_COUNT = itertools.count()
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Contents:
    """What one generation of a collection holds: counts, and what to filter by."""

    info: CollectionInfo
    facets: tuple[Facet, ...]


def given_path() -> Path | None:
    """The collection, or folder of collections, that `launch` was given."""
    named = os.environ.get(COLLECTION_VARIABLE, "").strip()
    return Path(named) if named else None


def given_model() -> str | None:
    """Where the model lies now, as `launch` was told."""
    return os.environ.get(MODEL_VARIABLE) or None


def open_searcher(path: Path) -> Searcher:
    """The searcher of a collection, kept for all sessions. CollectionError with the way out when it cannot be had."""
    database = path / DATABASE_NAME
    # `reencode` puts another collection in the place of the old one: another file, another searcher.
    kept = database.stat().st_ino if database.is_file() else 0
    return _searcher(str(path), given_model(), kept)


@st.cache_resource(show_spinner="Loading the model …", max_entries=4)
def _searcher(path: str, model: str | None, kept: int) -> Searcher:
    searcher = Searcher.open(path, model)
    # The libraries behind both load at their first use; let the first query not wait for them.
    searcher.encoder.represent([[token.text for token in searcher.analyser.tokens(WARM)]])
    freeze_gc()
    return searcher


def _key(searcher: Searcher) -> int:
    """A number that no other searcher ever has: their `id` is given again once they have left the cache."""
    with _LOCK:
        if searcher not in _NUMBERS:
            _NUMBERS[searcher] = next(_COUNT)
        return _NUMBERS[searcher]


def _generation(searcher: Searcher) -> int:
    with searcher.collection.reading() as snapshot:
        return snapshot.generation


def _stored(searcher: Searcher) -> tuple[tuple[int, ...], int]:
    """Segments and number of live documents: what changes when occurrences do, not when a sense is saved."""
    with searcher.collection.reading() as snapshot:
        return tuple(sorted(snapshot.segments)), int(snapshot.live.sum())


def contents(searcher: Searcher) -> Contents:
    """What the collection holds now."""
    return _contents(_key(searcher), _generation(searcher), searcher)


@st.cache_resource(show_spinner=False, max_entries=8)
def _contents(searcher_key: int, generation: int, _searcher: Searcher) -> Contents:
    collection = _searcher.collection
    with collection.reading():
        values = {field: collection.values(field) for field in collection.fields()}
        return Contents(collection.info(), tuple(facets(values)))


def examples(searcher: Searcher) -> tuple[str, ...]:
    """Queries to begin with."""
    return _examples(_key(searcher), _stored(searcher), searcher)


@st.cache_resource(show_spinner="Looking for words of several senses …", max_entries=8)
def _examples(searcher_key: int, stored: tuple[tuple[int, ...], int], _searcher: Searcher) -> tuple[str, ...]:
    return find_examples(_searcher)


def hits(searcher: Searcher, request: asking.Request) -> HitList[SentenceHit]:
    """The hits of a request, found once. QueryError as the searcher raises it."""
    return kept(searcher, request, lambda: asking.find(searcher, request))


def kept(searcher: Searcher, key: object, find: Callable[[], Found]) -> Found:
    """What is found of one generation of the collection, found once; key: all that decides it."""
    return cast(Found, _kept(_key(searcher), _generation(searcher), repr(key), find))


@st.cache_resource(show_spinner="Searching …", max_entries=64)
def _kept(searcher_key: int, generation: int, key: str, _find: Callable[[], object]) -> object:
    return _find()


def senses(searcher: Searcher, word: str, match: Match) -> SenseInventory:
    """The senses of a word. QueryError when the collection does not hold it."""
    return _senses(_key(searcher), _stored(searcher), word, match, searcher)


@st.cache_resource(show_spinner="Telling the senses apart …", max_entries=64)
def _senses(
    searcher_key: int, stored: tuple[tuple[int, ...], int], word: str, match: Match, _searcher: Searcher
) -> SenseInventory:
    return _searcher.senses(word, match)


def places(searcher: Searcher, inventory: SenseInventory, method: str) -> Array:
    """Two coordinates for each occurrence of an inventory, in the order of its assignments.  -> (n, 2)"""
    return _places(_key(searcher), _stored(searcher), inventory.word, inventory.match, method, searcher, inventory)


@st.cache_resource(show_spinner="Drawing the map …", max_entries=32)
def _places(
    searcher_key: int,
    stored: tuple[tuple[int, ...], int],
    word: str,
    match: Match,
    method: str,
    _searcher: Searcher,
    _inventory: SenseInventory,
) -> Array:
    return _searcher.project(_inventory, method)


def timeline(searcher: Searcher, inventory: SenseInventory, field: str, period: int) -> Timeline:
    """The senses of a word by period."""
    return _timeline(
        _key(searcher), _generation(searcher), inventory.word, inventory.match, field, period, searcher, inventory
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _timeline(
    searcher_key: int,
    generation: int,
    word: str,
    match: Match,
    field: str,
    period: int,
    _searcher: Searcher,
    _inventory: SenseInventory,
) -> Timeline:
    return _searcher.timeline(_inventory, field, period)
