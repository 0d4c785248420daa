"""Choose which occurrences of a word are read as hits: their order, some of them only, and how many to leave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Array, Ids
from ..hits import WordOrder
from .ranking import Ranked, ranked


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the occurrences of a word, in an order.

    Attributes:
        seed: Seed of the order `random`. The same seed gives the same order of the same occurrences.
        skip: Number of occurrences before the first one to read.
        among: Ids of the only occurrences to list. None for all.
    """

    order: WordOrder = WordOrder.SENSE
    seed: int = 0
    skip: int = 0
    among: frozenset[int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the list starts at its first occurrence and leaves none out."""
        return not self.skip and self.among is None

    def cut(self, ids: Ids, score: Callable[[], Array], k: int) -> tuple[Ranked, int]:
        """Return at most k occurrences of the window with their scores, and the number of all of them.

        Args:
            ids: Ids of the occurrences (n,), in any order. They grow with the place in the collection.
            score: Computes their scores (n,). It is called for the order `sense` only. Others have the score 1.
        """
        scores = score() if self.order is WordOrder.SENSE else np.ones(len(ids), np.float32)
        if self.among is not None:
            kept = np.isin(ids, np.fromiter(self.among, np.int64, len(self.among)))
            ids, scores = ids[kept], scores[kept]
        if self.order is WordOrder.SENSE:
            best = ranked(ids, scores)
        else:
            place = np.argsort(ids)
            if self.order is WordOrder.RANDOM:
                place = place[np.random.default_rng(self.seed).permutation(len(place))]
            best = Ranked(ids[place], scores[place])
        last = self.skip + k
        return Ranked(best.ids[self.skip : last], best.scores[self.skip : last]), len(ids)
