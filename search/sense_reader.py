"""Questions about the senses of a word: telling them apart, naming them, following them through words and time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..indexer.errors import QueryError
from ..indexer.vectors.arrays import Array, Ids, unit
from .context import K, Reader, View, check_k, choice
from .hits import HitList, Match, OccurrenceHit
from .query.filters import Where
from .query.scope import Members, Scope
from .retrieval.any_word import nearest_any
from .retrieval.exact import type_rows
from .retrieval.hydrate import live_occurrences, metadata_of, occurrence_hits
from .retrieval.ranking import Ranked
from .senses.change import Change, measure_change
from .senses.inventory import SenseInventory, induce_senses, rows_vectors
from .senses.projection import project
from .senses.timeline import Timeline, make_timeline

WORDS = [Match.FORM, Match.LEMMA]


class SenseReader(Reader):
    """What a collection knows of senses."""

    def senses(self, word: str, match: str = Match.LEMMA, where: Where = None) -> SenseInventory:
        """The senses of a word, induced from its occurrences.

        word: taken as a lemma if the collection holds it, else lemmatised (match ``lemma``); or a form.
        QueryError when the collection, or what the filter leaves of it, does not hold it.
        """
        wanted = choice(Match, match, "match", WORDS)
        with self._view(where) as view:
            value, rows = self._word_rows(view, word, wanted)
            return induce_senses(self.collection, self.analyser, value, wanted, rows, self.encoder.word_topics)

    def sense_occurrences(
        self, inventory: SenseInventory, number: int | None = None
    ) -> list[tuple[OccurrenceHit, int | None]]:
        """Every occurrence of an inventory with the number of its sense: sense by sense, the most central first.

        Those that fit no sense come before all others, with None. number: only those of one sense. What was removed
        since the inventory was made is left out.
        """
        lengths = _mean_lengths(inventory)
        wanted = [key for key, sense in inventory.assignments.items() if number is None or sense == number]
        with self._view() as view:
            live = live_occurrences(self.collection, wanted)
            order = sorted(live, key=lambda i: (inventory.assignments[i] or 0, -inventory.scores[i], i))
            scores = np.array([inventory.scores[i] for i in order], np.float32)
            length = np.array([lengths[inventory.assignments[i]] for i in order], np.float32)
            hits = self._hits(view, Ranked(np.array(order, np.int64), scores), inventory.match, length=length)
        return [(hit, inventory.assignments[hit.occurrence_id]) for hit in hits]

    def hits(self, ids: Sequence[int]) -> list[OccurrenceHit]:
        """Occurrences by their ids, in the order given, each its own best match: score 1.

        QueryError for an id that the collection does not hold.
        """
        with self._view():
            missing = sorted(set(ids) - live_occurrences(self.collection, list(ids)))
            if missing:
                raise QueryError(f"{self.collection.path} has no occurrence {missing[0]}; search again for its number")
            best = Ranked(np.array(ids, np.int64), np.ones(len(ids), np.float32))
            return occurrence_hits(self.collection, best)

    def same_sense_other_words(
        self, inventory: SenseInventory, number: int, k: int = K, where: Where = None
    ) -> HitList[OccurrenceHit]:
        """The occurrences of other words nearest to a sense; score: as that of ``match="any"``."""
        check_k(k)
        check_number(inventory, number)
        with self._view(where) as view:
            _, numbers, vectors = self._placed(view, inventory)
            mean = vectors[numbers == number].mean(axis=0)  # (d,)
            word = view.encode.vectoriser.words([inventory.word])[0]  # (p,)
            own = type_rows(self.collection, Scope(view.snapshot), self._types(inventory.match, inventory.word))
            others = Members({item.segment.key: item.rows for item in own}, excluding=True)
            scope = Scope(view.snapshot, view.scope.documents, (*view.scope.senses, others))
            best = nearest_any(self.collection, scope, unit(mean), word, k)
            return self._hits(view, best, Match.ANY, length=float(np.linalg.norm(mean)))

    def within(self, inventory: SenseInventory, where: Where) -> frozenset[int]:
        """Ids of an inventory's occurrences that are inside the filters."""
        with self._view(where) as view:
            found = type_rows(self.collection, view.scope, self._types(inventory.match, inventory.word))
            return frozenset(key for item in found for key in item.ids.tolist() if key in inventory.assignments)

    def timeline(self, inventory: SenseInventory, field: str = "year", period: int = 10) -> Timeline:
        """How the senses share the occurrences of each period; QueryError for a field that no document has."""
        with self._view():
            if field not in self.collection.fields():
                known = ", ".join(self.collection.fields()) or "none"
                raise QueryError(f"no document has a field {field!r}; the fields are {known}")
            live = live_occurrences(self.collection, list(inventory.assignments))
            values = metadata_of(self.collection, sorted(live), field)
        numbers = {key: number for key, number in inventory.assignments.items() if key in live}
        return make_timeline(field, period, len(inventory.senses), numbers, values)

    def change(self, word: str, before: Where, after: Where, match: str = Match.LEMMA) -> Change:
        """How far a word's meaning moved between the documents of two filters; QueryError where one holds none."""
        wanted = choice(Match, match, "match", WORDS)
        sides = []
        for where in (before, after):
            with self._view(where) as view:
                value, rows = self._word_rows(view, word, wanted)
                sides.append(rows_vectors(rows)[1])
        return measure_change(value, *sides)

    def project(self, source: SenseInventory | Sequence[OccurrenceHit], method: str = "pca") -> Array:
        """Two coordinates for each occurrence of an inventory, in the order of its assignments, or for each hit.

        Each must still be in the collection.  -> (n, 2)
        """
        keys = list(source.assignments) if isinstance(source, SenseInventory) else [h.occurrence_id for h in source]
        with self._view() as view:
            vectors = self._vectors(view, np.array(keys, np.int64))
        return project(vectors, method)

    def _placed(self, view: View, inventory: SenseInventory) -> tuple[Ids, Ids, Array]:
        """Ids, sense numbers (0: none) and vectors of an inventory's live occurrences.  (n,), (n,), (n, d)"""
        ids = np.array(sorted(live_occurrences(self.collection, list(inventory.assignments))), np.int64)
        if not len(ids):
            raise QueryError(f"no occurrence of {inventory.word!r} is left; tell its senses apart again")
        numbers = np.array([inventory.assignments[key] or 0 for key in ids.tolist()], np.int64)
        return ids, numbers, self._vectors(view, ids)


def check_number(inventory: SenseInventory, number: int) -> None:
    """QueryError when an inventory has no sense of that number."""
    if not 1 <= number <= len(inventory.senses):
        raise QueryError(f"{inventory.word!r} has senses 1 to {len(inventory.senses)}, not {number}; choose one")


def _mean_lengths(inventory: SenseInventory) -> dict[int | None, float]:
    """Length of each sense's mean vector, which is the mean score of its members; of no sense, the mean over all."""
    found: dict[int | None, float] = dict.fromkeys([sense.number for sense in inventory.senses], 0.0)
    for key, number in inventory.assignments.items():
        if number is not None:
            found[number] += inventory.scores[key] / inventory.senses[number - 1].size
    return found | {None: sum(found.values()) / max(len(found), 1)}
