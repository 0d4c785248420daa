"""Questions about named senses: saving, applying, sharing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..indexer.errors import QueryError
from ..indexer.vectorise import TOKEN
from ..indexer.vectors.arrays import unit
from .confidence import Compared
from .context import K, View, check_k, choice
from .hits import HitList, Match, OccurrenceHit
from .query.filters import Where
from .retrieval.any_word import nearest_any
from .retrieval.exact import Rows, nearest_rows, type_rows
from .sense_reader import WORDS, SenseReader, check_number
from .senses import named as named_senses
from .senses.inventory import SenseInventory
from .senses.named import NamedSense


class NamedSenseReader(SenseReader):
    """What a collection knows of senses that were given a name."""

    def save_named_sense(
        self,
        name: str,
        inventory: SenseInventory | None = None,
        sense: int | None = None,
        positive: Sequence[OccurrenceHit] = (),
        negative: Sequence[OccurrenceHit] = (),
        replace: bool = False,
    ) -> NamedSense:
        """Save a sense under a name: a sense of an inventory, or hits marked + and hits marked -.

        sense: its number in the inventory, from 1; replace: in the place of one of that name. QueryError for a name
        that cannot be kept, and when nothing is given.
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

    def _from_inventory(self, view: View, name: str, inventory: SenseInventory, sense: int) -> NamedSense:
        check_number(inventory, sense)
        _, numbers, vectors = self._placed(view, inventory)
        inside = vectors[numbers == sense]  # (n, d)
        if not len(inside):
            raise QueryError(f"sense {sense} of {inventory.word!r} has no occurrence left; tell its senses apart again")
        others = [vectors[numbers == item.number] for item in inventory.senses if item.number != sense]
        threshold = float((inside @ unit(inside.mean(axis=0))).min()) - 1e-4
        lines = [_bracketed(hit) for hit in inventory.senses[sense - 1].central]
        return named_senses.make(
            *(name, inventory.word, inventory.match, inside, others, threshold, lines),
            *(self.settings.model_id, self._space(view)),
        )

    def _from_hits(
        self, view: View, name: str, positive: Sequence[OccurrenceHit], negative: Sequence[OccurrenceHit]
    ) -> NamedSense:
        words = sorted({hit.lemma for hit in positive})
        if len(words) > 1:
            raise QueryError(f"the hits marked + are of several words ({', '.join(words)}); mark hits of one")
        if not self._types(Match.LEMMA, words[0]):
            raise QueryError(f"{words[0]!r} is more than one word; mark hits of a single word")
        inside = self._vectors(view, np.array([hit.occurrence_id for hit in positive], np.int64))
        outside = self._vectors(view, np.array([hit.occurrence_id for hit in negative], np.int64))
        threshold = 0.0
        if view.calibration is not None:
            compared = Compared.PAIR if len(inside) == 1 else Compared.CENTRE
            length = max(float(np.linalg.norm(inside.mean(axis=0))), 1e-6)
            # What was marked + belongs to it, however unlike the marked lines are.
            own = float((inside @ unit(inside.mean(axis=0))).min()) - 1e-4
            threshold = min(own, view.calibration.even(compared) / length)
        return named_senses.make(
            *(name, words[0], Match.LEMMA, inside, [outside] if len(outside) else [], threshold),
            *([_bracketed(hit) for hit in positive], self.settings.model_id, self._space(view)),
        )

    def _store(self, named_sense: NamedSense, replace: bool) -> None:
        if not replace and named_sense.name in self.collection.named_senses():
            raise QueryError(f"there is a sense named {named_sense.name!r} already; choose another name, or replace it")
        with self.collection.writing() as writer:
            writer.set_named_sense(named_sense.name, named_senses.to_json(named_sense))

    def named_senses(self) -> tuple[NamedSense, ...]:
        """The named senses of the collection, by name."""
        with self._view():
            stored = self.collection.named_senses()
        return tuple(named_senses.from_json(text, f"the sense {name!r}") for name, text in stored.items())

    def named_sense(self, name: str) -> NamedSense:
        """A named sense; QueryError when there is none of that name, or it does not fit this collection."""
        with self._view() as view:
            return self._named_sense(name, view.snapshot)

    def remove_named_sense(self, name: str) -> None:
        """Forget a named sense; QueryError when there is none of that name."""
        with self.collection.writing() as writer:
            if not writer.remove_named_sense(name):
                raise QueryError(f"{self.collection.path} has no sense named {name!r}; list them first")

    def apply_named_sense(
        self, name: str, k: int = K, match: str | None = None, where: Where = None
    ) -> HitList[OccurrenceHit]:
        """The k occurrences nearest to a named sense, of those that belong to it.

        match: whose occurrences; None: the named sense's own word and match; ``any``: of any word, the nearest.
        """
        check_k(k)
        with self._view(where) as view:
            found = self._named_sense(name, view.snapshot)
            wanted = found.match if match is None else choice(Match, match, "match", [*WORDS, Match.ANY])
            if wanted is Match.ANY:
                word = view.encode.vectoriser.words([found.word])[0]  # (p,)
                best = nearest_any(self.collection, view.scope, found.centre, word, k)
                return self._hits(view, best, wanted, length=found.length)
            rows = [
                Rows(item.segment, item.rows[found.holds(np.asarray(item.segment.tokens[item.rows], np.float32))])
                for item in type_rows(self.collection, view.scope, self._types(wanted, found.word))
            ]
            best = nearest_rows(rows, found.centre, k)
            notice = None if len(best.ids) else f"no occurrence of {found.word!r} here belongs to {name!r}"
            return self._hits(view, best, wanted, notice, length=found.length)

    def export_named_sense(self, name: str, path: str | Path) -> None:
        """Write a named sense as JSON for other collections; QueryError where that cannot be done."""
        with self._view() as view:
            found = self._named_sense(name, view.snapshot)
        try:
            Path(path).write_text(named_senses.to_json(found), encoding="utf-8")
        except OSError as error:
            raise QueryError(f"{path} cannot be written ({error}); name another file") from error

    def import_named_sense(self, path: str | Path, replace: bool = False) -> NamedSense:
        """Take a named sense from its file; QueryError when it is damaged, or made with another model."""
        found = named_senses.read_file(Path(path))
        with self._view() as view:
            self._check_space(found, view.snapshot, str(path))
        self._store(found, replace)
        return found

    def _space(self, view: View) -> str:
        return named_senses.space_of(self.settings, view.snapshot.transforms.get(TOKEN))


def _bracketed(hit: OccurrenceHit) -> str:
    """The hit's sentence as a query: its target in brackets, brackets of the text escaped."""
    parts = (hit.sentence[: hit.start], hit.sentence[hit.start : hit.end], hit.sentence[hit.end :])
    left, node, right = (re.sub(r"([\[\]])", r"\\\1", part) for part in parts)
    return f"{left}[{node}]{right}"
