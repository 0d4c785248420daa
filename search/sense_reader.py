"""Questions about the senses of a word: telling them apart, naming them, following them through words and time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.collection.vectors import Array, Ids, unit
from indexer.errors import QueryError
from indexer.vectorise import TOKEN
from search import prototypes
from search.change import Change, measure_change
from search.hits import HitList, Match, OccurrenceHit
from search.projection import project
from search.prototypes import Prototype
from search.query import Where
from search.ranking import Ranked
from search.reading import K, Reader, View, check_k, choice
from search.retrieval import Rows, nearest_any, nearest_rows, type_rows
from search.rows import live_occurrences, metadata_of
from search.senses import SenseInventory, induce_senses
from search.timeline import Timeline, make_timeline

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
            return induce_senses(self.collection, self.analyser, value, wanted, rows)

    def sense_occurrences(
        self, inventory: SenseInventory, number: int | None = None
    ) -> list[tuple[OccurrenceHit, int]]:
        """Every occurrence of an inventory with the number of its sense: sense by sense, the most central first.

        number: only those of one sense (-1: of none). What was removed since the inventory was made is left out.
        """
        wanted = [key for key, sense in inventory.assignments.items() if number is None or sense == number]
        with self._view() as view:
            live = live_occurrences(self.collection, wanted)
            order = sorted(live, key=lambda i: (inventory.assignments[i], -inventory.scores.get(i, 0.0), i))
            scores = np.array([inventory.scores.get(i, 0.0) for i in order], np.float32)
            hits = self._hits(view, Ranked(np.array(order, np.int64), scores), inventory.match)
        return [(hit, inventory.assignments[hit.occurrence_id]) for hit in hits]

    def novel(self, inventory: SenseInventory, k: int = 10) -> HitList[OccurrenceHit]:
        """The occurrences farthest from every sense first; score: cosine with the nearest sense's centre."""
        check_k(k)
        with self._view() as view:
            ids, numbers, vectors = self._placed(view, inventory)
            centres = _centres(vectors, numbers)  # (s, d)
            nearest = (vectors @ centres.T).max(axis=1) if len(centres) else np.zeros(len(ids), np.float32)  # (n,)
            order = np.lexsort((ids, nearest))[:k]
            return self._hits(view, Ranked(ids[order], nearest[order]), inventory.match)

    def same_sense_other_words(self, inventory: SenseInventory, number: int, k: int = K) -> HitList[OccurrenceHit]:
        """The occurrences of other words nearest to a sense; score: as that of ``match="any"``."""
        check_k(k)
        _check_number(inventory, number)
        with self._view() as view:
            ids, numbers, vectors = self._placed(view, inventory)
            centre = unit(vectors[numbers == number].mean(axis=0))  # (d,)
            word = view.encode.vectoriser.words([inventory.word])[0]  # (p,)
            best = nearest_any(self.collection, view.scope, centre, word, k + len(ids))
            other = ~np.isin(best.ids, ids)
            return self._hits(view, Ranked(best.ids[other][:k], best.scores[other][:k]), Match.ANY)

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
                sides.append(_rows_vectors(rows)[1])
        return measure_change(value, *sides)

    def project(self, source: SenseInventory | Sequence[OccurrenceHit], method: str = "pca") -> Array:
        """Two coordinates for each occurrence of an inventory, in the order of its assignments, or for each hit.

        Each must still be in the collection.  -> (n, 2)
        """
        keys = list(source.assignments) if isinstance(source, SenseInventory) else [h.occurrence_id for h in source]
        with self._view() as view:
            if len(live_occurrences(self.collection, keys)) < len(set(keys)):
                raise QueryError(f"some occurrences are no longer in {self.collection.path}; search again")
            vectors = self._vectors(view, np.array(keys, np.int64)) if keys else np.zeros((0, 2), np.float32)
        return project(vectors, method)

    def save_prototype(
        self,
        name: str,
        inventory: SenseInventory | None = None,
        sense: int | None = None,
        positive: Sequence[OccurrenceHit] = (),
        negative: Sequence[OccurrenceHit] = (),
        replace: bool = False,
    ) -> Prototype:
        """Save a sense under a name: a sense of an inventory, or hits marked + and hits marked -.

        replace: in the place of one of that name. QueryError for a name that cannot be kept, and when nothing is given.
        """
        if (inventory is None) is (not positive) or (inventory is None) is not (sense is None):
            raise QueryError("give a sense of an inventory, or at least one hit that is marked +")
        with self._view() as view:
            if inventory is not None and sense is not None:
                made = self._from_inventory(view, name, inventory, sense)
            else:
                made = self._from_hits(view, name, positive, negative)
        self._store(made, replace)
        return made

    def _from_inventory(self, view: View, name: str, inventory: SenseInventory, sense: int) -> Prototype:
        _check_number(inventory, sense)
        _, numbers, vectors = self._placed(view, inventory)
        inside = vectors[numbers == sense]  # (n, d)
        if not len(inside):
            raise QueryError(f"sense {sense} of {inventory.word!r} has no occurrence left; tell its senses apart again")
        others = [vectors[numbers == item.number] for item in inventory.senses if item.number != sense]
        threshold = float((inside @ unit(inside.mean(axis=0))).min()) - 1e-4
        lines = [_bracketed(hit) for hit in inventory.senses[sense].central]
        return prototypes.make(
            *(name, inventory.word, inventory.match, inside, others, threshold, lines),
            *(self.settings.model_id, self._space(view)),
        )

    def _from_hits(
        self, view: View, name: str, positive: Sequence[OccurrenceHit], negative: Sequence[OccurrenceHit]
    ) -> Prototype:
        words = sorted({hit.lemma for hit in positive})
        if len(words) > 1:
            raise QueryError(f"the hits marked + are of several words ({', '.join(words)}); mark hits of one")
        inside = self._vectors(view, np.array([hit.occurrence_id for hit in positive], np.int64))
        outside = self._vectors(view, np.array([hit.occurrence_id for hit in negative], np.int64))
        return prototypes.make(
            *(name, words[0], Match.LEMMA, inside, [outside] if len(outside) else [], 0.0),
            *([_bracketed(hit) for hit in positive], self.settings.model_id, self._space(view)),
        )

    def _store(self, prototype: Prototype, replace: bool) -> None:
        if not replace and prototype.name in self.collection.prototypes():
            raise QueryError(f"there is a sense named {prototype.name!r} already; choose another name, or replace it")
        with self.collection.writing() as writer:
            writer.set_prototype(prototype.name, prototypes.to_json(prototype))

    def prototypes(self) -> tuple[Prototype, ...]:
        """The named senses of the collection, by name."""
        with self._view():
            stored = self.collection.prototypes()
        return tuple(prototypes.from_json(text, f"the sense {name!r}") for name, text in stored.items())

    def remove_prototype(self, name: str) -> None:
        """Forget a named sense; QueryError when there is none of that name."""
        with self.collection.writing() as writer:
            if not writer.remove_prototype(name):
                raise QueryError(f"{self.collection.path} has no sense named {name!r}; list them first")

    def apply_prototype(
        self, name: str, k: int = K, match: str | None = None, where: Where = None
    ) -> HitList[OccurrenceHit]:
        """The k occurrences nearest to a named sense, of those that belong to it.

        match: whose occurrences; None: the prototype's own word and match; ``any``: of any word, the nearest.
        """
        check_k(k)
        with self._view(where) as view:
            found = self._prototype(name, view.snapshot)
            wanted = found.match if match is None else choice(Match, match, "match", [*WORDS, Match.ANY])
            if wanted is Match.ANY:
                word = view.encode.vectoriser.words([found.word])[0]  # (p,)
                return self._hits(view, nearest_any(self.collection, view.scope, found.centre, word, k), wanted)
            rows = [
                Rows(item.segment, item.rows[found.holds(np.asarray(item.segment.tokens[item.rows], np.float32))])
                for item in type_rows(self.collection, view.scope, self._types(wanted, found.word))
            ]
            best = nearest_rows(rows, found.centre, k)
            notice = None if len(best.ids) else f"no occurrence of {found.word!r} here belongs to {name!r}"
            return self._hits(view, best, wanted, notice)

    def export_prototype(self, name: str, path: str | Path) -> None:
        """Write a named sense as JSON for other collections; QueryError where that cannot be done."""
        with self._view() as view:
            found = self._prototype(name, view.snapshot)
        try:
            Path(path).write_text(prototypes.to_json(found), encoding="utf-8")
        except OSError as error:
            raise QueryError(f"{path} cannot be written ({error}); name another file") from error

    def import_prototype(self, path: str | Path, replace: bool = False) -> Prototype:
        """Take a named sense from its file; QueryError when it is damaged, or made with another model."""
        found = prototypes.read_file(Path(path))
        with self._view() as view:
            self._check_space(found, view.snapshot, str(path))
        self._store(found, replace)
        return found

    def _space(self, view: View) -> str:
        return prototypes.space_of(self.settings, view.snapshot.transforms.get(TOKEN))

    def _placed(self, view: View, inventory: SenseInventory) -> tuple[Ids, Ids, Array]:
        """Ids, sense numbers and vectors of an inventory's occurrences that are still there.  (n,), (n,), (n, d)"""
        ids = np.array(sorted(live_occurrences(self.collection, list(inventory.assignments))), np.int64)
        if not len(ids):
            raise QueryError(f"no occurrence of {inventory.word!r} is left; tell its senses apart again")
        numbers = np.array([inventory.assignments[key] for key in ids.tolist()], np.int64)
        return ids, numbers, self._vectors(view, ids)


