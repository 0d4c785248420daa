"""A collection and its encoder, open for queries: what every kind of query stands on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from ..indexer.collection.collection import Collection
from ..indexer.collection.random_pairs import random_pair_quantiles
from ..indexer.collection.records import Layer
from ..indexer.collection.snapshot import Snapshot
from ..indexer.errors import QueryError
from ..indexer.text.analyser import TextAnalyser
from ..indexer.vectorise import TOKEN, Vectoriser, fitting_encoder
from ..indexer.vectors.arrays import Array, Ids
from .confidence import Calibration, Compared
from .hits import HitList, Match, OccurrenceHit
from .query.encode import QueryEncoder
from .query.filters import Where, parse_where
from .query.scope import Scope, make_scope
from .retrieval.exact import Rows, narrowed, type_rows
from .retrieval.hydrate import live_occurrences, occurrence_hits
from .retrieval.phrases import vectors_of
from .retrieval.ranking import Ranked
from .senses import named as named_senses
from .senses.named import NamedSense

if TYPE_CHECKING:
    from ..indexer.elmo import Encoder

K = 20
"""Hits, unless another number is asked for."""


@dataclass(frozen=True, slots=True)
class View:
    """What one query works with: one state of the collection, what the filters leave of it, the encoder."""

    scope: Scope
    encode: QueryEncoder
    calibration: Calibration | None

    @property
    def snapshot(self) -> Snapshot:
        """The state of the collection."""
        return self.scope.snapshot


class Reader:
    """A collection with its encoder. Threads may share it; ``with`` closes it."""

    def __init__(self, collection: Collection, encoder: Encoder) -> None:
        """Use ``Searcher.open``."""
        self.collection = collection
        self.encoder = encoder
        self.settings = collection.settings
        self.analyser = TextAnalyser(self.settings.language)
        self._queries: QueryEncoder | None = None
        self._calibration: tuple[int, Calibration | None] | None = None
        self._members: dict[str, dict[int, Ids]] = {}
        self._members_of = -1

    @classmethod
    def open(cls, path: str | Path, model: str | Encoder | None = None) -> Self:
        """Open a collection with the model that it was made with.

        model: where that model lies now, or an Encoder; None: where the collection remembers it. CollectionError when
        the collection or its model cannot be had, with the way out.
        """
        collection = Collection.open(path)
        try:
            return cls(collection, fitting_encoder(collection, model))
        except BaseException:
            collection.close()
            raise

    def close(self) -> None:
        """Close the collection; hits stay valid."""
        self.collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def _view(self, where: Where = None) -> Iterator[View]:
        with self.collection.reading() as snapshot:
            if self._queries is None or self._queries.vectoriser.transforms is not snapshot.transforms:
                vectoriser = Vectoriser(self.encoder, self.settings.layer, snapshot.transforms)
                self._queries = QueryEncoder(vectoriser)
            if self._calibration is None or self._calibration[0] != snapshot.generation:
                quantiles = random_pair_quantiles(self.collection, snapshot)
                self._calibration = snapshot.generation, Calibration(quantiles) if quantiles else None
            if self._members_of != snapshot.generation:
                self._members, self._members_of = {}, snapshot.generation
            scope = make_scope(self.collection, snapshot, parse_where(where), self._named_sense_rows)
            yield View(scope, self._queries, self._calibration[1])

    def _named_sense_rows(self, name: str, snapshot: Snapshot) -> dict[int, Ids]:
        """Rows of the occurrences of a named sense, by segment; QueryError when there is no such name."""
        if name not in self._members:
            named_sense = self._named_sense(name, snapshot)
            found = {}
            for item in type_rows(self.collection, Scope(snapshot), self._types(named_sense.match, named_sense.word)):
                vectors = np.asarray(item.segment.tokens[item.rows], np.float32)  # (n, d)
                found[item.segment.key] = item.rows[named_sense.holds(vectors)]
            self._members[name] = found
        return self._members[name]

    def _named_sense(self, name: str, snapshot: Snapshot) -> NamedSense:
        """The named sense, if it fits this collection's vectors."""
        stored = self.collection.named_senses()
        if name not in stored:
            known = ", ".join(stored) or "none yet; save one with `polyseme named-sense save`"
            raise QueryError(f"{self.collection.path} has no sense named {name!r}; there are: {known}")
        named_sense = named_senses.from_json(stored[name], f"the sense {name!r} of {self.collection.path}")
        self._check_space(named_sense, snapshot, f"the sense {name!r}")
        return named_sense

    def _check_space(self, named_sense: NamedSense, snapshot: Snapshot, where: str) -> None:
        space = named_senses.space_of(self.settings, snapshot.transforms.get(TOKEN))
        dim = next((segment.tokens.shape[1] for segment in snapshot.segments.values()), 0)
        named_senses.check_space(named_sense, self.settings, space, dim, where)

    def _types(self, match: Match, value: str) -> list[int]:
        column = "lemma" if match is Match.LEMMA else "form"
        return [key for (key,) in self.collection.db.execute(f"SELECT id FROM types WHERE {column} = ?", (value,))]

    def _word_rows(self, view: View, word: str, match: Match) -> tuple[str, list[Rows]]:
        """A word as the collection keeps it, and its occurrences that may answer; QueryError when there are none."""
        value = unicodedata.normalize("NFC", word.strip().casefold())
        types = self._types(match, value)
        if not types and match is Match.LEMMA:
            value = self.analyser.lemma(word.strip())
            types = self._types(match, value)
        every = type_rows(self.collection, Scope(view.snapshot), types)
        if not any(len(item.rows) for item in every):
            raise QueryError(f"{self.collection.path} does not hold {word!r}; try another form, or `polyseme sense`")
        rows = narrowed(view.scope, every)
        if not any(len(item.rows) for item in rows):
            raise QueryError(f"{word!r} does not occur within the filter; widen it")
        return value, rows

    def _vectors(self, view: View, ids: Ids) -> Array:
        """Stored vectors of occurrences, in their order, whatever the filter; QueryError where one is gone.

        (n,) -> (n, d)
        """
        if not len(ids):
            return np.zeros((0, 1), np.float32)
        if len(live_occurrences(self.collection, ids.tolist())) < len(np.unique(ids)):
            raise QueryError(f"some occurrences are no longer in {self.collection.path}; search again")
        parts = [ids[first : first + 500].tolist() for first in range(0, len(ids), 500)]
        types: set[int] = set()
        for part in parts:
            marks = ",".join("?" * len(part))
            found = self.collection.db.execute(f"SELECT DISTINCT type FROM occurrences WHERE id IN ({marks})", part)
            types |= {kind for (kind,) in found}
        return vectors_of(type_rows(self.collection, Scope(view.snapshot), sorted(types)), ids)

    def _hits(
        self,
        view: View,
        best: Ranked,
        match: Match,
        notice: str | None = None,
        candidates: int | None = None,
        length: float | Array | None = None,
    ) -> HitList[OccurrenceHit]:
        """Hits with their confidence.

        candidates: how many occurrences they were chosen from, where the list is to say whether any of them means what
        was asked for; length: where scores compare with the mean of several unit vectors, the length of that mean, for
        all or for each (n,).
        """
        if view.calibration is None:
            return HitList(occurrence_hits(self.collection, best), match, notice)
        weight = self.settings.word_weight
        # Among other words the score counts the word's identity too; that of the same word would be 1.
        scores = best.scores * (1 + weight) - weight if match is Match.ANY else best.scores
        # The product with an unscaled mean is the mean of the cosines with those that it is the mean of.
        pairwise = scores if length is None else scores * length
        sure = view.calibration.confidence(pairwise, Compared.PAIR if length is None else Compared.CENTRE)
        verdict = None if candidates is None else view.calibration.verdict(pairwise, candidates)
        return HitList(occurrence_hits(self.collection, best, sure), match, notice, verdict)


Choice = TypeVar("Choice", Match, Layer)


def check_k(k: int) -> None:
    """QueryError when no hit is asked for."""
    if k < 1:
        raise QueryError(f"k is {k}; ask for at least 1 hit")


def choice(kind: type[Choice], value: str, what: str, allowed: list[Choice]) -> Choice:
    """The choice of that name; QueryError, which lists those allowed, for another."""
    if value not in allowed:
        raise QueryError(f"{what} is {value!r}; choose one of {', '.join(allowed)}")
    return kind(value)
