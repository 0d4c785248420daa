"""Cache for all sessions: searchers with their models, contents of collections, lists of hits, senses.

Streamlit hashes the arguments that decide a value and ignores those whose names begin with an underscore.
"""

from __future__ import annotations

import functools
import itertools
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import streamlit as st

from ...indexer.collection.records import CollectionInfo
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.errors import QueryError
from ...indexer.runtime import freeze_gc
from ...indexer.vectors.arrays import Array
from ...search.hits import Match
from ...search.searcher import Searcher
from ...search.senses.inventory import ArrangedWord, SenseInventory
from ...search.senses.known import Known
from ...search.senses.timeline import Timeline
from .background import Background
from .examples import find_examples
from .facets import Facet, facets
from .language import say
from .server import COLLECTION_VARIABLE, MODEL_VARIABLE

Found = TypeVar("Found")
MOMENT = 0.05
"""How often a run that waits looks whether the visitor has clicked, in seconds."""
WAITING = "waiting"
"""A key of the session state that is never there."""
WARM_UP = "A first sentence."
"""Sentence that is encoded before the first query, so that all libraries are loaded."""
_NUMBERS: weakref.WeakKeyDictionary[Searcher, int] = weakref.WeakKeyDictionary()
"""Number of each searcher, which represents it in the keys of the cache."""
_COUNT = itertools.count()
_LOCK = threading.Lock()


@functools.cache
def _working(function: Callable[..., Any], text: str, entries: int) -> Callable[..., Any]:
    """Return a function with a cache. While it works, a text is shown. The cache is the same for all texts.

    Args:
        entries: Maximum number of values that are kept.
    """
    made: Callable[..., Any] = st.cache_resource(show_spinner=text, max_entries=entries)(function)
    return made


@dataclass(frozen=True, slots=True)
class Contents:
    """The counts of one generation of a collection, and the fields to filter by."""

    info: CollectionInfo
    facets: tuple[Facet, ...]


def given_path() -> Path | None:
    """Return the collection, or folder of collections, that `launch` received."""
    named = os.environ.get(COLLECTION_VARIABLE, "").strip()
    return Path(named) if named else None


def given_model() -> str | None:
    """Return where the model is now, if `launch` received it."""
    return os.environ.get(MODEL_VARIABLE) or None


def open_searcher(path: Path) -> Searcher:
    """Return the searcher of a collection, shared by all sessions.

    Raises:
        CollectionError: The collection or its model cannot be opened. The message says what to do.
    """
    database = path / DATABASE_NAME
    # `reencode` replaces the collection with another: a new database file needs a new searcher.
    inode = database.stat().st_ino if database.is_file() else 0
    opener = _working(_searcher, say("Loading the model …"), 4)
    return cast(Searcher, opener(str(path), given_model(), inode))


@st.cache_resource
def _opened() -> set[str]:
    """Return the paths of all collections that this process has opened."""
    return set()


def was_open(path: Path) -> bool:
    """Return whether this process has opened a collection at a path."""
    return str(path) in _opened()


def _searcher(path: str, model: str | None, inode: int) -> Searcher:
    searcher = Searcher.open(path, model)
    _opened().add(path)
    # The encoder and the analyser load their libraries at first use. Load them before the first query.
    searcher.encoder.represent([[token.text for token in searcher.analyser.tokens(WARM_UP)]])
    freeze_gc()
    return searcher


def _key(searcher: Searcher) -> int:
    """Return a number that no other searcher ever gets. An `id` may be reused after a searcher leaves the cache."""
    with _LOCK:
        if searcher not in _NUMBERS:
            _NUMBERS[searcher] = next(_COUNT)
        return _NUMBERS[searcher]


def _generation(searcher: Searcher) -> int:
    with searcher.collection.reading() as snapshot:
        return snapshot.generation


def _stored(searcher: Searcher) -> tuple[tuple[int, ...], int]:
    """Return the segments and the number of live documents, which change with occurrences but not with named senses."""
    with searcher.collection.reading() as snapshot:
        return tuple(sorted(snapshot.segments)), int(snapshot.live.sum())


def contents(searcher: Searcher) -> Contents:
    """Return the current contents of the collection."""
    return _contents(_key(searcher), _generation(searcher), searcher)


@st.cache_resource(show_spinner=False, max_entries=8)
def _contents(searcher_key: int, generation: int, _searcher: Searcher) -> Contents:
    collection = _searcher.collection
    with collection.reading():
        values = {field: collection.values(field) for field in collection.fields()}
        return Contents(collection.info(), tuple(facets(values)))


def examples(searcher: Searcher, wait: float = 0) -> tuple[str, ...] | None:
    """Return queries to start with. None while they are being looked for, which takes seconds.

    Args:
        wait: How long to wait for them, in seconds.
    """
    return _examples(_key(searcher), _stored(searcher), searcher).result(wait)


@st.cache_resource(show_spinner=False, max_entries=8)
def _examples(
    searcher_key: int, stored: tuple[tuple[int, ...], int], _searcher: Searcher
) -> Background[tuple[str, ...]]:
    return Background(lambda: find_examples(_searcher), ())