def _check_number(inventory: SenseInventory, number: int) -> None:
    if not 0 <= number < len(inventory.senses):
        raise QueryError(f"{inventory.word!r} has senses 0 to {len(inventory.senses) - 1}, not {number}; choose one")


def _centres(vectors: Array, numbers: Ids) -> Array:
    """Unit centres of the senses.  (n, d), (n,) -> (s, d)"""
    found = [unit(vectors[numbers == number].mean(axis=0)) for number in np.unique(numbers[numbers >= 0])]
    return np.stack(found) if found else np.zeros((0, vectors.shape[1]), np.float32)


def _rows_vectors(rows: Sequence[Rows]) -> tuple[Ids, Array]:
    """Ids and vectors of rows in the order of the ids.  (n,), (n, d)"""
    ids = np.concatenate([item.ids for item in rows])
    vectors = np.concatenate([np.asarray(item.segment.tokens[item.rows], np.float32) for item in rows])
    order = np.argsort(ids)
    return ids[order], vectors[order]


def _bracketed(hit: OccurrenceHit) -> str:
    """The hit's sentence as a query: its target in brackets, brackets of the text escaped."""
    parts = (hit.sentence[: hit.start], hit.sentence[hit.start : hit.end], hit.sentence[hit.end :])
    left, node, right = (re.sub(r"([\[\]])", r"\\\1", part) for part in parts)
    return f"{left}[{node}]{right}"
