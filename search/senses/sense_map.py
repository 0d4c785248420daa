"""The map of a word: its occurrences in two dimensions, with their senses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.vectors.arrays import Array, Ids
from ..citation import Citation
from ..context import View
from ..tables import Records
from .inventory import SenseInventory
from .members import live_members
from .projection import project

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False)
class SenseMap(Records):
    """The n occurrences of a word on a map, in the order of their ids.

    Attributes:
        word: The lemma or form as stored.
        method: How vectors were projected: `pca` or `umap`.
        ids: Occurrence ids.  (n,)
        numbers: Number of each one's sense from 1, 0 if it fits none.  (n,)
        places: Coordinates.  (n, 2)
        names: Name of each sense, such as its labels.
        cited: What to cite.
    """

    word: str
    method: str
    ids: Ids
    numbers: Ids
    places: Array
    names: tuple[str, ...]
    cited: Citation | None = field(default=None)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each occurrence. The sense is None if it fits none."""
        points = zip(self.ids.tolist(), self.numbers.tolist(), self.places.tolist(), strict=True)
        return [{"occurrence_id": key, "sense": number or None, "x": x, "y": y} for key, number, (x, y) in points]

    def plot(self, title: str | None = None) -> Figure:
        """Draw the map, with a colour and a marker for each sense.

        Args:
            title: Title instead of the word and the collection.
        """
        from ..figures.points import draw_points

        title = title or (self.word if self.cited is None else f"{self.word} in {self.cited.name}")
        notes = [
            f"{len(self.ids):,} occurrences, near ones have similar senses",
            f"projection by {self.method.upper()}",
        ]
        names = tuple(name.removeprefix(f"{number}: ") for number, name in enumerate(self.names, start=1))
        return draw_points(self.places, self.numbers, names, title, notes, self.cited)


def find_map(view: View, inventory: SenseInventory, method: str, cited: Citation | None = None) -> SenseMap:
    """Project the live occurrences of an inventory to two dimensions. See `Searcher.map`."""
    members = live_members(view, inventory)
    places = np.asarray(project(members.vectors, method))
    return SenseMap(inventory.word, method, members.ids, members.numbers, places, inventory.sense_names(), cited)