def cached(searcher: Searcher, key: object, find: Callable[[], Found]) -> Found:
    """Return what `find` finds in the current generation of the collection, from the cache if possible.

    Args:
        key: Everything that decides the result. Its `repr` is compared.
    """
    state = searcher.annotation_state()  # a judgement does not change the generation
    return cast(Found, _cached(_key(searcher), _generation(searcher), state, repr(key), find))


@st.cache_resource(show_spinner=False, max_entries=64)
def _cached(searcher_key: int, generation: int, annotation_state: int, key: str, _find: Callable[[], object]) -> object:
    return _find()


@dataclass(slots=True)
class _Senses:
    """The senses of a word, with their descriptions as soon as somebody has waited for these."""

    arranged: ArrangedWord
    inventory: SenseInventory
    lock: threading.Lock = field(default_factory=threading.Lock)
    working: Background[SenseInventory] | None = None

    def described(self, searcher: Searcher) -> SenseInventory:
        """Return the senses with their descriptions. A visitor who asks for something else need not wait for them."""
        with self.lock:
            if self.inventory.is_described:
                return self.inventory
            if self.working is None:
                self.working = Background(functools.partial(self._describe, searcher), self.inventory)
            working = self.working
        while (found := working.result(MOMENT)) is None:
            st.session_state.get(WAITING)  # here Streamlit ends this run if the visitor has clicked meanwhile
        self.inventory = found
        return found

    def _describe(self, searcher: Searcher) -> SenseInventory:
        try:
            return searcher.describe(self.arranged, self.inventory)
        except QueryError:  # segments were merged meanwhile, so the next run of the page arranges the word again
            return self.inventory


def senses(
    searcher: Searcher,
    word: str,
    match: Match,
    number: int | None = None,
    known: tuple[str, ...] = (),
    describe: bool = False,
) -> SenseInventory | None:
    """Return the senses of a word, or None if the collection does not hold it.

    The tree of the word is cached too, so that another number only cuts it again.

    Args:
        number: Number of senses. None for the usual number.
        known: Names of the word's named senses that are held fixed.
        describe: Whether to wait for their stability and their expected words, if nobody has done so before.
    """
    # A named sense may be replaced by another one of its name, which changes the generation alone.
    generation = _generation(searcher) if known else 0
    # The lines of edited senses stay together. They belong to a lemma.
    judged = [sense for sense in searcher.judged_senses(word) if sense.word == word] if match is Match.LEMMA else []
    names = {sense.name for sense in judged}
    kept: tuple[Known, ...] = (*(name for name in known if name not in names), *judged)
    found = _senses(_key(searcher), _stored(searcher), generation, word, match, number, repr(kept), searcher, kept)
    if found is None:
        return None
    return found.described(searcher) if describe else found.inventory


@st.cache_resource(show_spinner=False, max_entries=64)
def _senses(
    searcher_key: int,
    stored: tuple[tuple[int, ...], int],
    generation: int,
    word: str,
    match: Match,
    number: int | None,
    known: str,
    _searcher: Searcher,
    _known: tuple[Known, ...],
) -> _Senses | None:
    try:
        arranged = _arranged(searcher_key, stored, generation, word, match, known, _searcher, _known)
        return _Senses(arranged, _searcher.cut(arranged, number=number, describe=False))
    except QueryError:  # the collection does not hold the word
        return None


@st.cache_resource(show_spinner=False, max_entries=16)
def _arranged(
    searcher_key: int,
    stored: tuple[tuple[int, ...], int],
    generation: int,
    word: str,
    match: Match,
    known: str,
    _searcher: Searcher,
    _known: tuple[Known, ...],
) -> ArrangedWord:
    return _searcher.arrange(word, match, known=_known)


def places(searcher: Searcher, inventory: SenseInventory, method: str) -> Array:
    """Return two coordinates for each occurrence of an inventory, in the order of its assignments.  (n, 2)"""
    placer = _working(_places, say("Drawing the map …"), 32)
    where = _key(searcher), _stored(searcher), inventory.word, inventory.match, method
    return cast(Array, placer(*where, searcher, inventory))


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


def timeline(
    searcher: Searcher, inventory: SenseInventory, field: str, period: int, where: tuple[str, ...] = ()
) -> Timeline:
    """Return the senses of a word by period, in years.

    Args:
        where: Filters of the documents whose tokens are counted.
    """
    cut = cut_of(inventory)
    state = searcher.annotation_state()
    return _timeline(_key(searcher), _generation(searcher), state, cut, field, period, where, searcher, inventory)


def cut_of(inventory: SenseInventory) -> tuple[str, Match, str, int, tuple[str | None, ...]]:
    """Return what decides the senses of an inventory: word, match, method, their number, and those held fixed."""
    names = tuple(sense.name for sense in inventory.senses)
    return inventory.word, inventory.match, inventory.method, len(inventory.senses), names


@st.cache_resource(show_spinner=False, max_entries=32)
def _timeline(
    searcher_key: int,
    generation: int,
    annotation_state: int,
    cut: tuple[str, Match, str, int, tuple[str | None, ...]],
    field: str,
    period: int,
    where: tuple[str, ...],
    _searcher: Searcher,
    _inventory: SenseInventory,
) -> Timeline:
    return _searcher.timeline(_inventory, field, period, where or None)
